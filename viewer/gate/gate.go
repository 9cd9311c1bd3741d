package gate

import (
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// futureSlack is how far a capture time may lie ahead of the latest time that the agent's clock may show: cameras stamp by their own
// rhythm, which the agent smooths.
const futureSlack = 250 * time.Millisecond

// maxExpected is how many frames a decoder may hold. H.264 and H.265 reorder at most 16 (ITU-T H.264 Table A-1); what a decoder
// swallowed without giving anything back is forgotten from there on.
const maxExpected = 64

// maxCaptured bounds capture times, so that no sum or difference of two can overflow: the year 3000, in microseconds.
const maxCaptured codec.Timestamp = 32503680000_000000

// Refusal says why a decoded picture was not let through.
type Refusal uint8

// The refusals, in the order in which they are checked.
const (
	Admitted   Refusal = iota // not refused
	Malformed                 // the decoder's buffer does not fit its size
	Unmatched                 // no opened frame has this capture time
	Duplicate                 // the frame's picture came before
	NoClock                   // the agent's clock is not known
	Future                    // taken later than the agent's clock can show
	TooOld                    // too old to be drawn
	OutOfOrder                // not younger than the picture before it from the same decoder
	Superseded                // a younger one was shown or, since this one is too old to be live, is on its way: not an offence
	refusalCount
)

var refusalTexts = [refusalCount]string{
	Admitted:   "admitted",
	Malformed:  "malformed picture",
	Unmatched:  "no frame for it",
	Duplicate:  "came twice",
	NoClock:    "clock unknown",
	Future:     "from the future",
	TooOld:     "too old",
	OutOfOrder: "out of order",
	Superseded: "superseded",
}

// String returns the refusal in words.
func (r Refusal) String() string {
	if r >= refusalCount {
		return "unknown refusal"
	}
	return refusalTexts[r]
}

// Stats counts what came to a gate.
type Stats struct{ counts [refusalCount]uint64 }

// Count returns how many pictures ended with r.
func (s Stats) Count(r Refusal) uint64 {
	if r >= refusalCount {
		return 0
	}
	return s.counts[r]
}

// Refused returns how many pictures were refused, without those that a younger one replaced.
func (s Stats) Refused() (n uint64) {
	for _, c := range s.counts[Malformed:Superseded] {
		n += c
	}
	return n
}

// Gate is where the pictures of one camera must pass, whatever stream and decoder they come from.
type Gate struct {
	camera identity.CameraID
	serial uint64
	stats  Stats
	last   codec.Timestamp // of the last picture let through
	from   *Lane           // which let it through; nil: none did
}

// New returns the gate of a camera.
func New(camera identity.CameraID) *Gate { return &Gate{camera: camera} }

// Stats returns the counters.
func (g *Gate) Stats() Stats { return g.stats }

// Restart forgets the order of capture times, after Clock.Pong found that they begin anew. What else is demanded of a picture stays.
func (g *Gate) Restart() { g.from = nil }

// Shown reports whether a picture taken at a time would come too late, because a younger one was let through.
func (g *Gate) Shown(captured codec.Timestamp) bool { return g.from != nil && captured < g.last }

// Lane is the way from one decoder to the gate.
type Lane struct {
	gate   *Gate
	stream seal.Stream
	config codec.Config
	frames [maxExpected]expected // a ring
	next   int                   // where the next one goes
	count  int
}

type expected struct {
	captured codec.Timestamp
	done     bool // its picture came
}

// Lane returns a way for a new decoder of a stream, made for a configuration.
func (g *Gate) Lane(stream seal.Stream, config codec.Config) *Lane {
	return &Lane{gate: g, stream: stream, config: config}
}

// Expect announces that the decoder is given a frame. It returns false, and expects nothing, for a value that no Opener made, for a
// frame of another camera or stream, and for a capture time that is no time.
func (l *Lane) Expect(o seal.Opened) bool {
	if !o.Valid() || o.Camera() != l.gate.camera || o.Stream() != l.stream || o.Captured() < 0 || o.Captured() > maxCaptured {
		return false
	}
	l.frames[l.next] = expected{captured: o.Captured()}
	l.next = (l.next + 1) % maxExpected
	l.count = min(l.count+1, maxExpected)
	return true
}

// Waiting returns for how many frames the decoder owes a picture.
func (l *Lane) Waiting() (n int) {
	for i := range l.count {
		if !l.frames[i].done {
			n++
		}
	}
	return n
}

// Admit decides on what a decoder made of the frame captured at a time. It owns px: if the picture is refused, the buffer has gone
// back. more says that younger frames wait to be decoded. Pixels without Data mean that the decoder skipped the picture, as it may
// when asked to.
func (l *Lane) Admit(now time.Time, clock *Clock, captured codec.Timestamp, px Pixels, more bool) (*Picture, Refusal) {
	p, refusal := l.admit(now, clock, captured, &px, more)
	l.gate.stats.counts[refusal]++
	if refusal != Admitted {
		px.Free()
	}
	return p, refusal
}

func (l *Lane) admit(now time.Time, clock *Clock, captured codec.Timestamp, px *Pixels, more bool) (*Picture, Refusal) {
	g := l.gate
	if len(px.Data) != 0 && !px.sound() {
		return nil, Malformed
	}
	frame, younger := l.find(captured)
	switch {
	case frame == nil:
		return nil, Unmatched
	case frame.done:
		return nil, Duplicate
	}
	frame.done = true
	latest, known := clock.Latest(now)
	if !known {
		return nil, NoClock
	}
	old := between(captured, latest)
	switch {
	case len(px.Data) == 0:
		return nil, Superseded
	case old < -futureSlack:
		return nil, Future
	case old > LiveFor && (more || younger):
		return nil, Superseded
	case old > BlankAfter:
		return nil, TooOld
	case g.from == l && captured <= g.last:
		return nil, OutOfOrder
	case g.from != nil && captured < g.last:
		return nil, Superseded // by another decoder's, which this one still has to catch up with
	}
	g.serial++
	g.last, g.from = captured, l
	return &Picture{
		pixels: *px, captured: captured, shot: now.Add(-max(old, 0)), serial: g.serial, stream: l.stream, config: l.config,
	}, Admitted
}

// find returns the frame with a capture time, one still without its picture if there are several, and whether a younger one was given
// to the decoder.
func (l *Lane) find(captured codec.Timestamp) (frame *expected, younger bool) {
	for i := range l.count {
		f := &l.frames[i]
		switch {
		case f.captured > captured && !f.done:
			younger = true
		case f.captured == captured && (frame == nil || frame.done):
			frame = f
		}
	}
	return frame, younger
}

// between returns the time from one capture time to another, bounded by a day: a Duration holds 292 years only.
func between(from, to codec.Timestamp) time.Duration {
	const day = codec.Timestamp(24 * time.Hour / time.Microsecond)
	return time.Duration(min(max(to-from, -day), day)) * time.Microsecond
}
