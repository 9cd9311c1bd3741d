//go:build !js

package grant_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/sealcam/sealcam/e2ee/grant"
)

// An entry that parses is the encoding of what it parses to.
func FuzzParseEntry(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := grant.ParseEntry(b)
		if err != nil {
			return
		}
		if again, err := e.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x, %v", b, again, err)
		}
	})
}

// A log that parses is the encoding of what it parses to.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := grant.Parse(b)
		if err != nil {
			return
		}
		if again := mustMarshal(t, l); l.Len() > 0 && !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x", b, again)
		}
	})
}

func TestFuzzSeedsArePresent(t *testing.T) {
	for _, target := range []string{"FuzzParseEntry", "FuzzParse"} {
		seeds, err := os.ReadDir("testdata/fuzz/" + target)
		if err != nil || len(seeds) < 4 {
			t.Errorf("%s: %d seeds, %v", target, len(seeds), err)
		}
	}
}
