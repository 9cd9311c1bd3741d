package rtp

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/pion/webrtc/v3"
)

// Bounds of what a peer may send during the set-up of a connection.
const (
	maxSDP        = 64 << 10 // bytes of a session description
	maxCandidate  = 1024     // bytes of one candidate in JSON
	maxCandidates = 128      // candidates between two descriptions
)

// ErrSignaling is returned for session descriptions and candidates that are malformed, too large or too many.
var ErrSignaling = errors.New("rtp: bad session description or candidate")

// candidates holds a peer's candidates back until the description that they belong to is set: with trickle ICE (RFC 8838) either
// may arrive first.
type candidates struct {
	add func(webrtc.ICECandidateInit) error

	mu    sync.Mutex
	ready bool
	count int
	held  []webrtc.ICECandidateInit
}

// take uses or holds one candidate in the JSON form of RTCIceCandidateInit (W3C WebRTC 1.0 §4.8.1.1). Empty means that no more
// will come.
func (c *candidates) take(text string) error {
	if text == "" {
		return nil
	}
	if len(text) > maxCandidate {
		return fmt.Errorf("%w: candidate of %d bytes", ErrSignaling, len(text))
	}
	var init webrtc.ICECandidateInit
	if err := json.Unmarshal([]byte(text), &init); err != nil {
		return fmt.Errorf("%w: candidate is no JSON object", ErrSignaling)
	}
	if init.Candidate == "" {
		return nil // end of candidates, as browsers say it
	}
	c.mu.Lock()
	if c.count++; c.count > maxCandidates {
		c.mu.Unlock()
		return fmt.Errorf("%w: more than %d candidates", ErrSignaling, maxCandidates)
	}
	if !c.ready {
		c.held = append(c.held, init)
		c.mu.Unlock()
		return nil
	}
	c.mu.Unlock()
	return c.use(init)
}

// release uses what was held, after the remote description was set. A candidate that cannot be used, for instance because its
// address family is missing here, does no harm to the others.
func (c *candidates) release() {
	c.mu.Lock()
	held := c.held
	c.held, c.ready, c.count = nil, true, 0
	c.mu.Unlock()
	for _, init := range held {
		_ = c.use(init)
	}
}

func (c *candidates) use(init webrtc.ICECandidateInit) error {
	if c.add(init) != nil {
		// The cause names the candidate, which is an address.
		return fmt.Errorf("%w: candidate cannot be used", ErrSignaling)
	}
	return nil
}

// checkSDP bounds a description before it reaches a parser.
func checkSDP(sdp string) error {
	if sdp == "" || len(sdp) > maxSDP {
		return fmt.Errorf("%w: description of %d bytes", ErrSignaling, len(sdp))
	}
	return nil
}

// stateReporter turns the unordered callbacks of both pion builds into a sequence of states without repetitions: each callback is
// only a hint to look.
type stateReporter struct {
	report func(State) // may be nil

	mu   sync.Mutex
	last State
}

func (r *stateReporter) look(current func() State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last != StateClosed {
		r.change(current())
	}
}

// close reports StateClosed; nothing is reported after it.
func (r *stateReporter) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.change(StateClosed)
}

func (r *stateReporter) change(s State) {
	if s == r.last {
		return
	}
	r.last = s
	if r.report != nil {
		r.report(s)
	}
}
