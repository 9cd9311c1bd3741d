package aac

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		hex  string
		want Config
		name string
		err  error
	}{
		{"1188", Config{2, 48000, 1, 1024}, "mp4a.40.2", nil},
		{"1190", Config{2, 48000, 2, 1024}, "mp4a.40.2", nil},
		{"1210", Config{2, 44100, 2, 1024}, "mp4a.40.2", nil},
		{"1588", Config{2, 8000, 1, 1024}, "mp4a.40.2", nil},
		{"1408", Config{2, 16000, 1, 1024}, "mp4a.40.2", nil},
		{"118c", Config{2, 48000, 1, 960}, "mp4a.40.2", nil},
		{"2b8a0800", Config{2, 22050, 1, 1024}, "mp4a.40.5", nil},   // HE-AAC, SBR named first: 22.05 kHz and 44.1 after it
		{"131056e598", Config{2, 24000, 2, 1024}, "mp4a.40.2", nil}, // HE-AAC, SBR behind
		{"f8e64000", Config{39, 48000, 2, 512}, "mp4a.40.39", nil},  // AAC-ELD
		{"178001f408", Config{}, "", ErrConfig},                     // a rate of its own, far too low
		{"", Config{}, "", ErrConfig},
		{"11", Config{}, "", ErrConfig},
		{"1180", Config{}, "", ErrUnsupported}, // channels in a program config element
		{"1688", Config{}, "", ErrConfig},      // reserved rate
		{"0988", Config{1, 48000, 1, 1024}, "mp4a.40.1", nil},
		{"4988", Config{}, "", ErrUnsupported}, // TwinVQ and others
		{"f8", Config{}, "", ErrConfig},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(c.hex, err)
		}
		got, err := Parse(b)
		if !errors.Is(err, c.err) || c.err == nil && got != c.want {
			t.Errorf("%s: %+v, %v; want %+v, %v", c.hex, got, err, c.want, c.err)
		}
		if name, _ := Name(b); name != c.name {
			t.Errorf("%s is named %q, want %q", c.hex, name, c.name)
		}
	}
	if _, err := Parse(make([]byte, codec.MaxDescription+1)); !errors.Is(err, ErrConfig) {
		t.Errorf("too long: %v", err)
	}
}

// Whatever comes out can be sealed: it is a valid configuration.
func FuzzConfig(f *testing.F) {
	f.Add([]byte{0x11, 0x88})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := CodecConfig(b)
		if err != nil {
			if !errors.Is(err, ErrConfig) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("error %v", err)
			}
			return
		}
		record, err := c.AppendBinary(nil)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if back, err := codec.ParseConfig(record); err != nil || back != c {
			t.Errorf("%+v came back as %+v, %v", c, back, err)
		}
	})
}
