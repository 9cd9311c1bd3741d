package viewer

import (
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// The direct path is preferred: nothing is uploaded or sent twice for it, and it has the shorter way. But a path can work and be bad, such
// as one through a TURN server far away or an access point that starves UDP. When its pictures have been bad for some seconds in a row
// while answers by the server are quick, the relay alone is tried for half a minute, and kept if it was good. From then on the direct path
// is tried now and then, and taken again as soon as it is good. A trial that is clearly lost ends at once, and the next one comes twice as
// late. Both are never compared at the same time: where they share a narrow line, each would spoil the other's pictures.

// Rules of a contest.
const (
	badRow    = 5                // bad seconds in a row that call for a trial
	poorRow   = 15               // likewise where at least key frames come: mostly the line is narrow, and the relay no wider
	trialLong = 30               // counted seconds of a trial
	trialSkip = 2                // its first ones, in which a group of pictures is caught up with, do not count
	trialBad  = 3                // bad seconds that a trial may have
	trialWait = time.Minute      // after a trial, before the next
	trialMost = 30 * time.Minute // likewise, after many that were lost
	lateAfter = time.Second      // from capture to arrival
	quickPong = 500 * time.Millisecond
)

// moment is what came in a second of all cameras together.
type moment struct {
	due     bool // pictures that move
	came    int
	late    int  // of them
	missing int  // frames between those that came
	poor    bool // the agent says that the direct path carries key frames alone
}

// bad reports whether the pictures of the second cannot be called good: most are late, a tenth is missing, or none came.
func (s *moment) bad() bool {
	return s.due && (s.poor || s.came == 0 || 2*s.late > s.came || 10*max(s.missing, 0) > s.came+s.missing)
}

// contest decides by quality between the direct path and the relay alone. It is pure; its zero value prefers the direct path.
type contest struct {
	relay bool // the relay won last
	trial bool // the other way is being tried
	row   int  // bad seconds in a row of the way that won, in units of 1/poorRow of what calls for a trial
	count int  // seconds of the trial
	bads  int  // bad ones of them
	next  time.Time
	wait  time.Duration
}

// way returns the way that is to be used where both can be.
func (c *contest) way() control.Route {
	if c.relay != c.trial {
		return control.Relay
	}
	return control.Peer
}

// judge takes what a second of the way in use was like. quick tells that answers by the server come quickly, so that the relay may be good.
func (c *contest) judge(now time.Time, s moment, quick bool) {
	bad := s.bad()
	switch {
	case !s.due:
		c.row = 0
	case c.trial:
		if c.count++; c.count > trialSkip && bad {
			c.bads++
		}
		if c.bads > trialBad {
			c.end(now, false)
		} else if c.count >= trialSkip+trialLong {
			c.end(now, true)
		}
	case bad:
		weight := poorRow / badRow
		if s.poor {
			weight = 1
		}
		if c.row += weight; c.row >= poorRow && (quick || c.relay) && !now.Before(c.next) {
			c.begin()
		}
	default:
		c.row = 0
		if c.relay && !now.Before(c.next) {
			c.begin()
		}
	}
}

func (c *contest) begin() { c.trial, c.row, c.count, c.bads = true, 0, 0, 0 }

func (c *contest) end(now time.Time, won bool) {
	c.trial, c.row = false, 0
	if won {
		c.relay, c.wait = !c.relay, 0
	}
	c.wait = min(max(2*c.wait, trialWait), trialMost)
	c.next = now.Add(c.wait)
}

// drop ends a trial because there is no choice any more; it says nothing.
func (c *contest) drop() { c.trial, c.row = false, 0 }

// tally counts a camera's frames for a second.
type tally struct {
	moment
	stream seal.Stream
	gop    uint32
	next   uint32 // index in it; 0: nothing came yet
}

// note counts a frame. A gap that is filled later is none.
func (t *tally) note(o *seal.Opened, late bool) {
	t.came++
	if late {
		t.late++
	}
	switch {
	case t.next == 0 || o.Stream() != t.stream:
	case o.GOP() == t.gop && o.Index() < t.next:
		t.missing--
		return
	case o.GOP() == t.gop:
		t.missing += int(o.Index() - t.next)
	case o.GOP() < t.gop:
		return
	default:
		t.missing += int(o.Index())
	}
	t.stream, t.gop, t.next = o.Stream(), o.GOP(), o.Index()+1
}

// take returns what was counted since the last call.
func (t *tally) take() moment {
	s := t.moment
	t.moment = moment{}
	return s
}

// compete judges the second that is over, once a second. The caller holds mu.
func (s *agentSession) compete(now time.Time) {
	if since := now.Sub(s.judged); since < time.Second {
		return
	}
	s.judged = now
	var all moment
	for _, c := range s.due() {
		one := c.tally.take()
		direct := s.route == control.Peer
		if c.layer.path && c.layer.keys && direct {
			one.poor = true
		} else if c.rare() || c.interval > time.Second/4 {
			continue
		}
		all.due = true
		all.came += one.came
		all.late += one.late
		all.missing += one.missing
		all.poor = all.poor || one.poor
	}
	switch {
	case s.unanswered(now), s.peer.state != PeerConnected:
		all.due = false // neither way is to blame, or there is no choice
	case s.route == control.Both:
		// The pictures may be of either way. But a direct path that brings none while it is tried is bad.
		all = moment{due: all.due && s.contest.trial && s.contest.relay && s.directSilent(now, peerQuiet)}
	}
	s.contest.judge(now, all, !s.reached.IsZero() && s.roundTrip < quickPong)
}
