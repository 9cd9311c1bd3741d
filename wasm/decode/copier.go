//go:build js

package decode

import (
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/promise"
)

// maxCopies is how many pictures of one decoder may be on their way out of the browser at a time. More would only wait.
const maxCopies = 3

var errPicture = errors.New("decode: the browser made a picture of an impossible size")

// copier copies VideoFrames into Go memory, in order, and passes them on.
type copier struct {
	meter   *Meter
	out     func(viewer.Decoded)
	pool    pool
	idle    []*copying
	busy    int
	closed  bool
	canvas  js.Value // for frames that cannot be copied, made when first needed
	context js.Value
}

// copying is one copy under way. Its JavaScript objects and callbacks serve many pictures.
type copying struct {
	c        *copier
	handler  *promise.Handler
	frame    js.Value
	captured codec.Timestamp
	pixels   viewer.Pixels
	array    js.Value // Uint8Array that the browser writes into
	size     int
	options  js.Value // of copyTo, for the shape below
	shape    shape
	swap     bool // bytes are blue first
}

// shape is what the options of copyTo depend on.
type shape struct {
	layout        viewer.PixelLayout
	width, height int
}

func newCopier(meter *Meter, out func(viewer.Decoded)) *copier {
	return &copier{meter: meter, out: out}
}

// copy takes the frame over and closes it. It calls out later; without pixels if skip is set or too many copies are under way.
func (c *copier) copy(frame js.Value, captured codec.Timestamp, skip bool) {
	if skip || c.closed || c.busy >= maxCopies {
		frame.Call("close")
		c.meter.addDropped()
		if !c.closed {
			c.out(viewer.Decoded{Captured: captured})
		}
		return
	}
	start := time.Now()
	var started bool
	var err error
	if thrown := promise.Try(func() { started, err = c.start(frame, captured) }); thrown != nil {
		err = thrown
	}
	c.meter.addCopy(time.Since(start), false)
	if err == nil && !started {
		err = c.draw(frame, captured)
	}
	if err != nil || !started {
		frame.Call("close")
	}
	if err != nil {
		c.out(viewer.Decoded{Captured: captured, Err: fmt.Errorf("decode: copy: %w", err)})
	}
}

// start begins a copy, and reports false for a kind of frame that must be drawn instead.
func (c *copier) start(frame js.Value, captured codec.Timestamp) (bool, error) {
	format := frame.Get("format")
	if format.Type() != js.TypeString {
		return false, nil // opaque: the pixels lie in the graphics card
	}
	visible := frame.Get("visibleRect")
	s := shape{width: visible.Get("width").Int(), height: visible.Get("height").Int()}
	swap := false
	switch format.String() {
	case "I420":
		s.layout = viewer.LayoutI420
	case "NV12":
		s.layout = viewer.LayoutNV12
	case "RGBA", "RGBX":
		s.layout = viewer.LayoutRGBA
	case "BGRA", "BGRX":
		s.layout, swap = viewer.LayoutRGBA, true
	default:
		return false, nil
	}
	size := viewer.PixelsLen(s.layout, s.width, s.height)
	if size == 0 {
		return false, errPicture
	}
	k := c.take(size)
	if k.shape != s || !k.options.Truthy() {
		k.shape, k.options = s, copyOptions(s)
	}
	k.captured, k.swap = captured, swap
	k.pixels = viewer.Pixels{Layout: s.layout, Width: s.width, Height: s.height}
	k.pixels.Matrix, k.pixels.FullRange = colours(frame.Get("colorSpace"), s.height)
	var p js.Value
	if err := promise.Try(func() { p = frame.Call("copyTo", k.array, k.options) }); err != nil {
		c.give(k)
		return false, err
	}
	k.frame = frame
	k.handler.Then(p)
	return true, nil
}

// take returns an idle copying with an array of size bytes.
func (c *copier) take(size int) *copying {
	var k *copying
	if n := len(c.idle); n > 0 {
		k = c.idle[n-1]
		c.idle = c.idle[:n-1]
	} else {
		k = &copying{c: c}
		k.handler = promise.NewHandler(k.resolved, k.rejected)
	}
	if k.size != size {
		k.size, k.array = size, js.Global().Get("Uint8Array").New(size)
	}
	c.busy++
	return k
}

// close lets go of everything. Copies under way end without a picture.
func (c *copier) close() {
	c.closed = true
	for _, k := range c.idle {
		k.handler.Release()
	}
	c.idle = nil
}

// give ends a copying.
func (c *copier) give(k *copying) {
	k.frame = js.Undefined()
	c.busy--
	if c.closed {
		k.handler.Release()
		return
	}
	c.idle = append(c.idle, k)
}

