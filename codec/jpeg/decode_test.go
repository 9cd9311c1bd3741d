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
)

// near reports whether two samples differ by at most d.
func near(a, b byte, d int) bool { return int(a)-int(b) <= d && int(b)-int(a) <= d }

// Motion JPEG that FFmpeg made with the standard tables, which were then left out as webcams do, beside what FFmpeg decodes of it.
func TestDecodeWithoutTables(t *testing.T) {
	const width, height = 94, 62
	for _, tt := range []struct {
		name string
		rows int // of chroma
	}{{"420", height / 2}, {"422", height}} {
		file, want := readFile(t, "webcam-"+tt.name+".jpg"), readFile(t, "webcam-"+tt.name+".yuv")
		if h, err := Parse(file); err != nil || h.HasHuffman {
			t.Fatalf("%s: %+v, %v: the test is worth nothing", tt.name, h, err)
		}
		p, err := Decode(file, 0)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if p.Width != width || p.Height != height || p.RGBA != nil {
			t.Fatalf("%s: %d×%d, %d bytes of RGBA", tt.name, p.Width, p.Height, len(p.RGBA))
		}
		for y := range height {
			for x := range width {
				if got, want := p.Y[y*p.YStride+x], want[y*width+x]; !near(got, want, 2) {
					t.Fatalf("%s: luma at %d,%d is %d, FFmpeg's %d", tt.name, x, y, got, want)
				}
			}
		}
		for i, plane := range [][]byte{p.Cb, p.Cr} {
			from := want[width*height+i*width/2*tt.rows:]
			for y := range height / 2 {
				for x := range width / 2 {
					mean := from[y*width/2+x]
					if tt.name == "422" {
						mean = byte((int(from[2*y*width/2+x]) + int(from[(2*y+1)*width/2+x]) + 1) / 2)
					}
					if got := plane[y*p.ChromaStride+x]; !near(got, mean, 2) {
						t.Fatalf("%s: chroma %d at %d,%d is %d, FFmpeg's %d", tt.name, i, x, y, got, mean)
					}
				}
			}
		}
	}
}

// at returns the colour of a pixel as players compute it.
func (p *Picture) at(x, y int) color.RGBA {
	if p.RGBA != nil {
		c := p.RGBA[4*(y*p.Width+x):]
		return color.RGBA{c[0], c[1], c[2], c[3]}
	}
	c := y/2*p.ChromaStride + x/2
	r, g, b := color.YCbCrToRGB(p.Y[y*p.YStride+x], p.Cb[c], p.Cr[c])
	return color.RGBA{r, g, b, 255}
}

// Every kind of file gives the picture that image/jpeg sees, but for the chroma that 4:2:0 cannot hold: where chroma is of a finer grid,
// the mean over each 2×2 pixels is compared.
func TestDecodeKinds(t *testing.T) {
	for _, tt := range []struct {
		name      string
		off       int // allowed
		rgba      bool
		twoByTwo  bool // compare means
		wantGrey  bool
		wantScans int
	}{
		{name: "webcam-420.jpg", off: 0},
		{name: "progressive.jpg", off: 0, wantScans: 2},
		{name: "progressive-444.jpg", off: 3, twoByTwo: true, wantScans: 2},
		{name: "422.jpg", off: 3, twoByTwo: true},
		{name: "440.jpg", off: 3, twoByTwo: true},
		{name: "411.jpg", off: 3, twoByTwo: true},
		{name: "410.jpg", off: 0},
		{name: "gray.jpg", off: 0, wantGrey: true},
		{name: "cmyk.jpg", off: 0, rgba: true},
		{name: "rgb.jpg", off: 0, rgba: true},
	} {
		whole, h, err := Repair(readFile(t, tt.name))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if n := bytes.Count(whole[h.scan:], []byte{0xff, markerSOS}); n < tt.wantScans {
			t.Errorf("%s: %d scans: the test is worth nothing", tt.name, n)
		}
		want, err := stdjpeg.Decode(bytes.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Decode(readFile(t, tt.name), 0)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if (p.RGBA != nil) != tt.rgba {
			t.Errorf("%s: %d bytes of RGBA", tt.name, len(p.RGBA))
		}
		if tt.wantGrey && (!bytes.Equal(p.Cb, bytes.Repeat([]byte{128}, len(p.Cb))) || len(p.Cb) != (p.Width+1)/2*((p.Height+1)/2)) {
			t.Errorf("%s: has colour", tt.name)
		}
		step := 1
		if tt.twoByTwo {
			step = 2
		}
		worst := 0
		for y := 0; y+step <= p.Height; y += step {
			for x := 0; x+step <= p.Width; x += step {
				var got, exp [3]int
				for dy := range step {
					for dx := range step {
						g := p.at(x+dx, y+dy)
						w := color.RGBAModel.Convert(want.At(x+dx, y+dy)).(color.RGBA)
						for i, v := range [][2]uint8{{g.R, w.R}, {g.G, w.G}, {g.B, w.B}} {
							got[i] += int(v[0])
							exp[i] += int(v[1])
						}
					}
				}
				for i := range got {
					worst = max(worst, (max(got[i]-exp[i], exp[i]-got[i])+step*step/2)/(step*step))
				}
			}
		}
		// Clipped colours make means differ: their share is small.
		if worst > tt.off && !tt.twoByTwo || worst > 24 {
			t.Errorf("%s: off by %d", tt.name, worst)
		}
	}
}

func TestDecodeOddSizes(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 1}, {1, 2}, {17, 9}, {33, 31}} {
		p, err := Decode(picture(t, size[0], size[1]), 0)
		if err != nil {
			t.Errorf("%v: %v", size, err)
			continue
		}
		if p.Width != size[0] || p.Height != size[1] {
			t.Errorf("%v: %d×%d", size, p.Width, p.Height)
		}
		check(t, p)
	}
}

