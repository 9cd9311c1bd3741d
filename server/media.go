package server

import (
	"time"

	"github.com/sealcam/sealcam/signal"
)

// publish passes an agent's frame on. message is its envelope, which is that of a Frame but for the first byte.
func (c *conn) publish(e *signal.Publish, message []byte) (signal.Code, bool) {
	c.mu.Lock()
	held := c.claims[e.Topic]
	full := len(c.claims) >= c.server.config.Limits.TopicsPerAgent
	c.mu.Unlock()
	if held == nil {
		switch {
		case full:
			return signal.CodeTooMany, false
		case !e.Key: // of no use to anybody yet
			return 0, true
		}
		if held = c.take(e.Topic); held == nil {
			c.log.Debug("a topic is another agent's: its frames are dropped")
			return 0, true
		}
	}
	m := append(append(c.publishing[:0], held.id[:]...), message...)
	m[claimSize] = byte(signal.KindFrame)
	c.server.bus.Publish(held.subject, m) // copies; a frame that NATS does not take is a gap, which viewers see
	if c.publishing = m; cap(m) > maxPublishing {
		c.publishing = nil
	}
	return 0, true
}

// take claims a topic; nil if that cannot be.
func (c *conn) take(topic signal.Topic) *claim {
	taken := c.server.relay.take(topic)
	if taken == nil {
		return nil
	}
	c.mu.Lock()
	gone := c.ended
	if !gone {
		c.claims[topic] = taken
	}
	c.mu.Unlock()
	if gone {
		c.server.relay.release(taken)
		return nil
	}
	return taken
}

func (c *conn) retire(topic signal.Topic) {
	c.mu.Lock()
	held := c.claims[topic]
	delete(c.claims, topic)
	c.mu.Unlock()
	if held != nil {
		c.server.relay.release(held)
	}
}

func (c *conn) subscribe(e *signal.Subscribe) (signal.Code, bool) {
	if !c.watch.AllowN(time.Now(), 1) {
		return signal.CodeTooFast, false
	}
	c.mu.Lock()
	_, known := c.watching[e.Topic]
	switch {
	case c.ended:
		c.mu.Unlock()
		return 0, true
	case !known && len(c.watching) >= c.server.config.Limits.SubscriptionsPerViewer:
		c.mu.Unlock()
		return signal.CodeTooMany, false
	}
	c.watching[e.Topic] = struct{}{}
	c.mu.Unlock()
	if c.server.relay.subscribe(c, e.Topic, e.Cached) != nil {
		return signal.CodeShuttingDown, false
	}
	c.mu.Lock()
	_, still := c.watching[e.Topic]
	c.mu.Unlock()
	if !still { // the connection ended meanwhile, and left before this came in
		c.server.relay.unsubscribe(c, e.Topic)
	}
	return 0, true
}

func (c *conn) unsubscribe(topic signal.Topic) {
	c.mu.Lock()
	_, ok := c.watching[topic]
	delete(c.watching, topic)
	c.mu.Unlock()
	if ok {
		c.server.relay.unsubscribe(c, topic)
	}
}
