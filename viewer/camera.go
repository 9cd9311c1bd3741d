package viewer

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer/gate"
)

// Times of asking again for what is missing.
const (
	againFirst = time.Second
	againMost  = 10 * time.Second
	// missing is how long nothing at all may come before it is asked for again.
	missing = 3 * time.Second
	// stillsGap is how long there may be no still: most cameras give a key frame more often.
	stillsGap = 10 * time.Second
)

// camera is one camera as the viewer sees it, over all sessions. Viewer.mu guards it.
type camera struct {
	v   *Viewer
	h   *home
	key TileKey

	// As told by the agent.
	name    string
	number  uint8
	offered bool          // in the session's Accept, which makes number good
	gone    time.Time     // when it was no longer there; zero: never known otherwise
	streams []seal.Stream // of pictures
	sounds  bool          // there is one of sound
	state   control.CameraState
	advice  string

	// As wished by the page.
	wanted bool
	wished Wish      // with wanted
	since  time.Time // of the wish, or of the session if that is younger

	// What the agent was asked for in this session.
	told      watching
	areaAt    time.Time // when another area was told
	layer     layer     // what the agent says that it sends directly
	routed    control.Route
	rung      seal.Stream // the largest to take by the relay
	tried     seal.Stream // a larger one, while ladder tries that
	ladder    ladder
	stalls    stalls
	ear       ear
	again     bool // the current GOP is to be sent again
	againAt   time.Time
	againWait time.Duration

	opener  *seal.Opener
	pending seal.Pending
	trials  trials
	former  uint64        // frames of epochs of earlier sessions, not opened
	epochs  []cameraEpoch // of this session, oldest first
	subs    []subscription
	linger  bool // the direct path was chosen, but nothing has come by it yet: the relay's frames are still taken
	direct  time.Time

	lanes       [seal.MaxStream + 1]*lane
	unsupported [seal.MaxStream + 1]codec.Config // that cannot be decoded here; zero: none known
	slowUntil   [seal.MaxStream + 1]time.Time    // set with unsupported if this device is only too slow: then it is tried again
	heavy       [seal.MaxStream + 1]bool         // streams that another one is preferred to
	failures    [3]time.Time                     // of decoders, the last ones
	gate        *gate.Gate
	shelf       gate.Shelf

	drawn    time.Time // when the last picture passed the gate
	wall     time.Time // its capture by the agent's wall clock
	opened   time.Time // when the last frame was opened
	useful   time.Time // when the last one was that the GOP rule took
	byPeer   time.Time // and the last that came directly
	byRelay  time.Time // when the last one came through the relay, opened or not
	tally    tally     // of what came, by whichever way
	via      control.Route
	interval time.Duration   // between frames, smoothed
	captured codec.Timestamp // of the youngest
	keyed    codec.Timestamp // of the youngest key frame
	keyEvery time.Duration   // between key frames, smoothed; 0: not known
	held     time.Duration   // by play-out clocks, on average

	// When something last went wrong.
	forgedAt, lateAt, futureAt, slowAt time.Time

	stats TileStats
	shown description // at the last tick
}

// watching is what the agent knows of our wishes.
type watching struct {
	on     bool
	stream seal.Stream
	route  control.Route
	lower  control.Streams
	area   uint32
	sound  bool
	since  time.Time // from when on frames are due
}

func newCamera(h *home, id identity.CameraID) *camera {
	c := &camera{v: h.v, h: h, key: TileKey{h.id, id}, gate: gate.New(id), streams: []seal.Stream{seal.Main}}
	c.wish(h.v.now())
	return c
}

// wish takes over what the page wishes.
func (c *camera) wish(now time.Time) {
	wish, wanted := c.v.wishes[c.key]
	if wanted && !c.wanted {
		c.since = now
	}
	c.wanted, c.wished = wanted, wish
	c.attend(now)
	c.tidy(now)
	c.subscribe(now)
}

// meet begins a session for the camera.
func (c *camera) meet(now time.Time) {
	c.since = now
	c.told, c.again, c.againAt, c.againWait = watching{}, false, time.Time{}, 0
	c.routed, c.rung, c.ladder, c.stalls = 0, seal.Main, ladder{}, stalls{}
	c.areaAt, c.layer, c.captured, c.keyed = time.Time{}, layer{}, 0, 0
	c.linger, c.opened, c.useful, c.byPeer, c.byRelay = false, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	clear(c.unsupported[:])
	clear(c.slowUntil[:])
	clear(c.heavy[:])
	clear(c.failures[:])
}

// stated notes how the camera is. One that was connected to anew may send in another coding than the one that cannot be played here.
func (c *camera) stated(m *control.CameraStatus) {
	if m.State == control.CameraRunning && c.state != control.CameraRunning {
		for s := range c.unsupported {
			if c.slowUntil[s].IsZero() {
				c.unsupported[s] = codec.Config{}
			}
		}
	}
	c.state, c.advice = m.State, m.Advice
}

// part ends it.
func (c *camera) part(s *agentSession) {
	c.closeLanes()
	for _, sub := range c.subs {
		s.unsubscribe(&sub)
	}
	c.subs, c.epochs, c.pending, c.former = nil, nil, seal.Pending{}, 0
	c.told, c.layer = watching{}, layer{}
	c.offered = false
}

// watched reports whether frames are wanted.
func (c *camera) watched() bool { return c.wanted && c.offered && c.h.session != nil }

