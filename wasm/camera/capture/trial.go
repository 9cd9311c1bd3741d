//go:build js

package capture

import (
	"context"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	// trialPictures is how many pictures an encoder may have been given before the first one comes back. Encoders that work beside the
	// processor hold one or two.
	trialPictures = 8
	// trialPatience is how long that may take; the first picture of a phone's encoder takes longest.
	trialPatience = 3 * time.Second
)

// prompt reports whether an encoder gives pictures back at once. Firefox on Linux has H.264 that keeps dozens of them to itself, in spite of
// latencyMode "realtime" (WebCodecs §7.9), so that they would be seconds old. An encoder that fails is not slow: its user is told why.
func prompt(ctx context.Context, options map[string]any, width, height int) bool {
	answered := make(chan struct{}, 1)
	answer := func() {
		select {
		case answered <- struct{}{}:
		default:
		}
	}
	heard := js.FuncOf(func(js.Value, []js.Value) any {
		answer()
		return nil
	})
	defer promise.ReleaseLate(heard)
	var object js.Value
	defer func() {
		if object.Truthy() && object.Get("state").String() != "closed" {
			object.Call("close")
		}
	}()
	if err := promise.Try(func() {
		object = js.Global().Get("VideoEncoder").New(map[string]any{"output": heard, "error": heard})
		object.Call("configure", options)
		canvas := js.Global().Get("document").Call("createElement", "canvas")
		canvas.Set("width", width)
		canvas.Set("height", height)
		canvas.Call("getContext", "2d", map[string]any{"alpha": false}).Call("fillRect", 0, 0, width, height)
		for i := range trialPictures {
			frame := js.Global().Get("VideoFrame").New(canvas, map[string]any{"timestamp": i * 1_000_000 / frameRate})
			object.Call("encode", frame, map[string]any{"keyFrame": i == 0})
			frame.Call("close")
		}
	}); err != nil {
		answer()
	}
	late := time.NewTimer(trialPatience)
	defer late.Stop()
	select {
	case <-answered:
		return true
	case <-ctx.Done():
		return true
	case <-late.C:
		return false
	}
}

// prompt reports whether encoders of a format give pictures back at once, as far as there is another format. Each is tried once.
func (c *Camera) prompt(ctx context.Context, i, width, height int) bool {
	if i == len(formats)-1 {
		return true
	}
	if !c.tried[i] {
		slow := !prompt(ctx, formats[i].options(width, height), width, height)
		if ctx.Err() != nil {
			return true // it is tried another time
		}
		c.tried[i], c.slow[i] = true, slow
		if slow {
			c.log.Info("an encoder keeps pictures to itself", "format", formats[i].name)
		}
	}
	return !c.slow[i]
}
