package hostile

import (
	"math/rand/v2"
	"time"

	"github.com/sealcam/sealcam/e2ee/sframe"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

// frameCases damage, invent, lose and shuffle frames.
func frameCases() []Case {
	forged := []viewer.Reason{viewer.ReasonForged}
	alter := func(f func(sealed []byte) []byte) func(Target) *Script {
		return func(t Target) *Script {
			return frames(t.Agent, func(w *Way, e *signal.RelayFrame) { instead(w, e, f(e.Sealed)) })
		}
	}
	return []Case{
		{
			Name: "truncation", Does: "cuts the last byte off each frame", State: viewer.Blank, Reasons: forged, Counter: "refusals/not authentic",
			script: alter(func(b []byte) []byte { return b[:len(b)-1] }),
		},
		{
			Name: "half a frame", Does: "cuts each frame to its first hundred bytes", State: viewer.Blank, Reasons: forged, Counter: "refusals/truncated",
			script: alter(func(b []byte) []byte { return b[:min(len(b), 100)] }),
		},
		{
			Name: "append", Does: "appends a byte to each frame", State: viewer.Blank, Reasons: forged, Counter: "refusals/not authentic",
			script: alter(func(b []byte) []byte { return append(append([]byte(nil), b...), 0) }),
		},
		{
			Name: "splice", Does: "joins halves of two frames", State: viewer.Blank, Reasons: forged, Counter: "refusals/not authentic",
			script: func(t Target) *Script { return joined(t, spliced) },
		},
		{
			Name: "another frame's signature", Does: "puts the signature of one frame behind the next", State: viewer.Blank, Reasons: forged,
			Counter: "refusals/wrong signature", script: func(t Target) *Script { return joined(t, resigned) },
		},
		{
			Name: "unknown key id", Does: "puts an epoch that never was into each header", State: viewer.Blank, Reasons: []viewer.Reason{viewer.ReasonNoFrames},
			Counter: "unknown", script: alter(func(b []byte) []byte {
				return withHeader(b, func(h *sframe.Header) { h.KID += 1 << (20 + streamBits) })
			}),
		},
		{
			Name: "confused key id", Does: "puts the number of another stream into each header", State: viewer.Blank, Reasons: forged,
			Counter: "refusals/wrong stream", script: alter(func(b []byte) []byte {
				return withHeader(b, func(h *sframe.Header) { h.KID ^= 1 })
			}),
		},
		{
			Name: "another frame number", Does: "puts another number into each header", State: viewer.Blank, Reasons: forged,
			Counter: "refusals/not authentic", script: alter(func(b []byte) []byte {
				return withHeader(b, func(h *sframe.Header) { h.CTR++ })
			}),
		},
		{
			Name: "header not in the shortest form", Does: "writes each header's numbers in eight bytes", State: viewer.Blank, Reasons: forged,
			Counter: "refusals/malformed header", script: alter(padded),
		},
		{
			Name: "huge frame number", Does: "adds frames with numbers eight million ahead, to move the replay window", State: viewer.Live,
			Counter: "refusals/not authentic", script: func(t Target) *Script {
				return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
					instead(w, e, withHeader(e.Sealed, func(h *sframe.Header) { h.CTR |= 1 << 23 }))
					w.Deliver(e)
				})
			},
		},
		{
			Name: "another configuration", Does: "sends another camera's key frames, which hold the codec's configuration, before the camera's own pictures",
			State: viewer.Blank, Reasons: forged, Counter: "refusals/not authentic", script: otherKeys,
		},
		{
			Name: "lies about frames", Does: "says of key frames that they are none and the reverse, that all come from its cache, and numbers them at random",
			State: viewer.Live, script: func(t Target) *Script {
				return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
					o := *e
					o.Key, o.Cached, o.Sequence = !e.Key, true, rand.Uint32()
					w.Deliver(&o)
				})
			},
		},
		{
			Name: "reorder", Does: "turns the order of each four frames around", State: viewer.Live, Counter: "held", script: reordered,
		},
		{
			Name: "reorder beyond patience", Does: "sends every thirty-second frame three seconds late", State: viewer.Live, Counter: "outrun",
			script: func(t Target) *Script { return straggling(t, 3*time.Second) },
		},
		{
			Name: "dropped pictures", Does: "drops every thirty-second frame", State: viewer.Live, Counter: "resyncs",
			script: func(t Target) *Script { return straggling(t, 0) },
		},
		{
			Name: "flood", Does: "adds eight frames of noise to each, of all sizes, under the right topic and under invented ones", State: viewer.Live,
			Counter: "refusals/malformed header", script: flood,
		},
	}
}

// joined makes a frame of two that follow each other.
func joined(t Target, join func(a, b []byte) []byte) *Script {
	before := map[signal.Topic][]byte{}
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		if a := before[e.Topic]; a != nil {
			instead(w, e, join(e.Sealed, a))
		}
		before[e.Topic] = e.Sealed
	})
}

func otherKeys(t Target) *Script {
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		if !e.Key {
			w.Deliver(e)
			return
		}
		_, to := header(e.Sealed)
		for _, p := range w.conn.server.ledger.frames(t.Other, streamOf(e.Sealed)) {
			if p.Key && len(to) > 0 {
				h, _ := header(e.Sealed)
				instead(w, e, withHeader(p.Sealed, func(o *sframe.Header) { *o = h }))
				return
			}
		}
	})
}

func reordered(t Target) *Script {
	waiting := map[signal.Topic][]*signal.RelayFrame{}
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		group := append(waiting[e.Topic], e)
		if len(group) < 4 {
			waiting[e.Topic] = group
			return
		}
		for i := range group {
			w.Deliver(group[len(group)-1-i])
		}
		waiting[e.Topic] = nil
	})
}

// straggling sends every thirty-second frame late, or not at all, however often the agent sends it again.
func straggling(t Target, d time.Duration) *Script {
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		switch h, _ := header(e.Sealed); {
		case h.CTR%32 != 31:
			w.Deliver(e)
		case d > 0:
			w.Later(d, e)
		}
	})
}

func flood(t Target) *Script {
	noise := rand.NewChaCha8([32]byte{1})
	n := 0
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		w.Deliver(e)
		for range 8 {
			n++
			size := 1 + n*n%4096
			if n%100 == 0 {
				size = 512 << 10
			}
			b := make([]byte, size)
			noise.Read(b)
			if n%2 == 0 {
				b[0] = 0xff // eight bytes for each number: hardly ever the shortest way
			}
			o := signal.RelayFrame{Topic: e.Topic, Key: n%3 == 0, Sealed: b}
			if n%5 == 0 {
				noise.Read(o.Topic[:])
			}
			w.Deliver(&o)
		}
	})
}
