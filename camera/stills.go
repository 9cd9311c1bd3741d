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

// stillTries is of how many key frames of a layer no still must be made, and of none before, for it to be clear that none can be: the
// camera codes them in a way that the decoder does not know.
const stillTries = 3

// stills is a hub's part that knows of which layer stills can be made, and whether any are wanted. The hub's mutex guards it.
type stills struct {
	work    chan stillWork // the latest replaces one that waits
	wanted  bool           // somebody watches them
	offered bool           // viewers were told that they are possible
	due     time.Time      // of the next one
	keys    [2]lastKey     // by layer
	made    uint64
	failed  uint64 // key frames that gave none
	dropped uint64 // key frames that came while the worker was busy
}

// stillWork is a key frame to be made a still of.
type stillWork struct {
	layer source.Layer
	key   codec.AccessUnit
}

// lastKey is what is known of a layer's last key frame, and of those before it with the same configuration.
type lastKey struct {
	config codec.Config
	at     time.Time
	made   bool // one gave a still
	failed int  // gave none, before one did
}

// gives reports whether stills can be made of the layer, as far as is known.
func (k *lastKey) gives() bool { return still.Possible(k.config) && k.failed < stillTries }

// possible reports whether the camera offers stills: it has a layer that they can be made of, and is none of those that deliver JPEG.
func (s *stills) possible() bool {
	return s.keys[source.Main].config.Codec != codec.JPEG &&
		(s.keys[source.Main].gives() || s.keys[source.Sub].gives())
}

// layer returns the layer of which stills are made: the small one for as long as it gives key frames, because that costs least.
func (s *stills) layer(now time.Time) source.Layer {
	sub := &s.keys[source.Sub]
	if sub.gives() && (now.Sub(sub.at) <= stillQuiet || !s.keys[source.Main].gives()) {
		return source.Sub
	}
	return source.Main
}

// keyCame notes a key frame of a layer, and hands it to the worker if a still is to be made of it. It reports whether stills have become
// possible with it, for the first time or since the offer was withdrawn: a camera that changes its coding back and forth must not make work for
// every viewer each time.
func (s *stills) keyCame(now time.Time, l source.Layer, au codec.AccessUnit) (first bool) {
	if k := &s.keys[l]; k.config == au.Config {
		k.at = now
	} else {
		*k = lastKey{config: au.Config, at: now}
	}
	possible := s.possible()
	if s.wanted && possible && s.layer(now) == l {
		s.hand(now, l, au)
	}
	first = possible && !s.offered
	s.offered = s.offered || possible
	return first
}

// hand gives a key frame to the worker if it is time.
func (s *stills) hand(now time.Time, l source.Layer, au codec.AccessUnit) {
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
	s.work <- stillWork{l, au} // there is room: only those who hold the hub's mutex send
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
		h.stills.hand(now, l, g.units[0])
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
		case w := <-h.stills.work:
			picture, err := maker.Make(w.key)
			h.stillMade(w, picture, err)
			idle.Reset(stillIdle)
		}
	}
}

// stillMade takes what the worker made of a key frame.
func (h *hub) stillMade(w stillWork, picture codec.AccessUnit, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	withdrawn := h.stills.learn(w, err == nil)
	if err != nil {
		say := h.log.Debug
		if h.stills.failed == 1 || withdrawn {
			say = h.log.Warn
		}
		say("no still could be made of the camera's key frame", "error", err, "failed", h.stills.failed, "made", h.stills.made,
			"dropped", h.stills.dropped, "withdrawn", withdrawn)
		if withdrawn {
			h.offers()
		}
		return
	}
	if h.stills.wanted { // else everybody left meanwhile
		h.spread(seal.Still, picture)
	}
}

// learn notes whether a key frame gave a still. It reports whether stills are no longer possible with it: who watches them must be told, or
// waits in vain.
func (s *stills) learn(w stillWork, made bool) (withdrawn bool) {
	k := &s.keys[w.layer]
	if made {
		s.made++
	} else {
		s.failed++
	}
	if k.config != w.key.Config || k.made {
		return false
	}
	if made {
		k.made, k.failed = true, 0
		return false
	}
	k.failed++
	withdrawn = s.offered && !s.possible()
	s.offered = s.offered && !withdrawn
	return withdrawn
}
