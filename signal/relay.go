package signal

import (
	"errors"

	"github.com/sealcam/sealcam/signal/outbox"
)

// Publish hands a sealed frame to the relay and never blocks. When the path is too slow, whole groups of pictures are dropped: it then
// returns false until a key frame fits again.
func (c *Client) Publish(topic Topic, key bool, sealed []byte) bool {
	if len(sealed) == 0 || len(sealed) > MaxSealed {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock() // held while queueing, so that sequence and order agree
	if c.err != nil {
		return false
	}
	sequence := c.sequences[topic]
	c.sequences[topic] = sequence + 1
	e := Publish{Topic: topic, Sequence: sequence, Key: key, Sealed: sealed}
	return c.out.Media(topic, key, outbox.NewMessage(nil, e.Append(make([]byte, 0, frameHead+len(sealed)))))
}

// Dropped returns how many published frames were dropped here.
func (c *Client) Dropped() uint64 { return c.out.Dropped() }

// Retire makes the relay forget a topic. Frames of it that still wait here are dropped.
func (c *Client) Retire(topic Topic) {
	c.mu.Lock()
	delete(c.sequences, topic)
	c.mu.Unlock()
	c.out.Forget(topic)
	c.control(&Retire{Topic: topic})
}

// Subscribe asks for a topic's frames; with cached, first for what the relay holds of the current group of pictures. fn is called in
// order, on one goroutine for all topics of the client, and must not block; it may keep what it is given. A second call for the
// same topic replaces the first.
func (c *Client) Subscribe(topic Topic, cached bool, fn func(RelayFrame)) error {
	if fn == nil {
		return errors.New("signal: no function to call")
	}
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return c.err
	}
	c.subscriptions[topic] = fn
	c.mu.Unlock()
	c.control(&Subscribe{Topic: topic, Cached: cached})
	return nil
}

// Unsubscribe ends a subscription. A call of its function that is under way may still finish.
func (c *Client) Unsubscribe(topic Topic) {
	c.mu.Lock()
	_, ok := c.subscriptions[topic]
	delete(c.subscriptions, topic)
	c.mu.Unlock()
	if ok {
		c.control(&Unsubscribe{Topic: topic})
	}
}

// frame passes a relayed frame on. Frames may still come for a topic that was left.
func (c *Client) frame(e *RelayFrame) {
	c.mu.Lock()
	fn := c.subscriptions[e.Topic]
	c.mu.Unlock()
	if fn != nil {
		fn(*e)
	}
}
