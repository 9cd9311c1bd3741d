package viewer

import (
	"errors"
	"slices"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer/gate"
)

// Bounds of a lane.
const (
	gapAfter     = 500 * time.Millisecond // before a missing frame is asked for
	maxHeld      = 256                    // frames behind a gap
	maxHeldBytes = 8 << 20
	stallAfter   = 3 * time.Second // without anything from a decoder that has enough to do
	brokenPause  = 2 * time.Second // between decoders, when several broke within brokenWithin
	brokenWithin = 10 * time.Second
	slowPause    = 2 * time.Minute // before a stream that was too much for this device is tried again
)

var errStalled = errors.New("viewer: the decoder gives nothing more")

// lane is one stream of a camera on its way from opened frames to the gate: GOP rule, reorder buffer, the queue before the decoder,
// and the decoder. Viewer.mu guards it.
type lane struct {
	c      *camera
	stream seal.Stream

	chain    seal.Chain
	keyed    bool // the chain has begun
	held     []seal.Opened
	heldSize int
	gapSince time.Time

	playout   playout
	via       control.Route // by which its frames came
	queue     []waiting     // taken, not yet decoded; from head on
	head      int
	queueSize int
	timer     *time.Timer // pumps when the first one is due
	timed     time.Time   // when that is; zero: there is no timer
	stuck     bool        // the first one is due, but the decoder or the clock is not ready
	needKey   bool        // something before was dropped: nothing can be decoded before the next key frame

	decoder Decoder
	serial  uint64       // of the decoder, so that results of one closed before are known
	config  codec.Config // of the last key frame, and so, by the GOP rule, of what follows
	gate    *gate.Lane
	busyAt  time.Time // when the decoder last took or gave something
	pause   time.Time // no new decoder before

	cameAt  time.Time       // when the last frame came that was not in vain
	keyAt   time.Time       // when the chain last began anew
	shownAt time.Time       // when its last picture passed the gate; zero: none did
	shot    codec.Timestamp // when that was captured
	gop     uint32          // of the frame that was taken last
	last    codec.Timestamp // when that was captured
}

func newLane(c *camera, stream seal.Stream) *lane { return &lane{c: c, stream: stream, needKey: true} }

// take applies the GOP rule to an opened frame.
func (l *lane) take(now time.Time, o seal.Opened) {
	switch l.chain.Accept(o) {
	case seal.Take:
		l.weighed(now, &o)
		l.taken(now, o)
		if len(l.held) > 0 {
			l.takeHeld(now)
		}
		l.pump(now)
	case seal.Gap:
		l.weighed(now, &o)
		l.hold(now, o)
	case seal.Duplicate:
		l.c.stats.Duplicates++
	case seal.Stale:
		l.c.stats.Outrun++
	}
}

// weighed notes how late a frame came that is of use, by the relay.
func (l *lane) weighed(now time.Time, o *seal.Opened) {
	if l.c.via != control.Relay {
		return
	}
	if late, known := l.c.ladder.came(now, o.Captured()); known {
		l.c.stalls.came(late)
		if l.c.v.twin.came(now, late) {
			l.c.v.burdened(now)
		}
	}
}

// dropped notes that pictures are missing on the way by the relay.
func (l *lane) dropped(now time.Time) {
	l.c.ladder.dropped(now)
	if l.c.v.twin.conn != nil {
		l.c.v.burdened(now)
	}
}

// taken notes a frame that the GOP rule let through and passes it on.
func (l *lane) taken(now time.Time, o seal.Opened) {
	if o.Key() && l.keyed && l.c.via == control.Relay && l.interrupted(&o) {
		l.dropped(now)
	}
	l.keyed, l.cameAt, l.gop, l.last = true, now, o.GOP(), o.Captured()
	if o.Key() {
		l.keyAt = now
	}
	if l.via != l.c.via { // the other way has other delays
		l.via, l.playout = l.c.via, playout{}
	}
	l.c.taken(now, &o)
	l.enqueue(now, o)
}

// interrupted reports whether a whole GOP, or the end of one, is missing before a key frame.
func (l *lane) interrupted(key *seal.Opened) bool {
	const least = 500 * time.Millisecond
	return key.GOP() > l.gop+1 || key.Captured().Sub(l.last) > max(least, 6*l.c.interval) && !l.c.rare()
}

// hold keeps a frame until the ones before it have come.
func (l *lane) hold(now time.Time, o seal.Opened) {
	if len(l.held) >= maxHeld || l.heldSize+len(o.Data()) > maxHeldBytes {
		l.c.stats.Dropped++
		return
	}
	at, found := slices.BinarySearchFunc(l.held, o, compareOpened)
	if found {
		l.c.stats.Duplicates++
		return
	}
	if len(l.held) == 0 {
		l.gapSince = now
	}
	l.held = slices.Insert(l.held, at, o)
	l.heldSize += len(o.Data())
	l.cameAt = now
	l.c.stats.Held++
}

func compareOpened(a, b seal.Opened) int {
	switch {
	case a.GOP() != b.GOP() && a.GOP() < b.GOP(), a.GOP() == b.GOP() && a.Index() < b.Index():
		return -1
	case a.GOP() == b.GOP() && a.Index() == b.Index():
		return 0
	}
	return 1
}

// takeHeld takes what the frame just taken made takeable. held is in order, so once through is enough.
func (l *lane) takeHeld(now time.Time) {
	l.held = slices.DeleteFunc(l.held, func(o seal.Opened) bool {
		switch l.chain.Accept(o) {
		case seal.Take:
			l.taken(now, o)
		case seal.Gap:
			return false
		case seal.Duplicate:
			l.c.stats.Duplicates++
		case seal.Stale:
			l.c.stats.Outrun++
		}
		l.heldSize -= len(o.Data())
		return true
	})
	if len(l.held) == 0 {
		l.c.recovered()
	}
	l.gapSince = now // of the next gap, if one is left
}