func (k *copying) resolved(js.Value) {
	c := k.c
	start := time.Now()
	k.frame.Call("close")
	if c.closed {
		c.give(k)
		return
	}
	b := c.pool.get(k.size)
	js.CopyBytesToGo(b.data, k.array)
	if k.swap {
		swapRedBlue(b.data)
	}
	d := viewer.Decoded{Captured: k.captured, Pixels: k.pixels}
	d.Pixels.Data, d.Pixels.Release = b.data, b.release
	c.give(k)
	c.meter.addCopy(time.Since(start), true)
	c.out(d)
}

func (k *copying) rejected(err error) {
	c, captured := k.c, k.captured
	_ = promise.Try(func() { k.frame.Call("close") })
	c.give(k)
	if !c.closed {
		c.out(viewer.Decoded{Captured: captured, Err: fmt.Errorf("decode: copy: %w", err)})
	}
}

// draw reads the picture back from a 2D canvas: slow, and right for every format that the browser can draw.
func (c *copier) draw(picture js.Value, captured codec.Timestamp) error {
	start := time.Now()
	width, height := sizeOf(picture)
	size := viewer.PixelsLen(viewer.LayoutRGBA, width, height)
	if size == 0 {
		return errPicture
	}
	var data js.Value
	err := promise.Try(func() {
		if !c.canvas.Truthy() {
			c.canvas = js.Global().Get("document").Call("createElement", "canvas")
			c.context = c.canvas.Call("getContext", "2d", map[string]any{"willReadFrequently": true, "alpha": false})
		}
		if c.canvas.Get("width").Int() != width || c.canvas.Get("height").Int() != height {
			c.canvas.Set("width", width)
			c.canvas.Set("height", height)
		}
		c.context.Call("drawImage", picture, 0, 0, width, height)
		data = c.context.Call("getImageData", 0, 0, width, height).Get("data")
	})
	if err != nil {
		return err
	}
	b := c.pool.get(size)
	js.CopyBytesToGo(b.data, data)
	c.meter.addCopy(time.Since(start), true)
	c.out(viewer.Decoded{Captured: captured, Pixels: viewer.Pixels{
		Layout: viewer.LayoutRGBA, Width: width, Height: height, Data: b.data, Release: b.release,
	}})
	return nil
}

// sizeOf returns the visible size of a VideoFrame or an ImageBitmap in pixels.
func sizeOf(picture js.Value) (width, height int) {
	if visible := picture.Get("visibleRect"); visible.Truthy() {
		return visible.Get("width").Int(), visible.Get("height").Int()
	}
	return picture.Get("width").Int(), picture.Get("height").Int()
}

// copyOptions places the planes as viewer.PixelsLen describes them (VideoFrameCopyToOptions, W3C WebCodecs §9.5).
func copyOptions(s shape) js.Value {
	plane := func(offset, stride int) any { return map[string]any{"offset": offset, "stride": stride} }
	stride := (s.width + 7) &^ 7
	rows := (s.height + 1) / 2
	var planes []any
	switch s.layout {
	case viewer.LayoutI420:
		u := stride * s.height
		planes = []any{plane(0, stride), plane(u, stride/2), plane(u+stride/2*((rows+1)&^1), stride/2)}
	case viewer.LayoutNV12:
		planes = []any{plane(0, stride), plane(stride*s.height, stride)}
	default:
		planes = []any{plane(0, 4*s.width)}
	}
	return js.ValueOf(map[string]any{"layout": planes})
}

// colours reads a VideoColorSpace. Where the stream does not say, players take BT.709 for high definition and BT.601 below.
func colours(space js.Value, height int) (m viewer.Matrix, full bool) {
	m = viewer.BT601
	if height >= 720 {
		m = viewer.BT709
	}
	if !space.Truthy() {
		return m, false
	}
	switch name := space.Get("matrix"); {
	case name.Type() != js.TypeString:
	case name.String() == "bt709":
		m = viewer.BT709
	case name.String() == "smpte170m" || name.String() == "bt470bg":
		m = viewer.BT601
	}
	return m, space.Get("fullRange").Truthy()
}

// swapRedBlue turns blue-first pixels into red-first ones.
func swapRedBlue(b []byte) {
	for ; len(b) >= 4; b = b[4:] {
		b[0], b[2] = b[2], b[0]
	}
}

// micros returns t as the number that WebCodecs takes. Whole microseconds stay exact until the year 2255.
func micros(t codec.Timestamp) float64 { return float64(t) }

// fromMicros is the way back.
func fromMicros(v js.Value) codec.Timestamp { return codec.Timestamp(v.Float()) }
