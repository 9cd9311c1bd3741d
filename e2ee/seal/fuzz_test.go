//go:build !js

package seal

import (
	"bytes"
	"os"
	"testing"
)

// Whatever the server sends, it opens nothing that the agent did not seal.
func FuzzOpen(f *testing.F) {
	s, _ := testPair(f)
	genuine := map[string]bool{}
	for _, frame := range []Frame{
		{Key: true, GOP: 7, Captured: 1, Config: testConfig, Data: []byte("picture")},
		{GOP: 7, Index: 1, Captured: 2, Config: testConfig, Data: []byte("another")},
	} {
		sealed, err := s.Seal(nil, &frame)
		if err != nil {
			f.Fatal(err)
		}
		genuine[string(sealed)] = true
		f.Add(sealed)
	}
	f.Fuzz(func(t *testing.T, sealed []byte) {
		_, o := testPair(t)
		epoch, stream, peeked := Peek(sealed)
		opened, err := o.Open(Main, sealed)
		if err == nil && (!genuine[string(sealed)] || !peeked || epoch != opened.Epoch() || stream != Main) {
			t.Errorf("%x opens", sealed)
		}
		if (err == nil) != opened.Valid() || (err != nil) != (ReasonOf(err) != NoReason) {
			t.Errorf("%v, %v", opened.Valid(), err)
		}
		if reason := ReasonOf(err); peeked == (reason == Truncated || reason == TooLarge || reason == Header) {
			t.Errorf("Peek says %v, Open %v", peeked, reason)
		}
	})
}

// Whatever an agent signs: a plaintext that parses is, but for its padding, what its frame is written as.
func FuzzPlaintext(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, hash, err := parsePlain(b)
		if err != nil {
			return
		}
		var record []byte
		if frame.Key {
			if record, err = frame.Config.AppendBinary(nil); err != nil || frame.Config.Hash() != hash {
				t.Fatalf("config %+v, hash %x, %v", frame.Config, hash, err)
			}
		}
		again := appendPlain(nil, &frame, record, hash)
		if !bytes.HasPrefix(b, again) || len(b)-len(again) > maxPadding || len(frame.Data) > len(b) {
			t.Errorf("%x is written again as %x", b, again)
		}
	})
}

func TestFuzzSeedsArePresent(t *testing.T) {
	for _, target := range []string{"FuzzOpen", "FuzzPlaintext"} {
		seeds, err := os.ReadDir("testdata/fuzz/" + target)
		if err != nil || len(seeds) < 4 {
			t.Errorf("%s: %d seeds, %v", target, len(seeds), err)
		}
	}
}
