package gate

import (
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// How long a picture is what (DESIGN §3).
const (
	LiveFor    = 2 * time.Second  // from capture: drawn as live
	BlankAfter = 10 * time.Second // from capture: no longer drawn
)

// Picture is a decoded picture that the gate let through. It is made nowhere else and cannot be changed.
type Picture struct {
	pixels   Pixels
	captured codec.Timestamp
	shot     time.Time // capture instant by this device's clock, rather too early than too late
	serial   uint64
	stream   seal.Stream
	config   codec.Config
}

// Layout returns how Bytes is to be read.
func (p *Picture) Layout() PixelLayout { return p.pixels.Layout }

// Width returns the width in pixels.
func (p *Picture) Width() int { return p.pixels.Width }

// Height returns the height in pixels.
func (p *Picture) Height() int { return p.pixels.Height }

// Bytes returns the pixels, which must not be changed. They are valid until [Shelf.Lend] was called again, that is until the next
// Snapshot of the viewer, whatever that returns: the buffer then goes back to the decoder unless the same picture is lent again.
func (p *Picture) Bytes() []byte { return p.pixels.Data }

// FullRange reports whether luma covers 0..255 instead of 16..235.
func (p *Picture) FullRange() bool { return p.pixels.FullRange }

// Matrix returns how YUV becomes RGB.
func (p *Picture) Matrix() Matrix { return p.pixels.Matrix }

// Captured returns when the picture was taken, on the agent's capture clock.
func (p *Picture) Captured() codec.Timestamp { return p.captured }

// Serial returns a number that grows from picture to picture of a camera.
func (p *Picture) Serial() uint64 { return p.serial }

// Stream returns the stream that the picture is of.
func (p *Picture) Stream() seal.Stream { return p.stream }

// Config returns how the picture was coded.
func (p *Picture) Config() codec.Config { return p.config }

// Age returns the time since capture, never understated.
func (p *Picture) Age(now time.Time) time.Duration { return max(age(p.shot, now), 0) }

// mostWaiting bounds the pictures that wait to be shown. What comes at once after a lost packet was mended is then shown one display frame
// after the other, which looks as if time made up for it, and not as a jump.
const mostWaiting = 8

// waitingSpan is how far apart in time the pictures that wait may be: what is older than the newest by more is not shown.
const waitingSpan = 300 * time.Millisecond

// catchUpFor is how long pictures may be shown later than they could be.
const catchUpFor = 600 * time.Millisecond

// paceFor is how long a display counts as slow: its pace is known only while pictures wait, and of a display that is too slow none do.
const paceFor = time.Second

// Shelf keeps the pictures of a camera that are to be shown, in their order, and knows which one the stage may still be reading, so that each
// buffer goes back to its decoder exactly once: never under the stage's hands, and at the latest with the next Lend. It keeps one that is lent
// and a few that wait; where the display is no faster than the camera, only the newest of these is shown. It serves one reader. The
// zero value is empty.
type Shelf struct {
	waiting []*Picture
	lent    *Picture
	over    bool // lent is not to be lent again

	lentAt time.Time
	more   bool          // the last Lend left some waiting
	since  time.Time     // when the first of an unbroken row of such Lends was
	pace   time.Duration // of the display, between two Lends of which the first left some; 0: not known
	paced  time.Time     // when that was last measured
}

// Put adds the newest picture.
func (s *Shelf) Put(p *Picture) {
	if len(s.waiting) == mostWaiting {
		s.pop().pixels.Free()
	}
	s.waiting = append(s.waiting, p)
}

// pop takes the oldest of those that wait.
func (s *Shelf) pop() *Picture {
	p := s.waiting[0]
	s.waiting = append(s.waiting[:0], s.waiting[1:]...)
	return p
}

// Lend returns the picture to show now, or nil if there is none or it is too old to be drawn. Bytes of a picture lent before are no longer
// valid unless the same one is returned.
func (s *Shelf) Lend(now time.Time) *Picture {
	if s.more {
		step := min(now.Sub(s.lentAt), waitingSpan)
		if s.pace == 0 {
			s.pace = step
		}
		s.pace += (step - s.pace) / 4
		s.paced = now
	} else if now.Sub(s.paced) > paceFor {
		s.pace = 0
	}
	s.lentAt = now
	for len(s.waiting) > 0 && (s.waiting[0].Age(now) > BlankAfter || s.behind(now)) {
		s.pop().pixels.Free()
	}
	if len(s.waiting) > 0 || s.lent != nil && (s.over || s.lent.Age(now) > BlankAfter) {
		if s.lent != nil {
			s.lent.pixels.Free()
		}
		s.lent, s.over = nil, false
	}
	if len(s.waiting) > 0 {
		s.lent = s.pop()
	}
	if more := len(s.waiting) > 0; more != s.more {
		s.more, s.since = more, now
	}
	return s.lent
}

// behind reports whether the oldest of those that wait is not worth being shown.
func (s *Shelf) behind(now time.Time) bool {
	n := len(s.waiting)
	if n < 2 {
		return false
	}
	if s.more && now.Sub(s.since) > catchUpFor {
		return true // the display does not gain on the camera
	}
	span := between(s.waiting[0].captured, s.waiting[n-1].captured)
	return span > waitingSpan || s.pace > span/time.Duration(n-1)*3/4
}

// More reports whether other pictures wait behind the one that was lent last.
func (s *Shelf) More() bool { return s.more }

// Look returns the picture that the next Lend returns if it is called at once, without lending it: its Bytes must not be read.
func (s *Shelf) Look() *Picture {
	switch {
	case len(s.waiting) > 0:
		return s.waiting[0]
	case s.over:
		return nil
	}
	return s.lent
}

// Clear takes the pictures away: after it nothing is lent before the next Put.
func (s *Shelf) Clear() {
	for len(s.waiting) > 0 {
		s.pop().pixels.Free()
	}
	s.over = s.lent != nil
}

// Empty reports whether there is neither a picture nor one still lent.
func (s *Shelf) Empty() bool { return len(s.waiting) == 0 && s.lent == nil }
