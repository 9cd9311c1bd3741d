package camera

import (
	"context"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/still"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// Times of stills.
const (
	// At most one still is made in stillEvery. A key frame that comes stillEarly before its time counts as in time.
	stillEvery = time.Second
	stillEarly = 250 * time.Millisecond
	// stillQuiet is how long after its last key frame the sub-stream is still waited for. Then stills are made of the main stream.
	stillQuiet = 10 * time.Second
	// stillIdle is after how long without work the decoder's memory is given back.
	stillIdle = 10 * time.Second
)

// stills is a hub's part that knows of which layer stills can be made, and whether any are wanted. The hub's mutex guards it.
type stills struct {
	work    chan codec.AccessUnit // key frames to be made stills of; the latest replaces one that waits
	wanted  bool                  // somebody watches them
	offered bool                  // they were possible at some time
	due     time.Time             // of the next one
	keys    [2]lastKey            // by layer
	made    uint64
	failed  uint64 // key frames that gave none
	dropped uint64 // key frames that came while the worker was busy
}

// lastKey is what is known of a layer's last key frame.
type lastKey struct {
	config codec.Config
	at     time.Time
}

// possible reports whether the camera offers stills: it has a layer that they can be made of, and is none of those that deliver JPEG.
func (s *stills) possible() bool {
	return s.keys[source.Main].config.Codec != codec.JPEG &&
		(still.Possible(s.keys[source.Main].config) || still.Possible(s.keys[source.Sub].config))
}

// layer returns the layer of which stills are made: the small one for as long as it gives key frames, because that costs least.
func (s *stills) layer(now time.Time) source.Layer {
	sub := s.keys[source.Sub]
	if still.Possible(sub.config) && (now.Sub(sub.at) <= stillQuiet || !still.Possible(s.keys[source.Main].config)) {
		return source.Sub
	}
	return source.Main
}

// keyCame notes a key frame of a layer, and hands it to the worker if a still is to be made of it. It reports whether stills have become
// possible with it, for the first time: a camera that changes its coding back and forth must not make work for every viewer each time.
func (s *stills) keyCame(now time.Time, l source.Layer, au codec.AccessUnit) (first bool) {
	s.keys[l] = lastKey{au.Config, now}
	possible := s.possible()
	if s.wanted && possible && s.layer(now) == l {
		s.hand(now, au)
	}
	first = possible && !s.offered
	s.offered = s.offered || possible
	return first
}

// hand gives a key frame to the worker if it is time.
func (s *stills) hand(now time.Time, au codec.AccessUnit) {
	if now.Before(s.due.Add(-stillEarly)) {
		return
	}
	if now.After(s.due) {
		s.due = now
	}
	s.due = s.due.Add(stillEvery)
	select {
	case <-s.work: // the worker is behind: nobody wants to see this one any more
		s.dropped++
	default:
	}
	s.work <- au // there is room: only those who hold the hub's mutex send
}

// attendStills begins or ends the making of stills as viewers come and go. Callers hold mu.
func (h *hub) attendStills(now time.Time) {
	wanted := false
	for w := range h.watchers {
		wanted = wanted || w.takes(seal.Still)
	}
	if wanted == h.stills.wanted {
		return
	}
	h.stills.wanted = wanted
	if !wanted {
		h.gops[seal.Still].drop()
		select {
		case <-h.stills.work:
		default:
		}
		return
	}
	l := h.stills.layer(now)
	if g := &h.gops[l]; h.stills.possible() && g.base == 0 && len(g.units) > 0 {
		h.stills.hand(now, g.units[0])
	}
}

// makeStills is the worker: it makes stills of the key frames that it is handed until ctx ends.
func (h *hub) makeStills(ctx context.Context) {
	maker := &still.Maker{}
	idle := time.NewTimer(stillIdle)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-idle.C:
			maker = &still.Maker{}
		case au := <-h.stills.work:
			picture, err := maker.Make(au)
			h.stillMade(picture, err)
			idle.Reset(stillIdle)
		}
	}
}

// stillMade takes what the worker made of a key frame.
func (h *hub) stillMade(picture codec.AccessUnit, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.stills.failed++
		say := h.log.Debug
		if h.stills.failed == 1 {
			say = h.log.Warn
		}
		say("no still could be made of the camera's key frame", "error", err, "failed", h.stills.failed, "made", h.stills.made, "dropped", h.stills.dropped)
		return
	}
	h.stills.made++
	if h.stills.wanted { // else everybody left meanwhile
		h.spread(seal.Still, picture)
	}
}
