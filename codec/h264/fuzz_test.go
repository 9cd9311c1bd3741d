package h264

import (
	"os"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

func needSeeds(f *testing.F, name string) {
	f.Helper()
	seeds, err := os.ReadDir("testdata/fuzz/" + name)
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds for %s: %v", name, err)
	}
}

func FuzzParseSPS(f *testing.F) {
	needSeeds(f, "FuzzParseSPS")
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSPS(b)
		if err != nil {
			if s != nil {
				t.Fatal("an SPS beside an error")
			}
			return
		}
		if s.Width < 1 || s.Height < 1 || s.Width > codec.MaxWidth || s.Height > codec.MaxHeight {
			t.Fatalf("%d×%d", s.Width, s.Height)
		}
		if _, err := s.Config().AppendBinary(nil); err != nil {
			t.Fatal(err)
		}
		c, err := ParseSPS(WithoutReordering(b))
		if err != nil {
			t.Fatalf("changed SPS: %v", err)
		}
		if c.Config() != s.Config() || c.RefFrames != s.RefFrames || c.FrameRate != s.FrameRate {
			t.Fatalf("%+v became %+v", s, c)
		}
	})
}

// Any byte stream goes through the assembler; what comes out must hold to its promises.
func FuzzAssembler(f *testing.F) {
	needSeeds(f, "FuzzAssembler")
	f.Fuzz(func(t *testing.T, b []byte) {
		var a Assembler
		started := false
		for units := range Pictures(b) {
			au, err := a.Assemble(units)
			if err != nil {
				continue
			}
			if !started && !au.Key {
				t.Fatal("starts with a delta")
			}
			started = true
			if len(au.Data) > codec.MaxAccessUnit {
				t.Fatalf("%d bytes", len(au.Data))
			}
			if _, err := au.Config.AppendBinary(nil); err != nil {
				t.Fatal(err)
			}
			checkPicture(t, au)
		}
	})
}
