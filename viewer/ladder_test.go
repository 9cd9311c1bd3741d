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

// pipe is a server's connection to a viewer: what it carries a second is given, what comes faster waits, and what waits too long drops out in
// whole GOPs.
type pipe struct {
	rate   float64 // bits a second
	free   time.Duration
	broken [2]bool // by stream: dropping until the next key frame
}

const pipeQueue = 1500 * time.Millisecond

// carry returns when a frame is through; false if it was dropped.
func (p *pipe) carry(at time.Duration, stream int, bits float64, key bool) (time.Duration, bool) {
	if key {
		p.broken[stream] = false
	}
	if p.broken[stream] || p.free-at > pipeQueue {
		p.broken[stream] = true
		return 0, false
	}
	p.free = max(p.free, at) + time.Duration(bits/p.rate*float64(time.Second))
	return p.free + 20*time.Millisecond, true
}

// run is what a ladder does over a pipe with a main stream of 3 Mbit/s and a sub-stream of 0.4 Mbit/s.
type run struct {
	steps  []string        // with their seconds
	main   time.Duration   // that the main stream was shown alone
	worst  time.Duration   // delay of a frame of the stream that is shown, after the first settling
	frozen time.Duration   // the longest time without one
	tries  []time.Duration // when
}

// simulate plays a time of it. rate gives the pipe's rate.
func simulate(length time.Duration, rate func(time.Duration) float64) (r run) {
	const tick, mainEvery, subEvery, gop = 10 * time.Millisecond, 30, 60, 2 * time.Second
	type frame struct {
		at, captured time.Duration
		stream       int
		key          bool
	}
	var l ladder
	var p pipe
	var due []frame
	origin := time.Unix(1_700_000_000, 0)
	stamp := func(d time.Duration) codec.Timestamp { return codec.Timestamp((time.Hour + d) / time.Microsecond) }
	stream, keyed := 0, true
	last := time.Duration(0)
	l.settle(origin, stamp(0))
	for now := time.Duration(0); now < length; now += tick {
		p.rate = rate(now)
		for s, every := range []time.Duration{mainEvery * time.Millisecond, subEvery * time.Millisecond} {
			open := s == stream || s == 0 && l.opens(origin.Add(now))
			if now%every != 0 || !open {
				continue
			}
			bits, key := []float64{3e6, 0.4e6}[s]*every.Seconds(), now%gop < every
			if key {
				bits *= 6
			}
			if at, ok := p.carry(now, s, bits, key); ok {
				due = append(due, frame{at, now, s, key})
			} else if key {
				l.dropped(origin.Add(now))
			}
		}
		for len(due) > 0 && due[0].at <= now {
			f := due[0]
			due = due[1:]
			l.came(origin.Add(now), stamp(f.captured))
			if f.stream != stream && f.key {
				keyed = true
				l.appeared(origin.Add(now))
			}
			if f.stream == stream || keyed && f.stream == 0 {
				if now > 5*time.Second {
					r.worst = max(r.worst, now-f.captured)
					r.frozen = max(r.frozen, now-last)
				}
				last = now
			}
		}
		if stream == 0 {
			r.main += tick
		}
		if now%tickEvery != 0 && !l.tooMuch {
			continue
		}
		s := l.next(origin.Add(now), stream == 0, stream == 1, true)
		if s == stay {
			continue
		}
		switch s {
		case down:
			stream = 1
		case try:
			keyed = false
			r.tries = append(r.tries, now)
		case rise:
			stream = 0
		}
		l.took(origin.Add(now), s, stamp(now))
		r.steps = append(r.steps, fmt.Sprintf("%s@%.1f", map[step]string{down: "down", try: "try", giveUp: "giveUp", rise: "rise"}[s], now.Seconds()))
	}
	return r
}

// Over a pipe that carries the main stream it stays; over one that does not it goes down soon, and what it costs to find out later whether that
// has changed is no more than a moment, ever more rarely; when it has, it goes back up.
func TestLadder(t *testing.T) {
	steady := func(rate float64) func(time.Duration) float64 { return func(time.Duration) float64 { return rate } }

	r := simulate(2*time.Minute, steady(6e6))
	if len(r.steps) != 0 {
		t.Errorf("6 Mbit/s: %v", r.steps)
	}
	r = simulate(5*time.Minute, steady(1.5e6))
	t.Logf("1.5 Mbit/s: %v, worst delay %v, longest freeze %v", r.steps, r.worst, r.frozen)
	if r.main > 4*time.Second || r.worst > 1500*time.Millisecond || r.frozen > 500*time.Millisecond || slices.Contains(r.steps, "rise") {
		t.Errorf("1.5 Mbit/s: main for %v, worst delay %v, frozen for %v, %v", r.main, r.worst, r.frozen, r.steps)
	}
	if len(r.tries) < 4 || len(r.tries) > 6 {
		t.Errorf("1.5 Mbit/s: tried at %v", r.tries)
	}
	for i := 2; i < len(r.tries); i++ {
		if r.tries[i]-r.tries[i-1] < (r.tries[i-1]-r.tries[i-2])*3/2 && r.tries[i]-r.tries[i-1] < tryMost {
			t.Errorf("1.5 Mbit/s: tried at %v", r.tries)
		}
	}
	r = simulate(2*time.Minute, func(at time.Duration) float64 {
		if at > 20*time.Second && at < 40*time.Second {
			return 1e6
		}
		return 6e6
	})
	t.Logf("a slow spell: %v", r.steps)
	if len(r.steps) < 3 || r.steps[0][:4] != "down" || r.steps[len(r.steps)-1][:4] != "rise" || r.main < 80*time.Second {
		t.Errorf("a slow spell: main for %v, %v", r.main, r.steps)
	}
	r = simulate(5*time.Minute, func(at time.Duration) float64 { // there is room for the main stream every other 20 s
		if at/(20*time.Second)%2 == 1 {
			return 1e6
		}
		return 6e6
	})
	t.Logf("now and then: %v", r.steps)
	if len(r.steps) > 40 {
		t.Errorf("now and then: %v", r.steps)
	}
	// A stall that ends, as when lost packets come again, is no lack of room.
	var l ladder
	now := time.Unix(1_700_000_000, 0)
	l.settle(now, 0)
	for i := range 600 {
		now = now.Add(40 * time.Millisecond)
		delay := time.Duration(0)
		if i%100 > 80 {
			delay = time.Duration(100-i%100) * 40 * time.Millisecond // 19 frames at once
		}
		if i%100 > 80 {
			continue
		}
		for j := range 20 {
			if i%100 == 0 && i > 0 {
				l.came(now, codec.Timestamp(now.Add(-time.Duration(20-j)*40*time.Millisecond).UnixMicro()))
			}
		}
		l.came(now, codec.Timestamp(now.Add(-delay).UnixMicro()))
		if s := l.next(now, true, false, true); s != stay {
			t.Fatalf("after a stall: %v", s)
		}
	}
}

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
