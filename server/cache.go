package server

import (
	"cmp"
	"slices"
	"time"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/outbox"
)

// spare is the part of the total cache that makeRoom frees at once, so that it seldom has to.
const spare = 16

// keep puts a frame into the cache. What does not follow, or does not fit, empties it until the next key frame.
func (h *hub) keep(f frame) {
	follows := len(h.cache) > 0 && f.sequence == h.cache[len(h.cache)-1].sequence+1
	if f.key || !follows {
		h.drop()
		if !f.key {
			return
		}
	}
	if h.kept+len(f.message) > h.relay.limits.TopicCache || !h.count(len(f.message)) {
		h.drop()
		return
	}
	h.cache = append(h.cache, f)
	h.kept += len(f.message)
}

// count adds to the bytes that the cache takes, if there is room in all.
func (h *hub) count(size int) bool {
	limit := int64(h.relay.limits.TotalCache)
	if h.evicted {
		limit -= limit / spare
	}
	if h.relay.cached.Add(int64(size)) > limit {
		h.relay.cached.Add(-int64(size))
		return false
	}
	h.bytes.Add(int64(size))
	return true
}

// drop empties the cache.
func (h *hub) drop() {
	h.relay.cached.Add(-h.bytes.Swap(0))
	h.cache, h.kept = nil, 0
}

// replay sends the cache to one viewer. The envelopes that it makes for that serve all who come during this group of pictures.
func (h *hub) replay(c *conn) {
	for i := range h.cache {
		f := &h.cache[i]
		m := f.replay
		if m == nil {
			marked := append([]byte(nil), f.message[claimSize:]...)
			marked[signal.FrameFlags] |= signal.FlagCached
			m = outbox.NewMessage(h.relay.waiting, marked)
			if h.count(len(marked)) {
				f.replay = m
			}
		}
		c.out.Media(h.topic, f.key, m)
	}
}

// snapshot returns the cache as it stands.
func (h *hub) snapshot() []frame {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]frame(nil), h.cache...)
}

// forget frees the cache of a hub that is not used any more.
func (h *hub) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop()
}

// evict frees the cache for others.
func (h *hub) evict() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop()
	h.evicted = true
}

// touch notes that somebody came to watch, or left, or that the topic is new.
func (h *hub) touch() { h.rank.Store(int64(time.Since(h.relay.start))) }

// makeRoom lets the topics that were not watched for longest give way when size bytes more for h would be too many; h among them, if it
// comes to that. It must be called with no hub locked.
func (r *relay) makeRoom(h *hub, size int) {
	limit := int64(r.limits.TotalCache)
	if r.cached.Load()+int64(size) <= limit || h.gaveWay() {
		return
	}
	r.evicting.Lock()
	defer r.evicting.Unlock()
	if r.cached.Load()+int64(size) <= limit { // by now
		return
	}
	for _, other := range r.byRank() {
		if r.cached.Load()+int64(size) <= limit-limit/spare {
			return
		}
		other.evict()
	}
}

func (h *hub) gaveWay() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.evicted
}

// byRank returns the hubs that have cached something, who is to give way first.
func (r *relay) byRank() []*hub {
	type ranked struct {
		*hub
		watched bool
		rank    int64
	}
	var all []ranked
	r.mu.Lock()
	for _, h := range r.hubs {
		if h.bytes.Load() > 0 {
			all = append(all, ranked{h, h.watchers.Load() > 0, h.rank.Load()})
		}
	}
	r.mu.Unlock()
	slices.SortFunc(all, func(a, b ranked) int {
		if a.watched != b.watched {
			if b.watched {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.rank, b.rank)
	})
	hubs := make([]*hub, len(all))
	for i, x := range all {
		hubs[i] = x.hub
	}
	return hubs
}
