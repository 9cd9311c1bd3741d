package viewer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer/gate"
)

// busyWait is how long an agent that has too many sessions is left alone.
const busyWait = 5 * time.Second

// home is one agent and its cameras. Viewer.mu guards it.
type home struct {
	v       *Viewer
	known   Home
	claim   *Claim // still to be redeemed
	reason  Reason // why there is no session
	session *agentSession
	since   time.Time // when the session was accepted

	clock gate.Clock
	agent control.Clock // as last told

	cameras []*camera // those of the last Accept by their numbers, then those gone
}

func newHome(v *Viewer, known Home) *home {
	h := &home{v: v, known: known}
	for _, k := range known.Cameras {
		if !k.ID.IsZero() && h.camera(k.ID) == nil && len(h.cameras) < control.MaxCameras {
			c := newCamera(h, k.ID)
			c.name = k.Name
			h.cameras = append(h.cameras, c)
		}
	}
	return h
}

// refusedError is an agent's Refuse.
type refusedError struct{ reason control.RefuseReason }

func (e *refusedError) Error() string {
	return "viewer: the agent refused: " + refusalReason(e.reason).String()
}

var (
	errRollback = errors.New("viewer: the agent's grant log lacks what it had before")
	errSilent   = errors.New("viewer: the agent does not answer")
	errTooSlow  = errors.New("viewer: the agent does not read what it is sent")
	errAccept   = errors.New("viewer: the agent's acceptance does not hold")
)

// reasonOf says why a session ended or did not come about.
func reasonOf(err error) Reason {
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		return refusalReason(refused.reason)
	case errors.Is(err, signal.ErrUnavailable):
		return ReasonAgentOffline
	case errors.Is(err, session.ErrRefused):
		return ReasonNotAllowed
	case errors.Is(err, session.ErrAgentKey):
		return ReasonWrongAgent
	case errors.Is(err, errRollback):
		return ReasonRollback
	case errors.Is(err, control.ErrMessage), errors.Is(err, session.ErrMessage), errors.Is(err, session.ErrParameters), errors.Is(err, errAccept):
		return ReasonProtocol
	}
	return ReasonSessionLost
}

// run keeps a session with the agent for as long as the connection to the server lasts. It gives up where trying again is in vain.
func (h *home) run(ctx context.Context, c server) {
	var backoff signal.Backoff
	byLink := false
	for !h.gaveUp() {
		began := h.v.now()
		claim := h.claimNow(byLink)
		err := h.meet(ctx, c, claim)
		if ctx.Err() != nil {
			return
		}
		reason := reasonOf(err)
		// A link may be opened by a device that has a grant: it comes with that, and with the link only if the grant is gone.
		if claim == nil && (reason == ReasonAgentOffline || reason == ReasonNotAllowed) && h.claiming() {
			byLink = true
			continue
		}
		if claim != nil && h.claiming() {
			reason = claimReason(reason)
		}
		h.v.log.Info("viewer: no session", "agent", h.known.Agent.Fingerprint(), "reason", reason.String(), "error", err)
		h.setReason(reason)
		if h.v.now().Sub(began) > signal.MaxBackoff {
			backoff.Reset()
		}
		wait := backoff.Next()
		if reason == ReasonBusy {
			wait = max(wait, busyWait)
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// claimReason gives reasons that mean something else to somebody who opened a link.
func claimReason(r Reason) Reason {
	switch r {
	case ReasonAgentOffline:
		return ReasonClaimSilent
	case ReasonNotAllowed:
		return ReasonClaimExpired
	}
	return r
}

func (h *home) gaveUp() bool {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	return h.reason.final()
}

func (h *home) claiming() bool {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	return h.claim != nil
}

// claimNow returns the claim if the next session is to make it.
func (h *home) claimNow(byLink bool) *Claim {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	if byLink || h.known.Knock == [16]byte{} {
		return h.claim
	}
	return nil
}

func (h *home) setReason(r Reason) {
	h.v.mu.Lock()
	h.reason = r
	if r.revoking() {
		for _, c := range h.cameras {
			c.shelf.Clear()
		}
	}
	h.v.mu.Unlock()
	h.v.changed()
}

// knock returns the token to knock with.
func (h *home) knock(claim *Claim) [16]byte {
	if claim != nil {
		return claim.Secret.Token()
	}
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	return h.known.Knock
}

// wake lets the session's writer look for something to say. The caller holds mu.
func (h *home) wake() {
	if h.session != nil {
		h.session.wake()
	}
}

func (h *home) camera(id [16]byte) *camera {
	at := slices.IndexFunc(h.cameras, func(c *camera) bool { return c.key.Camera == id })
	if at < 0 {
		return nil
	}
	return h.cameras[at]
}

// numbered returns a camera by its number in the session.
func (h *home) numbered(number uint8) *camera {
	for _, c := range h.cameras {
		if c.offered && c.number == number {
			return c
		}
	}
	return nil
}

// pong takes an answered ping. The caller holds mu.
func (h *home) pong(sent, now time.Time, clock control.Clock) {
	h.agent = clock
	stepped := h.clock.Pong(sent, now, clock.Now)
	for _, c := range h.cameras {
		if stepped {
			c.gate.Restart()
		}
		for _, l := range c.lanes {
			if l != nil {
				l.pump(now)
			}
		}
	}
}
