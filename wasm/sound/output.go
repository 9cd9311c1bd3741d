//go:build js

package sound

import (
	"math"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/wasm/promise"
)

// Output is the page's loudspeaker. Its methods belong to the page's one thread.
type Output struct {
	context js.Value // AudioContext; undefined before Start
	gain    js.Value
	rate    int
	volume  float64

	origin time.Time
	offset float64 // by how many seconds origin's time runs ahead of the context's, smoothed
	known  bool
}

// New returns an output that is silent until Start, with full volume.
func New() *Output { return &Output{origin: time.Now(), volume: 1} }

// Available reports whether the browser can play sound at all.
func Available() bool { return class("AudioContext").Truthy() }

func class(name string) js.Value { return js.Global().Get(name) }

// Start opens the loudspeaker, or opens it again after the browser shut it. It must be called while a click or a key is handled.
func (o *Output) Start() error {
	return promise.Try(func() {
		if o.context.IsUndefined() {
			o.context = class("AudioContext").New(map[string]any{"latencyHint": "interactive"})
			o.rate = o.context.Get("sampleRate").Int()
			o.gain = o.context.Call("createGain")
			o.gain.Get("gain").Set("value", o.volume)
			o.gain.Call("connect", o.context.Get("destination"))
		}
		if o.context.Get("state").String() != "running" {
			o.context.Call("resume")
			o.known = false
		}
	})
}

// Started reports whether Start was called.
func (o *Output) Started() bool { return o.context.Truthy() }

// Running reports whether what is played can be heard.
func (o *Output) Running() bool { return o.Started() && o.context.Get("state").String() == "running" }

// Node returns the AudioNode through which all sound passes, undefined before Start: tests listen there.
func (o *Output) Node() js.Value { return o.gain }

// SetVolume sets the volume, 0 to 1, as a person hears it: half of it is half as loud.
func (o *Output) SetVolume(v float64) {
	o.volume = math.Pow(min(max(v, 0), 1), 2)
	if o.Started() {
		const time = 0.015 // s
		o.gain.Get("gain").Call("setTargetAtTime", o.volume, o.context.Get("currentTime"), time)
	}
}

// Rest lets the device save power while nothing is to be heard.
func (o *Output) Rest() {
	if o.Running() {
		o.context.Call("suspend")
		o.known = false
	}
}

// latency is how long what is played takes to the loudspeaker.
func (o *Output) latency() time.Duration {
	const most = 500 * time.Millisecond // more is a browser's mistake
	for _, name := range []string{"outputLatency", "baseLatency"} {
		if v := o.context.Get(name); v.Type() == js.TypeNumber && v.Float() > 0 {
			return min(time.Duration(v.Float()*float64(time.Second)), most)
		}
	}
	return 0
}

// look compares the clocks. The context's moves in steps, so that the difference is smoothed.
func (o *Output) look(now time.Time) (current float64) {
	current = o.context.Get("currentTime").Float()
	offset := now.Sub(o.origin).Seconds() - current
	if far := 0.1; !o.known || math.Abs(offset-o.offset) > far {
		o.offset, o.known = offset, true
	}
	o.offset += (offset - o.offset) / 32
	return current
}

// frameAt returns the frame that has to be played for it to be heard at a time.
func (o *Output) frameAt(t time.Time) float64 {
	return (t.Add(-o.latency()).Sub(o.origin).Seconds() - o.offset) * float64(o.rate)
}
