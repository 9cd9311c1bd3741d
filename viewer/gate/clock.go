package gate

import (
	"time"

	"github.com/sealcam/sealcam/codec"
)

const (
	// driftPerSecond is how far two quartz clocks may part, with a margin: 200 ppm.
	driftPerSecond = 200 * time.Microsecond
	// maxClockSplit is how far this device's monotonic and wall clock may run apart before a measurement counts as lost: the device
	// slept (the monotonic clock may stand still then), or somebody set its time.
	maxClockSplit = time.Second
)

// Clock bounds what the agent's capture clock shows. Each answered ping gives a bound: when the answer came back the clock showed at
// least what the answer says, and at most that plus the round trip. The narrowest bound is kept, widened by drift.
//
// A server that delays messages can widen the bound, but never make the agent's clock look slower than it may be: ages are taken
// against the latest time possible and so are never understated. The zero value knows nothing.
type Clock struct {
	known          bool
	sent, received time.Time       // of the ping and its answer, by this device's clock
	agent          codec.Timestamp // what the answer said
}

// Pong takes the answer to a ping: when it was sent and received by this device's clock, and the agent's capture clock in it. It
// reports whether the agent's clock contradicts what was known, because the agent was started anew or either device slept: then
// capture times from before cannot be compared with those from now on.
func (c *Clock) Pong(sent, received time.Time, agent codec.Timestamp) (stepped bool) {
	roundTrip, ok := elapsed(sent, received)
	if !ok || roundTrip < 0 || agent < 0 || agent > maxCaptured {
		return false // the device slept meanwhile, or this is no time: the answer says nothing
	}
	latest, known := c.Latest(received)
	if known {
		earliest := c.earliest(received)
		stepped = agent > latest || agent.Add(roundTrip) < earliest
		if !stepped && roundTrip > latest.Sub(earliest) {
			return false
		}
	} else {
		stepped = c.known
	}
	*c = Clock{known: true, sent: sent, received: received, agent: agent}
	return stepped
}

// Latest returns the latest time that the agent's capture clock may show at now; ok is false before the first Pong, and after this
// device slept or its time was set.
func (c *Clock) Latest(now time.Time) (t codec.Timestamp, ok bool) {
	if !c.known {
		return 0, false
	}
	d, ok := elapsed(c.sent, now)
	if !ok || d < 0 {
		return 0, false
	}
	return c.agent.Add(d + drift(d)), true
}

// Width returns how far the bound is open at now: the round trip of the ping it rests on and what drift has added.
func (c *Clock) Width(now time.Time) (d time.Duration, ok bool) {
	latest, ok := c.Latest(now)
	if !ok {
		return 0, false
	}
	return latest.Sub(c.earliest(now)), true
}

func (c *Clock) earliest(now time.Time) codec.Timestamp {
	d := max(now.Sub(c.received), 0)
	return c.agent.Add(d - drift(d))
}

func drift(d time.Duration) time.Duration {
	return time.Duration(d.Seconds() * float64(driftPerSecond))
}

// elapsed returns the time between two instants by the monotonic clock; ok is false if the wall clock tells of another time.
func elapsed(from, to time.Time) (d time.Duration, ok bool) {
	d = to.Sub(from)
	split := to.Round(0).Sub(from.Round(0)) - d // Round(0) strips the monotonic reading
	return d, split.Abs() <= maxClockSplit
}

// age returns the time since an instant by whichever clock says that it is longer ago.
func age(since, now time.Time) time.Duration {
	return max(now.Sub(since), now.Round(0).Sub(since.Round(0)))
}
