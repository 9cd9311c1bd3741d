//go:build !js

package identity_test

import (
	"os"
	"strings"
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

// A phrase that parses is, but for case and white space, the one that its key is written as.
func FuzzParsePhrase(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		key, err := identity.ParsePhrase(text)
		if err != nil {
			if !key.IsZero() {
				t.Error("an error, and a key")
			}
			return
		}
		if got := strings.Join(strings.Fields(strings.ToLower(text)), " "); got != key.Phrase() {
			t.Errorf("%q became %q", text, key.Phrase())
		}
	})
}

func TestFuzzSeedsArePresent(t *testing.T) {
	for _, target := range []string{"FuzzParseID", "FuzzParsePhrase"} {
		seeds, err := os.ReadDir("testdata/fuzz/" + target)
		if err != nil || len(seeds) < 4 {
			t.Errorf("%s: %d seeds, %v", target, len(seeds), err)
		}
	}
}
