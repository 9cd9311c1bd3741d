//go:build !js

package signal

import (
	"bytes"
	"errors"
	"os"
	"testing"
)

// FuzzParse holds Parse to its word: no panic, and what it takes has this one encoding. The seeds are the documented examples, committed
// below testdata.
func FuzzParse(f *testing.F) {
	if seeds, err := os.ReadDir("testdata/fuzz/FuzzParse"); err != nil || len(seeds) < 20 {
		f.Fatalf("%d seeds below testdata/fuzz/FuzzParse, want one for each of 20 kinds (%v)", len(seeds), err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Parse(b)
		if err != nil {
			if e != nil || !errors.Is(err, ErrEnvelope) {
				t.Fatalf("%#v, %v", e, err)
			}
			return
		}
		if again := e.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x encodes as %x", b, again)
		}
	})
}
