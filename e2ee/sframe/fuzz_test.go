//go:build !js

package sframe

import (
	"bytes"
	"os"
	"testing"
)

// A header that parses is the encoding of what it parses to.
func FuzzParseHeader(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := ParseHeader(b)
		if err != nil {
			return
		}
		if n > len(b) || n > MaxHeader || h.Len() != n || !bytes.Equal(h.Append(nil), b[:n]) {
			t.Errorf("%x parses as %+v in %d bytes", b, h, n)
		}
	})
}

// Nothing opens but what was sealed.
func FuzzOpen(f *testing.F) {
	f.Fuzz(func(t *testing.T, suite uint16, b []byte) {
		k, err := NewKey(Suite(suite), 9, testBaseKey)
		if err != nil {
			return
		}
		plaintext, err := k.Open(nil, b, []byte("metadata"))
		if err != nil {
			return
		}
		h, _, err := ParseHeader(b)
		if err != nil || !bytes.Equal(k.Seal(nil, h.CTR, []byte("metadata"), plaintext), b) {
			t.Errorf("%x opens and is not what sealing gives", b)
		}
	})
}

func TestFuzzSeedsArePresent(t *testing.T) {
	for _, target := range []string{"FuzzParseHeader", "FuzzOpen"} {
		seeds, err := os.ReadDir("testdata/fuzz/" + target)
		if err != nil || len(seeds) < 4 {
			t.Errorf("%s: %d seeds, %v", target, len(seeds), err)
		}
	}
}