// check checks that every sample that a caller may look at is there.
func check(t testing.TB, p *Picture) {
	t.Helper()
	if p.RGBA != nil {
		if len(p.RGBA) != 4*p.Width*p.Height || p.Y != nil || p.Cb != nil || p.Cr != nil {
			t.Fatalf("%d×%d: %d bytes of RGBA", p.Width, p.Height, len(p.RGBA))
		}
		return
	}
	holds := func(plane []byte, stride, width, height int) bool {
		return stride >= width && len(plane) >= stride*(height-1)+width
	}
	cw, ch := (p.Width+1)/2, (p.Height+1)/2
	if !holds(p.Y, p.YStride, p.Width, p.Height) || !holds(p.Cb, p.ChromaStride, cw, ch) || !holds(p.Cr, p.ChromaStride, cw, ch) {
		t.Fatalf("%d×%d: planes of %d, %d and %d bytes, strides %d and %d", p.Width, p.Height, len(p.Y), len(p.Cb), len(p.Cr), p.YStride, p.ChromaStride)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := picture(t, 64, 48)
	sof := bytes.Index(good, []byte{0xff, markerSOF0})
	huge := bytes.Clone(good)
	binary.BigEndian.PutUint16(huge[sof+5:], 8192)
	binary.BigEndian.PutUint16(huge[sof+7:], 8192)
	progressive := readFile(t, "progressive.jpg")
	scan := progressive[bytes.LastIndex(progressive, []byte{0xff, markerSOS}) : len(progressive)-2]
	many := bytes.Clone(progressive[:len(progressive)-2])
	for range maxScans {
		many = append(many, scan...)
	}
	second := bytes.Clone(good[:len(good)-2])
	second = append(second, good[sof:sof+19]...)
	for _, tt := range []struct {
		name  string
		in    []byte
		limit int
		err   error
	}{
		{"empty", nil, 0, ErrFormat},
		{"cut in the scan", good[:len(good)-40], 0, ErrFormat},
		{"8192×8192 with a few bytes of scan", huge, 0, ErrTooLarge},
		{"above the caller's limit", good, 64 * 48, ErrTooLarge},
		{"many scans", many, 0, ErrUnsupported},
		{"two frame headers", append(second, 0xff, markerEOI), 0, ErrFormat},
		{"sampling of three", edit(good, sof+11, 0x31), 0, ErrUnsupported},
		{"no Huffman codes", edit(good, bytes.Index(good, []byte{0xff, markerDHT})+5, make([]byte, 16)...), 0, ErrFormat},
	} {
		if p, err := Decode(tt.in, tt.limit); !errors.Is(err, tt.err) || p != nil {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
}

// Sizes are checked before memory is taken for them.
func TestDecodeTakesNoMemoryForRefused(t *testing.T) {
	huge := picture(t, 64, 48)
	sof := bytes.Index(huge, []byte{0xff, markerSOF0})
	binary.BigEndian.PutUint16(huge[sof+5:], 8192)
	binary.BigEndian.PutUint16(huge[sof+7:], 8192)
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(huge, 0); !errors.Is(err, ErrTooLarge) {
				b.Fatal(err)
			}
		}
	})
	if r.AllocedBytesPerOp() > 64<<10 {
		t.Errorf("%d bytes for a refused file", r.AllocedBytesPerOp())
	}
}

func edit(b []byte, at int, v ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], v)
	return b
}

func FuzzDecode(f *testing.F) {
	seeds, err := os.ReadDir("testdata/fuzz/FuzzDecode")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	const limit = 4 << 20
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b, limit)
		if err != nil {
			if p != nil || !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrUnsupported) {
				t.Fatalf("%v", err)
			}
			return
		}
		check(t, p)
		h, err := Parse(b)
		if err != nil || h.Width != p.Width || h.Height != p.Height || p.Width*p.Height > limit {
			t.Fatalf("%+v, %v: decoded as %d×%d", h, err, p.Width, p.Height)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	file := encode(b, image.NewRGBA(image.Rect(0, 0, 1280, 720)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(file, 0); err != nil {
			b.Fatal(err)
		}
	}
}
