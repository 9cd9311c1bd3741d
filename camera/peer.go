package camera

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport"
)

// Bounds of a session's life. A viewer gives up a connection after a few restarts that were of no use.
const (
	peerAttempts = 200 // peer connections
	peerRestarts = 400 // new starts of their ICE, of all together
)

// peer is the direct path of a session.
type peer struct {
	turn signal.TURN
	ice  []string

	restarts int // the session's reading goroutine counts them

	mu      sync.Mutex
	sender  directPath // nil while there is none
	attempt uint32
}

// offerPeer handles a PeerWanted: it starts a new peer connection in the place of the last one, or that one's ICE anew.
func (s *viewerSession) offerPeer(ctx context.Context, attempt uint32) error {
	p := &s.peer
	switch {
	case attempt == 0 || attempt > peerAttempts || attempt < p.attempt:
		return control.ErrMessage
	case attempt == p.attempt:
		return s.restartPeer(ctx)
	}
	p.close(s.log)
	sender, err := newDirectPath(directConfig{
		ice: p.ice, turn: p.turn, cameras: len(s.agent.hubs), loopback: s.agent.loopback, log: s.log,
		sound: slices.ContainsFunc(s.agent.hubs, func(h *hub) bool { return h.sound }),
		candidate: func(candidate string) {
			s.sendControl(&control.Candidate{Attempt: attempt, Candidate: candidate})
		},
	})
	if errors.Is(err, errNoDirect) {
		return nil
	}
	if err != nil {
		s.log.Warn("no direct path", "error", err)
		return nil // the relay remains
	}
	p.mu.Lock()
	p.sender, p.attempt = sender, attempt
	p.mu.Unlock()
	sdp, err := sender.Offer(ctx)
	if err != nil {
		s.log.Warn("no direct path", "error", err)
		p.close(s.log)
		return nil
	}
	s.sendControl(&control.Offer{Attempt: attempt, SDP: sdp})
	return nil
}

// restartPeer looks for another way for the peer connection that there is. Its keys, tracks and acknowledgements go on, and so do the
// frames as soon as there is a way. One that could not be made is not there to restart: the viewer's time-out makes the next.
func (s *viewerSession) restartPeer(ctx context.Context) error {
	p := &s.peer
	if p.restarts++; p.restarts > peerRestarts {
		return control.ErrMessage
	}
	sender := p.any()
	if sender == nil {
		return nil
	}
	sdp, err := sender.Restart(ctx)
	if err != nil {
		s.log.Warn("the direct path's ICE cannot be restarted", "error", err)
		return nil
	}
	s.sendControl(&control.Offer{Attempt: p.attempt, SDP: sdp})
	return nil
}

// answer handles an Answer.
func (p *peer) answer(m *control.Answer) error {
	if sender := p.current(m.Attempt); sender != nil {
		return sender.Answer(m.SDP)
	}
	return nil
}

// candidate handles a Candidate. One that this side cannot use is no reason to end the session.
func (p *peer) candidate(m *control.Candidate, log *slog.Logger) {
	sender := p.current(m.Attempt)
	if sender == nil || m.Candidate == "" {
		return
	}
	if err := sender.AddCandidate(m.Candidate); err != nil {
		log.Debug("candidate not used", "error", err)
	}
}

// send hands a frame to the path.
func (p *peer) send(f transport.Frame) {
	if sender := p.any(); sender != nil {
		sender.Send(f)
	}
}

// delivered tells whether nothing of a camera is under way.
func (p *peer) delivered(camera uint8) bool {
	sender := p.any()
	return sender == nil || sender.Delivered(camera)
}

// flush drops what waits of a camera.
func (p *peer) flush(camera uint8) {
	if sender := p.any(); sender != nil {
		sender.Flush(camera)
	}
}

func (p *peer) any() directPath {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sender
}

// current returns the peer connection that a message belongs to, or nil if it came too late.
func (p *peer) current(attempt uint32) directPath {
	p.mu.Lock()
	defer p.mu.Unlock()
	if attempt != p.attempt {
		return nil
	}
	return p.sender
}

func (p *peer) close(log *slog.Logger) {
	p.mu.Lock()
	sender := p.sender
	p.sender = nil
	p.mu.Unlock()
	if sender != nil {
		if err := sender.Close(); err != nil {
			log.Debug("peer connection", "error", err)
		}
	}
}
