//go:build js

package sound

import (
	"errors"
	"fmt"
	"math"
	"syscall/js"
	"time"
	"unsafe"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/g711"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/soundline"
)

const (
	// ready is how long before it is played a block must be there, and decode how long a decoder takes at most.
	ready  = 10 * time.Millisecond
	decode = 15 * time.Millisecond
	// maxNodes is how many blocks may be under way.
	maxNodes = 128
)

var (
	uint8Array   = js.Global().Get("Uint8Array")
	float32Array = js.Global().Get("Float32Array")
)

// sink plays one camera. It implements viewer.SoundSink.
type sink struct {
	output  *Output
	config  codec.Config
	line    *soundline.Line
	gain    js.Value
	nodes   []js.Value // that may still play, the oldest first
	decoder *decoder   // nil: G.711
	samples []int16
	planes  [][]float32
	closed  bool
}

// errRest says that nothing can be heard just now, which is no fault of the sound.
var errRest = errors.New("sound: the browser plays nothing at the moment")

// Sink is a viewer.SoundFactory.
func (o *Output) Sink(config codec.Config, failed func(error)) (viewer.SoundSink, error) {
	if !Available() || !config.Codec.Sound() {
		return nil, fmt.Errorf("sound: %w", viewer.ErrUnsupported)
	}
	if !o.Running() {
		return nil, errRest
	}
	s := &sink{output: o, config: config, line: soundline.New(o.rate)}
	if config.Codec == codec.AAC || config.Codec == codec.Opus {
		var err error
		if s.decoder, err = newDecoder(config, s.decoded, failed); err != nil {
			return nil, err
		}
	}
	s.gain = o.context.Call("createGain")
	s.gain.Call("connect", o.gain)
	return s, nil
}

// Lead implements viewer.SoundSink.
func (s *sink) Lead() time.Duration {
	lead := s.output.latency() + ready
	if s.decoder != nil {
		lead += decode
	}
	return lead
}

// Play implements viewer.SoundSink.
func (s *sink) Play(u viewer.SoundUnit) {
	if s.decoder != nil {
		s.decoder.decode(&u)
		return
	}
	expand := g711.DecodeU
	if s.config.Codec == codec.PCMA {
		expand = g711.DecodeA
	}
	s.samples = expand(s.samples[:0], u.Data)
	s.put(deinterleave(&s.planes, s.samples, int(s.config.Channels)), int(s.config.Rate), u.Play)
}

// deinterleave makes planes of samples between -1 and 1. What is left of an incomplete last frame is dropped.
func deinterleave(planes *[][]float32, samples []int16, channels int) [][]float32 {
	for len(*planes) < channels {
		*planes = append(*planes, nil)
	}
	n := len(samples) / channels
	for c := range channels {
		p := (*planes)[c][:0]
		for i := range n {
			p = append(p, float32(samples[i*channels+c])/32768)
		}
		(*planes)[c] = p
	}
	return (*planes)[:channels]
}

// decoded takes what the decoder made of a unit.
func (s *sink) decoded(planes [][]float32, rate int, at time.Time) {
	if !s.closed {
		s.put(planes, rate, at)
	}
}

// put schedules samples of which the first is to be heard at a time.
func (s *sink) put(planes [][]float32, rate int, at time.Time) {
	o := s.output
	if !o.Running() {
		s.line.Stop()
		return
	}
	current := o.look(time.Now())
	first := int64(math.Ceil((current + ready.Seconds()/2) * float64(o.rate)))
	block, ok := s.line.Put(planes, rate, o.frameAt(at), first)
	if !ok {
		return
	}
	n := len(block.Channels[0])
	buffer := o.context.Call("createBuffer", len(block.Channels), n, o.rate)
	for c, plane := range block.Channels {
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(&plane[0])), 4*n) // WebAssembly is little-endian, as its hosts' typed arrays are
		array := uint8Array.New(4 * n)
		js.CopyBytesToJS(array, bytes)
		buffer.Call("copyToChannel", float32Array.New(array.Get("buffer")), c)
	}
	node := o.context.Call("createBufferSource")
	node.Set("buffer", buffer)
	node.Call("connect", s.gain)
	node.Call("start", float64(block.At)/float64(o.rate))
	if s.nodes = append(s.nodes, node); len(s.nodes) > maxNodes {
		s.nodes[0] = js.Value{}
		s.nodes = s.nodes[1:]
	}
}

// Close implements viewer.SoundSink.
func (s *sink) Close() {
	s.closed = true
	if s.decoder != nil {
		s.decoder.close()
	}
	now := s.output.context.Get("currentTime").Float()
	const fade, after = 0.005, 0.04 // s
	s.gain.Get("gain").Call("setTargetAtTime", 0, now, fade)
	for _, node := range s.nodes {
		node.Call("stop", now+after)
	}
	s.nodes = nil
}
