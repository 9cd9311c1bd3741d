package camera

import (
	"time"

	"github.com/sealcam/sealcam/camera/ladder"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

// feed is one stream on its way to one viewer: one at a time by the relay; directly two, while a bigger one is tried. The hub's mutex guards
// it.
type feed struct {
	ladder.Step
	at position // of the next frame to send
}

// takes tells whether w is sent a stream, one way or the other.
func (w *watcher) takes(stream seal.Stream) bool { return w.feed(stream) != nil || w.relays(stream) }

// relays tells whether w is sent a stream by the relay. While a viewer tries a bigger stream there, that carries the smaller one as well.
// Beside a direct path it carries the smallest of those that w takes and that move, whatever the direct path does.
func (w *watcher) relays(stream seal.Stream) bool {
	if stream == seal.Sound {
		return w.ear != nil && w.route.Has(control.Relay)
	}
	switch w.route {
	case control.Relay:
		return w.stream == stream || w.lower.Has(stream)
	case control.Both:
		return stream == w.smallest()
	}
	return false
}

// smallest returns the smallest of the streams that w takes, of those that move.
func (w *watcher) smallest() seal.Stream {
	smallest := w.stream
	for s := w.stream + 1; s < seal.Still; s++ {
		if w.lower.Has(s) {
			smallest = s
		}
	}
	return smallest
}

func (w *watcher) feed(stream seal.Stream) *feed {
	if stream == seal.Sound {
		return w.ear
	}
	for i := range w.feeds {
		if w.feeds[i].Stream == stream {
			return &w.feeds[i]
		}
	}
	return nil
}

// catchUp sends w what it has not got of a stream's current GOP. The relay was served before.
func (w *watcher) catchUp(stream seal.Stream, s *sealedStream) {
	f := w.feed(stream)
	if f == nil || f.at.gop > s.first.gop {
		return // it waits for the next key frame
	}
	if w.route.Has(control.Peer) {
		for _, frame := range s.from(f.at) {
			if !f.Keys || frame.Key && w.sink.delivered(frame.Camera) {
				w.sink.sendFrame(frame)
			}
		}
	}
	f.at = s.end()
}

// feed makes w be sent what a plan says, and tells whether that is a change. What it is sent already goes on.
func (h *hub) feed(w *watcher, plan []ladder.Feed) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !w.route.Has(control.Peer) || w.fed(plan) {
		return false
	}
	before := w.feeds
	w.feeds = nil
	for _, p := range plan {
		f := feed{Step: p.Step, at: h.gops[p.Stream].start()}
		if p.NextKey {
			f.at = h.gops[p.Stream].next()
		}
		for _, old := range before {
			if old.Step == p.Step {
				f.at = old.at
			}
		}
		w.feeds = append(w.feeds, f)
	}
	for _, f := range w.feeds {
		h.distribute(w.epoch, f.Stream)
	}
	h.attendStills(h.now())
	return true
}

// fed tells whether w is sent just what a plan says.
func (w *watcher) fed(plan []ladder.Feed) bool {
	if len(plan) != len(w.feeds) {
		return false
	}
	for i, p := range plan {
		if w.feeds[i].Step != p.Step {
			return false
		}
	}
	return true
}

// again returns where a stream goes on of which the viewer lost something: at its current GOP's start, or at the next key frame if that comes
// sooner than the whole GOP could be sent.
func (g *gop) again(now time.Time) position {
	const rate = 9 * transport.Mbit // at which carriers send where nothing else is known
	if g.rate.keyEvery > 0 && rate.Takes(g.bytes) > g.rate.keyEvery-now.Sub(g.keyAt) {
		return g.next()
	}
	return g.start()
}

// ladderOf describes the camera as w may be sent it on the direct path; not ok if w watches by the relay.
func (h *hub) ladderOf(w *watcher) (c ladder.Camera, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !w.route.Has(control.Peer) {
		return c, false
	}
	c = ladder.Camera{Number: h.number, Area: w.area}
	offer := func(s seal.Stream, keys bool) {
		g := &h.gops[s]
		o := ladder.Offer{Step: ladder.Step{Stream: s, Keys: keys}, Rate: g.rate.rate(), CatchUp: g.bytes, KeyAt: g.keyAt}
		if keys || s == seal.Still {
			o.Rate = g.rate.keys
		}
		c.Offers = append(c.Offers, o)
	}
	smallest := w.smallest()
	if w.area == 0 && smallest != seal.Still {
		offer(smallest, true)
		return c, true
	}
	offer(w.stream, false)
	for _, s := range h.streams() {
		if s != seal.Still && s > w.stream && w.lower.Has(s) {
			offer(s, false)
		}
	}
	if smallest != seal.Still {
		offer(smallest, true)
	}
	if w.stream != seal.Still && w.lower.Has(seal.Still) && h.stills.possible() {
		offer(seal.Still, false)
	}
	return c, true
}

// rates are how much of a stream comes.
type rates struct {
	whole, keys transport.Bitrate
	keyEvery    time.Duration // between key frames; 0: not known

	since    codec.Timestamp
	keySince codec.Timestamp
	bytes    int
	key      int // bytes of the last key frame
}

// ratesOver is how long is measured at least: with a key frame more often than that, each measure has its share of them.
const ratesOver = 2 * time.Second

// add counts a unit, by the camera's own time.
func (r *rates) add(au codec.AccessUnit) {
	if au.Key {
		if gap := au.Captured.Sub(r.keySince); r.key > 0 && gap > 0 && gap < time.Hour {
			r.keys, r.keyEvery = transport.RateOf(r.key, gap), gap
		}
		r.key, r.keySince = len(au.Data), au.Captured
	}
	span := au.Captured.Sub(r.since)
	switch {
	case span < 0 || span > time.Hour: // the first, or the camera's clock was set
		r.since, r.bytes = au.Captured, 0
	case span >= ratesOver && (au.Key || span >= 4*ratesOver):
		r.whole = transport.RateOf(r.bytes, span)
		r.since, r.bytes = au.Captured, 0
	}
	r.bytes += len(au.Data)
}

// rate returns what is known of the whole stream; of one that has just begun, what there was so far.
func (r *rates) rate() transport.Bitrate {
	if r.whole > 0 || r.key == 0 {
		return r.whole
	}
	return transport.RateOf(r.bytes, ratesOver)
}
