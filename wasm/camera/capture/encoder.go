//go:build js

package capture

import (
	"context"
	"fmt"
	"maps"
	"syscall/js"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/codec/nal"
	"github.com/sealcam/sealcam/codec/vp8"
	"github.com/sealcam/sealcam/wasm/promise"
)

// maxQueue is how many pictures may wait in an encoder; more are left out, or the delay would grow.
const maxQueue = 2

// maxUnits bounds the NAL units of a picture.
const maxUnits = 256

// unit is what an encoder made, or why it makes nothing any more.
type unit struct {
	layer source.Layer
	au    codec.AccessUnit
	err   error
}

// assembler makes access units of an encoder's chunks.
type assembler interface {
	Assemble(chunk []byte) (codec.AccessUnit, error)
	Interrupt()
}

// annexB is an assembler of H.264.
type annexB struct{ h264.Assembler }

func (a *annexB) Assemble(chunk []byte) (codec.AccessUnit, error) {
	units, err := nal.Split(chunk, maxUnits)
	if err != nil {
		return codec.AccessUnit{}, err
	}
	return a.Assembler.Assemble(units)
}

// format is a way to encode.
type format struct {
	name  string
	codec func(width, height int) string
	make  func() assembler
	extra map[string]any
}

// formats are those to try, in this order: every viewer decodes H.264, also without WebCodecs.
var formats = []format{
	{"H.264", h264Profile, func() assembler { return &annexB{} }, map[string]any{"avc": map[string]any{"format": "annexb"}}},
	{"VP8", func(int, int) string { return vp8.Profile }, func() assembler { return &vp8.Assembler{} }, nil},
}

// options returns what a VideoEncoder is configured with for pictures of a size.
func (f format) options(width, height int) map[string]any {
	options := map[string]any{
		"codec": f.codec(width, height), "width": width, "height": height, "bitrate": bitrate(width, height), "framerate": frameRate,
		"latencyMode": "realtime",
	}
	maps.Copy(options, f.extra)
	return options
}

// h264Profile names the Constrained Baseline profile at the level that a picture needs at frameRate (ITU-T H.264 table A-1).
func h264Profile(width, height int) string {
	switch blocks := (width + 15) / 16 * ((height + 15) / 16); {
	case blocks*frameRate <= 40_500 && blocks <= 1_620:
		return "avc1.42E01E"
	case blocks*frameRate <= 108_000 && blocks <= 3_600:
		return "avc1.42E01F"
	case blocks*frameRate <= 245_760 && blocks <= 8_192:
		return "avc1.42E028"
	}
	return "avc1.42E033"
}

// encoder is a VideoEncoder of one layer and one size.
type encoder struct {
	layer         source.Layer
	object        js.Value
	width, height int
	units         assembler
	chunk         js.Value // Uint8Array that chunks are copied to
	out           func(unit)
	output, fail  js.Func
	closed        bool
	lost          bool // something did not come out: only a key picture goes on
}

// newEncoder makes the encoder if the browser has it. It waits for the browser, so it must not be called in a js.FuncOf callback.
func newEncoder(ctx context.Context, f format, layer source.Layer, width, height int, out func(unit)) (*encoder, error) {
	class := js.Global().Get("VideoEncoder")
	if !class.Truthy() {
		return nil, ErrNoEncoder
	}
	options := f.options(width, height)
	var asked js.Value
	if err := promise.Try(func() { asked = class.Call("isConfigSupported", options) }); err != nil {
		return nil, ErrNoEncoder
	}
	answer, err := promise.Await(ctx, asked)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil || !answer.Get("supported").Truthy():
		return nil, ErrNoEncoder
	}
	e := &encoder{layer: layer, width: width, height: height, units: f.make(), out: out}
	e.output = js.FuncOf(func(_ js.Value, args []js.Value) any {
		e.take(args[0])
		return nil
	})
	e.fail = js.FuncOf(func(_ js.Value, args []js.Value) any {
		e.broke(promise.ErrorOf(args[0]))
		return nil
	})
	if err := promise.Try(func() {
		e.object = class.New(map[string]any{"output": e.output, "error": e.fail})
		e.object.Call("configure", options)
	}); err != nil {
		e.close()
		return nil, ErrNoEncoder
	}
	return e, nil
}

// encode takes a VideoFrame, whose timestamp is that of its capture. key asks for a key picture. It reports whether it was taken.
func (e *encoder) encode(frame js.Value, key bool) bool {
	if e.closed || e.object.Get("encodeQueueSize").Int() >= maxQueue {
		return false
	}
	if err := promise.Try(func() { e.object.Call("encode", frame, map[string]any{"keyFrame": key || e.lost}) }); err != nil {
		e.broke(err)
		return false
	}
	return true
}

// take handles an EncodedVideoChunk.
func (e *encoder) take(chunk js.Value) {
	size := chunk.Get("byteLength").Int()
	if e.closed || size == 0 || size > codec.MaxAccessUnit {
		e.interrupt()
		return
	}
	if !e.chunk.Truthy() || e.chunk.Get("byteLength").Int() < size {
		e.chunk = js.Global().Get("Uint8Array").New(2 * size)
	}
	data := make([]byte, size)
	if err := promise.Try(func() { chunk.Call("copyTo", e.chunk) }); err != nil {
		e.broke(err)
		return
	}
	js.CopyBytesToGo(data, e.chunk)
	au, err := e.units.Assemble(data)
	if err != nil {
		e.interrupt()
		return
	}
	if au.Key {
		e.lost = false
	}
	au.Captured = codec.Timestamp(chunk.Get("timestamp").Float())
	e.out(unit{layer: e.layer, au: au})
}

// interrupt says that a picture was lost: the next one is a key picture.
func (e *encoder) interrupt() {
	e.lost = true
	e.units.Interrupt()
}

func (e *encoder) broke(cause error) {
	if !e.closed {
		e.closed = true
		e.out(unit{layer: e.layer, err: fmt.Errorf("%w (%w)", ErrEncoder, cause)})
	}
}

func (e *encoder) close() {
	e.closed = true
	if e.object.Truthy() && e.object.Get("state").String() != "closed" {
		e.object.Call("close")
	}
	promise.ReleaseLate(e.output, e.fail)
}
