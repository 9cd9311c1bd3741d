package viewer

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// relayStage is a viewer that watches by the relay a camera that the test publishes for by hand.
func relayStage(t *testing.T) (*stage, *slowRelay, *testCamera) {
	s := newStage(t)
	a := s.agent()
	cam := a.camera("porch", seal.Main, seal.Sub)
	s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
	s.wish(seal.Main, cam)
	return s, &slowRelay{s: s, c: cam}, cam
}

// slowRelay passes a camera's frames on as late as it is told.
type slowRelay struct {
	s      *stage
	c      *testCamera
	queue  []lateFrame
	due    [2]time.Time // of each stream's last frame
	frames int
	last   time.Time // when there was a new picture
	shown  codec.Timestamp
}

type lateFrame struct {
	due    time.Time
	stream seal.Stream
	sealed []byte
}

// play makes pictures of both streams each frameTime, key frames every 50, and passes on what is subscribed to, late by so much. It returns the
// longest time without a new picture on the screen.
func (r *slowRelay) play(frames int, late func(seal.Stream) time.Duration) (gap time.Duration) {
	r.s.t.Helper()
	for range frames {
		gap = max(gap, r.frame(late))
		time.Sleep(frameTime)
	}
	return gap
}

// frame is a single one of play. It returns the time since the last new picture.
func (r *slowRelay) frame(late func(seal.Stream) time.Duration) time.Duration {
	r.s.t.Helper()
	for _, st := range []seal.Stream{seal.Main, seal.Sub} {
		f := r.c.unit(st, r.frames%50 == 0, fmt.Appendf(nil, "%d%03d", st, r.frames%1000))
		r.due[st] = later(r.due[st], time.Now().Add(late(st))) // no frame of a stream overtakes another
		r.queue = append(r.queue, lateFrame{r.due[st], st, r.c.sealUp(st, f)})
	}
	r.frames++
	r.queue = slices.DeleteFunc(r.queue, func(q lateFrame) bool {
		if q.due.After(time.Now()) {
			return false
		}
		r.s.server.publish(r.c.topic(q.stream), q.sealed)
		return true
	})
	r.s.look(r.c)
	if r.last.IsZero() || r.s.last[r.c.key()] != r.shown {
		r.last, r.shown = time.Now(), r.s.last[r.c.key()]
	}
	return time.Since(r.last)
}

func onTime(seal.Stream) time.Duration { return 0 }

// streams lists of which stream the drawn pictures were, runs of one as one.
func (s *stage) streams(c *testCamera) (runs string) {
	for _, payload := range s.drawn[c.key()] {
		if len(runs) == 0 || runs[len(runs)-1] != payload[0] {
			runs += payload[:1]
		}
	}
	delete(s.drawn, c.key())
	return runs
}

func (s *testServer) cachedFor(topic [16]byte) (cached bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.mu.Lock()
		cached = cached || c.cached[topic]
		c.mu.Unlock()
	}
	return cached
}

// A relay that is too slow for the main stream: the viewer takes the sub-stream and says why; later it tries the main stream beside it, without
// the GOP that the relay keeps, shows it as soon as it is there, and stays with it.
func TestRelayLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r, cam := relayStage(t)
		defer s.stop()
		r.play(100, onTime)
		if runs := s.streams(cam); runs != "0" {
			t.Errorf("drawn of streams %s", runs)
		}
		r.play(75, func(st seal.Stream) time.Duration {
			if st == seal.Main {
				return 800 * time.Millisecond
			}
			return 0
		})
		if runs := s.streams(cam); runs != "01" {
			t.Errorf("drawn of streams %s", runs)
		}
		if w := lastWatch(cam); w.Stream != seal.Sub || w.Lower != 0 || w.Again {
			t.Errorf("asked for %+v", w)
		}
		if s.server.subscribed(cam.topic(seal.Main)) || !s.server.subscribed(cam.topic(seal.Sub)) || !s.server.cachedFor(cam.topic(seal.Sub)) {
			t.Error("subscribed to another stream")
		}
		tile := s.wantState(cam, Live, ReasonNone)
		if tile.Lowered != ReasonPath || tile.Stream != seal.Sub {
			t.Errorf("stream %v, lowered %v", tile.Stream, tile.Lowered)
		}

		before := len(cam.watches())
		for len(cam.watches()) == before {
			r.play(10, onTime)
		}
		if w := lastWatch(cam); w.Stream != seal.Main || w.Lower != control.StreamsOf(seal.Sub) {
			t.Fatalf("asked for %+v", w)
		}
		r.play(10, onTime)
		if s.server.subscribed(cam.topic(seal.Main)) {
			t.Error("subscribed while the relay gets the whole GOP")
		}
		if gap := r.play(100, onTime); gap > 2*frameTime {
			t.Errorf("no picture for %v", gap)
		}
		if runs := s.streams(cam); runs != "10" {
			t.Errorf("drawn of streams %s", runs)
		}
		if w := lastWatch(cam); w.Stream != seal.Main || w.Lower != 0 {
			t.Errorf("asked for %+v", w)
		}
		if s.server.cachedFor(cam.topic(seal.Main)) && s.server.subscribed(cam.topic(seal.Sub)) {
			t.Error("still subscribed to the sub-stream")
		}
		tile = s.wantState(cam, Live, ReasonNone)
		if tile.Lowered != ReasonNone || tile.Stream != seal.Main || tile.Stats.Resyncs != 0 || s.lanes(cam) != 1 {
			t.Errorf("tile %+v, %d lanes", tile, s.lanes(cam))
		}
	})
}

