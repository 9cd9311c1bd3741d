package server

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/signal"
)

// TestSlowViewerDelaysNobody stalls one viewer. The other gets every frame at once; the stalled one, once it reads again, whole groups of
// pictures from their key frame on.
func TestSlowViewerDelaysNobody(t *testing.T) {
	s := startServer(t, Config{Limits: Limits{ViewerQueue: 1 << 20}, KnockDelay: 10 * time.Millisecond})
	topic := signal.Topic(token())
	slow := dialRaw(t, s)
	slow.enter(signal.RoleViewer)
	slow.send(&signal.Subscribe{Topic: topic})
	fast := watch(t, dialViewer(t, s), topic, false)
	agent, _ := dialAgent(t, s)

	filling := strings.Repeat("x", 200_000)
	var sent []string
	for i := 0; s.Stats().DroppedFrames < 20; i++ {
		f := "d" + filling
		if i%5 == 0 {
			f = "K" + filling
		}
		sent = append(sent, f)
		publish(t, agent, topic, f)
		fast.expect(t, f)
		slow.send(&signal.Pong{})
		if i == 1000 {
			t.Fatal("200 MB wait for a viewer that does not read")
		}
	}
	// One more group, so that the stalled viewer has a place to start again.
	for range 5 {
		publish(t, agent, topic, "K"+filling)
		fast.expect(t, "K"+filling)
		sent = append(sent, "K")
	}
	last, gaps := uint32(0), 0
	for first := true; ; first = false {
		f, ok := slow.next().(*signal.RelayFrame)
		if !ok {
			t.Fatal("the stalled viewer was sent away")
		}
		if !first && f.Sequence <= last {
			t.Fatalf("frame %d after %d", f.Sequence, last)
		}
		if !first && f.Sequence != last+1 {
			gaps++
			if !f.Key {
				t.Fatalf("after a gap comes frame %d, which is no key frame", f.Sequence)
			}
		}
		if last = f.Sequence; int(last) == len(sent)-1 {
			break
		}
	}
	if gaps == 0 {
		t.Error("nothing was dropped")
	}
}

// order checks that a viewer gets whole groups of pictures, in order.
type order struct {
	begun bool
	last  uint32
	gaps  int
}

func (o *order) take(t *testing.T, f *signal.RelayFrame) {
	t.Helper()
	switch {
	case !o.begun:
	case f.Sequence <= o.last:
		t.Fatalf("frame %d after %d", f.Sequence, o.last)
	case f.Sequence == o.last+1:
	case !f.Key:
		t.Fatalf("after a gap comes frame %d, which is no key frame", f.Sequence)
	default:
		o.gaps++
	}
	o.begun, o.last = true, f.Sequence
}

// TestSlowReaderGetsWholeGroups has a viewer that takes one frame of four.
func TestSlowReaderGetsWholeGroups(t *testing.T) {
	s := startServer(t, Config{Limits: Limits{ViewerQueue: 1 << 20}, KnockDelay: 10 * time.Millisecond})
	topic := signal.Topic(token())
	slow := dialRaw(t, s)
	slow.enter(signal.RoleViewer)
	slow.send(&signal.Subscribe{Topic: topic})
	fast := watch(t, dialViewer(t, s), topic, false)
	agent, _ := dialAgent(t, s)
	filling := strings.Repeat("x", 100_000)
	var seen order
	next := func() *signal.RelayFrame {
		t.Helper()
		f, ok := slow.next().(*signal.RelayFrame)
		if !ok {
			t.Fatal("the slow viewer was sent away")
		}
		seen.take(t, f)
		return f
	}
	sent := uint32(0)
	for ; seen.gaps < 3; sent++ {
		f := "d" + filling
		if sent%5 == 0 {
			f = "K" + filling
		}
		publish(t, agent, topic, f)
		fast.expect(t, f)
		if sent%4 == 0 {
			next()
		}
		if sent == 5000 {
			t.Fatal("500 MB went by, and nothing was dropped for a viewer that takes a quarter")
		}
	}
	publish(t, agent, topic, "Klast") // finds room, or makes some
	for string(next().Sealed) != "Klast" {
	}
	if seen.last != sent {
		t.Errorf("the last frame is %d, want %d", seen.last, sent)
	}
}

// TestStalledViewersAreBounded has many viewers that read nothing: what waits for all of them waits once, and the others get every frame.
func TestStalledViewersAreBounded(t *testing.T) {
	const frame, queue, stalled = 100_000, 1 << 20, 20
	s := startServer(t, Config{Limits: Limits{ViewerQueue: queue}, KnockDelay: 10 * time.Millisecond})
	topic := signal.Topic(token())
	for range stalled {
		r := dialRaw(t, s)
		r.enter(signal.RoleViewer)
		r.send(&signal.Subscribe{Topic: topic})
	}
	fast := watch(t, dialViewer(t, s), topic, false)
	waitUntil(t, func() bool { return s.watchers(topic) == stalled+1 })
	agent, _ := dialAgent(t, s)
	filling := strings.Repeat("x", frame)
	most := int64(0)
	for i := 0; s.Stats().DroppedFrames < 20*stalled; i++ {
		f := "d" + filling
		if i%5 == 0 {
			f = "K" + filling
		}
		publish(t, agent, topic, f)
		fast.expect(t, f)
		most = max(most, s.Stats().WaitingBytes)
		if i == 2000 {
			t.Fatal("200 MB wait for viewers that do not read")
		}
	}
	if most > queue+2*frame || most < queue/2 {
		t.Errorf("up to %d bytes waited, for a queue of %d", most, queue)
	}
}

