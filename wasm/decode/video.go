//go:build js

package decode

import (
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/vp8"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/promise"
)

// video is a VideoDecoder for one stream's configuration.
type video struct {
	decoder js.Value
	chunk   js.Value // EncodedVideoChunkInit, filled anew for each access unit
	pass    js.Value // its transfer list
	copier  *copier
	meter   *Meter
	out     func(viewer.Decoded)
	output  js.Func
	failure js.Func
	handed  [32]handed // ring: the last access units, more than a decoder may hold back (ITU-T H.264 Table A-1: 16)
	next    int
	dead    bool
	config  codec.Config
	known   support
	probe   *promise.Handler // while isConfigSupported has not answered
	cause   *promise.Error   // of the failure that waits for the answer
}

// support remembers which configurations the browser can play.
type support map[codec.Config]bool

type handed struct {
	captured codec.Timestamp
	at       time.Time
	skip     bool
}

var (
	keyChunk   = js.ValueOf("key")
	deltaChunk = js.ValueOf("delta")
	uint8Array = js.Global().Get("Uint8Array")
)

func newVideo(config codec.Config, known support, meter *Meter, out func(viewer.Decoded)) (*video, error) {
	if can, asked := known[config]; !HasVideo() || asked && !can {
		return nil, fmt.Errorf("decode: %w: %s", viewer.ErrUnsupported, config.Profile)
	}
	v := &video{
		config: config, known: known, meter: meter, out: out, copier: newCopier(meter, out),
		chunk: js.Global().Get("Object").New(), pass: js.Global().Get("Array").New(1),
	}
	v.chunk.Set("transfer", v.pass)
	v.output = js.FuncOf(func(_ js.Value, args []js.Value) any {
		v.picture(args[0])
		return nil
	})
	v.failure = js.FuncOf(func(_ js.Value, args []js.Value) any {
		v.fail(promise.ErrorOf(args[0]))
		return nil
	})
	// Annex B needs no description (WebCodecs AVC and HEVC registrations): the parameter sets stand in the key pictures.
	options := js.ValueOf(map[string]any{
		"codec": config.Profile, "optimizeForLatency": true, "codedWidth": int(config.Width), "codedHeight": int(config.Height),
	})
	var answer js.Value
	err := promise.Try(func() {
		class := js.Global().Get("VideoDecoder")
		v.decoder = class.New(map[string]any{"output": v.output, "error": v.failure})
		answer = class.Call("isConfigSupported", options)
		v.decoder.Call("configure", options) // does not wait for the answer: mostly it is yes
	})
	if answer.Truthy() {
		v.ask(answer)
	}
	if err != nil {
		v.Close()
		var e *promise.Error
		if errors.As(err, &e) && e.Name == "TypeError" { // a codec string that it cannot read at all
			err = fmt.Errorf("%w: %w", viewer.ErrUnsupported, err)
		}
		return nil, fmt.Errorf("decode: %w", err)
	}
	return v, nil
}

// ask takes the answer of isConfigSupported. Browsers do not agree on the error for a configuration that they cannot play, so this is
// how it is told from a stream that is broken.
func (v *video) ask(answer js.Value) {
	done := func(can bool) {
		v.probe.Release()
		v.probe = nil
		v.known[v.config] = can
		switch {
		case v.cause != nil:
			v.report(v.cause, can)
		case !can:
			v.fail(&promise.Error{Name: "NotSupportedError"})
		}
	}
	v.probe = promise.NewHandler(func(s js.Value) { done(s.Get("supported").Truthy()) }, func(error) { done(false) })
	v.probe.Then(answer)
}

// undecided reports whether the decoder failed and the browser has not yet said if it can play the configuration at all.
func (v *video) undecided() bool { return v.cause != nil && v.probe != nil }

// Decode hands an access unit over. viewer.ErrBacklog means that it was not taken, and that only a key picture may follow.
func (v *video) Decode(u viewer.Unit) error {
	if v.dead {
		return errors.New("decode: the decoder failed before")
	}
	start := time.Now()
	if err := v.check(u); err != nil {
		return err
	}
	if v.decoder.Get("decodeQueueSize").Int() > maxQueue {
		return viewer.ErrBacklog
	}
	data := uint8Array.New(len(u.Data))
	js.CopyBytesToJS(data, u.Data)
	kind := deltaChunk
	if u.Key {
		kind = keyChunk
	}
	v.pass.SetIndex(0, data.Get("buffer"))
	v.chunk.Set("type", kind)
	v.chunk.Set("timestamp", micros(u.Captured))
	v.chunk.Set("data", data)
	err := promise.Try(func() {
		v.decoder.Call("decode", js.Global().Get("EncodedVideoChunk").New(v.chunk))
	})
	if err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	v.handed[v.next%len(v.handed)] = handed{captured: u.Captured, at: start, skip: u.Skip}
	v.next++
	v.meter.addHandOver(time.Since(start))
	return nil
}

// check compares a frame of VP8 with what its stream announced: the browser would take memory for whatever size the frame states.
func (v *video) check(u viewer.Unit) error {
	if v.config.Codec != codec.VP8 {
		return nil
	}
	h, err := vp8.Parse(u.Data)
	switch {
	case err != nil:
		return fmt.Errorf("decode: %w", err)
	case h.Key != u.Key || h.Key && h.Config() != v.config:
		return errSize
	}
	return nil
}

func (v *video) picture(frame js.Value) {
	captured := fromMicros(frame.Get("timestamp"))
	skip := false
	for _, h := range v.handed {
		if h.captured == captured && !h.at.IsZero() {
			v.meter.addLatency(time.Since(h.at))
			skip = h.skip
			break
		}
	}
	v.copier.copy(frame, captured, skip)
}

// fail takes the decoder's error, after which it is closed.
func (v *video) fail(cause *promise.Error) {
	if v.dead {
		return
	}
	v.dead = true
	v.meter.addFailed()
	if v.probe != nil {
		v.cause = cause
		return
	}
	v.report(cause, v.known[v.config])
}

func (v *video) report(cause *promise.Error, can bool) {
	err := fmt.Errorf("decode: %w", cause)
	if !can || cause.Name == "NotSupportedError" {
		err = fmt.Errorf("decode: %w: %w", viewer.ErrUnsupported, cause)
	}
	v.out(viewer.Decoded{Err: err})
}

// Close ends the decoder. Pictures that it has not passed on are lost.
func (v *video) Close() {
	v.dead, v.cause = true, nil
	v.copier.close()
	if v.decoder.Truthy() && v.decoder.Get("state").String() != "closed" {
		v.decoder.Call("close")
	}
	promise.ReleaseLate(v.output, v.failure)
}
