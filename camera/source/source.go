// Package source says what a camera source is to the agent: something that delivers access units of one or two layers, and sound where it
// has some, and tells how it is doing. It imports codec only; camera/rtsp, camera/file and camera/testcard implement it.
package source

import (
	"context"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// Layer is one of the streams that a camera offers of the same scene.
type Layer uint8

// The layers of a camera. A source without a sub-stream delivers Main alone.
const (
	Main Layer = 0 // full size
	Sub  Layer = 1 // small, for tiles and poor networks
	// Sound is what the camera hears: units of a codec of sound, with capture times on the pictures' clock. Layers does not list it, since
	// most sources learn late whether there is any.
	Sound Layer = 2
)

// State is a source's condition.
type State uint8

// The conditions of a source.
const (
	Connecting State = iota // no picture yet, or again
	Running                 // access units arrive
	Failed                  // needs its owner: retried slowly, or not at all
)

// Status is a source's condition in words.
type Status struct {
	State State
	// Advice is one sentence for the owner: what is wrong and what to do. It never holds a password, a URL's user part or a
	// path, because viewers read it too. Empty while Running.
	Advice string
	Err    error // for the agent's log; credentials already removed
}

// Sink takes what a source delivers. Its methods return at once and may be called from several goroutines of one source, but for
// one layer from one at a time, in decoding order.
type Sink interface {
	Deliver(Layer, codec.AccessUnit)
	Status(Status)
}

// Source is one camera.
type Source interface {
	// Layers says which layers Run delivers.
	Layers() []Layer
	// Run delivers until ctx ends, connecting again by itself with back-off after a failure. It returns nil when ctx ended, and
	// an error only for what no retry can mend.
	Run(ctx context.Context, sink Sink) error
}

// Clock is the agent's capture clock: it starts at the wall time of its making and only runs forward.
type Clock struct {
	origin time.Time
}

// NewClock returns a clock that shows the wall time now.
func NewClock() *Clock { return &Clock{origin: time.Now()} }

// Now returns the capture clock's time.
func (c *Clock) Now() codec.Timestamp {
	return codec.Timestamp(c.origin.UnixMicro()).Add(time.Since(c.origin))
}

// At converts an instant that carries Go's monotonic reading.
func (c *Clock) At(t time.Time) codec.Timestamp {
	return codec.Timestamp(c.origin.UnixMicro()).Add(t.Sub(c.origin))
}

// Wall returns the wall time now.
func (c *Clock) Wall() time.Time { return time.Now() }

// WallOffset is what to add to the capture clock to get the wall time, which may have been stepped since the agent's start.
func (c *Clock) WallOffset() time.Duration {
	now := time.Now()
	wall := now.UnixMicro()
	return codec.Timestamp(wall).Sub(c.At(now))
}
