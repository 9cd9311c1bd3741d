//go:build js

package decode

import (
	"bytes"
	"errors"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/viewer"
)

// inGo returns a Go decoder for the test clip.
func inGo(t *testing.T, out func(viewer.Decoded)) (*software, *Ladder) {
	t.Helper()
	var meter Meter
	l := NewLadder(&meter, Go)
	d, err := l.New(videoConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d.(*software), l
}

// Decode only takes units: decoding, and calling out, come in later turns, with the page's event loop between two units.
func TestTurns(t *testing.T) {
	var within bool
	var at []int
	ticks := 0
	done := make(chan struct{})
	var d *software
	d, _ = inGo(t, func(got viewer.Decoded) {
		if within {
			t.Error("called out from within Decode")
		}
		at = append(at, ticks)
		got.Pixels.Free()
		if len(at) == 4 {
			close(done)
		}
	})
	// Another sender of messages counts how often the event loop ran: each turn lets one of its messages through.
	channel := js.Global().Get("MessageChannel").New()
	count := js.FuncOf(func(js.Value, []js.Value) any {
		ticks++
		channel.Get("port2").Call("postMessage", js.Null())
		return nil
	})
	channel.Get("port1").Set("onmessage", count)
	channel.Get("port2").Call("postMessage", js.Null())
	within = true
	for i, u := range videoUnits(t)[:5] {
		if err := d.Decode(u); (i <= maxQueue) != (err == nil) || err != nil && !errors.Is(err, viewer.ErrBacklog) {
			t.Fatalf("unit %d: %v", i, err)
		}
	}
	within = false
	<-done
	channel.Get("port1").Call("close")
	for i := 1; i < len(at); i++ {
		if at[i] == at[i-1] {
			t.Errorf("pictures %d and %d came in one turn of the event loop: %v", i-1, i, at)
		}
	}
}

// reordered returns the pictures of b.h264 in decoding order. Picture n of the output order is captured at n+1 tenths of a second and
// has luma 20+8·n; three B-frames, one of which is a reference, lie between two P-frames.
func reordered(t *testing.T) (units []viewer.Unit, config codec.Config) {
	t.Helper()
	config = codec.Config{Codec: codec.H264, Width: 64, Height: 48, Profile: "avc1.4D400A"}
	order := []int{0, 4, 2, 1, 3, 8, 6, 5, 7, 11, 9, 10}
	delimiter := []byte{0, 0, 0, 1, 9}
	for i, au := range bytes.Split(read(t, "b.h264"), delimiter)[1:] {
		units = append(units, viewer.Unit{
			Key: i%12 == 0, Captured: codec.Timestamp(100_000 * (order[i%12] + i/12*12 + 1)), Config: config, Data: append(bytes.Clone(delimiter), au...),
		})
	}
	if len(units) != 24 {
		t.Fatalf("%d access units in the clip, want 24", len(units))
	}
	return units, config
}

// Each picture has the capture time of its own unit, also where the stream reorders pictures.
func TestReorderedPictures(t *testing.T) {
	var meter Meter
	units, config := reordered(t)
	out, next := collect(t)
	d, err := NewLadder(&meter, Go).New(config, out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var last codec.Timestamp
	came := 0
	take := func() {
		got := next()
		came++
		if got.Err != nil || len(got.Pixels.Data) == 0 {
			t.Fatalf("%+v", got)
		}
		if want := 20 + 8*(int(got.Captured)/100_000-1); int(got.Pixels.Data[0]) < want-2 || int(got.Pixels.Data[0]) > want+2 {
			t.Errorf("the picture with luma %d came as captured at %d", got.Pixels.Data[0], got.Captured)
		}
		if got.Captured <= last {
			t.Errorf("%d after %d", got.Captured, last)
		}
		last = got.Captured
		got.Pixels.Release()
	}
	for i, u := range units {
		for d.Decode(u) != nil {
			take()
		}
		if i >= 2 && came < i-2 { // two are held back
			take()
		}
	}
	for came < len(units)-2 { // nothing says that the stream is at its end
		take()
	}
}

func TestGoSkipsAndRecycles(t *testing.T) {
	out, next := collect(t)
	d, _ := inGo(t, out)
	units := videoUnits(t)
	units[1].Skip = true
	var buffers []*byte
	for i, u := range units {
		if err := d.Decode(u); err != nil {
			t.Fatal(err)
		}
		got := next()
		if got.Err != nil || got.Captured != u.Captured || (len(got.Pixels.Data) == 0) != u.Skip || got.Slow {
			t.Errorf("unit %d: %+v", i, got)
		}
		if !u.Skip {
			buffers = append(buffers, &got.Pixels.Data[0])
			got.Pixels.Release()
		}
	}
	for _, b := range buffers {
		if b != buffers[0] {
			t.Error("a buffer that was given back was not used again")
		}
	}
}

// A stream that plays makes no garbage in Go.
func TestNoAllocations(t *testing.T) {
	var got viewer.Decoded
	s, _ := inGo(t, func(d viewer.Decoded) { got = d })
	units := videoUnits(t)
	s.turns.scheduled = true // this test takes the turns
	i := 0
	step := func() {
		s.take(units[i%len(units)])
		i++
		s.step()
		s.handOn()
		if got.Err != nil || len(got.Pixels.Data) == 0 {
			t.Fatalf("%+v", got)
		}
		got.Pixels.Free()
	}
	for range 24 {
		step()
	}
	if n := testing.AllocsPerRun(60, step); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
	s.turns.scheduled = false
}

// What cannot be decoded ends with an error of its kind, and only after several key frames: one may be damaged.
func TestGoGivesUp(t *testing.T) {
	unsupported := func(u viewer.Unit) viewer.Unit {
		u.Data = bytes.Clone(u.Data)
		at := bytes.Index(u.Data, []byte{0, 0, 1, 0x67})
		u.Data[at+4] = 244 // High 4:4:4 Predictive
		return u
	}
	for _, c := range []struct {
		name   string
		change func(viewer.Unit) viewer.Unit
		units  int
		is     error
	}{
		{"garbage", garbled, maxEmpty + 1, nil},
		{"empty", func(u viewer.Unit) viewer.Unit { u.Data = nil; return u }, maxEmpty + 1, nil},
		{"unsupported", unsupported, 1, viewer.ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, next := collect(t)
			d, _ := inGo(t, out)
			for range c.units {
				if err := d.Decode(c.change(videoUnits(t)[0])); err != nil {
					t.Fatal(err)
				}
			}
			got := next()
			if got.Err == nil || c.is != nil && !errors.Is(got.Err, c.is) || c.is == nil && errors.Is(got.Err, viewer.ErrUnsupported) {
				t.Errorf("error %v", got.Err)
			}
			if err := d.Decode(videoUnits(t)[0]); err == nil || errors.Is(err, viewer.ErrBacklog) {
				t.Errorf("a broken decoder took another unit: %v", err)
			}
		})
	}
}

// A frame that is larger than announced by far is refused before memory is taken.
func TestGoBoundsSizes(t *testing.T) {
	small := codec.Config{Codec: codec.H264, Width: 50, Height: 34}
	full := codec.Config{Codec: codec.H264, Width: 1920, Height: 1080}
	most := codec.Config{Codec: codec.H264, Width: 8192, Height: 8192}
	if a, b, c := maxMacroblocks(small), maxMacroblocks(full), maxMacroblocks(most); a != 1620 || b != 2*120*68 || c != 36864 {
		t.Errorf("%d, %d, %d macroblocks", a, b, c)
	}
}

// Planes land where viewer.PixelsLen says, also at odd sizes.
func TestPlanes(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 2}, {7, 5}, {8, 6}, {50, 34}, {49, 33}} {
		w, h := size[0], size[1]
		cw, ch := (w+1)/2, (h+1)/2
		fill := func(n int, v byte) []byte { return bytes.Repeat([]byte{v}, n) }
		p := planes{fill((w+3)*h, 1), fill((cw+2)*ch, 2), fill((cw+2)*ch, 3), w + 3, cw + 2}
		to := make([]byte, viewer.PixelsLen(viewer.LayoutI420, w, h))
		p.copyTo(to, w, h)
		stride := (w + 7) &^ 7
		u := stride * h
		v := u + stride/2*((ch+1)&^1)
		for _, c := range []struct {
			from, stride, width, rows int
			want                      byte
		}{{0, stride, w, h, 1}, {u, stride / 2, cw, ch, 2}, {v, stride / 2, cw, ch, 3}} {
			for y := range c.rows {
				if got := to[c.from+y*c.stride:][:c.width]; !bytes.Equal(got, fill(c.width, c.want)) {
					t.Fatalf("%v: plane %d, row %d: %v", size, c.want, y, got)
				}
			}
		}
		if n := bytes.Count(to, []byte{1}) + bytes.Count(to, []byte{2}) + bytes.Count(to, []byte{3}); n != w*h+2*cw*ch {
			t.Errorf("%v: %d samples written", size, n)
		}
	}
}

