package photo_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/viewer/gate"
	"github.com/sealcam/sealcam/viewer/photo"
)

// random returns a picture of noise, in which every pixel is looked at.
func random(layout gate.PixelLayout, width, height int, full bool, m gate.Matrix) *photo.Picture {
	p := &photo.Picture{Layout: layout, Width: width, Height: height, FullRange: full, Matrix: m}
	p.Data = make([]byte, gate.PixelsLen(layout, width, height))
	r := rand.New(rand.NewPCG(uint64(width), uint64(height)))
	for i := range p.Data {
		p.Data[i] = byte(r.Uint32())
	}
	return p
}

// want returns a pixel by the definitions, in floating point.
func want(p *photo.Picture, x, y int) [3]float64 {
	if p.Layout == gate.LayoutRGBA {
		at := 4 * (y*p.Width + x)
		return [3]float64{float64(p.Data[at]), float64(p.Data[at+1]), float64(p.Data[at+2])}
	}
	stride, rows := (p.Width+7)&^7, (p.Height+1)/2
	chroma := p.Data[stride*p.Height:]
	var cb, cr byte
	if p.Layout == gate.LayoutI420 {
		at := stride/2*(y/2) + x/2
		cb, cr = chroma[at], chroma[stride/2*((rows+1)/2*2)+at]
	} else {
		at := stride*(y/2) + x/2*2
		cb, cr = chroma[at], chroma[at+1]
	}
	luma, u, v := float64(p.Data[stride*y+x]), float64(cb)-128, float64(cr)-128
	if p.FullRange {
		luma, u, v = luma/255, u/255, v/255
	} else {
		luma, u, v = (luma-16)/219, u/224, v/224
	}
	kr, kb := 0.299, 0.114
	if p.Matrix == gate.BT709 {
		kr, kb = 0.2126, 0.0722
	}
	r, b := luma+2*(1-kr)*v, luma+2*(1-kb)*u
	g := (luma - kr*r - kb*b) / (1 - kr - kb)
	return [3]float64{255 * r, 255 * g, 255 * b}
}

func encode(t *testing.T, p *photo.Picture, texts []photo.Text, stored bool) []byte {
	t.Helper()
	lines, err := p.Scanlines()
	if err != nil {
		t.Fatal(err)
	}
	var raw []byte
	for part := range lines {
		raw = append(raw, part...)
	}
	if len(raw) != p.ScanlinesLen() {
		t.Fatalf("%d bytes of scanlines, %d announced", len(raw), p.ScanlinesLen())
	}
	stream := photo.Stored(raw)
	if !stored {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		w.Write(raw)
		w.Close()
		stream = b.Bytes()
	}
	return p.File(stream, texts, time.Date(2026, 11, 30, 3, 24, 46, 0, time.UTC))
}

func TestPixels(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 2}, {3, 5}, {17, 66}, {640, 360}} {
		for _, layout := range []gate.PixelLayout{gate.LayoutI420, gate.LayoutNV12, gate.LayoutRGBA} {
			for _, full := range []bool{false, true} {
				for _, m := range []gate.Matrix{gate.BT601, gate.BT709} {
					p := random(layout, size[0], size[1], full, m)
					before := slices.Clone(p.Data)
					img, err := png.Decode(bytes.NewReader(encode(t, p, nil, size[0] == 3)))
					if err != nil {
						t.Fatalf("%v %v: %v", layout, size, err)
					}
					if !bytes.Equal(before, p.Data) {
						t.Fatal("the picture was changed")
					}
					if b := img.Bounds(); b.Dx() != size[0] || b.Dy() != size[1] {
						t.Fatalf("%v %v: %v", layout, size, b)
					}
					for y := range size[1] {
						for x := range size[0] {
							c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
							for i, v := range want(p, x, y) {
								got := float64([3]byte{c.R, c.G, c.B}[i])
								if math.Abs(got-max(0, min(255, v))) > 0.51 {
									t.Fatalf("%v %v full %v matrix %v at %d,%d: %v, want %v", layout, size, full, m, x, y, c, want(p, x, y))
								}
							}
						}
					}
				}
			}
		}
	}
}

func TestPixelsThatAreNotWhole(t *testing.T) {
	for _, p := range []*photo.Picture{
		{},
		{Layout: gate.LayoutRGBA, Width: 2, Height: 2, Data: make([]byte, 15)},
		{Layout: 9, Width: 2, Height: 2, Data: make([]byte, 16)},
		{Layout: gate.LayoutI420, Width: 1 << 20, Height: 1 << 20},
	} {
		if _, err := p.Scanlines(); !errors.Is(err, photo.ErrPixels) {
			t.Errorf("%dx%d: %v", p.Width, p.Height, err)
		}
	}
}

