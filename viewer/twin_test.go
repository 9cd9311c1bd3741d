package viewer

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// crossing carries a camera's main stream to the viewer by each of its connections, on each as late as the test says.
type crossing struct {
	s      *stage
	c      *testCamera
	queue  []crossed
	due    map[*testConn]time.Time // of the last frame
	frames int
	last   time.Time // when there was a new picture
	shown  string
}

type crossed struct {
	due    time.Time
	by     *testConn
	number uint32
	sealed []byte
}

// cross begins with a viewer that has the relay alone.
func cross(t *testing.T) (*stage, *crossing) {
	s := newStage(t)
	a := s.agent()
	cam := a.camera("porch", seal.Main, seal.Sub)
	s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
	s.wish(seal.Main, cam)
	return s, &crossing{s: s, c: cam, due: map[*testConn]time.Time{}}
}

// standing returns the connections that stand, the oldest first.
func (s *testServer) standing() (conns []*testConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		if c.Err() == nil {
			conns = append(conns, c)
		}
	}
	return conns
}

// play shoots frames, every 50th a key frame, each of which takes as long as late says by the connections in their order. It returns the longest
// time without a new picture.
func (r *crossing) play(frames int, late func(conn, frame int) time.Duration) (gap time.Duration) {
	r.s.t.Helper()
	for range frames {
		f := r.c.unit(seal.Main, r.frames%50 == 0, fmt.Appendf(nil, "m%03d", r.frames%1000))
		topic, sealed := r.c.topic(seal.Main), r.c.sealUp(seal.Main, f)
		number := r.s.server.number(topic)
		for i, conn := range r.s.server.standing() {
			r.due[conn] = later(r.due[conn], time.Now().Add(late(i, r.frames))) // none overtakes another
			r.queue = append(r.queue, crossed{r.due[conn], conn, number, sealed})
		}
		r.queue = slices.DeleteFunc(r.queue, func(q crossed) bool {
			if q.due.After(time.Now()) {
				return false
			}
			if q.by.Err() == nil {
				q.by.carry(topic, q.number, q.sealed)
			}
			return true
		})
		r.s.look(r.c)
		if drawn := r.s.drawn[r.c.key()]; len(drawn) > 0 && drawn[len(drawn)-1] != r.shown {
			r.last, r.shown = time.Now(), drawn[len(drawn)-1]
		}
		if !r.last.IsZero() {
			gap = max(gap, time.Since(r.last))
		}
		r.frames++
		time.Sleep(frameTime)
	}
	return gap
}

// until plays until there are so many connections, and returns after how long.
func (r *crossing) until(conns int, late func(conn, frame int) time.Duration) time.Duration {
	r.s.t.Helper()
	began := time.Now()
	for len(r.s.server.standing()) != conns {
		if r.play(5, late); time.Since(began) > 10*time.Minute {
			r.s.t.Fatalf("%d connections to the server, not %d", len(r.s.server.standing()), conns)
		}
	}
	return time.Since(began)
}

// stalling lets each connection stand still for half of the time, the second one while the first does not.
func stalling(conn, frame int) time.Duration { return stallingAlike(0, frame+5*conn) }

// stallingAlike lets all stand still at once.
func stallingAlike(_, frame int) time.Duration { return time.Duration(max(5-frame%10, 0)) * frameTime }

func punctual(int, int) time.Duration { return 0 }

// Where packets get lost a second connection brings each frame once more, and the picture no longer stands still.
func TestTwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := cross(t)
		defer s.stop()
		r.play(500, punctual)
		if n := len(s.server.standing()); n != 1 {
			t.Fatalf("%d connections on a good path", n)
		}
		if gap := r.play(50, stalling); gap < 5*frameTime {
			t.Fatalf("no picture for %v at most: nothing to mend", gap)
		}
		if after := r.until(2, stalling); after > 10*time.Second {
			t.Errorf("a second connection after %v", after)
		}
		synctest.Wait()
		topic := r.c.topic(seal.Main)
		twin := s.server.standing()[1]
		if twin.mu.Lock(); twin.topics[topic] == nil || twin.cached[topic] {
			t.Error("not subscribed to the stream, or with what the relay keeps of it")
		}
		twin.mu.Unlock()
		r.play(20, stalling)
		s.drawn[r.c.key()] = nil
		if gap := r.play(2000, stalling); gap > 2*frameTime {
			t.Errorf("no picture for %v", gap)
		}
		if n := len(s.drawn[r.c.key()]); n < 1990 {
			t.Errorf("%d of 2000 pictures were drawn", n)
		}
		tile := s.wantState(r.c, Live, ReasonNone)
		if st := tile.Stats; st.Copies < 1900 || st.Opening.RefusedTotal() != 0 || st.Duplicates != 0 || st.Dropped != 0 {
			t.Errorf("%+v", st)
		}
		if tile.Stream != seal.Main || len(s.server.standing()) != 2 || !s.v.Snapshot().Link.Twice {
			t.Errorf("stream %v, %d connections, %+v", tile.Stream, len(s.server.standing()), s.v.Snapshot().Link)
		}
		s.v.Wish([]Wish{{Key: r.c.key(), Stream: seal.Main, Hidden: true}})
		if r.until(1, stalling) > time.Second {
			t.Error("there is still a second connection for a page that nobody sees")
		}
	})
}

// A second connection that is late whenever the first is does not stay, and does not come back soon.
func TestTwinInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := cross(t)
		defer s.stop()
		r.until(2, stallingAlike)
		if stayed := r.until(1, stallingAlike); stayed > time.Minute {
			t.Errorf("it stayed for %v", stayed)
		}
		if after := r.until(2, stallingAlike); after < twinFirst || after > twinFirst+10*time.Second {
			t.Errorf("the next one came after %v", after)
		}
		r.until(1, stallingAlike)
		if after := r.until(2, stallingAlike); after < 2*twinFirst {
			t.Errorf("the third one came after %v", after)
		}
	})
}

// Where there is no room for a second connection it ends, and not the main stream.
func TestTwinWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := cross(t)
		defer s.stop()
		r.until(2, stalling)
		asked, began := len(r.c.watches()), r.frames
		if stayed := r.until(1, func(_, frame int) time.Duration {
			return time.Duration(frame-began) * frameTime / 2
		}); stayed > 3*time.Second {
			t.Errorf("it stayed for %v", stayed)
		}
		r.play(100, punctual)
		if tile := s.wantState(r.c, Live, ReasonNone); tile.Stream != seal.Main || len(r.c.watches()) != asked {
			t.Errorf("stream %v, asked for %+v", tile.Stream, lastWatch(r.c))
		}
		if after := r.until(2, stalling); after < twinFirst-10*time.Second {
			t.Errorf("the next one came after %v", after)
		}
	})
}

// A server that wants no second connection is not asked again and again, and the first is none the worse for it.
func TestTwinRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := cross(t)
		defer s.stop()
		r.play(100, punctual)
		s.server.setDown(true)
		r.play(750, stalling) // half a minute
		s.server.setDown(false)
		if after := r.until(2, stalling); after < 20*time.Second {
			t.Errorf("tried again after less than %v", 30*time.Second+after)
		}
		s.server.standing()[1].end(&signal.Refusal{Code: signal.CodeTooSlow})
		r.play(50, punctual)
		tile := s.wantState(r.c, Live, ReasonNone)
		if len(s.server.standing()) != 1 || tile.Stats.Resyncs != 0 {
			t.Errorf("%d connections, %+v", len(s.server.standing()), tile.Stats)
		}
	})
}