// TestAllQueuesTogetherAreBounded has stalled viewers of a topic each, whose queues may each hold more than all together.
func TestAllQueuesTogetherAreBounded(t *testing.T) {
	const frame, total, stalled = 100_000, 1 << 20, 8
	s := startServer(t, Config{Limits: Limits{TotalQueue: total}, KnockDelay: 10 * time.Millisecond})
	agent, _ := dialAgent(t, s)
	var topics []signal.Topic
	for range stalled {
		topic := signal.Topic(token())
		topics = append(topics, topic)
		r := dialRaw(t, s)
		r.enter(signal.RoleViewer)
		r.send(&signal.Subscribe{Topic: topic})
		waitUntil(t, func() bool { return s.watchers(topic) == 1 })
	}
	fast := watch(t, dialViewer(t, s), signal.Topic{1}, false)
	filling := strings.Repeat("x", frame)
	for i := 0; s.Stats().DroppedFrames < 20*stalled; i++ {
		for _, topic := range topics {
			publish(t, agent, topic, string("Kdddd"[i%5])+filling)
		}
		publish(t, agent, signal.Topic{1}, "Kfast")
		fast.expect(t, "Kfast")
		// Beyond the limit, a stream may have the one picture that found nothing waiting.
		if n := s.Stats().WaitingBytes; n > total+stalled*2*frame {
			t.Fatalf("%d bytes wait, of at most %d", n, total)
		}
		if i == 1000 {
			t.Fatal("nothing is dropped")
		}
	}
}

// TestViewerThatTakesNothingIsSentAway: it answers pings that it never reads, so only what waits for it tells.
func TestViewerThatTakesNothingIsSentAway(t *testing.T) {
	var book logBook
	s := startChanged(t, Config{Log: book.logger(), KnockDelay: 10 * time.Millisecond}, func(s *Server) {
		s.pingEvery, s.silentAfter = 200*time.Millisecond, 5*time.Second
	})
	topic := signal.Topic(token())
	stalled := dialRaw(t, s)
	stalled.enter(signal.RoleViewer)
	stalled.send(&signal.Subscribe{Topic: topic})
	agent, _ := dialAgent(t, s)
	waitUntil(t, func() bool { return s.watchers(topic) == 1 })
	filling := strings.Repeat("x", 1<<20)
	sentAway := fmt.Sprintf("code=%d", signal.CodeTooSlow)
	waitUntil(t, func() bool {
		if s.Stats().DroppedFrames == 0 {
			agent.Publish(topic, true, []byte("K"+filling))
		}
		stalled.Write(timeout(t), (&signal.Pong{}).Append(nil))
		return strings.Contains(book.String(), sentAway)
	})
	waitUntil(t, func() bool { return s.Stats().Connections == 1 && s.Stats().WaitingBytes == 0 })
}

// TestComingAndGoing has viewers that subscribe and unsubscribe all the time, and leave in the midst of it.
func TestComingAndGoing(t *testing.T) {
	s := startServer(t, Config{KnockDelay: 10 * time.Millisecond, Limits: Limits{SubscriptionsPerViewer: 1000}})
	topics := []signal.Topic{{1}, {2}, {3}, {4}}
	agent, _ := dialAgent(t, s)
	steady := watch(t, dialViewer(t, s), topics[0], true)
	done := make(chan struct{})
	var publishing, coming sync.WaitGroup
	publishing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			for _, topic := range topics {
				agent.Publish(topic, i%10 == 0, []byte(string("Kddddddddd"[i%10])+"x"))
			}
			if i%10 == 0 {
				steady.expect(t, "Kx") // keeps the publisher in step with the server
				continue
			}
			steady.expect(t, "dx")
		}
	})
	for n := range 4 {
		viewer := dialViewer(t, s)
		coming.Go(func() {
			for i := range 200 {
				topic := topics[(i+n)%len(topics)]
				if err := viewer.Subscribe(topic, i%2 == 0, func(f signal.RelayFrame) {
					if f.Topic != topic {
						t.Errorf("a frame of %x for a subscription to %x", f.Topic[:1], topic[:1])
					}
				}); err != nil {
					t.Error(err)
				}
				if i%3 > 0 {
					viewer.Unsubscribe(topic)
				}
			}
			viewer.Close()
		})
	}
	coming.Wait()
	waitUntil(t, func() bool { return s.Stats().Connections == 2 })
	close(done)
	publishing.Wait()
	agent.Close()
	waitUntil(t, func() bool { return s.hubs() == 1 && s.Stats().CachedBytes == 0 }) // steady's
}

// watchers returns how many watch a topic on this node.
func (s *Server) watchers(topic signal.Topic) int {
	s.relay.mu.Lock()
	h := s.relay.hubs[topic]
	s.relay.mu.Unlock()
	if h == nil {
		return 0
	}
	return int(h.watchers.Load())
}

func (s *Server) hubs() int {
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	return len(s.relay.hubs)
}