func TestStored(t *testing.T) {
	for _, n := range []int{0, 1, 65534, 65535, 65536, 200000} {
		data := bytes.Repeat([]byte("x"), n)
		r, err := zlib.NewReader(bytes.NewReader(photo.Stored(data)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
	}
}

type chunk struct {
	kind string
	data []byte
}

// chunks reads a file as the standard says, and fails on a wrong checksum.
func chunks(t *testing.T, file []byte) (all []chunk) {
	t.Helper()
	rest, ok := bytes.CutPrefix(file, []byte("\x89PNG\r\n\x1a\n"))
	if !ok {
		t.Fatal("no PNG")
	}
	for len(rest) > 0 {
		n := int(binary.BigEndian.Uint32(rest))
		body := rest[4 : 8+n]
		if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(rest[8+n:]) {
			t.Fatalf("%s has a wrong checksum", body[:4])
		}
		all = append(all, chunk{string(body[:4]), body[4:]})
		rest = rest[12+n:]
	}
	return all
}

// texts returns the text chunks by keyword.
func texts(t *testing.T, file []byte) map[string]string {
	t.Helper()
	m := map[string]string{}
	for _, c := range chunks(t, file) {
		if c.kind == "iTXt" {
			keyword, rest, _ := bytes.Cut(c.data, []byte{0})
			if !bytes.HasPrefix(rest, []byte{0, 0, 0, 0}) {
				t.Fatalf("%s: flags %v", keyword, rest[:4])
			}
			m[string(keyword)] = string(rest[4:])
		}
	}
	return m
}

var facts = photo.Facts{
	Camera: "Hof 🐈 ساحة", Owner: "Yard", CameraID: "00112233445566778899aabbccddeeff", AgentID: "agent1qqqq", Home: "Home",
	Taken: time.Date(2026, 11, 30, 4, 24, 46, 5e8, time.FixedZone("CET", 3600)), Age: 300 * time.Millisecond,
	Saved: time.Date(2026, 11, 30, 3, 24, 47, 0, time.UTC), Client: "0123456789ab", Browser: "Firefox on Linux",
}

func TestMetadata(t *testing.T) {
	file := encode(t, random(gate.LayoutNV12, 8, 8, false, gate.BT709), facts.Texts(), false)
	got := texts(t, file)
	for keyword, want := range map[string]string{
		"Title": "Hof 🐈 ساحة", "Creation Time": "2026-11-30T04:24:46+01:00", "Source": "Yard, Home", "Software": "Sealcam 0123456789ab, Firefox on Linux",
		"Camera ID": facts.CameraID, "Agent ID": facts.AgentID, "Saved": "2026-11-30T03:24:47Z", "State": "live",
		"Comment": "Sealed by camera 00112233445566778899aabbccddeeff of agent agent1qqqq; opened and verified on this device at 2026-11-30T03:24:47Z. " +
			"The file itself is neither sealed nor signed: whoever has it can change it.",
	} {
		if got[keyword] != want {
			t.Errorf("%s: %q, want %q", keyword, got[keyword], want)
		}
	}
	var order []string
	for _, c := range chunks(t, file) {
		if c.kind != "iTXt" {
			order = append(order, c.kind)
		}
		if c.kind == "tIME" && !bytes.Equal(c.data, []byte{0x07, 0xea, 11, 30, 3, 24, 46}) {
			t.Errorf("tIME %v", c.data)
		}
	}
	if s := strings.Join(order, " "); s != "IHDR sRGB tIME IDAT IEND" {
		t.Errorf("chunks %s", s)
	}
	stale := facts
	stale.Stale, stale.Age = true, 4300*time.Millisecond
	got = texts(t, encode(t, random(gate.LayoutNV12, 8, 8, false, gate.BT709), stale.Texts(), false))
	if got["State"] != "stale" || !strings.Contains(got["Comment"], "stale: taken 4.3 s before") {
		t.Errorf("stale: %q, %q", got["State"], got["Comment"])
	}
}

func TestHostileTexts(t *testing.T) {
	got := texts(t, encode(t, random(gate.LayoutRGBA, 2, 2, false, 0), []photo.Text{
		{"Title", "a\x00IDAT\xff"},
		{"Long", strings.Repeat("é", 5000)},
		{"", "no keyword"},
		{"Bad\x00key", "x"},
		{" space", "x"},
		{strings.Repeat("k", 80), "x"},
		{"Empty", ""},
	}, false))
	if len(got) != 2 || got["Title"] != "aIDAT\uFFFD" || len(got["Long"]) > 4096 || strings.Trim(got["Long"], "é") != "" {
		t.Errorf("%d texts, title %q, %d bytes", len(got), got["Title"], len(got["Long"]))
	}
}

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"Porch":                     "Porch",
		"門口 🐈":                      "門口 🐈",
		"../../etc/passwd":          "-..-etc-passwd",
		`a\b:c*d?e"f<g>h|i%2f`:      "a-b-c-d-e-f-g-h-i-2f",
		" . hidden . ":              "hidden",
		"two\n\tlines":              "twolines",
		"right\u202Egnp.exe":        "rightgnp.exe",
		"":                          "Sealcam",
		"...":                       "Sealcam",
		"\xff\xfe":                  "Sealcam",
		strings.Repeat("ж", 200):    strings.Repeat("ж", 60),
		"<img src=x onerror=alert>": "-img src=x onerror=alert-",
	} {
		f := facts
		f.Camera = name
		if got := f.FileName(); got != want+" 2026-11-30 04.24.46.png" {
			t.Errorf("%q: %q", name, got)
		}
	}
	f := facts
	f.Camera, f.Stale = "Porch", true
	if got := f.FileName(); got != "Porch 2026-11-30 04.24.46 stale.png" {
		t.Errorf("stale: %q", got)
	}
}

func BenchmarkScanlines(b *testing.B) {
	p := random(gate.LayoutI420, 1920, 1080, false, gate.BT709)
	for b.Loop() {
		lines, _ := p.Scanlines()
		for range lines {
		}
	}
}