// A try that fails costs less than a second of standstill and is not repeated soon; the stills come when not even the sub-stream fits.
func TestRelayLadderInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r, cam := relayStage(t)
		defer s.stop()
		tries := 0
		var triedAt []time.Time
		slow := func(st seal.Stream) time.Duration {
			w := lastWatch(cam)
			switch {
			case s.server.subscribed(cam.topic(seal.Main)) && w.Lower != 0:
				return 500 * time.Millisecond // both are late while both come
			case st == seal.Main:
				return 700 * time.Millisecond
			}
			return 0
		}
		r.play(50, onTime)
		r.play(100, slow)
		if w := lastWatch(cam); w.Stream != seal.Sub {
			t.Fatalf("asked for %+v", w)
		}
		was := control.Streams(0)
		var gap time.Duration
		for range 200 {
			gap = max(gap, r.play(10, slow))
			w := lastWatch(cam)
			if w.Lower != 0 && was == 0 {
				tries++
				triedAt = append(triedAt, time.Now())
			}
			was = w.Lower
		}
		if gap > time.Second {
			t.Errorf("no picture for %v", gap)
		}
		if tries < 2 || tries > 3 || len(triedAt) > 1 && triedAt[1].Sub(triedAt[0]) < 19*time.Second {
			t.Errorf("tried at %v", triedAt)
		}
		if runs := s.streams(cam); runs != "01" {
			t.Errorf("drawn of streams %s", runs)
		}
		if tile := s.look(cam); tile.Stream != seal.Sub || tile.Stats.Resyncs != 0 || s.lanes(cam) != 1 {
			t.Errorf("stream %v, %d resyncs, %d lanes", tile.Stream, tile.Stats.Resyncs, s.lanes(cam))
		}
	})
}

