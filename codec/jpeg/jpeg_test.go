package jpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"os"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

// picture encodes a pattern with Go's encoder, which uses the tables of T.81 K.3.
func picture(t testing.TB, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.RGBA{uint8(x * 3), uint8(y * 5), uint8(x * y), 255})
		}
	}
	return encode(t, m)
}

func encode(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// without removes all segments with a marker.
func without(t testing.TB, b []byte, marker byte) []byte {
	t.Helper()
	out, at := bytes.Clone(b[:2]), 2
	for b[at+1] != markerSOS {
		size := 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		if b[at+1] != marker {
			out = append(out, b[at:at+size]...)
		}
		at += size
	}
	return append(out, b[at:]...)
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name          string
		in            []byte
		width, height int
		components    int
		subsampling   string
		huffman       bool
		progressive   bool
	}{
		{"Go", picture(t, 70, 50), 70, 50, 3, "4:2:0", true, false},
		{"webcam without tables", without(t, picture(t, 70, 50), markerDHT), 70, 50, 3, "4:2:0", false, false},
		{"FFmpeg 4:2:2", readFile(t, "422.jpg"), 96, 64, 3, "4:2:2", true, false},
		{"grey", encode(t, image.NewGray(image.Rect(0, 0, 96, 64))), 96, 64, 1, "", true, false},
		{"fill bytes", append([]byte{0xff, 0xd8, 0xff, 0xff, 0xff}, picture(t, 8, 8)[3:]...), 8, 8, 3, "4:2:0", true, false},
	} {
		h, err := Parse(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if h.Width != tt.width || h.Height != tt.height || h.Components != tt.components || h.Subsampling != tt.subsampling ||
			h.HasHuffman != tt.huffman || h.Progressive != tt.progressive {
			t.Errorf("%s: %+v", tt.name, h)
		}
		if _, err := h.Config().AppendBinary(nil); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := picture(t, 64, 48)
	sof := bytes.Index(good, []byte{0xff, markerSOF0})
	sos := bytes.Index(good, []byte{0xff, markerSOS})
	edit := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	for _, tt := range []struct {
		name string
		in   []byte
		err  error
	}{
		{"empty", nil, ErrFormat},
		{"not JPEG", []byte("GIF89a..."), ErrFormat},
		{"SOI only", []byte{0xff, 0xd8}, ErrFormat},
		{"SOI and EOI", []byte{0xff, 0xd8, 0xff, 0xd9, 0, 0}, ErrFormat},
		{"cut in the tables", good[:100], ErrFormat},
		{"cut before the scan", good[:sos], ErrFormat},
		{"cut in the scan header", good[:sos+6], ErrFormat},
		{"empty scan", good[:sos+14], ErrFormat},
		{"no frame header", without(t, good, markerSOF0), ErrFormat},
		{"no quantisation tables", without(t, good, markerDQT), ErrFormat},
		{"segment length 0", edit(4, 0, 0), ErrFormat},
		{"segment beyond the end", edit(4, 0xff, 0xff), ErrFormat},
		{"lossless", edit(sof+1, 0xc3), ErrUnsupported},
		{"arithmetic", edit(sof+1, 0xc9), ErrUnsupported},
		{"12 bits", edit(sof+4, 12), ErrUnsupported},
		{"no height", edit(sof+5, 0, 0), ErrUnsupported},
		{"no width", edit(sof+7, 0, 0), ErrFormat},
		{"huge", edit(sof+5, 0xff, 0xff), ErrTooLarge},
		{"2 components said", edit(sof+9, 2), ErrFormat},
		{"sampling 0", edit(sof+11, 0x02), ErrFormat},
		{"many segments", append([]byte{0xff, 0xd8}, bytes.Repeat([]byte{0xff, 0xe0, 0, 2}, 300)...), ErrFormat},
		{"too many bytes", append(bytes.Clone(good), make([]byte, codec.MaxAccessUnit)...), ErrTooLarge},
	} {
		if _, err := Parse(tt.in); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
}

func TestRepair(t *testing.T) {
	whole := picture(t, 70, 50)
	want, err := stdjpeg.Decode(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	bare := without(t, whole, markerDHT)
	if _, err := stdjpeg.Decode(bytes.NewReader(bare)); err == nil {
		t.Fatal("decodes without tables: the test is worth nothing")
	}
	for _, tt := range []struct {
		name string
		in   []byte
	}{
		{"complete", whole},
		{"no tables", bare},
		{"no EOI", whole[:len(whole)-2]},
		{"no tables and no EOI", bare[:len(bare)-2]},
		{"bytes after EOI", append(bytes.Clone(bare), "rubbish"...)},
	} {
		in := bytes.Clone(tt.in)
		out, h, err := Repair(in)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if !bytes.Equal(in, tt.in) {
			t.Errorf("%s: changed its input", tt.name)
		}
		if out[h.scan] != 0xff || out[h.scan+1] != markerSOS || h.length != len(out) || !h.HasHuffman {
			t.Errorf("%s: header %+v", tt.name, h)
		}
		got, err := stdjpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if !bytes.Equal(got.(*image.YCbCr).Y, want.(*image.YCbCr).Y) || !bytes.Equal(got.(*image.YCbCr).Cb, want.(*image.YCbCr).Cb) {
			t.Errorf("%s: another picture", tt.name)
		}
		again, _, err := Repair(out)
		if err != nil || &again[0] != &out[0] {
			t.Errorf("%s: repaired twice (%v)", tt.name, err)
		}
	}
	au, err := AccessUnit(bare)
	if err != nil || !au.Key || au.Config != (codec.Config{Codec: codec.JPEG, Width: 70, Height: 50}) {
		t.Errorf("%+v %v", au.Config, err)
	}
	if _, err := AccessUnit(bare[:30]); !errors.Is(err, ErrFormat) {
		t.Errorf("cut: %v", err)
	}
}

func FuzzRepair(f *testing.F) {
	seeds, err := os.ReadDir("testdata/fuzz/FuzzRepair")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, h, err := Repair(b)
		if err != nil {
			return
		}
		if len(out) > codec.MaxAccessUnit || h.Width > codec.MaxWidth || h.Height > codec.MaxHeight || h.Width < 1 || h.Height < 1 {
			t.Fatalf("%d bytes, %+v", len(out), h)
		}
		again, h2, err := Repair(out)
		if err != nil || h2 != h || !bytes.Equal(again, out) {
			t.Fatalf("second repair: %v, %+v then %+v", err, h, h2)
		}
	})
}
