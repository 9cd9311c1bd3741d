//go:build js

package main

import (
	"runtime"
	"strings"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/gate"
	"github.com/sealcam/sealcam/wasm/devices"
	"github.com/sealcam/sealcam/wasm/stage"
)

// exposeStats makes globalThis.sealcam.stats(), for benchmarks and for people who look for a bottleneck. It tells no secrets: counters,
// times and ids that the page shows anyway.
func (s *screen) exposeStats() {
	handler := js.FuncOf(func(js.Value, []js.Value) any { return js.ValueOf(s.stats()) })
	s.handlers = append(s.handlers, handler)
	js.Global().Get("sealcam").Set("stats", handler)
}

func (s *screen) stats() map[string]any {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	m := s.app.meter.Measures()
	frames, draw := s.stage.Measures()
	look := 0.0
	if s.looks > 0 {
		look = ms(s.busy) / float64(s.looks)
	}
	tiles := make([]any, len(s.tiles))
	for i := range s.tiles {
		tiles[i] = tileStats(&s.tiles[i])
	}
	homes := make([]any, len(s.homes))
	for i := range s.homes {
		homes[i] = homeStats(&s.homes[i])
	}
	return map[string]any{
		"homes":    homes,
		"frames":   float64(frames),
		"pictures": float64(m.Pictures),
		"main_thread_ms": map[string]any{
			"hand_over": ms(m.HandOver), "decode": ms(m.Decode), "copy": ms(m.Copy), "place": look, "draw": ms(draw),
		},
		"decode_latency_ms": map[string]any{"p50": ms(m.LatencyP50), "p95": ms(m.LatencyP95)},
		"decoder":           map[string]any{"handed": float64(m.Handed), "skipped": float64(m.Dropped), "failed": float64(m.Failed)},
		"verified":          float64(s.app.verifier.Checked()), // signatures, by the browser
		"heap_bytes":        float64(memory.HeapAlloc),
		"heap_reserved":     float64(memory.HeapSys),
		"collections":       float64(memory.NumGC),
		"tiles":             tiles,
	}
}

func homeStats(h *viewer.HomeStatus) map[string]any {
	role := ""
	if h.Role != 0 {
		role = devices.RoleValue(h.Role)
	}
	alarm := ""
	if h.Alarm != nil {
		alarm = strings.Join(h.Alarm.Sentences, " ")
	}
	return map[string]any{
		"agent": h.Agent.String(), "ready": h.Ready, "reason": h.Reason.String(), "role": role, "alarm": alarm,
	}
}

func tileStats(t *viewer.Tile) map[string]any {
	n := func(v uint64) float64 { return float64(v) }
	st := &t.Stats
	v := map[string]any{
		"camera": t.Key.Camera.String(), "home": t.Key.Agent.String(), "state": t.State.String(), "reason": t.Reason.String(),
		"stream": int(t.Stream), "route": int(t.Route), "age_ms": ms(t.Age), "playout_ms": ms(t.Held), "decoder": t.Decoder, "codec": "", "width": 0, "height": 0, "serial": 0,
		"direct": n(st.Direct), "relayed": n(st.Relayed), "copies": n(st.Copies), "opened": n(st.Opening.Opened), "refused": n(st.Opening.RefusedTotal()),
		"duplicates": n(st.Duplicates), "outrun": n(st.Outrun), "held": n(st.Held), "unwanted": n(st.Unwanted), "unknown": n(st.Unknown),
		"resyncs": n(st.Resyncs), "dropped": n(st.Dropped), "decoded": n(st.Decoded), "failures": n(st.Failures),
		"passed": n(st.Drawn()), "gate_refused": n(st.Gate.Refused()),
	}
	v["sound"] = map[string]any{
		"state": int(t.Sound), "played": n(st.Sound.Played), "old": n(st.Sound.Old), "unseen": n(st.Sound.Unseen), "excess": n(st.Sound.Excess),
		"delay_ms": ms(st.Sound.Delay), "usual_ms": ms(st.Sound.Usual), "picture_ms": ms(st.Sound.Picture),
	}
	refusals, gates := map[string]any{}, map[string]any{} // by reason, those that there were
	for r := seal.Truncated; r <= seal.Plaintext; r++ {
		if count := st.Opening.Refused(r); count > 0 {
			refusals[r.String()] = n(count)
		}
	}
	for r := gate.Malformed; r <= gate.Superseded; r++ {
		if count := st.Gate.Count(r); count > 0 {
			gates[r.String()] = n(count)
		}
	}
	v["refusals"], v["gate_refusals"] = refusals, gates
	if p := t.Picture; p != nil {
		v["codec"], v["width"], v["height"], v["serial"] = t.Config.Codec.String(), p.Width(), p.Height(), n(p.Serial())
	}
	return v
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// drawn tells a test which pictures are on the canvas, while it can still be read: see sealcam.onframe in static/boot.js.
func (s *screen) drawn(frames []stage.Frame) {
	hook := js.Global().Get("sealcam").Get("onframe")
	if hook.Type() != js.TypeFunction {
		return
	}
	list := make([]any, len(frames))
	for i, f := range frames {
		list[i] = map[string]any{
			"camera": f.Key.Camera.String(), "home": f.Key.Agent.String(), "serial": float64(f.Serial), "captured": float64(f.Captured),
			"x": f.Rect.Min.X, "y": f.Rect.Min.Y, "width": f.Rect.Dx(), "height": f.Rect.Dy(),
		}
	}
	hook.Invoke(list)
}
