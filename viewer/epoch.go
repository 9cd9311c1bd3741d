package viewer

import (
	"fmt"
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport/relay"
)

const (
	// formerFor is how long the relay's topic of the epoch before is still listened to when the new one brings nothing.
	formerFor = 2 * time.Second
	// lingerFor is how long relayed frames are still taken once the first came directly: those on the way are not lost.
	lingerFor = 500 * time.Millisecond
	// flowing is how long after a frame a stream counts as running, so that the relay's cache need not be sent.
	flowing = time.Second
)

// cameraEpoch is an epoch of a camera in this session.
type cameraEpoch struct {
	number  uint64
	topic   [16]byte // of which relay.Topic makes each stream's
	since   time.Time
	flowing [seal.MaxStream + 1]bool // frames of it have come
}

type subscription struct {
	topic  signal.Topic
	epoch  uint64
	stream seal.Stream
	copies *copies
	twin   server // by which it is subscribed to as well; nil: none
}

// epoch takes an epoch's key and acknowledges it once its frames can be received. The caller holds mu.
func (c *camera) epoch(now time.Time, m *control.Epoch) error {
	if !c.watched() {
		return nil // it crossed our Unwatch
	}
	e := seal.Epoch{Number: m.Number, ID: m.ID, Key: m.Key}
	if err := c.opener.AddEpoch(e); err != nil {
		// An agent that was started anew counts from below. Its streams begin anew too.
		c.closeLanes()
		c.opener = seal.NewOpener(seal.Source{Agent: c.h.session.conn.AgentKey(), Camera: c.key.Camera})
		c.epochs = nil
		if err := c.opener.AddEpoch(e); err != nil {
			return fmt.Errorf("%w: %w", errAccept, err)
		}
	}
	if at := slices.IndexFunc(c.epochs, func(o cameraEpoch) bool { return o.number >= m.Number }); at < 0 {
		c.epochs = append(c.epochs, cameraEpoch{number: m.Number, topic: m.Topic, since: now})
		if len(c.epochs) > seal.MaxEpochs {
			c.epochs = slices.Delete(c.epochs, 0, 1)
		}
	}
	c.subscribe(now)
	c.h.session.say(&control.EpochAck{Camera: c.number, Number: m.Number})
	c.pending.Release(now, c.knows, func(stream seal.Stream, sealed []byte) { c.open(now, control.Peer, stream, sealed) })
	return nil
}

// epochCame notes that frames of an epoch come, and leaves the former ones' topics.
func (c *camera) epochCame(now time.Time, number uint64, stream seal.Stream) {
	for i := range c.epochs {
		if e := &c.epochs[i]; e.number == number && !e.flowing[stream] {
			e.flowing[stream] = true
			c.subscribe(now)
		}
	}
}

// relayed reports whether frames are to come through the relay.
func (c *camera) relayed(now time.Time) bool {
	switch s := c.h.session; {
	case !c.watched() || c.v.cfg.Route == PeerOnly:
		return false
	case s.route.Has(control.Relay):
		return true
	}
	if c.linger && !c.direct.IsZero() && now.Sub(c.direct) > lingerFor {
		c.linger = false
	}
	return c.linger
}

// topicWanted reports whether the relay's topic of an epoch and a stream is to be listened to.
func (c *camera) topicWanted(now time.Time, i int, stream seal.Stream) bool {
	if !c.listens(now).Has(stream) {
		return false
	}
	newest := len(c.epochs) - 1
	return i == newest || !c.epochs[newest].flowing[stream] && now.Sub(c.epochs[newest].since) < formerFor
}

// subscribe brings the relay subscriptions in line with what is wanted. The caller holds mu; signal.Client only queues.
func (c *camera) subscribe(now time.Time) {
	if len(c.subs) == 0 && (len(c.epochs) == 0 || c.h.session == nil) {
		return
	}
	c.follow(now)
	s := c.h.session
	relayed := c.relayed(now)
	c.subs = slices.DeleteFunc(c.subs, func(sub subscription) bool {
		i := slices.IndexFunc(c.epochs, func(e cameraEpoch) bool { return e.number == sub.epoch })
		if relayed && i >= 0 && c.topicWanted(now, i, sub.stream) {
			return false
		}
		s.unsubscribe(&sub)
		return true
	})
	if !relayed {
		return
	}
	defer c.mirror()
	streams := c.listens(now)
	for i := range c.epochs {
		for stream := range seal.MaxStream + 1 {
			if streams.Has(stream) && !c.listen(now, i, stream) {
				return // the connection is over, and the session with it
			}
		}
	}
}

// listen subscribes to a stream of an epoch, if that is wanted and was not done; false if the connection is over.
func (c *camera) listen(now time.Time, i int, stream seal.Stream) bool {
	number := c.epochs[i].number
	known := slices.ContainsFunc(c.subs, func(sub subscription) bool { return sub.epoch == number && sub.stream == stream })
	if known || !c.topicWanted(now, i, stream) {
		return true
	}
	s := c.h.session
	topic := relay.Topic(c.epochs[i].topic, stream)
	seen := new(copies)
	err := s.server.Subscribe(topic, c.needsCache(now, stream), c.receiver(s, stream, seen, byMain))
	if err != nil {
		return false
	}
	c.subs = append(c.subs, subscription{topic: topic, epoch: number, stream: stream, copies: seen})
	return true
}

// unsubscribe ends a subscription by both connections.
func (s *agentSession) unsubscribe(sub *subscription) {
	s.server.Unsubscribe(sub.topic)
	if sub.twin != nil {
		sub.twin.Unsubscribe(sub.topic)
	}
}

// receiver takes frames of a stream by one of the connections to the server.
func (c *camera) receiver(s *agentSession, stream seal.Stream, seen *copies, by link) func(signal.RelayFrame) {
	v := c.v
	return func(f signal.RelayFrame) {
		v.mu.Lock()
		defer v.mu.Unlock()
		if s.over || !c.watched() {
			return
		}
		now := v.now()
		if known, ahead := seen.again(now, by, f.Sequence); known {
			c.stats.Copies++
			v.twin.copied(by, ahead)
			return
		}
		c.arrive(now, control.Relay, stream, f.Sealed)
	}
}

// needsCache reports whether the stream has to begin with what the relay kept of the current GOP. One that is tried waits for its next key
// frame: a whole GOP at once would be more than it has to prove to fit.
func (c *camera) needsCache(now time.Time, stream seal.Stream) bool {
	if stream != c.relayStream(now) {
		return false
	}
	l := c.lanes[stream]
	return l == nil || !l.keyed || len(l.held) > 0 || stream != c.current(now) || now.Sub(c.opened) > flowing
}
