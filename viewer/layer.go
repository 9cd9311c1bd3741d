package viewer

import (
	"math/bits"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// On the direct path the agent chooses what it sends, within what the last Watch allows: the stream that was asked for, or a lower one
// for as long as the path carries no more. Each stream has its own lane; the gate puts their pictures into one order.

const (
	// maxLanes bounds what an agent that sends all streams at once can make this device hold.
	maxLanes = 3
	// lively is how long after the newest frame of all lanes another lane may still be the one that frames come for.
	lively = 400 * time.Millisecond
	// leftAfter is how long nothing may come for a lane, while another one shows pictures, before its decoder is let go.
	leftAfter = time.Second
	// rareLeast is how long key frames may fail to come where they come alone, however often they came before.
	rareLeast = 5 * time.Second
	// assumedArea is what a picture covers of which nothing is known: a tile of a page that has several.
	assumedArea = 640 * 360
	// areaEvery is how often another area is told: a window that is dragged larger changes it with each display frame.
	areaEvery = time.Second
)

// layer is what the agent last said that it sends by the direct path.
type layer struct {
	stream seal.Stream
	keys   bool // key frames only
	path   bool // because the path carries no more
}

// layered takes an agent's Layer. It changes nothing about which frames are taken.
func (c *camera) layered(now time.Time, m *control.Layer) {
	if !c.told.on {
		return
	}
	rare := c.rare()
	c.layer = layer{stream: m.Stream, keys: m.Keys, path: m.Path}
	if rare && !c.rare() {
		c.told.since = now // more is due from now on
	}
}

// lower returns the streams that the agent may send by the direct path in place of the one asked for: smaller ones that this device can
// decode.
func (c *camera) lower(now time.Time) (set control.Streams) {
	want := c.stream()
	for _, s := range c.streams {
		spared := !c.slowUntil[s].IsZero() && !now.Before(c.slowUntil[s])
		if s > want && s <= seal.Still && !c.heavy[s] && (c.unsupported[s] == codec.Config{} || spared) {
			set |= control.StreamsOf(s)
		}
	}
	return set
}

// taking returns the streams of which frames are taken.
func (c *camera) taking(now time.Time) control.Streams {
	if s := c.h.session; s != nil && s.route.Has(control.Peer) {
		return control.StreamsOf(c.stream()) | c.lower(now) | c.heardBy()
	}
	return c.listens(now)
}

// takes reports whether a frame that came one way or the other may open a lane. What the relay brings was subscribed to by stream.
func (c *camera) takes(now time.Time, via control.Route, s seal.Stream) bool {
	if via == control.Relay {
		return c.listens(now).Has(s)
	}
	return c.taking(now).Has(s)
}

// openLane makes a stream's lane. Of too many the one goes for which nothing came for longest.
func (c *camera) openLane(stream seal.Stream) *lane {
	var oldest *lane
	count := 0
	for _, l := range c.lanes {
		if l == nil {
			continue
		}
		count++
		if l.stream != c.stream() && (oldest == nil || l.cameAt.Before(oldest.cameAt)) {
			oldest = l
		}
	}
	if count >= maxLanes && oldest != nil {
		c.closeLane(oldest.stream)
	}
	l := newLane(c, stream)
	c.lanes[stream] = l
	return l
}

// current returns the stream that frames come for: of those for which some came just now, the one whose key frame is the youngest, since
// an agent goes over from one stream to another at a key frame, and what it left may have gaps that nobody will fill.
func (c *camera) current(now time.Time) seal.Stream {
	if !c.told.route.Has(control.Peer) {
		return c.relayStream(now)
	}
	var newest time.Time
	for _, l := range c.lanes {
		if l != nil {
			newest = later(newest, l.cameAt)
		}
	}
	var best *lane
	for _, l := range c.lanes {
		if l == nil || newest.Sub(l.cameAt) > lively {
			continue
		}
		if best == nil || l.keyAt.After(best.keyAt) || l.keyAt.Equal(best.keyAt) && l.cameAt.After(best.cameAt) {
			best = l
		}
	}
	if best == nil {
		return c.stream()
	}
	return best.stream
}

// left reports whether the agent sends something else than a lane's stream, and that is on the screen.
func (c *camera) left(now time.Time, l *lane) bool {
	if now.Sub(l.cameAt) <= leftAfter {
		return false
	}
	for _, o := range c.lanes {
		if o != nil && o != l && o.shownAt.After(l.cameAt) {
			return true
		}
	}
	return false
}

// rare reports whether only single pictures are due: stills, or key frames because the path carries no more or nobody looks.
func (c *camera) rare() bool {
	if !c.told.on {
		return false
	}
	switch c.told.route {
	case control.Peer:
		return c.rarelyDirect()
	case control.Relay:
		return c.told.stream == seal.Still || c.told.lower.Has(seal.Still)
	}
	return c.told.stream == seal.Still // with the relay beside it more is due
}

// rarelyDirect reports whether only single pictures are due by the direct path.
func (c *camera) rarelyDirect() bool {
	return c.told.stream == seal.Still || c.told.area == 0 || c.layer.keys || c.layer.stream == seal.Still
}

// keyCame notes the distance of key frames, to know how long to wait for one.
func (c *camera) keyCame(captured codec.Timestamp) {
	const longest = time.Minute
	d := captured.Sub(c.keyed)
	switch {
	case c.keyed == 0:
	case d <= 0:
		return // of a stream that catches up
	case d >= longest:
	case c.keyEvery == 0:
		c.keyEvery = d
	default:
		c.keyEvery += (d - c.keyEvery) / 4
	}
	c.keyed = captured
}

// patience returns how long to wait for a frame: at least the given time. Where only single pictures come, key frames set the pace.
func (c *camera) patience(least time.Duration) time.Duration { return c.patienceIf(c.rare(), least) }

func (c *camera) patienceIf(rare bool, least time.Duration) time.Duration {
	if rare {
		gap := stillsGap
		if c.keyEvery > 0 {
			gap = min(max(3*c.keyEvery, rareLeast), stillsGap)
		}
		least = max(least, gap)
	}
	return max(least, 4*c.interval)
}

// lowered returns why something smaller or rarer is watched than what is wished for; ReasonNone if that is not so.
func (c *camera) lowered(now time.Time) Reason {
	want := c.stream()
	switch {
	case want == seal.Still && c.wished.Stream != seal.Still && c.slowest() >= 0:
		return ReasonSlow
	case want == seal.Still && c.wished.Stream != seal.Still:
		return ReasonUnsupported
	case c.told.on && c.told.route.Has(control.Peer) && c.layer.path && (c.layer.keys || c.layer.stream > want):
		return ReasonPath
	case c.told.on && c.told.route == control.Relay && c.relayStream(now) > want && !c.wished.Hidden:
		return ReasonPath
	}
	return ReasonNone
}

// area returns the area to tell the agent: in powers of two, and seldom another one, but at once when a picture comes into sight.
func (c *camera) area(now time.Time) uint32 {
	told := c.told.area
	if c.told.on && c.told.route.Has(control.Peer) && told != 0 {
		if now.Before(c.areaAt.Add(areaEvery)) {
			return told
		}
		if a := uint64(c.wished.area()); a >= uint64(told)*4/5 && a < uint64(told)*5/2 {
			return told // not far beyond the ends of its step
		}
	}
	if c.wished.area() == 0 {
		return 0
	}
	return 1 << (bits.Len32(c.wished.area()) - 1)
}

// area returns how much of the display the picture covers, 0 if it cannot be seen.
func (w *Wish) area() uint32 {
	switch {
	case w.Hidden:
		return 0
	case w.Area == 0:
		return assumedArea
	}
	return w.Area
}

// Times of two streams that come side by side while the larger one is tried.
const (
	shadowFor   = 70 * time.Millisecond  // since the larger one's last frame came: two at 30 a second
	shadowApart = 100 * time.Millisecond // between two captures that are as good as one
)

// shadowed reports whether a frame need not be shown, because a larger stream shows the same: else the picture would change between sharp
// and blurred.
func (c *camera) shadowed(now time.Time, stream seal.Stream, captured codec.Timestamp) bool {
	for _, l := range c.lanes[c.stream():max(stream, c.stream())] {
		if l != nil && !l.shownAt.IsZero() && now.Sub(l.cameAt) < shadowFor && captured < l.shot.Add(shadowApart) {
			return true
		}
	}
	return false
}
