package vp8

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The frames are libvpx's, of a test picture of 320×180.
func TestParse(t *testing.T) {
	key, err := Parse(read(t, "key.vp8"))
	if err != nil || !key.Key || !key.Shown || key.Width != 320 || key.Height != 180 {
		t.Errorf("key frame: %+v, %v", key, err)
	}
	if c := key.Config(); c != (codec.Config{Codec: codec.VP8, Width: 320, Height: 180, Profile: "vp8"}) {
		t.Errorf("configuration %+v", c)
	}
	if _, err := key.Config().AppendBinary(nil); err != nil {
		t.Error(err)
	}
	delta, err := Parse(read(t, "delta.vp8"))
	if err != nil || delta.Key || delta.Width != 0 {
		t.Errorf("delta frame: %+v, %v", delta, err)
	}
}

func TestRefused(t *testing.T) {
	key := read(t, "key.vp8")
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(key)
		copy(b[at:], to)
		return b
	}
	for name, c := range map[string]struct {
		frame []byte
		want  error
	}{
		"nothing":                   {nil, ErrFormat},
		"two bytes":                 {key[:2], ErrFormat},
		"cut in the head":           {key[:9], ErrFormat},
		"cut in the first part":     {key[:20], ErrFormat},
		"an unknown version":        {change(0, key[0]|0x0e), ErrFormat},
		"no start code":             {change(3, 0x9e), ErrFormat},
		"no width":                  {change(6, 0, 0), ErrFormat},
		"no height":                 {change(8, 0, 0xc0), ErrFormat},
		"too wide":                  {change(6, 0x01, 0x20), ErrTooLarge},
		"too high":                  {change(8, 0xff, 0x3f), ErrTooLarge},
		"an empty first part":       {change(0, key[0]&0x1f, 0, 0), ErrFormat},
		"longer than any unit":      {append(bytes.Clone(key), make([]byte, codec.MaxAccessUnit)...), ErrTooLarge},
		"a delta frame of 3 bytes":  {[]byte{0x31, 0, 0}, ErrFormat},
		"a delta frame with no end": {[]byte{0xf1, 0xff, 0xff, 0}, ErrFormat},
	} {
		if h, err := Parse(c.frame); !errors.Is(err, c.want) || h != (Header{}) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

func TestAssembler(t *testing.T) {
	key, delta := read(t, "key.vp8"), read(t, "delta.vp8")
	var a Assembler
	want := func(what string, frame []byte, err error) {
		t.Helper()
		au, got := a.Assemble(frame)
		if !errors.Is(got, err) || err == nil && (au.Config.Width != 320 || !bytes.Equal(au.Data, frame)) {
			t.Errorf("%s: %+v, %v", what, au.Config, got)
		}
	}
	want("a delta frame first", delta, ErrWaiting)
	want("a key frame", key, nil)
	want("a delta frame", delta, nil)
	want("a damaged frame", delta[:2], ErrFormat)
	want("a delta frame after it", delta, ErrWaiting)
	want("the next key frame", key, nil)
	a.Interrupt()
	want("after a loss", delta, ErrWaiting)
}

func FuzzParse(f *testing.F) {
	if seeds, err := os.ReadDir("testdata/fuzz/FuzzParse"); err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Parse(b)
		if err != nil {
			if h != (Header{}) {
				t.Fatal("a header beside an error")
			}
			return
		}
		if h.Key != (b[0]&1 == 0) || h.Key != (h.Width > 0 && h.Height > 0) {
			t.Fatalf("%+v", h)
		}
		var a Assembler
		au, err := a.Assemble(b)
		if h.Key != (err == nil) {
			t.Fatalf("key %v: %v", h.Key, err)
		}
		if err == nil {
			if _, err := au.Config.AppendBinary(nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}
