//go:build js

package decode

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer"
)

// The test pictures are blue (#2850C8) in their left 26 columns and red (#C83C28) in the rest.
var (
	videoConfig = codec.Config{Codec: codec.H264, Width: 50, Height: 34, Profile: "avc1.42C00A"}
	stillConfig = codec.Config{Codec: codec.JPEG, Width: 49, Height: 33}
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// video returns the clip as units: six pictures, a key picture every three.
func videoUnits(t *testing.T) (units []viewer.Unit) {
	t.Helper()
	delimiter := []byte{0, 0, 0, 1, 9} // access unit delimiter
	for _, au := range bytes.Split(read(t, "two.h264"), delimiter)[1:] {
		i := len(units)
		units = append(units, viewer.Unit{
			Key: i%3 == 0, Captured: codec.Timestamp(1_700_000_000_000_000 + 100_000*i), Config: videoConfig,
			Data: append(bytes.Clone(delimiter), au...),
		})
	}
	if len(units) != 6 {
		t.Fatalf("%d access units in the clip, want 6", len(units))
	}
	return units
}

// collect returns a function for a Decoder's results, and one that waits for the next.
func collect(t *testing.T) (out func(viewer.Decoded), next func() viewer.Decoded) {
	results := make(chan viewer.Decoded, 100)
	return func(d viewer.Decoded) { results <- d }, func() viewer.Decoded {
		t.Helper()
		select {
		case d := <-results:
			return d
		case <-time.After(20 * time.Second):
			t.Fatal("nothing came out of the decoder")
			return viewer.Decoded{}
		}
	}
}

// at returns the colour of a pixel as the stage's shader would.
func at(p *viewer.Pixels, x, y int) [3]int {
	if p.Layout == viewer.LayoutRGBA {
		i := 4 * (y*p.Width + x)
		return [3]int{int(p.Data[i]), int(p.Data[i+1]), int(p.Data[i+2])}
	}
	stride := (p.Width + 7) &^ 7
	luma := float64(p.Data[y*stride+x])
	var u, v float64
	if p.Layout == viewer.LayoutNV12 {
		i := stride*(p.Height+y/2) + x/2*2
		u, v = float64(p.Data[i]), float64(p.Data[i+1])
	} else {
		rows := ((p.Height+1)/2 + 1) &^ 1
		i := stride*p.Height + stride/2*(y/2) + x/2
		u, v = float64(p.Data[i]), float64(p.Data[i+stride/2*rows])
	}
	kr, kb := 0.299, 0.114
	if p.Matrix == viewer.BT709 {
		kr, kb = 0.2126, 0.0722
	}
	if !p.FullRange {
		luma, u, v = (luma-16)*255/219, 128+(u-128)*255/224, 128+(v-128)*255/224
	}
	r := luma + 2*(1-kr)*(v-128)
	b := luma + 2*(1-kb)*(u-128)
	return [3]int{int(r), int((luma - kr*r - kb*b) / (1 - kr - kb)), int(b)}
}

func checkColours(t *testing.T, p *viewer.Pixels) {
	t.Helper()
	if want := viewer.PixelsLen(p.Layout, p.Width, p.Height); want == 0 || len(p.Data) != want {
		t.Fatalf("%d bytes for %v %dx%d, want %d", len(p.Data), p.Layout, p.Width, p.Height, want)
	}
	for _, c := range []struct {
		x, y int
		want [3]int
	}{{2, 2, [3]int{0x28, 0x50, 0xC8}}, {20, p.Height - 1, [3]int{0x28, 0x50, 0xC8}}, {34, 1, [3]int{0xC8, 0x3C, 0x28}}, {p.Width - 1, p.Height - 1, [3]int{0xC8, 0x3C, 0x28}}} {
		got := at(p, c.x, c.y)
		for i := range got {
			if d := got[i] - c.want[i]; d < -12 || d > 12 {
				t.Errorf("%v: pixel %d,%d is %v, want about %v", p.Layout, c.x, c.y, got, c.want)
				break
			}
		}
	}
}

func TestVideo(t *testing.T) {
	var meter Meter
	out, next := collect(t)
	d, err := NewLadder(&meter, Browser).New(videoConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, u := range videoUnits(t) {
		if err := d.Decode(u); err != nil {
			t.Fatal(err)
		}
		got := next()
		if got.Err != nil {
			t.Fatal(got.Err)
		}
		if got.Captured != u.Captured || got.Pixels.Width != 50 || got.Pixels.Height != 34 {
			t.Errorf("got the picture of %d, %dx%d; want that of %d, 50x34", got.Captured, got.Pixels.Width, got.Pixels.Height, u.Captured)
		}
		if got.Pixels.Matrix != viewer.BT709 || got.Pixels.FullRange {
			t.Errorf("matrix %v, full range %v; the stream says BT.709, limited", got.Pixels.Matrix, got.Pixels.FullRange)
		}
		checkColours(t, &got.Pixels)
		got.Pixels.Release()
	}
	m := meter.Measures()
	if m.Handed != 6 || m.Pictures != 6 || m.Dropped != 0 || m.LatencyP50 <= 0 {
		t.Errorf("measures %+v", m)
	}
}

func TestBuffersAreRecycled(t *testing.T) {
	var meter Meter
	out, next := collect(t)
	d, err := NewLadder(&meter, Browser).New(videoConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	units := videoUnits(t)
	show := func(i int) *byte {
		if err := d.Decode(units[i]); err != nil {
			t.Fatal(err)
		}
		got := next()
		defer got.Pixels.Release()
		return &got.Pixels.Data[0]
	}
	if first := show(0); show(1) != first || show(2) != first {
		t.Error("a buffer that was given back was not used again")
	}
	if err := d.Decode(units[3]); err != nil {
		t.Fatal(err)
	}
	kept := next()
	if show(4) == &kept.Pixels.Data[0] {
		t.Error("a buffer was used again before it was given back")
	}
}

func TestSkippedPicture(t *testing.T) {
	var meter Meter
	out, next := collect(t)
	d, err := NewLadder(&meter, Browser).New(videoConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	units := videoUnits(t)[:2]
	units[0].Skip = true
	for i, u := range units {
		if err := d.Decode(u); err != nil {
			t.Fatal(err)
		}
		if got := next(); got.Err != nil || got.Captured != u.Captured || (len(got.Pixels.Data) == 0) != u.Skip {
			t.Errorf("unit %d: error %v, captured %d, %d bytes", i, got.Err, got.Captured, len(got.Pixels.Data))
		}
	}
}

func TestBacklog(t *testing.T) {
	var meter Meter
	out, next := collect(t)
	d, err := NewLadder(&meter, Browser).New(videoConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	units := videoUnits(t)
	taken := 0
	for ; taken < 100; taken++ { // without giving the page's event loop a chance
		u := units[taken%6]
		u.Captured = codec.Timestamp(taken)
		if err = d.Decode(u); err != nil {
			break
		}
	}
	if !errors.Is(err, viewer.ErrBacklog) || taken <= maxQueue {
		t.Fatalf("after %d units: %v, want ErrBacklog", taken, err)
	}
	for range taken {
		if got := next(); got.Err != nil {
			t.Fatal(got.Err)
		}
	}
	if err := d.Decode(units[0]); err != nil {
		t.Errorf("after the backlog: %v", err)
	}
}

func TestUnsupported(t *testing.T) {
	var meter Meter
	for _, c := range []struct {
		name    string
		config  codec.Config
		atFirst bool // the factory knows it already
	}{
		{"no codec string", codec.Config{Codec: codec.H264, Width: 64, Height: 64, Profile: "nonsense"}, false},
		{"no such codec", codec.Config{Codec: 99, Width: 64, Height: 64}, true},
		{"impossible profile", codec.Config{Codec: codec.H265, Width: 64, Height: 64, Profile: "hev1.9.6.L93.B0"}, false},
	} {
		out, next := collect(t)
		d, err := NewLadder(&meter, Browser).New(c.config, out)
		if err == nil {
			if c.atFirst {
				t.Errorf("%s: no error", c.name)
			}
			err = next().Err
			d.Close()
		}
		if !errors.Is(err, viewer.ErrUnsupported) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestGarbageKillsTheDecoder(t *testing.T) {
	var meter Meter
	out, next := collect(t)
	d, err := NewLadder(&meter, Browser).New(videoConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	u := videoUnits(t)[0]
	u.Data = bytes.Repeat([]byte{0, 0, 1, 0x65, 0xFF, 0x13}, 50)
	if err := d.Decode(u); err == nil {
		err = next().Err
		if err == nil {
			t.Fatal("garbage was decoded")
		}
		if errors.Is(err, viewer.ErrUnsupported) {
			t.Errorf("garbage counts as unsupported: %v", err)
		}
	}
	if err := d.Decode(videoUnits(t)[0]); err == nil {
		t.Error("a broken decoder took another unit")
	}
}

func TestStill(t *testing.T) {
	for _, name := range []string{"ImageDecoder", "createImageBitmap"} {
		t.Run(name, func(t *testing.T) {
			if name == "createImageBitmap" {
				hide(t, "ImageDecoder")
			}
			var meter Meter
			out, next := collect(t)
			d, err := NewLadder(&meter, Browser).New(stillConfig, out)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			file := read(t, "two.jpg")
			for i := range 4 {
				u := viewer.Unit{Key: true, Captured: codec.Timestamp(i + 1), Config: stillConfig, Data: file}
				if err := d.Decode(u); err != nil {
					t.Fatal(err)
				}
				got := next()
				if got.Err != nil || got.Captured != u.Captured || got.Pixels.Width != 49 || got.Pixels.Height != 33 {
					t.Fatalf("error %v, captured %d, %dx%d", got.Err, got.Captured, got.Pixels.Width, got.Pixels.Height)
				}
				checkColours(t, &got.Pixels)
				got.Pixels.Release()
			}
		})
	}
}

func TestStillQueue(t *testing.T) {
	var meter Meter
	out, next := collect(t)
	d, err := NewLadder(&meter, Browser).New(stillConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	unit := func(i int) viewer.Unit {
		return viewer.Unit{Key: true, Captured: codec.Timestamp(i), Config: stillConfig, Data: read(t, "two.jpg")}
	}
	units := []viewer.Unit{unit(1), unit(2), unit(3)}
	for _, u := range units[:2] {
		if err := d.Decode(u); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Decode(units[2]); !errors.Is(err, viewer.ErrBacklog) {
		t.Errorf("a third file: %v, want ErrBacklog", err)
	}
	for i := 1; i <= 2; i++ {
		if got := next(); got.Err != nil || got.Captured != codec.Timestamp(i) {
			t.Errorf("picture %d: error %v, captured %d", i, got.Err, got.Captured)
		}
	}
}

func TestBadStills(t *testing.T) {
	file := read(t, "two.jpg")
	huge := bytes.Clone(file)
	at := bytes.Index(huge, []byte{0xFF, 0xC0}) // SOF0, T.81 §B.2.2
	copy(huge[at+5:], []byte{0x1F, 0xFF, 0x1F, 0xFF})
	for name, data := range map[string][]byte{"empty": nil, "cut in the headers": file[:100], "another size than announced": huge, "text": []byte("not a picture")} {
		var meter Meter
		out, next := collect(t)
		d, err := NewLadder(&meter, Browser).New(stillConfig, out)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(viewer.Unit{Key: true, Config: stillConfig, Data: data}); err == nil && next().Err == nil {
			t.Errorf("%s: decoded", name)
		}
		d.Close()
	}
}

func TestCloseWhileBusy(t *testing.T) {
	var meter Meter
	out, _ := collect(t)
	still, err := NewLadder(&meter, Browser).New(stillConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	video, err := NewLadder(&meter, Browser).New(videoConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	if err := still.Decode(viewer.Unit{Key: true, Config: stillConfig, Data: read(t, "two.jpg")}); err != nil {
		t.Fatal(err)
	}
	if err := video.Decode(videoUnits(t)[0]); err != nil {
		t.Fatal(err)
	}
	still.Close()
	video.Close()
	// A decoder made after them comes to its end, so whatever they had under way did too.
	out, next := collect(t)
	again, err := NewLadder(&meter, Browser).New(stillConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Decode(viewer.Unit{Key: true, Config: stillConfig, Data: read(t, "two.jpg")}); err != nil {
		t.Fatal(err)
	}
	if got := next(); got.Err != nil {
		t.Error(got.Err)
	}
}
