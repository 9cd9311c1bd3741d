package viewer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sealcam/sealcam/control"
)

// Times and bounds of the direct path.
const (
	peerWithin    = 15 * time.Second // from PeerWanted until connected
	peerQuiet     = 2 * time.Second  // without a frame while some are due
	peerRecovers  = 5 * time.Second  // for a connection that says it is disconnected
	peerLasted    = time.Minute      // connected for so long, and the next try comes soon again
	peerFirstWait = 5 * time.Second
	peerMostWait  = time.Minute
	peerLife      = 20 * time.Hour // DTLS keys are renewed within a day (DESIGN §6)
	peerLook      = 250 * time.Millisecond
	maxAttempts   = 200 // in a session, as agents allow
	maxSignals    = 64  // offers and candidates that wait
)

var (
	errNoPeer       = errors.New("viewer: no direct path on this device")
	errPeerTime     = errors.New("viewer: no direct path came about in time")
	errPeerLost     = errors.New("viewer: the direct path was lost")
	errPeerQuiet    = errors.New("viewer: nothing comes by the direct path")
	errPeerRenew    = errors.New("viewer: the direct path is renewed")
	errPeerAttempts = errors.New("viewer: too many direct paths in this session")
)

// peerAttempt is the peer connection under way. Viewer.mu guards it.
type peerAttempt struct {
	number uint32
	in     chan control.Message // offers and candidates
	events chan struct{}        // holds a token after a change of state
	state  PeerState
	since  time.Time // of the state
}

// deliver takes a message for an attempt; those of former ones are void.
func (p *peerAttempt) deliver(number uint32, m control.Message) {
	if number != p.number || p.in == nil {
		return
	}
	select {
	case p.in <- m:
	default: // more than any connection needs
	}
}

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
		if !pause(ctx, wait) {
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

// tryPeer makes one peer connection and stays with it until it fails; it returns for how long it was connected.
func (s *agentSession) tryPeer(ctx context.Context, number uint32) (lasted time.Duration, err error) {
	v := s.h.v
	in := make(chan control.Message, maxSignals)
	events := make(chan struct{}, 1)
	v.mu.Lock()
	began := v.now()
	s.peer = peerAttempt{number: number, in: in, events: events, since: began}
	s.say(&control.PeerWanted{Attempt: number})
	ice := s.iceServers(began)
	v.mu.Unlock()

	var peer Peer
	var closePeer func()
	var early []string // candidates that came before the offer
	defer func() {
		v.mu.Lock()
		s.peer = peerAttempt{}
		s.setRoute(v.now(), s.fallback())
		v.mu.Unlock()
		if peer != nil {
			closePeer()
		}
		v.changed()
	}()
	look := time.NewTicker(peerLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return lasted, ctx.Err()
		case m := <-in:
			switch m := m.(type) {
			case *control.Offer:
				if peer == nil {
					if peer, err = v.cfg.NewPeer(s.peerEvents(number), ice); err != nil {
						return 0, fmt.Errorf("%w: %w", errNoPeer, err)
					}
					closePeer = closeWith(ctx, peer)
				}
				if err := s.answer(number, peer, m.SDP); err != nil {
					return lasted, err
				}
				for _, c := range early {
					s.addCandidate(peer, c)
				}
				early = nil
			case *control.Candidate:
				if peer != nil {
					s.addCandidate(peer, m.Candidate)
				} else if len(early) < maxSignals {
					early = append(early, m.Candidate)
				}
			}
			continue
		case <-events:
		case <-look.C:
		}
		if lasted, err = s.judgePeer(began); err != nil {
			return lasted, err
		}
	}
}

// closeWith closes a peer connection when ctx ends, which also ends an Accept that waits for the browser. The function that it returns
// closes it if that has not happened, and waits.
func closeWith(ctx context.Context, peer Peer) func() {
	closed := make(chan struct{})
	closing := func() {
		defer close(closed)
		peer.Close()
	}
	stop := context.AfterFunc(ctx, closing)
	return func() {
		if stop() {
			closing()
		}
		<-closed
	}
}

