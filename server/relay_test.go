package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/signal"
)

func contextDone() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 50*time.Millisecond)
}

func refusalCode(err error) signal.Code {
	var r *signal.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return 0
}

func echo(t *testing.T, from, to *signal.Pipe) {
	t.Helper()
	if _, err := from.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	to.SetReadDeadline(time.Now().Add(wait))
	b := make([]byte, 5)
	if _, err := io.ReadFull(to, b); err != nil || string(b) != "hello" {
		t.Fatalf("%q, %v", b, err)
	}
}

// watcher gathers the frames of a topic as texts: the sealed bytes, which begin with K for a key frame, and a c for those of the cache.
type watcher struct{ frames chan string }

func watch(t *testing.T, viewer *signal.Client, topic signal.Topic, cached bool) *watcher {
	t.Helper()
	w := &watcher{frames: make(chan string, 1000)}
	err := viewer.Subscribe(topic, cached, func(f signal.RelayFrame) {
		text := string(f.Sealed)
		if f.Key != strings.HasPrefix(text, "K") {
			text += "?"
		}
		if f.Cached {
			text += "c"
		}
		select {
		case w.frames <- text:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	flush(t, viewer, nil)
	return w
}

// flush waits until the server has handled what a client sent: a knock at nobody's door is answered after it. For agents, which do
// not knock, it shows that a first publish is through by claiming a topic of its own.
func flush(t *testing.T, c *signal.Client, s *Server) {
	t.Helper()
	if s == nil {
		if _, _, err := c.Knock(timeout(t), [32]byte{}, [16]byte{}); !errors.Is(err, signal.ErrUnavailable) {
			t.Fatal(err)
		}
		return
	}
	topic := signal.Topic(token())
	w := watch(t, dialViewer(t, s), topic, false)
	publish(t, c, topic, "Kflush")
	w.expect(t, "Kflush")
}

func (w *watcher) expect(t *testing.T, want ...string) {
	t.Helper()
	for i, x := range want {
		select {
		case got := <-w.frames:
			if got != x {
				t.Fatalf("frame %d is %q, want %q", i, got, x)
			}
		case <-time.After(wait):
			t.Fatalf("frame %d, %q, did not come", i, x)
		}
	}
}

func publish(t *testing.T, agent *signal.Client, topic signal.Topic, frames ...string) {
	t.Helper()
	for _, f := range frames {
		if !agent.Publish(topic, f[0] == 'K', []byte(f)) {
			t.Fatalf("%q was dropped", f)
		}
	}
}

func TestRelay(t *testing.T) {
	s := startServer(t, Config{KnockDelay: 10 * time.Millisecond})
	agent, _ := dialAgent(t, s)
	topic := signal.Topic(token())

	early := watch(t, dialViewer(t, s), topic, true) // before anybody publishes
	publish(t, agent, topic, "K0", "d1")
	early.expect(t, "K0", "d1")
	viewer := dialViewer(t, s)
	late := watch(t, viewer, topic, true)
	live := watch(t, dialViewer(t, s), topic, false)
	late.expect(t, "K0c", "d1c")
	publish(t, agent, topic, "d2", "K3")
	late.expect(t, "d2", "K3")
	live.expect(t, "d2", "K3")
	early.expect(t, "d2", "K3")

	// The cache follows the newest group of pictures.
	second := watch(t, dialViewer(t, s), topic, true)
	second.expect(t, "K3c")

	// Asked again, it replays, and the topic is not sent twice from then on.
	again := watch(t, viewer, topic, true)
	again.expect(t, "K3c")
	publish(t, agent, topic, "d4")
	again.expect(t, "d4")
	publish(t, agent, topic, "d5")
	again.expect(t, "d5")

	// A retired topic leaves nothing behind, and may be another's.
	agent.Retire(topic)
	flush(t, agent, s)
	if n := s.Stats().CachedBytes; n > 200 { // flush's own topic is still cached
		t.Errorf("%d bytes cached after a retire", n)
	}
	other, _ := dialAgent(t, s)
	publish(t, other, topic, "K0other")
	second.expect(t, "d4", "d5", "K0other")
	viewer.Unsubscribe(topic)
	flush(t, viewer, nil)
	publish(t, other, topic, "d1other")
	second.expect(t, "d1other")
	select {
	case f := <-again.frames:
		if f != "K0other" {
			t.Errorf("%q came after unsubscribing", f)
		}
	default:
	}
}

func TestTopicGoesWithItsPublisher(t *testing.T) {
	s := startServer(t, Config{KnockDelay: 10 * time.Millisecond})
	topic := signal.Topic(token())
	agent, _ := dialAgent(t, s)
	w := watch(t, dialViewer(t, s), topic, false)
	publish(t, agent, topic, "K0")
	w.expect(t, "K0")

	stranger, _ := dialAgent(t, s)
	publish(t, stranger, topic, "Kstranger")
	flush(t, stranger, s)
	publish(t, agent, topic, "d1")
	w.expect(t, "d1")
	agent.Close()
	waitUntil(t, func() bool { return s.Stats().Connections == 2+1 }) // w's, stranger and flush's viewer
	publish(t, stranger, topic, "Know")
	w.expect(t, "Know")
}

func waitUntil(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(wait); !ok(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("it did not come about")
		}
	}
}

// TestCacheIsBounded fills the cache beyond the topic's and the node's limit.
func TestCacheIsBounded(t *testing.T) {
	const frame = 1000
	s := startServer(t, Config{KnockDelay: 10 * time.Millisecond, Limits: Limits{TopicCache: 5 * frame, TotalCache: 8 * frame}})
	agent, _ := dialAgent(t, s)
	pad := func(head string) string { return head + strings.Repeat("x", frame-len(head)-64) }

	big := signal.Topic(token())
	live := watch(t, dialViewer(t, s), big, false)
	for i := range 6 { // one more than fits
		publish(t, agent, big, pad(fmt.Sprintf("%c%d", "Kdddddd"[i], i)))
	}
	for i := range 6 {
		live.expect(t, pad(fmt.Sprintf("%c%d", "Kdddddd"[i], i)))
	}
	if n := s.Stats().CachedBytes; n != 0 {
		t.Errorf("%d bytes cached of a group of pictures that is too large", n)
	}
	for i := range 10 {
		topic := signal.Topic(token())
		w := watch(t, dialViewer(t, s), topic, false)
		publish(t, agent, topic, pad(fmt.Sprintf("K%d", i)))
		w.expect(t, pad(fmt.Sprintf("K%d", i)))
		if n := s.Stats().CachedBytes; n > 8*frame {
			t.Fatalf("%d bytes cached after %d topics, of at most %d", n, i+1, 8*frame)
		}
	}
	if n := s.Stats().CachedBytes; n < 6*frame {
		t.Errorf("%d bytes cached, the limit is %d", n, 8*frame)
	}
	agent.Close()
	waitUntil(t, func() bool { return s.Stats().CachedBytes == 0 })
}

// cachedFrames returns how many frames of a topic this node has in its cache.
func (s *Server) cachedFrames(topic signal.Topic) int {
	s.relay.mu.Lock()
	h := s.relay.hubs[topic]
	s.relay.mu.Unlock()
	if h == nil {
		return 0
	}
	return len(h.snapshot())
}

// TestFullCacheMakesRoom fills the cache with topics that nobody watches. New ones find room, those that are watched keep theirs, and the
// others give way, who was not watched for longest first, until somebody comes to them.
func TestFullCacheMakesRoom(t *testing.T) {
	const frame, room = 1000, 16
	s := startServer(t, Config{KnockDelay: 10 * time.Millisecond, Limits: Limits{TotalCache: room * frame}})
	agent, _ := dialAgent(t, s)
	key := "K" + strings.Repeat("x", frame-64)
	put := func(topic signal.Topic) {
		t.Helper()
		publish(t, agent, topic, key)
		waitUntil(t, func() bool { return s.cachedFrames(topic) == 1 })
		if n := s.Stats().CachedBytes; n > room*frame {
			t.Fatalf("%d bytes cached, of at most %d", n, room*frame)
		}
	}
	watched := signal.Topic{0xff}
	viewer := dialViewer(t, s)
	w := watch(t, viewer, watched, false)
	put(watched)
	w.expect(t, key)
	var topics []signal.Topic
	for i := range 3 * room {
		topics = append(topics, signal.Topic{byte(i)})
		put(topics[i])
	}
	if s.cachedFrames(watched) != 1 {
		t.Error("the topic that is watched gave way to others")
	}
	for _, topic := range topics[:room] {
		if s.cachedFrames(topic) > 0 {
			t.Error("an old topic is still cached")
		}
	}

	// Who gave way makes nobody else give way, and gets in again when somebody comes.
	young := topics[len(topics)-1]
	gone := watch(t, viewer, topics[1], true)
	for range 3 {
		publish(t, agent, topics[0], key)
	}
	publish(t, agent, topics[1], key)
	gone.expect(t, key)
	waitUntil(t, func() bool { return s.cachedFrames(topics[1]) == 1 })
	if s.cachedFrames(young) != 1 || s.cachedFrames(watched) != 1 {
		t.Error("a topic that nobody watches took the place of another")
	}
	late := watch(t, dialViewer(t, s), topics[1], true)
	late.expect(t, key+"c")

	// A retired topic gives its memory back, and so does a publisher that goes.
	before := s.Stats().CachedBytes
	agent.Retire(young)
	waitUntil(t, func() bool { return s.Stats().CachedBytes <= before-frame/2 })
	agent.Close()
	waitUntil(t, func() bool { return s.Stats().CachedBytes == 0 && s.Stats().WaitingBytes == 0 })
}

// TestJoiningCostsOnce has many viewers come during one group of pictures.
func TestJoiningCostsOnce(t *testing.T) {
	const frame = 100_000
	s := startServer(t, Config{KnockDelay: 10 * time.Millisecond, Limits: Limits{TopicCache: 4.5 * frame}})
	agent, _ := dialAgent(t, s)
	topic := signal.Topic(token())
	first := watch(t, dialViewer(t, s), topic, true)
	filling := strings.Repeat("x", frame)
	publish(t, agent, topic, "K"+filling, "d"+filling)
	first.expect(t, "K"+filling, "d"+filling)
	for range 10 {
		watch(t, dialViewer(t, s), topic, true).expect(t, "K"+filling+"c", "d"+filling+"c")
	}
	if n := s.Stats().CachedBytes; n < 4*frame || n > 5*frame {
		t.Errorf("%d bytes for two frames of %d and the same for joining viewers", n, frame)
	}

	// What is made for them takes no room from the group itself.
	publish(t, agent, topic, "d"+filling, "d"+filling)
	first.expect(t, "d"+filling, "d"+filling)
	watch(t, dialViewer(t, s), topic, true).expect(t, "K"+filling+"c", "d"+filling+"c", "d"+filling+"c", "d"+filling+"c")
}