// stream returns the stream to watch: the one wished for, or another if the camera lacks it or this device cannot decode it, or only
// with more work than that other one. Stills come last, unless they are wished for.
func (c *camera) stream() seal.Stream {
	playable := func(s seal.Stream) bool { return c.unsupported[s] == codec.Config{} }
	moving := func(s seal.Stream) bool { return playable(s) && (s != seal.Still || s == c.wished.Stream) }
	light := func(s seal.Stream) bool { return moving(s) && !c.heavy[s] }
	has := slices.Contains(c.streams, c.wished.Stream)
	for _, good := range []func(seal.Stream) bool{light, moving, playable} {
		if has && good(c.wished.Stream) {
			return c.wished.Stream
		}
		if i := slices.IndexFunc(c.streams, good); i >= 0 {
			return c.streams[i]
		}
	}
	if has {
		return c.wished.Stream
	}
	return c.streams[0]
}

// slowest returns the stream that was last given up because this device is too slow for it, negative if there is none: the cheapest,
// because the others went before.
func (c *camera) slowest() int {
	at := -1
	for _, s := range c.streams {
		if s != seal.Still && !c.slowUntil[s].IsZero() && (at < 0 || c.slowUntil[s].After(c.slowUntil[at])) {
			at = int(s)
		}
	}
	return at
}

// rise gives a stream that was too much for this device another chance while there are only stills. For as long as it has no picture, the
// last still stays.
func (c *camera) rise(now time.Time) {
	if c.lowered(now) != ReasonSlow {
		return
	}
	if s := c.slowest(); !now.Before(c.slowUntil[s]) {
		c.unsupported[s], c.slowUntil[s] = codec.Config{}, time.Time{}
		c.h.wake()
	}
}

// ask returns what has to be said to the agent about the camera, or nil.
func (c *camera) ask(now time.Time, s *agentSession) control.Message {
	switch want := c.watched() && s.route != 0; {
	case !want && !c.told.on:
		return nil
	case !want:
		c.told, c.layer, c.again = watching{}, layer{}, false
		if !c.offered {
			return nil
		}
		return &control.Unwatch{Camera: c.number}
	}
	c.follow(now)
	ask := watching{on: true, route: s.route, since: c.told.since, sound: c.hears()}
	ask.stream, ask.lower = c.asks(now, s.route)
	if s.route.Has(control.Peer) {
		ask.area = c.area(now)
	}
	if ask == c.told && !c.again {
		return nil
	}
	// Something new brings the current GOP anyway.
	again := c.again && c.told.on && c.told.stream == ask.stream
	c.again = false
	if !c.told.on || c.told.stream != ask.stream || c.told.area == 0 && ask.area != 0 {
		ask.since = now
	}
	if ask.route.Has(control.Peer) != c.told.route.Has(control.Peer) {
		c.layer = layer{}
	}
	if ask.route == control.Relay && ask.stream != c.told.stream && c.ladder.trying.IsZero() {
		c.ladder.settle(now, c.latest(now))
	}
	if ask.area != c.told.area {
		c.areaAt = now
	}
	c.told = ask
	c.subscribe(now)
	return &control.Watch{Camera: c.number, Stream: ask.stream, Route: ask.route, Again: again, Lower: ask.lower, Area: ask.area, Sound: ask.sound}
}

// resync asks for the current GOP again, at growing intervals for as long as that does not help.
func (c *camera) resync(now time.Time) {
	if now.Before(c.againAt) || !c.told.on || !c.ladder.trying.IsZero() {
		return
	}
	c.againWait = min(max(2*c.againWait, againFirst), againMost)
	c.againAt = now.Add(c.againWait)
	c.again = true
	c.ladder.since = c.latest(now)
	c.stats.Resyncs++
}

// recovered ends the growing of intervals.
func (c *camera) recovered() { c.againWait = 0 }

// tick looks after time-outs.
func (c *camera) tick(now time.Time) {
	if c.watched() {
		c.hurry(now)
		c.rise(now)
		c.climb(now)
		for _, l := range c.lanes {
			if l != nil {
				l.tick(now)
			}
		}
		// A slow camera may leave long gaps between its pictures. An agent that cannot be reached is not asked: what it is asked for would
		// come in a heap afterwards.
		if last := later(c.opened, c.told.since); c.told.on && c.state == control.CameraRunning && now.Sub(last) > c.patience(missing) &&
			c.h.session.reached.After(last) {
			c.resync(now)
		}
	}
	if len(c.epochs) > 0 {
		c.pending.Release(now, c.knows, func(stream seal.Stream, sealed []byte) { c.open(now, control.Peer, stream, sealed) })
	}
	c.attend(now)
	c.tidy(now)
	c.subscribe(now)
}

// tidy closes lanes that are no longer needed: all when nothing is watched, else those whose stream is no longer taken, unless it is on
// the screen until another one is there, and those that the agent has left.
func (c *camera) tidy(now time.Time) {
	if !c.watched() {
		c.closeLanes()
		return
	}
	taking := c.taking(now)
	ready := false
	for _, l := range c.lanes {
		ready = ready || l != nil && taking.Has(l.stream) && !l.shownAt.IsZero()
	}
	for _, l := range c.lanes {
		switch {
		case l == nil:
		case taking.Has(l.stream) && c.left(now, l), !taking.Has(l.stream) && (ready || l.shownAt.IsZero()):
			c.closeLane(l.stream)
		}
	}
}

func (c *camera) closeLane(s seal.Stream) {
	if l := c.lanes[s]; l != nil {
		c.lanes[s] = nil
		l.close()
	}
}

func (c *camera) closeLanes() {
	c.deafen()
	c.trials = trials{}
	for s := range c.lanes {
		c.closeLane(seal.Stream(s))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
