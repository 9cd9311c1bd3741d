//go:build !js

package identity_test

import (
	"os"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// What parses has one text form: the one that was parsed.
func FuzzParseID(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := identity.ParseAgentID(text); err == nil && id.String() != text {
			t.Errorf("agent: %q became %q", text, id)
		}
		if id, err := identity.ParseDeviceID(text); err == nil && id.String() != text {
			t.Errorf("device: %q became %q", text, id)
		}
		if id, err := identity.ParseHomeID(text); err == nil && id.String() != text {
			t.Errorf("home: %q became %q", text, id)
		}
		id, err := identity.ParseCameraID(text)
		if again, err2 := identity.ParseCameraID(id.String()); err == nil && (err2 != nil || again != id) {
			t.Errorf("camera: %q became %q", text, id)
		}
	})
}

func TestFuzzSeedsArePresent(t *testing.T) {
	seeds, err := os.ReadDir("testdata/fuzz/FuzzParseID")
	if err != nil || len(seeds) < 4 {
		t.Errorf("%d seeds, %v", len(seeds), err)
	}
}
