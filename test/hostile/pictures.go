package hostile

import (
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

// pictureCases show a viewer true pictures that it is not to see, or not now: another camera's, another viewer's, old ones.
func pictureCases() []Case {
	forged, nothing := []viewer.Reason{viewer.ReasonForged}, []viewer.Reason{viewer.ReasonNoFrames}
	return []Case{
		{
			Name: "another camera", Does: "sends each of two cameras' frames in the place of the other's, as they are and under the key id that fits",
			State: viewer.Blank, Reasons: forged, Counter: "refusals/not authentic", Needs: TwoCameras, script: swapCameras,
		},
		{
			Name: "another home", Does: "sends another home's frames under the key id that fits",
			State: viewer.Blank, Reasons: forged, Counter: "refusals/not authentic",
			script: func(t Target) *Script { return foreign(t, t.Other, seal.Sub, true) },
		},
		{
			Name: "another viewer", Does: "sends frames that are meant for another viewer",
			State: viewer.Blank, Reasons: forged, Counter: "refusals/not authentic",
			script: func(t Target) *Script { return foreign(t, t.Stranger, seal.Sub, true) },
		},
		{
			Name: "main for sub", Does: "sends the camera's main stream in the place of its sub-stream",
			State: viewer.Blank, Reasons: forged, Counter: "refusals/wrong stream", Needs: MainSeen,
			script: func(t Target) *Script { return foreign(t, t.Agent, seal.Main, false) },
		},
		{
			Name: "replay", Does: "sends each frame twice, and again a second later",
			State: viewer.Live, Counter: "refusals/replayed", script: replayed,
		},
		{
			Name: "last frame again", Does: "sends the same frame over and over",
			State: viewer.Blank, Reasons: nothing, Counter: "refusals/replayed", script: repeated,
		},
		{
			Name: "earlier session", Does: "cuts the session and then sends the frames of before",
			State: viewer.Blank, Reasons: nothing, Counter: "unknown", Session: Remade,
			script: func(t Target) *Script { return earlier(t, true) },
		},
		{
			Name: "earlier session, page loaded again", Does: "sends the frames that the page saw before it was loaded again",
			State: viewer.Blank, Reasons: nothing, Counter: "unknown", Needs: Reloaded,
			script: func(t Target) *Script { return earlier(t, false) },
		},
		{
			Name: "stale key frame", Does: "withholds everything, and sends now and then a key frame that is six seconds old and was not seen yet",
			State: viewer.Stale, Reasons: nothing, Draws: 1, script: staleKeys,
		},
		{
			Name: "freeze", Does: "withholds all frames",
			State: viewer.Blank, Reasons: nothing, Counter: "resyncs", script: frozen,
		},
		{
			Name: "12 s delay", Does: "sends all frames twelve seconds late",
			State: viewer.Blank, Reasons: []viewer.Reason{viewer.ReasonLate}, Counter: "gate_refusals/too old",
			script: func(t Target) *Script { return delayed(t, 12*time.Second) },
		},
		{
			Name: "30 s delay", Does: "sends all frames thirty seconds late, and in the end at once",
			State: viewer.Blank, Reasons: nothing, script: func(t Target) *Script { return delayed(t, 30*time.Second) },
		},
		{
			Name: "3 s delay of all", Does: "cuts the session and delays the new one with all that belongs to it, clock answers too, by three seconds",
			State: viewer.Stale, Reasons: []viewer.Reason{viewer.ReasonNoFrames, viewer.ReasonLate, viewer.ReasonAgentSilent}, Draws: 10, Session: Remade, script: delayedAll,
		},
	}
}

// frames is a script about the relayed frames that a page gets of an agent.
func frames(agent identity.AgentID, f func(w *Way, e *signal.RelayFrame)) *Script {
	return &Script{ToViewer: about(agent, func(w *Way, e *signal.RelayFrame) bool {
		if w.conn.browser {
			f(w, e)
		}
		return w.conn.browser
	})}
}

// instead sends other sealed bytes in the place of a frame.
func instead(w *Way, e *signal.RelayFrame, sealed []byte) {
	o := *e
	o.Sealed = sealed
	w.Deliver(&o)
}

func swapCameras(t Target) *Script {
	type seen struct {
		at     time.Time
		sealed []byte
	}
	last := map[signal.Topic]seen{}
	n := 0
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		last[e.Topic] = seen{time.Now(), e.Sealed}
		for topic, other := range last {
			if topic == e.Topic || time.Since(other.at) > 2*time.Second {
				continue
			}
			o := *e
			o.Topic = topic
			if n++; n%2 == 0 {
				o.Sealed = fitted(e.Sealed, other.sealed)
			}
			w.Deliver(&o)
		}
	})
}

// foreign sends what is published by another agent or in another stream.
func foreign(t Target, from identity.AgentID, stream seal.Stream, fit bool) *Script {
	n := 0
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		others := w.conn.server.ledger.frames(from, stream)
		if len(others) == 0 {
			return
		}
		if n++; from == t.Agent {
			others = others[n%len(others):]
		} else {
			others = others[len(others)-1:]
		}
		sealed := others[0].Sealed
		if fit {
			sealed = fitted(sealed, e.Sealed)
		}
		instead(w, e, sealed)
	})
}

func replayed(t Target) *Script {
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		w.Deliver(e)
		w.Deliver(e)
		w.Later(time.Second, e)
	})
}

func repeated(t Target) *Script {
	first := map[signal.Topic]*signal.RelayFrame{}
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		if first[e.Topic] == nil {
			first[e.Topic] = e
		}
		w.Deliver(first[e.Topic])
	})
}

// earlier replays what was published before, in the place of what is published now.
func earlier(t Target, cut bool) *Script {
	var old []*signal.Publish
	n := 0
	s := frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		for range old {
			p := old[n%len(old)]
			n++
			if epochOf(p.Sealed) < epochOf(e.Sealed) {
				instead(w, e, p.Sealed)
				return
			}
		}
	})
	s.Begin = func(s *Server) {
		old = s.ledger.frames(t.Agent, seal.Sub)
		if cut {
			s.cutAll(t.Agent)
		}
	}
	return s
}

func staleKeys(t Target) *Script {
	const old, every = 6 * time.Second, 3 * time.Second
	var next time.Time
	return frames(t.Agent, func(w *Way, e *signal.RelayFrame) {
		if now := time.Now(); e.Key && now.After(next) {
			next = now.Add(every)
			w.Later(old, e)
		}
	})
}

func frozen(t Target) *Script { return frames(t.Agent, func(*Way, *signal.RelayFrame) {}) }

func delayed(t Target, d time.Duration) *Script {
	s := frames(t.Agent, func(w *Way, e *signal.RelayFrame) { w.Later(d, e) })
	s.End = hurryAll
	return s
}

// hurryAll lets everything go that is under way.
func hurryAll(s *Server) {
	for c := range s.conns {
		c.toClient.Hurry()
		c.toServer.Hurry()
	}
}

func delayedAll(t Target) *Script {
	const d = 3 * time.Second
	all := func(w *Way, e signal.Envelope) bool {
		id, ok := w.agentOf(e)
		if !ok || id != t.Agent || !w.conn.browser {
			return false
		}
		w.Later(d, e)
		return true
	}
	return &Script{ToViewer: all, Begin: func(s *Server) { s.cutAll(t.Agent) }, End: hurryAll}
}