// Of several cameras one at a time tries a larger stream, the one with the largest picture first; and what comes late meanwhile makes no other
// go down.
func TestRelayLadderOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		small, large := stillCamera(a, "porch", seal.Main, seal.Sub), stillCamera(a, "garden", seal.Main, seal.Sub)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.v.Wish([]Wish{{Key: small.key(), Stream: seal.Main, Area: 1 << 18}, {Key: large.key(), Stream: seal.Main, Area: 1 << 20}})
		synctest.Wait()
		relays := []*slowRelay{{s: s, c: small}, {s: s, c: large}}
		trying := func(c *testCamera) bool { return lastWatch(c).Lower != 0 }
		play := func(frames int, late time.Duration) {
			for range frames {
				for _, r := range relays {
					r.frame(func(seal.Stream) time.Duration { return late })
				}
				if trying(small) && trying(large) {
					t.Fatal("both try at once")
				}
				time.Sleep(frameTime)
			}
		}
		play(50, 0)
		for n := 0; n < 100 && (lastWatch(small).Stream != seal.Sub || lastWatch(large).Stream != seal.Sub); n++ {
			play(1, 800*time.Millisecond)
		}
		play(50, 0)
		if lastWatch(small).Stream != seal.Sub || lastWatch(large).Stream != seal.Sub {
			t.Fatalf("asked for %+v and %+v", lastWatch(small), lastWatch(large))
		}
		play(50, 300*time.Millisecond) // they may have gone down a tick apart: now both wait for the same
		for n := 0; n < 500 && !trying(small) && !trying(large); n++ {
			play(1, 0)
		}
		if trying(small) || !trying(large) {
			t.Fatalf("small %+v, large %+v", lastWatch(small), lastWatch(large))
		}
		for n := 0; n < 200 && trying(large); n++ { // everything is late while it tries
			play(1, 700*time.Millisecond)
		}
		play(40, 0)
		if lastWatch(small).Stream != seal.Sub || lastWatch(large).Stream != seal.Sub {
			t.Errorf("asked for %+v and %+v", lastWatch(small), lastWatch(large))
		}
		for n := 0; n < 3000 && (lastWatch(small) != control.Watch{Camera: 0, Stream: seal.Main, Route: control.Relay} ||
			lastWatch(large) != control.Watch{Camera: 1, Stream: seal.Main, Route: control.Relay}); n++ {
			play(1, 0)
		}
		if lastWatch(small).Stream != seal.Main || lastWatch(large).Stream != seal.Main {
			t.Errorf("asked for %+v and %+v", lastWatch(small), lastWatch(large))
		}
	})
}

// Whole groups of pictures that are missing mean the same as late ones.
func TestRelayDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, cam := relayStage(t)
		defer s.stop()
		s.play(cam, seal.Main, "a", 10)
		for range 2 {
			for i := range 20 {
				cam.unit(seal.Main, i == 0, []byte("gone"))
				time.Sleep(frameTime)
			}
			s.play(cam, seal.Main, "b", 10)
		}
		time.Sleep(2 * tickEvery)
		synctest.Wait()
		if w := lastWatch(cam); w.Stream != seal.Sub {
			t.Errorf("asked for %+v", w)
		}
	})
}

// A slow relay has taken the viewer down to stills, which never come. When the agent takes the offer back, the moving picture is there again.
func TestRelayStillsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := stillCamera(a, "porch", seal.Main, seal.Sub)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		r := &slowRelay{s: s, c: cam}
		r.play(100, onTime)
		r.play(300, func(seal.Stream) time.Duration { return 800 * time.Millisecond })
		if w := lastWatch(cam); w.Stream != seal.Still {
			t.Fatalf("asked for %+v", w)
		}
		r.play(150, onTime)
		if tile := s.look(cam); tile.State == Live {
			t.Errorf("live without stills: %+v", tile)
		}
		m := a.guest(s, cam)
		a.set(func() { cam.streams = []seal.Stream{seal.Main, seal.Sub} })
		a.tell(a.newTerms(m))
		r.play(60, onTime)
		if w := lastWatch(cam); w.Stream != seal.Sub {
			t.Errorf("asked for %+v", w)
		}
		if tile := s.wantState(cam, Live, ReasonNone); tile.Lowered != ReasonPath || tile.Stream != seal.Sub {
			t.Errorf("stream %v, lowered %v", tile.Stream, tile.Lowered)
		}
	})
}

// While nobody can see the tile, the relay carries the small stream; the large one is there again as soon as somebody can.
func TestHiddenByRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, cam := relayStage(t)
		defer s.stop()
		s.play(cam, seal.Main, "a", 5)
		hide := func(hidden bool) {
			s.v.Wish([]Wish{{Key: cam.key(), Stream: seal.Main, Area: 1 << 20, Hidden: hidden}})
			synctest.Wait()
		}
		hide(true)
		if w := lastWatch(cam); w.Stream != seal.Sub {
			t.Errorf("hidden: %+v", w)
		}
		s.play(cam, seal.Sub, "s", 500) // no larger one is tried
		if tile := s.wantState(cam, Live, ReasonNone); tile.Lowered != ReasonNone {
			t.Errorf("lowered: %v", tile.Lowered)
		}
		hide(false)
		if w := lastWatch(cam); w.Stream != seal.Main || w.Lower != 0 || !s.server.cachedFor(cam.topic(seal.Main)) {
			t.Errorf("in sight again: %+v", w)
		}
		delete(s.drawn, cam.key())
		s.play(cam, seal.Main, "m", 3)
		s.wantDrawn(cam, "m", 0, 3)
	})
}