// prepare makes sure that there is a decoder for a key frame's configuration.
func (l *lane) prepare(now time.Time, o *seal.Opened) bool {
	config, known := o.Config()
	if !known {
		return false
	}
	if l.decoder != nil && l.config == config {
		return true
	}
	l.closeDecoder()
	if slow := l.c.slowUntil[l.stream]; config == l.c.unsupported[l.stream] && (slow.IsZero() || now.Before(slow)) || now.Before(l.pause) {
		return false
	}
	if l.weigh(config); l.c.heavy[l.stream] && l.c.stream() != l.stream {
		return false
	}
	l.serial++
	serial := l.serial
	d, err := l.c.v.cfg.NewDecoder(config, func(d Decoded) { l.decoded(serial, d) })
	if err != nil {
		l.config = config
		l.diagnose(now, err)
		return false
	}
	l.c.unsupported[l.stream], l.c.slowUntil[l.stream] = codec.Config{}, time.Time{}
	l.decoder, l.config, l.gate, l.busyAt = d, config, l.c.gate.Lane(l.stream, config), now
	return true
}

// weigh finds out whether another stream would suit this device better.
func (l *lane) weigh(config codec.Config) {
	heavy := l.c.v.cfg.Heavy != nil && l.c.v.cfg.Heavy(config)
	if heavy != l.c.heavy[l.stream] {
		l.c.heavy[l.stream] = heavy
		l.c.h.wake()
	}
}

// broken takes a decoder away that failed.
func (l *lane) broken(now time.Time, err error) {
	l.closeDecoder()
	l.fail()
	l.diagnose(now, err)
}

// diagnose notes why there is no decoder. For a coding that cannot be played here, the camera's other stream is tried.
func (l *lane) diagnose(now time.Time, err error) {
	c := l.c
	c.stats.Failures++
	if slow := errors.Is(err, ErrTooSlow); slow || errors.Is(err, ErrUnsupported) {
		c.unsupported[l.stream], c.slowUntil[l.stream] = l.config, time.Time{}
		if slow {
			c.slowUntil[l.stream] = now.Add(slowPause)
		}
		c.h.wake()
		c.v.log.Info("viewer: stream not decoded", "error", err, "camera", c.key.Camera.String(), "codec", l.config.Codec.String(), "profile", l.config.Profile)
		return
	}
	copy(c.failures[1:], c.failures[:])
	c.failures[0] = now
	if c.failing(now) {
		l.pause = now.Add(brokenPause)
	}
	c.v.log.Info("viewer: decoder failed", "camera", c.key.Camera.String(), "error", err)
}

// failing reports whether decoders break again and again.
func (c *camera) failing(now time.Time) bool {
	oldest := c.failures[len(c.failures)-1]
	return !oldest.IsZero() && now.Sub(oldest) < brokenWithin
}

// decoded takes a decoder's result, on the decoder's goroutine.
func (l *lane) decoded(serial uint64, d Decoded) {
	v := l.c.v
	v.mu.Lock()
	if l.decoder == nil || serial != l.serial {
		v.mu.Unlock()
		d.Pixels.Free()
		return
	}
	now := v.now()
	drawn := false
	if d.Err != nil {
		d.Pixels.Free()
		l.broken(now, d.Err)
	} else {
		l.busyAt = now
		if d.Slow {
			l.c.slowAt = now
		}
		p, refusal := l.gate.Admit(now, &l.c.h.clock, d.Captured, d.Pixels, l.behind() > 0)
		l.judged(now, p, refusal)
		l.pump(now)
		drawn = p != nil
	}
	v.mu.Unlock()
	if drawn || d.Err != nil {
		v.changed()
	}
}

// judged puts a picture that passed the gate on the shelf.
func (l *lane) judged(now time.Time, p *Picture, refusal gate.Refusal) {
	c := l.c
	switch refusal {
	case gate.TooOld:
		c.lateAt = now
	case gate.Future:
		c.futureAt = now
	}
	if p == nil {
		return
	}
	c.shelf.Put(p)
	c.drawn, c.wall = now, c.h.agent.Wall(p.Captured())
	if !c.wished.Hidden {
		c.ear.sync.saw(p.Age(now))
	}
	first := l.shownAt.IsZero()
	if l.shot = p.Captured(); l.stream == c.tried {
		c.ladder.appeared(now)
	}
	if l.shownAt = now; first {
		c.tidy(now)
	}
}

// tick looks after gaps and stalled decoders.
func (l *lane) tick(now time.Time) {
	if len(l.held) > 0 && now.Sub(l.gapSince) > gapAfter && l.stream == l.c.current(now) {
		if l.c.via == control.Relay && now.Sub(l.gapSince) < gapAfter+tickEvery {
			l.dropped(now)
		}
		l.c.resync(now)
	}
	if l.decoder != nil {
		l.weigh(l.config)
	}
	if l.behind() > 0 {
		if l.pump(now); l.overdue(now) && now.Sub(later(l.busyAt, l.queue[l.head].due)) > stallAfter {
			l.broken(now, errStalled)
		}
	}
}

func (l *lane) close() {
	l.closeDecoder()
	l.stopTimer()
	l.empty()
	l.held, l.heldSize = nil, 0
}

func (l *lane) closeDecoder() {
	if l.decoder != nil {
		l.decoder.Close()
		l.decoder = nil
	}
}
