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
		same(t, fragment, pairing.Link{Agent: agent, Secret: secret}.String())
	})
}

// The same holds of the other links.
func FuzzParseInvite(f *testing.F) {
	f.Fuzz(func(t *testing.T, fragment string) {
		if agent, secret, err := pairing.ParseInvite(fragment); err == nil {
			same(t, fragment, pairing.InviteLink{Agent: agent, Secret: secret}.String())
		}
	})
}

func FuzzParseRecover(f *testing.F) {
	f.Fuzz(func(t *testing.T, fragment string) {
		if agent, err := pairing.ParseRecover(fragment); err == nil {
			same(t, fragment, pairing.RecoverLink{Agent: agent}.String())
		}
	})
}

func FuzzParsePair(f *testing.F) {
	f.Fuzz(func(t *testing.T, fragment string) {
		if code, pin, err := pairing.ParsePair(fragment); err == nil {
			same(t, fragment, pairing.PairLink{Code: code, Device: pin}.String())
		}
	})
}

func same(t *testing.T, fragment, link string) {
	_, again, _ := strings.Cut(link, "#")
	if strings.TrimPrefix(strings.TrimSpace(fragment), "#") != again {
		t.Errorf("%q is written again as %q", fragment, again)
	}
}

// A code that parses is shown in one way, which parses to it again.
func FuzzParseCode(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		code, err := pairing.ParseCode(text)
		if err != nil {
			if code != (pairing.Code{}) {
				t.Error("an error, and a code")
			}
			return
		}
		if again, err := pairing.ParseCode(code.String()); err != nil || again != code {
			t.Errorf("%q is shown as %q, which is %v, %v", text, code.String(), again, err)
		}
	})
}

func TestFuzzSeedsArePresent(t *testing.T) {
	for _, target := range []string{"FuzzParseFragment", "FuzzParseInvite", "FuzzParseRecover", "FuzzParsePair", "FuzzParseCode"} {
		seeds, err := os.ReadDir("testdata/fuzz/" + target)
		if err != nil || len(seeds) < 4 {
			t.Errorf("%s: %d seeds, %v", target, len(seeds), err)
		}
	}
}
