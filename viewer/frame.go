package viewer

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// arrive takes a sealed frame that came in one way or the other; it belongs to the viewer from now on. By the relay it is known which
// stream it must be; directly, its own header says so, which opening it then proves.
func (c *camera) arrive(now time.Time, via control.Route, stream seal.Stream, sealed []byte) {
	epoch, inner, ok := seal.Peek(sealed)
	if ok && via == control.Peer {
		stream = inner
	}
	if via == control.Relay {
		c.stats.Relayed++
	} else {
		c.stats.Direct++
	}
	if ok && inner == stream && stream == seal.Sound {
		c.arriveSound(now, epoch, sealed) // it tells nothing of how pictures come
		return
	}
	if via == control.Relay {
		c.byRelay = now
	}
	if ok && inner == stream {
		switch {
		case c.lanes[stream] == nil && !c.takes(now, via, stream):
			c.stats.Unwanted++ // the rest of what was switched off: not worth opening
			return
		case c.knows(epoch):
		case len(c.epochs) == 0 || epoch > c.epochs[len(c.epochs)-1].number:
			c.pending.Hold(now, sealed)
			return
		default:
			c.former++
			return
		}
	}
	c.open(now, via, stream, sealed)
}

// knows reports whether an epoch's key came in this session. The opener may know earlier ones: what was sealed in those was meant for an
// earlier session, and is played back.
func (c *camera) knows(epoch uint64) bool {
	return slices.ContainsFunc(c.epochs, func(e cameraEpoch) bool { return e.number == epoch })
}

// open opens a frame, and passes it to its stream's lane once it is proven.
func (c *camera) open(now time.Time, via control.Route, stream seal.Stream, sealed []byte) {
	if stream == seal.Sound {
		c.openSound(now, sealed)
		return
	}
	if c.v.cfg.Verifier != nil {
		c.try(now, via, stream, sealed)
		return
	}
	o, err := c.opener.Open(stream, sealed)
	c.proven(now, via, stream, &o, err)
}

// proven takes what opening a frame came to.
func (c *camera) proven(now time.Time, via control.Route, stream seal.Stream, o *seal.Opened, err error) {
	if err != nil {
		switch seal.ReasonOf(err) {
		case seal.Replay: // proven, but it came the other way before
			c.came(now, via)
		case seal.UnknownEpoch: // late
		default:
			c.forgedAt = now
		}
		return
	}
	c.opened, c.via = now, via
	if latest, ok := c.h.clock.Latest(now); ok {
		c.tally.note(o, latest.Sub(o.Captured()) > lateAfter)
	}
	c.came(now, via)
	c.epochCame(now, o.Epoch(), stream)
	l := c.lanes[stream]
	if l == nil {
		if !c.takes(now, via, stream) {
			c.stats.Unwanted++
			return
		}
		l = c.openLane(stream)
	}
	if l.take(now, *o); c.ladder.tooMuch {
		c.climb(now)
	}
}

// came notes by which way a frame came.
func (c *camera) came(now time.Time, via control.Route) {
	if via != control.Peer {
		return
	}
	c.byPeer = now
	if c.linger && c.direct.IsZero() {
		c.direct = now
	}
}

// taken notes that a frame was of use, and its distance from the one before, to know how patient to be with this camera.
func (c *camera) taken(now time.Time, o *seal.Opened) {
	const longest = time.Minute
	c.useful = now
	if o.Key() {
		c.keyCame(o.Captured())
	}
	d := o.Captured().Sub(c.captured)
	if c.captured != 0 && d <= 0 {
		return // of a stream that catches up
	}
	if c.captured != 0 && d < longest && !c.rare() {
		c.interval += (d - c.interval) / 8
	}
	c.captured = o.Captured()
}

// restart is called when capture times begin anew.
func (c *camera) restart() {
	c.gate.Restart()
	c.deafen()
	c.captured, c.keyed = 0, 0
	c.ladder.delays, c.ladder.since = delays{}, 0
}
