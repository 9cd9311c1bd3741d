//go:build !js

package pairing_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/pairing"
)

// A fragment that parses is, but for the space around it and the "#", the one that its contents are written as.
func FuzzParseFragment(f *testing.F) {
	f.Fuzz(func(t *testing.T, fragment string) {
		agent, secret, err := pairing.ParseFragment(fragment)
		if err != nil {
			return
		}
		_, again, _ := strings.Cut(pairing.Link{Agent: agent, Secret: secret}.String(), "#")
		if strings.TrimPrefix(strings.TrimSpace(fragment), "#") != again {
			t.Errorf("%q is written again as %q", fragment, again)
		}
	})
}

func TestFuzzSeedsArePresent(t *testing.T) {
	seeds, err := os.ReadDir("testdata/fuzz/FuzzParseFragment")
	if err != nil || len(seeds) < 4 {
		t.Errorf("%d seeds, %v", len(seeds), err)
	}
}