func (s *agentSession) answer(number uint32, peer Peer, sdp string) error {
	answer, err := peer.Accept(sdp)
	if err != nil {
		return fmt.Errorf("viewer: the agent's offer: %w", err)
	}
	s.h.v.mu.Lock()
	defer s.h.v.mu.Unlock()
	s.say(&control.Answer{Attempt: number, SDP: answer})
	return nil
}

func (s *agentSession) addCandidate(peer Peer, candidate string) {
	if err := peer.AddCandidate(candidate); err != nil {
		s.h.v.log.Debug("viewer: a candidate was of no use", "error", err)
	}
}

// peerEvents are the callbacks of an attempt's connection.
func (s *agentSession) peerEvents(number uint32) PeerEvents {
	v := s.h.v
	return PeerEvents{
		Candidate: func(candidate string) {
			v.mu.Lock()
			defer v.mu.Unlock()
			if s.peer.number == number && len(candidate) <= control.MaxCandidate {
				s.say(&control.Candidate{Attempt: number, Candidate: candidate})
			}
		},
		State: func(state PeerState) {
			v.mu.Lock()
			defer v.mu.Unlock()
			if s.peer.number != number || s.peer.state == state {
				return
			}
			s.peer.state, s.peer.since = state, v.now()
			if state == PeerConnected {
				s.setRoute(s.peer.since, control.Peer)
			} else {
				s.setRoute(s.peer.since, s.fallback())
			}
			signalOnce(s.peer.events)
		},
		Frame: func(camera uint8, sealed []byte) { s.arriveByPeer(camera, sealed) },
	}
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

// setRoute chooses the way for all cameras. The caller holds mu.
func (s *agentSession) setRoute(now time.Time, r control.Route) {
	if s.route == r || s.over {
		return
	}
	s.route = r
	for _, c := range s.h.cameras {
		c.linger, c.direct = r == control.Peer && len(c.subs) > 0, time.Time{}
		c.subscribe(now)
	}
	s.wake()
}

// judgePeer returns how long the connection has been up, and an error if it is of no use any more.
func (s *agentSession) judgePeer(began time.Time) (lasted time.Duration, err error) {
	v := s.h.v
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	in := now.Sub(s.peer.since)
	switch s.peer.state {
	case PeerConnected:
		switch {
		case in > peerLife:
			return in, errPeerRenew
		case s.peerSilent(now):
			return in, errPeerQuiet
		}
		return in, nil
	case PeerFailed, PeerClosed:
		return 0, errPeerLost
	case PeerDisconnected:
		if in > peerRecovers {
			return 0, errPeerLost
		}
		return 0, nil
	}
	if now.Sub(began) > peerWithin {
		return 0, errPeerTime
	}
	return 0, nil
}

// peerSilent reports whether frames are due by the direct path, and none comes for any camera.
func (s *agentSession) peerSilent(now time.Time) bool {
	due := false
	for _, c := range s.h.cameras {
		if !c.watched() || !c.told.on || c.state != control.CameraRunning {
			continue
		}
		if now.Sub(later(later(c.byPeer, c.told.since), s.peer.since)) <= c.patience(peerQuiet) {
			return false
		}
		due = true
	}
	return due
}

// iceServers puts the credentials of the knock into the server's list. Credentials that have expired are of no use.
func (s *agentSession) iceServers(now time.Time) []ICEServer {
	var servers []ICEServer
	for _, u := range s.server.ICE() {
		server := ICEServer{URLs: []string{u}}
		if strings.HasPrefix(u, "turn:") || strings.HasPrefix(u, "turns:") {
			if s.turn.Username == "" || !s.turn.Expires.IsZero() && now.After(s.turn.Expires) {
				continue
			}
			server.Username, server.Credential = s.turn.Username, s.turn.Password
		}
		servers = append(servers, server)
	}
	return servers
}
