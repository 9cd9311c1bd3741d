//go:build js

package capture

import (
	"context"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/wasm/promise"
)

// frames yields a camera's pictures, the latest one each time.
type frames interface {
	// next waits for a picture and returns it as a VideoFrame whose timestamp is now's. The error is ErrPaused when none came within
	// wait, ErrUnplugged, or ctx's.
	next(ctx context.Context, wait time.Duration, now func() codec.Timestamp) (js.Value, error)
	close()
}

// newFrames reads the track itself where the browser lets scripts do that, which goes on while the page is hidden (W3C MediaStreamTrack
// Insertable Media Processing); elsewhere it takes what the video element shows (WICG video.requestVideoFrameCallback).
func newFrames(track, video js.Value) frames {
	if class := js.Global().Get("MediaStreamTrackProcessor"); class.Truthy() {
		var reader js.Value
		if promise.Try(func() {
			reader = class.New(map[string]any{"track": track, "maxBufferSize": 1}).Get("readable").Call("getReader")
		}) == nil {
			return newTrackFrames(reader)
		}
	}
	return newShownFrames(video)
}

// trackFrames reads a track's pictures.
type trackFrames struct {
	reader  js.Value
	handler *promise.Handler
	read    chan js.Value // the results, one for each read
	pending bool          // a read is under way
}

func newTrackFrames(reader js.Value) *trackFrames {
	f := &trackFrames{reader: reader, read: make(chan js.Value, 1)}
	f.handler = promise.NewHandler(func(v js.Value) { f.read <- v }, func(error) { f.read <- js.Undefined() })
	return f
}

func (f *trackFrames) next(ctx context.Context, wait time.Duration, now func() codec.Timestamp) (js.Value, error) {
	if !f.pending {
		f.pending = true
		f.handler.Then(f.reader.Call("read"))
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case v := <-f.read:
		f.pending = false
		if v.IsUndefined() || v.Get("done").Truthy() {
			return js.Undefined(), ErrUnplugged
		}
		taken := v.Get("value")
		defer taken.Call("close")
		return stamped(taken, now())
	case <-late.C:
		return js.Undefined(), ErrPaused
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

func (f *trackFrames) close() {
	// Whatever the reading under way gives is given back; then nobody calls the handler any more.
	if f.pending {
		handler := f.handler
		go func() {
			if v := <-f.read; !v.IsUndefined() && v.Get("value").Truthy() {
				v.Get("value").Call("close")
			}
			handler.Release()
		}()
		_ = promise.Try(func() { f.reader.Call("cancel") })
		return
	}
	_ = promise.Try(func() { f.reader.Call("cancel") })
	f.handler.Release()
}

// shownFrames takes what a video element shows.
type shownFrames struct {
	video    js.Value
	shown    chan struct{}
	callback js.Func
	request  js.Value
}

func newShownFrames(video js.Value) *shownFrames {
	f := &shownFrames{video: video, shown: make(chan struct{}, 1)}
	f.callback = js.FuncOf(func(js.Value, []js.Value) any {
		select {
		case f.shown <- struct{}{}:
		default:
		}
		f.request = video.Call("requestVideoFrameCallback", f.callback)
		return nil
	})
	if video.Get("requestVideoFrameCallback").Truthy() {
		f.request = video.Call("requestVideoFrameCallback", f.callback)
	}
	return f
}

func (f *shownFrames) next(ctx context.Context, wait time.Duration, now func() codec.Timestamp) (js.Value, error) {
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-f.shown:
		return stamped(f.video, now())
	case <-late.C:
		return js.Undefined(), ErrPaused
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

func (f *shownFrames) close() {
	if f.request.Truthy() {
		f.video.Call("cancelVideoFrameCallback", f.request)
	}
	f.callback.Release()
}

// stamped returns a VideoFrame of what picture shows, with the time of its capture.
func stamped(picture js.Value, at codec.Timestamp) (frame js.Value, err error) {
	if err := promise.Try(func() {
		frame = js.Global().Get("VideoFrame").New(picture, map[string]any{"timestamp": float64(at)})
	}); err != nil {
		return js.Undefined(), ErrPaused // an element that shows nothing any more
	}
	return frame, nil
}

// turner turns pictures. The zero value is ready.
type turner struct{ canvas, context js.Value }

// turn returns the picture turned clockwise, and closes the one that it was given unless it is the same.
func (t *turner) turn(frame js.Value, degrees int) (js.Value, error) {
	if degrees == 0 {
		return frame, nil
	}
	defer frame.Call("close")
	w, h := frame.Get("displayWidth").Int(), frame.Get("displayHeight").Int()
	width, height := w, h
	if degrees != 180 {
		width, height = h, w
	}
	var turned js.Value
	err := promise.Try(func() {
		if !t.canvas.Truthy() {
			t.canvas = js.Global().Get("document").Call("createElement", "canvas")
			t.context = t.canvas.Call("getContext", "2d", map[string]any{"alpha": false})
		}
		if t.canvas.Get("width").Int() != width || t.canvas.Get("height").Int() != height {
			t.canvas.Set("width", width)
			t.canvas.Set("height", height)
		}
		t.context.Call("setTransform", 1, 0, 0, 1, width/2, height/2)
		t.context.Call("rotate", float64(degrees)*3.141592653589793/180)
		t.context.Call("drawImage", frame, -w/2, -h/2)
		turned = js.Global().Get("VideoFrame").New(t.canvas, map[string]any{"timestamp": frame.Get("timestamp")})
	})
	return turned, err
}
