package still

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealcam/sealcam/camera/demo"
	"github.com/sealcam/sealcam/camera/file"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
)

// first is a sink that keeps the first unit.
type first struct {
	au  codec.AccessUnit
	got context.CancelFunc
}

func (f *first) Status(source.Status) {}

func (f *first) Deliver(_ source.Layer, au codec.AccessUnit) {
	if f.au.Data == nil {
		f.au = au
		f.got()
	}
}

// keyFrame returns the first access unit of a stream, as a camera delivers it.
func keyFrame(t testing.TB, stream []byte) codec.AccessUnit {
	t.Helper()
	src, err := file.FromBytes("a test stream", stream, nil, 25, source.NewClock())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := &first{got: cancel}
	if err := src.Run(ctx, f); err != nil {
		t.Fatal(err)
	}
	if !f.au.Key {
		t.Fatal("the stream does not begin with a key frame")
	}
	return f.au
}

func testData(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "codec", "h264", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// frame is a decoded picture that is the test's own.
func frame(t testing.TB, au codec.AccessUnit) (p h264.Picture) {
	t.Helper()
	d := h264.NewDecoder(h264.Options{})
	keep := func(q *h264.Picture) {
		p = *q
		p.Y, p.Cb, p.Cr = bytes.Clone(q.Y), bytes.Clone(q.Cb), bytes.Clone(q.Cr)
	}
	if err := d.Decode(au, keep); err != nil {
		t.Fatal(err)
	}
	d.Flush(keep)
	if p.Y == nil {
		t.Fatal("no picture")
	}
	return p
}

// A still shows what the key frame shows, smaller, in the same colours, with its capture time.
func TestMake(t *testing.T) {
	m := &Maker{} // one for all, so that streams follow one another
	for _, c := range []struct {
		name          string
		stream        []byte
		width, height int
	}{
		{"720p", demo.Main, 640, 360},
		{"of the size already", demo.Sub, 640, 360},
		{"720p again", demo.Main, 640, 360},
		{"baseline", testData(t, "baseline.h264"), 0, 0},
		{"high, reordered", testData(t, "high-b.h264"), 0, 0},
		{"interlaced, cropped", testData(t, "interlaced-crop.h264"), 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			au := keyFrame(t, c.stream)
			if !Possible(au.Config) {
				t.Fatalf("%+v is said to be impossible", au.Config)
			}
			got, err := m.Make(au)
			if err != nil {
				t.Fatal(err)
			}
			p := frame(t, au)
			if c.width == 0 {
				c.width, c.height = fit(p.Width, p.Height)
			}
			want := codec.Config{Codec: codec.JPEG, Width: uint16(c.width), Height: uint16(c.height)}
			if !got.Key || got.Captured != au.Captured || got.Config != want {
				t.Errorf("got %v, %v, %+v", got.Key, got.Captured, got.Config)
			}
			shown, err := jpeg.Decode(bytes.NewReader(got.Data))
			if err != nil {
				t.Fatal(err)
			}
			if size := shown.Bounds().Size(); size != image.Pt(c.width, c.height) {
				t.Fatalf("the file is of %v", size)
			}
			if d := difference(shown, &p); d > 3 {
				t.Errorf("the colours differ by %.2f on average", d)
			}
		})
	}
}

// difference is the mean distance of a still's samples of red, green and blue from what the picture shows in the same place.
func difference(shown image.Image, p *h264.Picture) float64 {
	size := shown.Bounds().Size()
	kr, kb := red601, blue601
	if p.Colour.IsBT709(p.Height) {
		kr, kb = red709, blue709
	}
	sum := 0.0
	for y := range size.Y {
		for x := range size.X {
			luma := mean(p.Y, p.YStride, p.Width, p.Height, x, y, size.X, size.Y)
			cb := mean(p.Cb, p.ChromaStride, p.Width/2, p.Height/2, x, y, size.X, size.Y) - 128
			cr := mean(p.Cr, p.ChromaStride, p.Width/2, p.Height/2, x, y, size.X, size.Y) - 128
			if !p.Colour.FullRange {
				luma, cb, cr = (luma-16)*255/219, cb*255/224, cr*255/224
			}
			red, blue := luma+2*(1-kr)*cr, luma+2*(1-kb)*cb
			green := (luma - kr*red - kb*blue) / (1 - kr - kb)
			r, g, b, _ := shown.At(x, y).RGBA()
			for i, v := range []float64{red, green, blue} {
				sum += math.Abs(min(max(v, 0), 255) - float64([]uint32{r, g, b}[i]>>8))
			}
		}
	}
	return sum / float64(3*size.X*size.Y)
}

// mean is the mean of a plane over the area of one of w×h samples.
func mean(plane []byte, stride, width, height, x, y, w, h int) float64 {
	x0, x1 := float64(x*width)/float64(w), float64((x+1)*width)/float64(w)
	y0, y1 := float64(y*height)/float64(h), float64((y+1)*height)/float64(h)
	sum, area := 0.0, 0.0
	for j := int(y0); j < height && float64(j) < y1; j++ {
		for i := int(x0); i < width && float64(i) < x1; i++ {
			part := (min(x1, float64(i+1)) - max(x0, float64(i))) * (min(y1, float64(j+1)) - max(y0, float64(j)))
			sum += part * float64(plane[j*stride+i])
			area += part
		}
	}
	return sum / area
}

