package still

import (
	"bytes"
	"errors"
	"image/jpeg"
	"os"
	"testing"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/vp8"
)

// readVP8 returns a key frame of 320×180: ffmpeg's testsrc2, which has large areas of one colour, through libvpx.
func readVP8(t *testing.T) codec.AccessUnit {
	t.Helper()
	b, err := os.ReadFile("../../codec/vp8/testdata/key.vp8")
	if err != nil {
		t.Fatal(err)
	}
	var a vp8.Assembler
	au, err := a.Assemble(b)
	if err != nil {
		t.Fatal(err)
	}
	au.Captured = 42
	return au
}

func TestVP8(t *testing.T) {
	au := readVP8(t)
	var m Maker
	made, err := m.Make(au)
	if err != nil {
		t.Fatal(err)
	}
	if made.Config != (codec.Config{Codec: codec.JPEG, Width: 320, Height: 180}) || made.Captured != 42 || !made.Key {
		t.Errorf("made %+v at %d", made.Config, made.Captured)
	}
	p, err := jpeg.Decode(bytes.NewReader(made.Data))
	if err != nil {
		t.Fatal(err)
	}
	// Anchors of testsrc2's colours, far from edges as JPEG blurs colours: ffmpeg's own decoder gives them from the same frame.
	for _, c := range vp8Anchors {
		r, g, b, _ := p.At(c.x, c.y).RGBA()
		got := [3]int{int(r >> 8), int(g >> 8), int(b >> 8)}
		for i := range got {
			if d := got[i] - c.rgb[i]; d < -12 || d > 12 {
				t.Errorf("at %d,%d: %v, want %v", c.x, c.y, got, c.rgb)
				break
			}
		}
	}
	damaged := au
	damaged.Data = damaged.Data[:200]
	if _, err := m.Make(damaged); !errors.Is(err, ErrNoPicture) {
		t.Errorf("a damaged frame: %v", err)
	}
	if _, err := m.Make(au); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func FuzzVP8(f *testing.F) {
	if seeds, err := os.ReadDir("testdata/fuzz/FuzzVP8"); err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodeVP8(b)
		if err != nil {
			return
		}
		if h, err := vp8.Parse(b); err != nil || p.Rect.Dx() != h.Width || p.Rect.Dy() != h.Height {
			t.Fatalf("%v for %+v, %v", p.Rect, h, err)
		}
	})
}

var vp8Anchors = []struct {
	x, y int
	rgb  [3]int
}{
	{20, 100, [3]int{253, 0, 0}},
	{70, 100, [3]int{0, 254, 0}},
	{200, 100, [3]int{0, 0, 254}},
	{250, 100, [3]int{254, 0, 253}},
	{140, 30, [3]int{253, 253, 0}},
	{280, 40, [3]int{0, 255, 255}},
}
