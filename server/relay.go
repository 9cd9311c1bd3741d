package server

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/outbox"
)

// What goes over a topic's subject: the publisher's claim(16), then a Frame envelope as viewers get it; or the claim alone, when the
// publisher retired the topic or went.
const claimSize = 16

// What nodes ask a publisher's node, on the topic's publisher subject.
const (
	askClaim = 'c' // is the topic taken? the answer is yes(1); nobody answers for a free one
	askGOP   = 'g' // send the cached frames to the reply subject, then an empty message
)

const busTimeout = 500 * time.Millisecond

// relay is the fan-out of a node: a hub for each topic that a client of the node publishes or watches.
type relay struct {
	bus    *bus
	limits Limits
	log    *slog.Logger

	start   time.Time     // of hubs' ranks
	waiting *outbox.Pool  // for viewers
	cached  atomic.Int64  // bytes in all hubs' caches
	dropped atomic.Uint64 // frames, of viewers that are gone

	evicting sync.Mutex // locked before mu, and before any hub's

	mu   sync.Mutex
	hubs map[signal.Topic]*hub
	busy sync.WaitGroup // fetches of cached frames
}

// claim is a topic in the hands of the connection that published to it first.
type claim struct {
	topic   signal.Topic
	subject string
	id      [claimSize]byte
	hub     *hub
	asking  *nats.Subscription
}

func newRelay(b *bus, l Limits, log *slog.Logger) *relay {
	return &relay{
		bus: b, limits: l, log: log, start: time.Now(), waiting: outbox.NewPool(l.TotalQueue), hubs: make(map[signal.Topic]*hub),
	}
}

// close waits for what the relay started. No client may use it any more.
func (r *relay) close() { r.busy.Wait() }

// hub returns the topic's hub, with one more user.
func (r *relay) hub(topic signal.Topic) (h *hub, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h = r.hubs[topic]
	if h == nil {
		h = newHub(r, topic)
		if h.sub, err = r.bus.Subscribe(topicSubject(topic), h.receive); err != nil {
			return nil, err
		}
		r.hubs[topic] = h
	}
	h.users++
	return h, nil
}

// put gives a hub back.
func (r *relay) put(h *hub) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.users--; h.users == 0 {
		delete(r.hubs, h.topic)
		h.sub.Unsubscribe()
		h.forget()
	}
}

// take claims a free topic for a connection; nil if it is another's.
func (r *relay) take(topic signal.Topic) *claim {
	answer, err := r.bus.Request(publisherSubject(topic), []byte{askClaim}, busTimeout)
	if err == nil && len(answer.Data) == len(yes) {
		return nil
	}
	h, err := r.hub(topic)
	if err != nil {
		return nil
	}
	c := &claim{topic: topic, subject: topicSubject(topic), id: token(), hub: h}
	if !h.publisher(c) { // two connections of this node at once
		r.put(h)
		return nil
	}
	c.asking, err = r.bus.Subscribe(publisherSubject(topic), func(m *nats.Msg) { r.asked(c, m) })
	if err != nil {
		r.release(c)
		return nil
	}
	return c
}

// release frees a topic, and tells every node.
func (r *relay) release(c *claim) {
	if c.asking != nil {
		c.asking.Unsubscribe()
	}
	r.bus.Publish(c.subject, c.id[:])
	c.hub.publisherGone(c)
	r.put(c.hub)
}

// asked answers for a topic that is published here.
func (r *relay) asked(c *claim, m *nats.Msg) {
	if len(m.Data) != 1 {
		return
	}
	switch m.Data[0] {
	case askClaim:
		m.Respond(yes)
	case askGOP:
		for _, f := range c.hub.snapshot() {
			m.Respond(f.message)
		}
		m.Respond(nil)
	}
}

// ask gets the cached frames of a topic from its publisher's node; none if they do not all come.
func (r *relay) ask(topic signal.Topic) (frames []frame) {
	inbox := nats.NewInbox()
	sub, err := r.bus.SubscribeSync(inbox)
	if err != nil {
		return nil
	}
	defer sub.Unsubscribe()
	if r.bus.PublishRequest(publisherSubject(topic), inbox, []byte{askGOP}) != nil {
		return nil
	}
	size := 0
	for deadline := time.Now().Add(busTimeout); ; {
		m, err := sub.NextMsg(time.Until(deadline))
		if err != nil {
			return nil
		}
		f, ok := r.parseFrame(m.Data)
		if !ok {
			return frames // the end, or nobody publishes the topic (a message without data says so)
		}
		if size += len(m.Data); size > r.limits.TopicCache {
			return nil
		}
		frames = append(frames, f)
	}
}

// subscribe adds a viewer to a topic, or lets one that watches it ask again.
func (r *relay) subscribe(c *conn, topic signal.Topic, cached bool) error {
	h, err := r.hub(topic)
	if err != nil {
		return err
	}
	known, fetch := h.add(c, cached)
	switch {
	case fetch && known:
		r.fetch(h) // which takes over the hold on the hub
	case fetch:
		if _, err := r.hub(topic); err == nil {
			r.fetch(h)
		}
	case known:
		r.put(h)
	}
	return nil
}

// fetch fills a hub's cache from the publisher's node, and then gives the hub back.
func (r *relay) fetch(h *hub) {
	r.busy.Go(func() {
		h.fetched(r.ask(h.topic))
		r.put(h)
	})
}

// unsubscribe takes a viewer off a topic that it watches.
func (r *relay) unsubscribe(c *conn, topic signal.Topic) {
	r.mu.Lock()
	h := r.hubs[topic]
	r.mu.Unlock()
	if h != nil && h.remove(c) {
		c.out.Forget(topic)
		r.put(h)
	}
}
