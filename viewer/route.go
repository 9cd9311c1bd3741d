package viewer

import (
	"context"
	"errors"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/internal/pause"
)

// Times of changing between the ways.
const (
	peerQuiet     = time.Second // without a frame by the direct path while some are due, and the relay is taken as well
	peerFirstWait = 5 * time.Second
	peerMostWait  = time.Minute
	// proveMost is how long a direct path that falls silent again and again has to bring frames before it is relied on alone.
	proveFirst = time.Second
	proveMost  = 8 * time.Second
)

// The way of the frames. A session begins on the relay. When the direct path is connected the same frames are asked for by both ways
// (control.Both), and by the direct path alone as soon as it brings them. When it falls silent they are asked for by both again: what comes
// first is shown, and the sealed bytes are the same, so that nobody sees the change. The agent goes on sending to a silent path, but
// sparingly, as its congestion control does without acknowledgements: so the path itself tells when it works again.
//
// Two other ways were thought of. Were the relay alone asked for, nothing would tell that the direct path is back, or probes would have
// to be invented for it. Were the agent to go over to the relay by itself when acknowledgements stay out, it would do so a little
// sooner; but it cannot know whether the viewer can be reached by the relay, and would upload everything twice for every viewer whose network
// is gone. The viewer does know: it asks for the relay only once the agent has answered through the server, after the silence began. In a
// blackout of everything nothing is asked for, so that nothing stands in the way of the first frame afterwards.

// keepPeer keeps a direct path for as long as anything is watched, until ctx ends or there can be none.
func (s *agentSession) keepPeer(ctx context.Context) {
	v := s.h.v
	wait := peerFirstWait
	for number := uint32(1); s.awaitWatched(ctx); number++ {
		if number > maxAttempts {
			if v.cfg.Route == PeerOnly {
				s.cancel(errPeerAttempts) // a new session may try again
			}
			return
		}
		lasted, err := s.tryPeer(ctx, number)
		if ctx.Err() != nil || errors.Is(err, errNoPeer) {
			return
		}
		v.log.Info("viewer: no direct path", "agent", s.h.id.Fingerprint(), "error", err)
		if lasted > peerLasted {
			wait = peerFirstWait
		}
		if errors.Is(err, errPeerRenew) {
			continue
		}
		if !pause.For(ctx, wait) {
			return
		}
		wait = min(2*wait, peerMostWait)
	}
}

// awaitWatched waits until a camera is watched; false if ctx ended.
func (s *agentSession) awaitWatched(ctx context.Context) bool {
	for {
		if s.anyWatched() {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-s.stirred:
		}
	}
}

func (s *agentSession) anyWatched() bool {
	s.h.v.mu.Lock()
	defer s.h.v.mu.Unlock()
	for _, c := range s.h.cameras {
		if c.watched() {
			return true
		}
	}
	return false
}

// arriveByPeer takes a frame from the direct path, whichever attempt's: what it is is proven by opening it.
func (s *agentSession) arriveByPeer(number uint8, sealed []byte) {
	v := s.h.v
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.over {
		return
	}
	if c := s.h.numbered(number); c != nil && c.watched() {
		c.arrive(v.now(), control.Peer, 0, sealed)
	}
}

// fallback is the route without a direct path.
func (s *agentSession) fallback() control.Route {
	if s.h.v.cfg.Route == PeerOnly {
		return 0
	}
	return control.Relay
}

// steer chooses the way anew. The caller holds mu.
func (s *agentSession) steer(now time.Time) {
	p := &s.peer
	s.compete(now)
	silent := s.directSilent(now, peerQuiet)
	switch {
	case silent:
		s.flowing = time.Time{}
	case s.flowing.IsZero() && s.flows(s.doubted):
		s.flowing = now
	case !s.flowing.IsZero() && now.Sub(s.flowing) > peerLasted:
		s.prove = 0
	}
	r := s.route
	switch {
	case p.up.IsZero():
		r = s.fallback()
	case s.h.v.cfg.Route == PeerOnly:
		r = control.Peer
	case !p.renewing.IsZero():
		r = control.Both
	case s.contest.way() == control.Relay:
		r = control.Relay
	case !s.route.Has(control.Peer):
		r, s.prove = control.Both, 0
	case s.route == control.Peer && silent && s.reached.After(s.lastDirect()):
		r = control.Both
		s.prove = min(max(2*s.prove, proveFirst), proveMost)
	case s.route == control.Both && !s.flowing.IsZero() && now.Sub(s.flowing) >= s.prove:
		r = control.Peer
	}
	if r == control.Both && s.route != r {
		s.doubted, s.flowing = now, time.Time{}
	}
	s.setRoute(now, r)
}

// pathless reports whether there is no way at all just now, because the relay is not to be used.
func (s *agentSession) pathless() bool {
	return s.route == 0 || s.route == control.Peer && s.h.v.cfg.Route == PeerOnly && s.peer.state != PeerConnected
}

// setRoute chooses the way for all cameras. The caller holds mu.
func (s *agentSession) setRoute(now time.Time, r control.Route) {
	if s.route == r || s.over {
		return
	}
	if r.Has(control.Peer) && !s.route.Has(control.Peer) {
		s.direct = now
	}
	s.route = r
	for _, c := range s.h.cameras {
		c.linger, c.direct = r == control.Peer && len(c.subs) > 0, time.Time{}
		c.subscribe(now)
	}
	s.wake()
}

// due returns the cameras that are to bring frames.
func (s *agentSession) due() (cameras []*camera) {
	for _, c := range s.h.cameras {
		if c.watched() && c.told.on && c.state == control.CameraRunning {
			cameras = append(cameras, c)
		}
	}
	return cameras
}

// directSilent reports whether frames are due by the direct path, and none comes for any camera.
func (s *agentSession) directSilent(now time.Time, least time.Duration) bool {
	due := s.due()
	for _, c := range due {
		if now.Sub(later(later(c.byPeer, c.told.since), s.direct)) <= c.patienceIf(c.rarelyDirect(), least) {
			return false
		}
	}
	return len(due) > 0
}

// lastDirect returns when the last frame came by the direct path.
func (s *agentSession) lastDirect() (at time.Time) {
	for _, c := range s.h.cameras {
		at = later(at, c.byPeer)
	}
	return at
}

// flows reports whether frames came by the direct path after a time.
func (s *agentSession) flows(after time.Time) bool { return s.lastDirect().After(after) }
