//go:build js

package main

import (
	"time"

	"github.com/sealcam/sealcam/viewer"
)

// beatEvery is how often the watch outside of this program is told that it is alive.
const beatEvery = 500 * time.Millisecond

// pulse finds out whether pictures that come are drawn.
type pulse struct {
	beaten time.Time
	tiles  map[viewer.TileKey]progress
	stuck  bool
	looked time.Time
}

// progress is how far a camera's frames have come.
type progress struct {
	opened, drawn uint64
	since         time.Time // frames have been opened, and no picture drawn, since then; zero: that is not so
}

// stuckAfter is how long frames may be opened without a picture before something must be wrong with the decoder: longer than any group of
// pictures, and than the decoder's own second tries.
const stuckAfter = 15 * time.Second

// beat is called with each display frame.
func (s *screen) beat(now time.Time) {
	if now.Sub(s.alive.beaten).Abs() < beatEvery {
		return
	}
	s.alive.beaten = now
	s.app.boot.Beat("frame")
	if s.viewer != nil && !s.alive.stuck {
		s.app.boot.Beat("pictures")
	}
}

// look takes note of what became of the frames.
func (p *pulse) look(tiles []viewer.Tile, now time.Time) {
	if now.Sub(p.looked).Abs() < time.Second {
		return
	}
	p.looked = now
	next := make(map[viewer.TileKey]progress, len(tiles))
	stuck, drawn := false, false
	for i := range tiles {
		t := &tiles[i]
		was := p.tiles[t.Key]
		is := progress{opened: t.Stats.Opening.Opened, drawn: t.Stats.Drawn(), since: was.since}
		switch {
		case is.drawn != was.drawn:
			drawn = true
			is.since = time.Time{}
		case explained(t.Reason) || t.State == viewer.Live || t.State == viewer.Stale:
			is.since = time.Time{}
		case is.opened != was.opened && is.since.IsZero():
			is.since = now
		}
		if !is.since.IsZero() && is.opened != was.opened && now.Sub(is.since) > stuckAfter {
			stuck = true
		}
		next[t.Key] = is
	}
	p.tiles = next
	p.stuck = stuck && !drawn // one camera that makes no sense is no reason to interrupt the others
}

// explained reports whether a reason says why frames that come are not drawn, so that starting again would not help.
func explained(r viewer.Reason) bool {
	switch r {
	case viewer.ReasonNone, viewer.ReasonDecoder, viewer.ReasonNoFrames:
		return false
	}
	return true
}
