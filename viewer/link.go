package viewer

import (
	"errors"
	"fmt"
	"time"

	"github.com/sealcam/sealcam/signal"
)

// LinkState is how the viewer stands with the server, and with the claim or invitation if it comes with one.
type LinkState uint8

// The states of the link.
const (
	LinkConnecting  LinkState = iota // to the server
	LinkUnreachable                  // trying again after Link.Retry
	LinkClaiming                     // connected, and a claim or invite link is being redeemed
	LinkRefused                      // the link was refused for good
	LinkReady
)

// String returns the state in lower case.
func (s LinkState) String() string {
	switch s {
	case LinkConnecting:
		return "connecting"
	case LinkUnreachable:
		return "unreachable"
	case LinkClaiming:
		return "claiming"
	case LinkRefused:
		return "refused"
	case LinkReady:
		return "ready"
	}
	return "unknown"
}

// Link is the state of the link as the page shows it.
type Link struct {
	State    LinkState
	Reason   Reason        // with LinkRefused, and with LinkClaiming when something is in the way
	Sentence string        // what happens or is wrong, and what to do; empty with LinkReady
	Retry    time.Duration // until the next try, with LinkUnreachable
}

type linkStatus struct {
	state LinkState
	err   error     // with LinkUnreachable
	again bool      // with LinkConnecting: not the first try
	retry time.Time // of the next try
}

func (v *Viewer) setLink(s linkStatus) {
	v.mu.Lock()
	v.link = s
	v.mu.Unlock()
	v.changed()
}

// linkNow describes the link. The caller holds mu.
func (v *Viewer) linkNow(now time.Time) Link {
	switch v.link.state {
	case LinkConnecting:
		return Link{State: LinkConnecting, Sentence: "Connecting to the server …"}
	case LinkUnreachable:
		wait := max(v.link.retry.Sub(now), 0).Round(time.Second)
		again := "Trying again now."
		if wait > 0 {
			again = fmt.Sprintf("Trying again in %d s.", int(wait.Seconds()))
		}
		return Link{State: LinkUnreachable, Reason: ReasonServer, Sentence: serverSentence(v.link.err) + " " + again, Retry: wait}
	}
	for _, h := range v.homes {
		switch {
		case h.link.none():
		case h.reason.final():
			return Link{State: LinkRefused, Reason: h.reason, Sentence: h.reason.Sentence()}
		case h.reason != ReasonNone:
			return Link{State: LinkClaiming, Reason: h.reason, Sentence: h.reason.Sentence()}
		default:
			return Link{State: LinkClaiming, Sentence: h.link.progress()}
		}
	}
	return Link{State: LinkReady}
}

// serverSentence turns signal's errors, which are sentences without capital and full stop, into whole ones. Others, which may hold
// addresses, are not shown.
func serverSentence(err error) string {
	text := "the connection to the server was lost"
	var refusal *signal.Refusal
	if errors.As(err, &refusal) {
		text = refusal.Error()
	}
	for _, known := range []error{signal.ErrUnreachable, signal.ErrNotSealcam, signal.ErrSilent, signal.ErrLost} {
		if errors.Is(err, known) {
			text = known.Error()
		}
	}
	return whole(text)
}