// A damaged key frame gives no still and does not spoil the next; what is no key frame of H.264 gives none either.
func TestRefused(t *testing.T) {
	good := keyFrame(t, demo.Main)
	with := func(change func(*codec.AccessUnit)) codec.AccessUnit {
		au := good
		au.Data = bytes.Clone(au.Data)
		change(&au)
		return au
	}
	m := &Maker{}
	want, err := m.Make(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		au   codec.AccessUnit
		want error
	}{
		"cut":        {with(func(au *codec.AccessUnit) { au.Data = au.Data[:len(au.Data)/2] }), ErrNoPicture},
		"garbled":    {with(func(au *codec.AccessUnit) { clear(au.Data[len(au.Data)/3 : len(au.Data)/2]) }), ErrNoPicture},
		"noise":      {with(func(au *codec.AccessUnit) { au.Data = bytes.Repeat([]byte{0, 0, 1, 0x65, 0xff, 0x13}, 50) }), ErrNoPicture},
		"nothing":    {with(func(au *codec.AccessUnit) { au.Data = nil }), ErrNoPicture},
		"no key":     {with(func(au *codec.AccessUnit) { au.Key = false }), ErrNoKey},
		"other code": {with(func(au *codec.AccessUnit) { au.Config.Codec = codec.H265 }), ErrNoKey},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := m.Make(c.au); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if again, err := m.Make(good); err != nil || !bytes.Equal(again.Data, want.Data) {
				t.Errorf("after it: %v, same %v", err, bytes.Equal(again.Data, want.Data))
			}
		})
	}
}

func TestPossible(t *testing.T) {
	for _, c := range []struct {
		codec         codec.Codec
		width, height uint16
		want          bool
	}{
		{codec.H264, 1920, 1080, true},
		{codec.H264, 1080, 1920, true},
		{codec.H264, 16, 16, true},
		{codec.H264, 1936, 16, false},
		{codec.H264, 1920, 1104, false},
		{codec.H264, 3840, 2160, false},
		{codec.H265, 640, 360, false},
		{codec.JPEG, 640, 360, false},
		{},
	} {
		if got := Possible(codec.Config{Codec: c.codec, Width: c.width, Height: c.height}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestFit(t *testing.T) {
	for in, want := range map[[2]int][2]int{
		{1920, 1080}: {640, 360},
		{1080, 1920}: {203, 360},
		{1280, 960}:  {480, 360},
		{2560, 720}:  {640, 180},
		{1152, 648}:  {640, 360},
		{640, 360}:   {640, 360},
		{352, 288}:   {352, 288},
		{720, 576}:   {450, 360},
		{1920, 2}:    {640, 1},
		{2, 1920}:    {1, 360},
	} {
		if w, h := fit(in[0], in[1]); w != want[0] || h != want[1] {
			t.Errorf("%v: %d×%d, want %v", in, w, h, want)
		}
	}
}

// Each sample is the mean over its area, whatever the sizes.
func TestScale(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var s scaler                // one for all, so that it changes its size
	for _, c := range [][4]int{ // from, to
		{17, 13, 5, 3},
		{17, 13, 16, 12},
		{1, 9, 1, 2},
		{9, 1, 4, 1},
		{33, 8, 33, 3},
		{8, 33, 3, 33},
		{64, 48, 32, 24},
		{1080, 20, 203, 7},
	} {
		from, to := plane{width: c[0], height: c[1], stride: c[0] + 3}, make([]byte, c[2]*c[3])
		from.samples = make([]byte, from.stride*from.height)
		for i := range from.samples {
			from.samples[i] = byte(random.Uint32())
		}
		s.scale(to, c[2], c[3], from)
		for i, got := range to {
			if want := mean(from.samples, from.stride, c[0], c[1], i%c[2], i/c[2], c[2], c[3]); math.Abs(float64(got)-want) > 0.51 {
				t.Fatalf("%v: sample %d is %d, want %.2f", c, i, got, want)
			}
		}
	}
	// The largest sum does not overflow.
	white := plane{bytes.Repeat([]byte{255}, MaxSide*1088), MaxSide, MaxSide, 1088}
	to := make([]byte, 640*360)
	s.scale(to, 640, 360, white)
	if !bytes.Equal(to, bytes.Repeat([]byte{255}, len(to))) {
		t.Error("white does not stay white")
	}
}

// Odd sizes of the still and of its chroma are filled to the edge.
func TestOddSizes(t *testing.T) {
	for _, size := range [][2]int{{1080, 1920}, {1918, 1078}, {1440, 1078}, {722, 406}, {50, 34}} {
		w, h := size[0], size[1]
		flat := func(n int, v byte) []byte { return bytes.Repeat([]byte{v}, n) }
		p := &h264.Picture{
			Y: flat(w*h, 81), Cb: flat(w*h/4, 90), Cr: flat(w*h/4, 240), YStride: w, ChromaStride: w / 2, Width: w, Height: h,
			Colour: h264.Colour{Matrix: 6},
		}
		var m Maker
		m.draw(p)
		bounds := m.picture.Bounds()
		for y := range bounds.Dy() {
			for x := range bounds.Dx() {
				if r, g, b, _ := m.picture.At(x, y).RGBA(); r>>8 < 250 || g>>8 > 4 || b>>8 > 4 {
					t.Fatalf("%v: sample %d,%d is %d %d %d, want red", size, x, y, r>>8, g>>8, b>>8)
				}
			}
		}
	}
}

// Once it runs, a Maker makes no garbage to speak of but the files.
func BenchmarkMake(b *testing.B) {
	au := keyFrame(b, demo.Main)
	m := &Maker{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Make(au); err != nil {
			b.Fatal(err)
		}
	}
}
