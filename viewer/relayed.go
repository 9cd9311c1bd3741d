package viewer

import (
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// By the relay the viewer chooses the stream: the agent does not see how the server's connection to this device fares. Whether a larger one
// fits is tried beside the one that is shown, so that a try that fails costs no more than a moment's delay.

// calmAfter is how long after a try the frames of other cameras may still be late because of it.
const calmAfter = 1500 * time.Millisecond

// comesWithin is how long after a frame a stream counts as coming.
const comesWithin = time.Second

// relayStream returns the stream that is shown by way of the relay. Beside a direct path that brings too little it is the smallest that moves.
func (c *camera) relayStream(now time.Time) seal.Stream {
	want, lower := c.stream(), c.lower(now)
	if s := c.h.session; s != nil && s.route == control.Both {
		smallest := want
		for stream := want + 1; stream <= seal.MaxStream; stream++ {
			if lower.Has(stream) && stream != seal.Still {
				smallest = stream
			}
		}
		return smallest
	}
	stream := max(c.rung, want)
	if c.wished.Hidden {
		stream = max(stream, seal.Sub) // the relay knows no key frames alone
	}
	for s := stream; s > want; s-- {
		if lower.Has(s) {
			return s
		}
	}
	return want
}

// smaller returns the next smaller stream, larger the next larger one that is wished for.
func (c *camera) smaller(now time.Time, than seal.Stream) (seal.Stream, bool) {
	lower := c.lower(now)
	for s := than + 1; s <= seal.MaxStream; s++ {
		if lower.Has(s) {
			return s, true
		}
	}
	return than, false
}

func (c *camera) larger(now time.Time, than seal.Stream) (seal.Stream, bool) {
	want, lower := c.stream(), c.lower(now)
	for s := than; s > want; s-- {
		if s-1 == want || lower.Has(s-1) {
			return s - 1, true
		}
	}
	return than, false
}

// listens returns the streams to subscribe to.
func (c *camera) listens(now time.Time) control.Streams {
	set := control.StreamsOf(c.relayStream(now))
	if c.ladder.opens(now) {
		set |= control.StreamsOf(c.tried)
	}
	return set | c.heardBy()
}

// asks returns what to tell the agent for a route: the stream, and the others that it may send in its place, or is to send beside it.
func (c *camera) asks(now time.Time, route control.Route) (seal.Stream, control.Streams) {
	if route.Has(control.Peer) {
		return c.stream(), c.lower(now)
	}
	stream := c.relayStream(now)
	if !c.ladder.trying.IsZero() {
		return c.tried, control.StreamsOf(stream)
	}
	return stream, 0
}

// follow begins anew on another route: on the relay with what the direct path carried at last.
func (c *camera) follow(now time.Time) {
	s := c.h.session
	if s == nil || s.route == c.routed {
		return
	}
	c.routed = s.route
	if s.route != control.Relay {
		return
	}
	c.rung = seal.Main
	if c.layer.path {
		c.rung = c.layer.stream
		if c.layer.keys {
			c.rung, _ = c.smaller(now, c.rung)
		}
	}
	c.ladder.delays = delays{}
	c.ladder.settle(now, c.latest(now))
}

// latest is what the agent's capture clock shows at most; 0: not known.
func (c *camera) latest(now time.Time) codec.Timestamp {
	t, _ := c.h.clock.Latest(now)
	return t
}

// climb takes another stream by the relay if that is due.
func (c *camera) climb(now time.Time) {
	c.follow(now)
	if s := c.h.session; s == nil || s.route != control.Relay || !c.told.on || c.told.route != control.Relay {
		return
	}
	stream := c.relayStream(now)
	if !c.ladder.trying.IsZero() && (c.wished.Hidden || c.tried >= stream || c.tried < c.stream()) {
		c.ladder.settle(now, c.latest(now)) // what is wished for has changed
	}
	if c.wished.Hidden || c.state != control.CameraRunning {
		return
	}
	lower, has := c.smaller(now, stream)
	higher, wants := c.larger(now, stream)
	comes := now.Sub(c.opened) <= c.patience(comesWithin)
	s := c.ladder.next(now, has, wants && c.first(now), comes && c.calm(now))
	switch s {
	case stay:
		return
	case down:
		c.rung = lower
	case try:
		c.tried = higher
	case rise:
		c.rung = c.tried
	}
	if s == giveUp || s == rise {
		c.v.tried = now
	}
	c.ladder.took(now, s, c.latest(now))
	c.tidy(now)
	c.subscribe(now)
	c.h.wake()
}

// calm reports whether no other camera tries a larger stream, or did just now: lateness has another cause then.
func (c *camera) calm(now time.Time) bool {
	for _, h := range c.v.homes {
		for _, o := range h.cameras {
			if o != c && !o.ladder.trying.IsZero() && o.told.on {
				return false
			}
		}
	}
	return now.Sub(c.v.tried) > calmAfter
}

// first reports whether no larger picture waits for a larger stream as well.
func (c *camera) first(now time.Time) bool {
	for _, h := range c.v.homes {
		for _, o := range h.cameras {
			if o == c || !o.told.on || o.told.route != control.Relay || o.wished.area() <= c.wished.area() {
				continue
			}
			if _, wants := o.larger(now, o.relayStream(now)); wants && o.ladder.next(now, false, true, true) == try {
				return false
			}
		}
	}
	return true
}