// Closing while units wait ends in silence, and another stream goes on.
func TestGoCloseWhileBusy(t *testing.T) {
	var meter Meter
	l := NewLadder(&meter, Go)
	first, err := l.New(videoConfig, func(viewer.Decoded) { t.Error("a closed decoder called out") })
	if err != nil {
		t.Fatal(err)
	}
	out, next := collect(t)
	second, err := l.New(videoConfig, out)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range videoUnits(t)[:3] {
		if err := errors.Join(first.Decode(u), second.Decode(u)); err != nil {
			t.Fatal(err)
		}
	}
	first.Close()
	for range 3 {
		if got := next(); got.Err != nil {
			t.Fatal(got.Err)
		}
	}
	second.Close()
	if len(l.turns.streams) != 0 {
		t.Errorf("%d streams are left", len(l.turns.streams))
	}
}

// Pictures with lost parts are held back for a moment, and shown if there are no others.
func TestDamagedPictures(t *testing.T) {
	out, _ := collect(t)
	s, _ := inGo(t, out)
	p := &h264.Picture{
		Y: make([]byte, 64*48), Cb: make([]byte, 32*24), Cr: make([]byte, 32*24), YStride: 64, ChromaStride: 32, Width: 64, Height: 48,
		Captured: 7, Damaged: true,
	}
	for _, c := range []struct {
		since time.Duration
		shown bool
	}{{0, false}, {hideDamaged + time.Second, true}} {
		s.good = time.Now().Add(-c.since)
		s.flight = []flight{{captured: 7}}
		s.ready = nil
		s.picture(p)
		if len(s.ready) != 1 || (len(s.ready[0].Pixels.Data) != 0) != c.shown {
			t.Errorf("%v after the last whole picture: %+v", c.since, s.ready)
		}
	}
}
