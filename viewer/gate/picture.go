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

// Shelf keeps the newest picture of a camera and knows which one the stage may still be reading, so that each buffer goes back to its
// decoder exactly once: never under the stage's hands, and at the latest with the next Lend. At most two buffers are kept. It serves
// one reader. The zero value is empty.
type Shelf struct {
	current *Picture
	lent    *Picture
}

// Put replaces the newest picture.
func (s *Shelf) Put(p *Picture) {
	s.drop()
	s.current = p
}

// Lend returns the newest picture, or nil if there is none or it is too old to be drawn. Bytes of a picture lent before are no longer
// valid unless the same one is returned.
func (s *Shelf) Lend(now time.Time) *Picture {
	if s.current != nil && s.current.Age(now) > BlankAfter {
		s.drop()
	}
	if s.lent != nil && s.lent != s.current {
		s.lent.pixels.Free()
	}
	s.lent = s.current
	return s.lent
}

// Look returns the newest picture without lending it: its Bytes must not be read.
func (s *Shelf) Look() *Picture { return s.current }

// Clear takes the newest picture away: after it nothing is lent before the next Put.
func (s *Shelf) Clear() { s.drop() }

func (s *Shelf) drop() {
	if s.current != nil && s.current != s.lent {
		s.current.pixels.Free()
	}
	s.current = nil
}

// Empty reports whether there is neither a picture nor one still lent.
func (s *Shelf) Empty() bool { return s.current == nil && s.lent == nil }
