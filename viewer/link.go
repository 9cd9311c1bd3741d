package viewer

import (
	"errors"
	"time"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer/words"
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
	Twice    bool          // a second connection brings every relayed frame as well
}

type linkStatus struct {
	state LinkState
	err   error     // with LinkUnreachable
	again bool      // with LinkConnecting: not the first try
	retry time.Time // of the next try
	out   outage    // with LinkUnreachable, and while the server is tried again
}

// Times by which the reasons are told apart.
const (
	// restartFor is how long a server that ended the connection is taken to be starting anew.
	restartFor = 10 * time.Second
	// hangs is from when on an attempt to connect counts as one that nobody answers: a server that does not run is known to the system of
	// its machine, which says so at once.
	hangs = 2 * time.Second
)

// outage is a time without a connection to the server.
type outage struct {
	why   Reason
	began time.Time
}

// broken takes why a connection ended.
func (o *outage) broken(now time.Time, err error) {
	var refusal *signal.Refusal
	why := ReasonServer
	switch {
	case errors.As(err, &refusal) && refusal.Code != signal.CodeShuttingDown:
		why = ReasonServerRefuses
	case errors.Is(err, signal.ErrSilent):
		why = ReasonOffline
	case errors.Is(err, signal.ErrLost), refusal != nil:
		why = ReasonServerRestart
	}
	*o = outage{why, now}
}

// failed takes why none came about, and how long that took. Browsers do not tell whether it is this device's network or the server: what was
// seen before decides, unless somebody answers at once that there is no server.
func (o *outage) failed(now time.Time, err error, took time.Duration) {
	var refusal *signal.Refusal
	switch {
	case errors.As(err, &refusal): // by a server that is there
		o.broken(now, err)
	case o.why == ReasonOffline && took >= hangs && !errors.Is(err, signal.ErrNotSealcam):
	case o.reason(now) == ReasonServerRestart:
	default:
		o.why = ReasonServer
	}
}

// reason says why there is no connection.
func (o *outage) reason(now time.Time) Reason {
	if o.why == ReasonNone || o.why == ReasonServerRestart && now.Sub(o.began) >= restartFor {
		return ReasonServer
	}
	return o.why
}

// linkReason says why there is no connection to the server. The caller holds mu.
func (v *Viewer) linkReason(now time.Time) Reason {
	if v.offline {
		return ReasonOffline
	}
	return v.link.out.reason(now)
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
		return Link{State: LinkConnecting, Sentence: words.Say("Connecting to the server …")}
	case LinkUnreachable:
		wait := max(v.link.retry.Sub(now), 0).Round(time.Second)
		again := words.Say("Trying again now.")
		if wait > 0 {
			again = words.Sayf("Trying again in %d s.", int(wait.Seconds()))
		}
		reason := v.linkReason(now)
		sentence := serverSentence(v.link.err)
		if reason == ReasonOffline {
			sentence = reason.Sentence()
		}
		return Link{State: LinkUnreachable, Reason: reason, Sentence: words.Sentences(sentence, again), Retry: wait}
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
	return Link{State: LinkReady, Twice: v.twin.conn != nil}
}

// serverSentence says signal's errors as whole sentences. Others, which may hold addresses, are not shown.
func serverSentence(err error) string {
	var refusal *signal.Refusal
	if errors.As(err, &refusal) {
		return refusalSentence(refusal)
	}
	for _, known := range []error{signal.ErrLost, signal.ErrSilent, signal.ErrNotSealcam, signal.ErrUnreachable} {
		if errors.Is(err, known) {
			return words.Explain(known)
		}
	}
	return words.Explain(signal.ErrLost)
}

// refusalSentence says why the server ended the connection.
func refusalSentence(r *signal.Refusal) string {
	if r.Code == 0 || r.Code > signal.CodeTooSlow {
		return words.Sayf("The server ended the connection (code %d).", byte(r.Code))
	}
	return words.Explain(r)
}
