package viewer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sealcam/sealcam/control"
)

// Times and bounds of a peer connection.
const (
	peerWithin   = 15 * time.Second // from asking for it, or for another way for it, until connected
	peerRecovers = 3 * time.Second  // for a connection that says it is disconnected to find a way by itself
	peerDead     = 10 * time.Second // without a frame by a connection that says it is connected, while some are due
	peerLasted   = time.Minute      // connected for so long, it did its work
	peerLife     = 20 * time.Hour   // DTLS keys are renewed within a day (DESIGN §6)
	peerLook     = 250 * time.Millisecond
	maxAttempts  = 200 // in a session, as agents allow
	maxRestarts  = 3   // of a connection that did not last in between; agents allow 400 in a session
	maxSignals   = 64  // offers and candidates that wait
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
	number   uint32
	in       chan control.Message // offers and candidates
	events   chan struct{}        // holds a token after a change of state
	state    PeerState
	since    time.Time // of the state
	up       time.Time // when it was first connected; zero: it never was
	moved    time.Time // when this device's network last changed, until the path is known to work on the new one; zero: it did not
	asked    time.Time // when it was asked to find another way, until it has; zero: it was not
	restarts int       // since it last did its work
	renewing time.Time // when the relay was asked to stand in for its renewal; zero: it is not due
	pair     CandidatePair
	looked   time.Time // when the pair was last asked for
	offered  bool      // the offer that was last asked for has come; tryPeer's own
}

// become notes a change of state.
func (p *peerAttempt) become(now time.Time, state PeerState) {
	p.state, p.since = state, now
	if state == PeerConnected {
		p.asked, p.moved = time.Time{}, time.Time{}
		if p.up.IsZero() {
			p.up = now
		}
	}
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

// tryPeer makes one peer connection and stays with it until it is of no use any more; it returns for how long it did its work.
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
	var early []string // candidates that came before their offer
	defer func() {
		v.mu.Lock()
		s.peer = peerAttempt{}
		s.contest.drop()
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
				early, s.peer.offered = nil, true
			case *control.Candidate:
				if s.peer.offered {
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
		s.lookAtPair(peer)
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
			s.peer.become(v.now(), state)
			signalOnce(s.peer.events)
		},
		Frame: func(camera uint8, sealed []byte) { s.arriveByPeer(camera, sealed) },
	}
}

// judgePeer decides what becomes of the connection: it returns how long it did its work, and an error if it is of no use any more. One that
// was connected is not given up lightly. Through a blackout it stays: ICE's checks go on (RFC 7675 gives up after 30 s), and the picture is
// back the moment they get through. When a way is gone for good, or this device's network is another one, ICE looks for another, which is
// settled in the session. Only when that is of no use is the next connection made.
func (s *agentSession) judgePeer(began time.Time) (lasted time.Duration, err error) {
	v := s.h.v
	v.mu.Lock()
	defer v.mu.Unlock()
	now, p := v.now(), &s.peer
	s.steer(now)
	if p.up.IsZero() {
		switch {
		case p.state == PeerFailed, p.state == PeerClosed:
			return 0, errPeerLost
		case now.Sub(began) > peerWithin:
			return 0, errPeerTime
		}
		return 0, nil
	}
	lasted = now.Sub(p.up)
	connected := p.state == PeerConnected
	if connected && now.Sub(p.since) > peerLasted {
		p.restarts = 0
	}
	stranded := !p.moved.IsZero() && s.route.Has(control.Peer) && !s.flows(p.moved) && s.directSilent(now, quietFor)
	switch silent := s.directSilent(now, peerDead); {
	case p.state == PeerClosed:
		return lasted, errPeerLost
	case s.renewed(now):
		return lasted, errPeerRenew
	case !p.asked.IsZero():
		if connected && s.flows(p.asked) { // the old way serves after all
			p.asked, p.moved = time.Time{}, time.Time{}
		} else if now.Sub(p.asked) > peerWithin {
			return lasted, errPeerLost
		}
	case connected && silent && s.route.Has(control.Peer) && s.reached.After(later(p.since, s.lastDirect())):
		return lasted, errPeerQuiet
	case p.state == PeerFailed, p.state == PeerDisconnected && now.Sub(p.since) > peerRecovers, stranded:
		if s.reached.Before(later(p.since, p.moved)) {
			s.inquire(now) // what is asked for would only wait with everything else
			return lasted, nil
		}
		if p.restarts == maxRestarts {
			return lasted, errPeerLost
		}
		p.restarts++
		p.asked, p.offered = now, false
		s.say(&control.PeerWanted{Attempt: p.number})
	}
	return lasted, nil
}

// renewed reports whether the connection has lived as long as its keys may, and the relay has taken its place, so that nobody sees a gap.
// A relay that brings nothing is not waited for.
func (s *agentSession) renewed(now time.Time) bool {
	const standInWithin = 10 * time.Second
	p := &s.peer
	switch {
	case now.Sub(p.up) < peerLife:
		return false
	case s.h.v.cfg.Route == PeerOnly:
		return true
	case p.renewing.IsZero():
		p.renewing = now
		s.steer(now)
	}
	if now.Sub(p.renewing) > standInWithin {
		return true
	}
	for _, c := range s.due() {
		if !c.byRelay.After(p.renewing) {
			return false
		}
	}
	return true
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
