//go:build js

package sound

import (
	"errors"
	"fmt"
	"syscall/js"
	"time"
	"unsafe"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/aac"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	maxQueue   = 16        // units that the decoder may hold
	maxSamples = 96000 / 2 // of one result and channel
)

// decoder is an AudioDecoder (W3C WebCodecs §5).
type decoder struct {
	js      js.Value
	out     func(planes [][]float32, rate int, at time.Time)
	failed  func(error)
	output  js.Func
	failure js.Func
	dead    bool

	// When the last units are to be heard, by their capture.
	last   [2 * maxQueue]timed
	next   int
	planes [][]float32
}

type timed struct {
	captured codec.Timestamp
	play     time.Time
}

// Decodes reports whether the browser has a decoder for AAC and Opus, which pages on insecure origins lack.
func Decodes() bool { return class("AudioDecoder").Truthy() && class("EncodedAudioChunk").Truthy() }

func newDecoder(config codec.Config, out func([][]float32, int, time.Time), failed func(error)) (*decoder, error) {
	if !Decodes() {
		return nil, fmt.Errorf("sound: %w: the page has no AudioDecoder", viewer.ErrUnsupported)
	}
	options := map[string]any{"codec": "opus", "sampleRate": int(config.Rate), "numberOfChannels": int(config.Channels)}
	if config.Codec == codec.AAC {
		name, err := aac.Name([]byte(config.Description))
		if err != nil {
			return nil, fmt.Errorf("sound: %w: %w", viewer.ErrUnsupported, err)
		}
		description := uint8Array.New(len(config.Description))
		js.CopyBytesToJS(description, []byte(config.Description))
		options["codec"], options["description"] = name, description
	}
	d := &decoder{out: out, failed: failed}
	d.output = js.FuncOf(func(_ js.Value, args []js.Value) any {
		d.take(args[0])
		return nil
	})
	d.failure = js.FuncOf(func(_ js.Value, args []js.Value) any {
		d.fail(promise.ErrorOf(args[0]))
		return nil
	})
	err := promise.Try(func() {
		d.js = class("AudioDecoder").New(map[string]any{"output": d.output, "error": d.failure})
		d.js.Call("configure", options)
	})
	if err != nil {
		d.close()
		return nil, fmt.Errorf("sound: %w: %w", viewer.ErrUnsupported, err)
	}
	return d, nil
}

// decode hands a unit over. One too many is left out.
func (d *decoder) decode(u *viewer.SoundUnit) {
	if d.dead || d.js.Get("decodeQueueSize").Int() >= maxQueue {
		return
	}
	data := uint8Array.New(len(u.Data))
	js.CopyBytesToJS(data, u.Data)
	d.last[d.next%len(d.last)] = timed{u.Captured, u.Play}
	d.next++
	err := promise.Try(func() {
		d.js.Call("decode", class("EncodedAudioChunk").New(map[string]any{
			"type": "key", "timestamp": float64(u.Captured), "data": data,
		}))
	})
	var e *promise.Error
	if errors.As(err, &e) {
		go d.fail(e) // not from within Play
	}
}

// take passes an AudioData on.
func (d *decoder) take(data js.Value) {
	defer data.Call("close")
	n, channels, rate := data.Get("numberOfFrames").Int(), data.Get("numberOfChannels").Int(), data.Get("sampleRate").Int()
	if d.dead || n <= 0 || n > maxSamples || channels <= 0 || channels > codec.MaxChannels {
		return
	}
	at, ok := d.at(codec.Timestamp(data.Get("timestamp").Float()))
	if !ok {
		return
	}
	channels = min(channels, 2)
	for len(d.planes) < channels {
		d.planes = append(d.planes, nil)
	}
	err := promise.Try(func() {
		for c := range channels {
			if cap(d.planes[c]) < n {
				d.planes[c] = make([]float32, n)
			}
			d.planes[c] = d.planes[c][:n]
			array := float32Array.New(n)
			data.Call("copyTo", array, map[string]any{"planeIndex": c, "format": "f32-planar"})
			js.CopyBytesToGo(unsafe.Slice((*byte)(unsafe.Pointer(&d.planes[c][0])), 4*n), uint8Array.New(array.Get("buffer")))
		}
	})
	var e *promise.Error
	if errors.As(err, &e) {
		d.fail(e)
		return
	}
	d.out(d.planes[:channels], rate, at)
}

// at returns when samples captured at a time are to be heard: as the unit before them, so much later.
func (d *decoder) at(captured codec.Timestamp) (time.Time, bool) {
	const far = time.Second
	var best timed
	for _, t := range d.last {
		if t.captured <= captured && t.captured >= best.captured && !t.play.IsZero() {
			best = t
		}
	}
	since := captured.Sub(best.captured)
	return best.play.Add(since), !best.play.IsZero() && since < far
}

// fail takes the decoder's error, after which it is closed.
func (d *decoder) fail(cause *promise.Error) {
	if d.dead {
		return
	}
	d.dead = true
	err := fmt.Errorf("sound: %w", cause)
	if cause.Name == "NotSupportedError" {
		err = fmt.Errorf("sound: %w: %w", viewer.ErrUnsupported, cause)
	}
	d.failed(err)
}

func (d *decoder) close() {
	d.dead = true
	if d.js.Truthy() && d.js.Get("state").String() != "closed" {
		d.js.Call("close")
	}
	promise.ReleaseLate(d.output, d.failure)
}
