package viewer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer/gate"
)

const (
	// busyWait is how long an agent that has too many sessions is left alone.
	busyWait = 5 * time.Second
	// slowWait is how long after a refusal that only an owner can end the agent is asked again.
	slowWait = time.Minute
)

// home is one agent and its cameras. Viewer.mu guards it.
type home struct {
	v       *Viewer
	id      identity.AgentID // never changed
	known   Home
	link    opened // still to be redeemed
	reason  Reason // why there is no session, or why it shows nothing
	session *agentSession
	since   time.Time // when the session was accepted

	clock gate.Clock
	agent control.Clock // as last told

	cameras []*camera // those that the agent offers by their numbers, then those gone

	standing standing
	mirror   *grant.Log // this device's copy of the grant log, if it is an owner's
	alarm    *Alarm
	stale    bool          // what is remembered is not what is known
	news     chan struct{} // closed, and made anew, when anything changes that an operation may wait for
	turn     chan struct{} // holds a token while an operation is carried out: entries are chained
	changes  []*change     // that were asked for and are not known to be done or void
	reading  chan struct{} // holds a token while the journal is read
	looked   time.Time     // when Trust was last called
}

// standing is what this device is to the home, as the agent last said. Zero: not known.
type standing struct {
	role    grant.Role
	rights  grant.Rights
	expires time.Time // zero: never
}

// expiry reads a time of the wire form, in which 0 is never.
func expiry(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0)
}

func newHome(v *Viewer, known Home) *home {
	h := &home{
		v: v, id: known.Agent, known: known,
		news: make(chan struct{}), turn: make(chan struct{}, 1), reading: make(chan struct{}, 1),
	}
	h.standing.role = known.Role
	h.restore()
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
	errRollback = errors.New("viewer: the agent's grant log is not the one that was seen before")
	errRepaired = errors.New("viewer: the agent's grant log is again the one that was seen before")
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
	case errors.Is(err, errSilent):
		return ReasonAgentSilent
	case errors.Is(err, session.ErrRefused):
		return ReasonNotAllowed
	case errors.Is(err, session.ErrAgentKey):
		return ReasonWrongAgent
	case errors.Is(err, errRollback):
		return ReasonRollback
	case errors.Is(err, control.ErrMessage), errors.Is(err, session.ErrMessage), errors.Is(err, session.ErrParameters), errors.Is(err, errAccept),
		errors.Is(err, errProof):
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
		link := h.linkNow(byLink)
		err := h.meet(ctx, c, link)
		if ctx.Err() != nil {
			return
		}
		reason := reasonOf(err)
		// A link may be opened by a device that has a grant: it comes with that, and with the link only if the grant is gone.
		if link.none() && reason.admits() && h.hasLink() {
			byLink = true
			continue
		}
		if !link.none() && h.hasLink() {
			reason = link.reason(reason)
		}
		h.v.log.Info("viewer: no session", "agent", h.id.Fingerprint(), "reason", reason.String(), "error", err)
		h.setReason(reason)
		if h.v.now().Sub(began) > signal.MaxBackoff {
			backoff.Reset()
		}
		wait := backoff.Next()
		switch {
		case reason == ReasonBusy:
			wait = max(wait, busyWait)
		case reason.slow():
			wait = max(wait, slowWait)
		}
		if !pause.For(ctx, wait) {
			return
		}
	}
}

func (h *home) gaveUp() bool {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	return h.reason.final()
}

func (h *home) hasLink() bool {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	return !h.link.none()
}

// linkNow returns the link if the next session is to redeem it.
func (h *home) linkNow(byLink bool) opened {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	if byLink || h.known.Knock == [16]byte{} {
		return h.link
	}
	return opened{}
}

func (h *home) setReason(r Reason) {
	h.v.mu.Lock()
	h.blame(r)
	h.v.mu.Unlock()
	h.v.changed()
}

// blame notes why there is no session or nothing to show, and takes pictures away that this device may no longer show. The caller holds
// mu.
func (h *home) blame(r Reason) {
	h.reason = r
	if r.revoking() {
		for _, c := range h.cameras {
			c.shelf.Clear()
		}
	}
	h.notify()
}

// notify lets operations look whether they can go on. The caller holds mu.
func (h *home) notify() {
	close(h.news)
	h.news = make(chan struct{})
}

// knock returns the token to knock with.
func (h *home) knock(link opened) (identity.Token, error) {
	if !link.none() {
		return link.token(h.id)
	}
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	return h.known.Knock, nil
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
	h.notify()
	for _, c := range h.cameras {
		if stepped {
			c.restart()
		}
		for _, l := range c.lanes {
			if l != nil {
				l.pump(now)
			}
		}
	}
}
