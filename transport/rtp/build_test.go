//go:build !js

package rtp

import (
	"os"
	"os/exec"
	"testing"
)

// TestBuildsForBrowsers vets the js side, which an ordinary run does not even compile.
func TestBuildsForBrowsers(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the compiler")
	}
	vet := exec.Command("go", "vet", ".", "../relay", "./testdata/page")
	vet.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}
