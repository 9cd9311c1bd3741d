package server

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/outbox"
)

// claimSilence is how long a publisher that said nothing keeps a topic: its node may have died.
const claimSilence = 10 * time.Second

// maxHeld bounds the frames that wait for a fetched cache.
const maxHeld = 512

// hub fans one topic out to the viewers of this node, and keeps the current group of pictures: ciphertext, in memory.
//
// Whatever a viewer gets of a topic comes out of here under mu, so the cached frames go first and the live ones follow in order.
type hub struct {
	relay *relay
	topic signal.Topic
	sub   *nats.Subscription
	users int // of relay.mu: viewers, a claim, a fetch

	// Of relay.byRank, changed under mu:
	rank     atomic.Int64 // when somebody last came to watch, or left
	watchers atomic.Int64
	bytes    atomic.Int64 // that the cache takes

	mu      sync.Mutex
	claim   *claim          // if this node publishes
	source  [claimSize]byte // whose frames are taken
	last    time.Time       // when source's last frame came
	viewers map[*conn]bool  // true: waits for the cached frames
	cache   []frame         // a group of pictures from its key frame on, without gaps; empty if there is none whole
	kept    int             // bytes of cache, without what is made for those who join
	evicted bool            // made room for others, and makes no others give way before somebody comes to watch
	filling bool            // a fetch is under way
	held    []frame         // what came meanwhile, for viewers that wait
}

// frame is one relayed frame. Everybody who gets it shares its bytes.
type frame struct {
	message  []byte // the claim and the envelope
	sequence uint32
	key      bool
	live     *outbox.Message // the envelope
	replay   *outbox.Message // the envelope with the mark of a cached one; nil until somebody wants it
}

// parseFrame reads a message of a topic's subject; not ok for anything but a frame.
func (r *relay) parseFrame(m []byte) (frame, bool) {
	if len(m) <= claimSize {
		return frame{}, false
	}
	e, err := signal.Parse(m[claimSize:])
	if err != nil {
		return frame{}, false
	}
	f, ok := e.(*signal.RelayFrame)
	if !ok || f.Cached {
		return frame{}, false
	}
	return frame{message: m, sequence: f.Sequence, key: f.Key, live: outbox.NewMessage(r.waiting, m[claimSize:])}, true
}

func newHub(r *relay, topic signal.Topic) *hub {
	h := &hub{relay: r, topic: topic, viewers: make(map[*conn]bool)}
	h.touch()
	return h
}

// receive takes one message of the topic. NATS calls it in order, on one goroutine.
func (h *hub) receive(m *nats.Msg) {
	if len(m.Data) < claimSize {
		return
	}
	from := [claimSize]byte(m.Data)
	if len(m.Data) == claimSize {
		h.retired(from)
		return
	}
	f, ok := h.relay.parseFrame(m.Data)
	if !ok {
		return
	}
	h.relay.makeRoom(h, len(f.message))
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.takes(from) {
		return
	}
	h.keep(f)
	for c, waiting := range h.viewers {
		if !waiting {
			c.out.Media(h.topic, f.key, f.live)
		}
	}
	if h.filling {
		h.hold(f)
	}
}

// retired takes a publisher's last word.
func (h *hub) retired(from [claimSize]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if from == h.source {
		h.source = [claimSize]byte{}
		h.drop()
	}
}

// takes says whether frames of this claim are the topic's. Each node lets one connection publish to a topic; should two nodes have let
// one each, the first that was heard stays.
func (h *hub) takes(from [claimSize]byte) bool {
	now := time.Now()
	if from != h.source {
		if h.source != [claimSize]byte{} && now.Sub(h.last) < claimSilence {
			return false
		}
		h.source = from
		h.drop()
	}
	h.last = now
	return true
}

// hold keeps a frame for the viewers that wait for a fetch. A key frame ends the wait: the cache is whole then.
func (h *hub) hold(f frame) {
	if f.key || len(h.held) == maxHeld || h.heldBytes()+len(f.message) > h.relay.limits.TopicCache {
		h.serve(nil)
		return
	}
	h.held = append(h.held, f)
}

func (h *hub) heldBytes() (n int) {
	for _, f := range h.held {
		n += len(f.message)
	}
	return n
}

// fetched takes what the publisher's node had in its cache.
func (h *hub) fetched(frames []frame) {
	size := 0
	for _, f := range frames {
		size += len(f.message)
	}
	h.relay.makeRoom(h, size)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.filling {
		return
	}
	if len(frames) == 0 || !frames[0].key || !h.takes([claimSize]byte(frames[0].message)) {
		frames = nil
	}
	h.serve(frames)
}

// serve ends a fetch: the waiting viewers get the cached frames, then those held, and are live from here on.
func (h *hub) serve(frames []frame) {
	held := h.held
	h.filling, h.held = false, nil
	if len(h.cache) == 0 && len(frames) > 0 {
		for _, f := range frames {
			h.keep(f)
		}
		for _, f := range held {
			if len(h.cache) > 0 && int32(f.sequence-h.cache[len(h.cache)-1].sequence) > 0 {
				h.keep(f)
			}
		}
	}
	for c, waiting := range h.viewers {
		if waiting {
			h.viewers[c] = false
			h.replay(c)
		}
	}
}

// add takes a viewer in, or one that asks again (known). With fetch the caller must have the cached frames fetched.
func (h *hub) add(c *conn, cached bool) (known, fetch bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, known = h.viewers[c]
	h.touch()
	h.evicted = false
	if fetch = cached && !h.filling && h.claim == nil && len(h.cache) == 0; fetch {
		h.filling = true
	}
	h.viewers[c] = cached && h.filling
	h.watchers.Store(int64(len(h.viewers)))
	if cached && !h.filling {
		h.replay(c)
	}
	return known, fetch
}

// remove returns whether the viewer was there.
func (h *hub) remove(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.viewers[c]
	delete(h.viewers, c)
	h.watchers.Store(int64(len(h.viewers)))
	h.touch()
	return ok
}

// publisher makes a connection of this node the topic's; false if there is one.
func (h *hub) publisher(c *claim) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.claim != nil {
		return false
	}
	h.claim = c
	return true
}

func (h *hub) publisherGone(c *claim) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.claim == c {
		h.claim = nil
	}
}
