//go:build !js

package session

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"testing"
)

// Whatever the other end sends, messages have 1 to MaxMessage bytes, and together are what was sent.
func FuzzReadMessage(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		var again []byte
		for {
			m, err := readMessage(r)
			if err == io.EOF && len(again) != len(b) {
				t.Errorf("the end after %d of %d bytes", len(again), len(b))
			}
			if err != nil {
				break
			}
			if len(m) == 0 || len(m) > MaxMessage {
				t.Fatalf("message of %d bytes", len(m))
			}
			again = append(binary.BigEndian.AppendUint32(again, uint32(len(m))), m...)
		}
		if !bytes.HasPrefix(b, again) {
			t.Errorf("%x was read as %x", b, again)
		}
	})
}

func TestFuzzSeedsArePresent(t *testing.T) {
	seeds, err := os.ReadDir("testdata/fuzz/FuzzReadMessage")
	if err != nil || len(seeds) < 4 {
		t.Errorf("%d seeds, %v", len(seeds), err)
	}
}
