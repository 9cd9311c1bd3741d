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

// direct shoots a picture and sends it by the direct path, whatever was asked for.
func (s *stage) direct(c *testCamera, stream seal.Stream, key bool, payload string) Tile {
	s.t.Helper()
	s.peer.frame(c.number, c.sealUp(stream, c.unit(stream, key, []byte(payload))))
	return s.look(c)
}

// directly shoots n pictures so, the first a key frame.
func (s *stage) directly(c *testCamera, stream seal.Stream, prefix string, n int) {
	s.t.Helper()
	for i := range n {
		s.direct(c, stream, i == 0, fmt.Sprintf("%s%0*d", prefix, 4-len(prefix), i))
		time.Sleep(frameTime)
	}
}

// What waited for a lost frame is shown like anything else: decoders take it within a moment.
func TestHeldFramesAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.takes = 5 * time.Millisecond
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.onPeer(a, cam)
		defer s.stop()
		s.directly(cam, seal.Main, "m", 20)
		s.look(cam)
		s.wantDrawn(cam, "m", 0, 20)
		lost := cam.sealUp(seal.Main, cam.unit(seal.Main, false, []byte("m020")))
		for i := 21; i < 28; i++ {
			time.Sleep(frameTime)
			s.direct(cam, seal.Main, false, fmt.Sprintf("m%03d", i))
		}
		s.wantDrawn(cam, "m", 0, 0)
		s.peer.frame(cam.number, lost)
		for range 20 {
			s.look(cam)
			time.Sleep(16 * time.Millisecond)
		}
		s.wantDrawn(cam, "m", 20, 28)
		if _, _, skipped := s.bench.counts(); skipped != 0 {
			t.Errorf("%d pictures skipped", skipped)
		}
	})
}

// onPeer starts a viewer that watches cameras by the direct path.
func (s *stage) onPeer(a *testAgent, cameras ...*testCamera) {
	s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory})
	s.wish(seal.Main, cameras...)
	s.peer.state(PeerConnected)
}

// lanes counts a camera's open lanes.
func (s *stage) lanes(c *testCamera) (n int) {
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	for _, h := range s.v.homes {
		if c := h.camera(c.id); c != nil {
			for _, l := range c.lanes {
				if l != nil {
					n++
				}
			}
		}
	}
	return n
}

func lastWatch(c *testCamera) control.Watch {
	w := c.watches()
	return w[len(w)-1]
}

// The agent goes down to the sub-stream, beginning with its current GOP, and back up at a key frame of the main stream: there is always the
// youngest picture, none comes twice, nothing is asked for again, and the decoder that is no longer needed is let go.
func TestLayersOnDirectPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := stillCamera(a, "porch", seal.Main, seal.Sub)
		s.onPeer(a, cam)
		defer s.stop()
		if w := lastWatch(cam); w.Lower != control.StreamsOf(seal.Sub, seal.Still) || w.Area == 0 {
			t.Fatalf("asked for %+v", w)
		}
		var catchUp []seal.Frame
		for i := range 30 {
			s.direct(cam, seal.Main, i == 0, fmt.Sprintf("m%03d", i))
			catchUp = append(catchUp, cam.unit(seal.Sub, i == 0, fmt.Appendf(nil, "s%03d", i)))
			time.Sleep(frameTime)
		}
		s.wantDrawn(cam, "m", 0, 30)

		time.Sleep(shadowFor) // the path carries no more
		for _, f := range catchUp {
			s.peer.frame(cam.number, cam.sealUp(seal.Sub, f))
		}
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stream != seal.Sub || tile.Lowered != ReasonNone {
			t.Errorf("stream %v, lowered %v", tile.Stream, tile.Lowered)
		}
		s.wantDrawn(cam, "s", 0, 0) // nothing is younger than what is there
		a.tell(&control.Layer{Camera: cam.number, Stream: seal.Sub, Path: true})
		for i := 30; i < 60; i++ {
			s.direct(cam, seal.Sub, false, fmt.Sprintf("s%03d", i))
			time.Sleep(frameTime)
		}
		s.wantDrawn(cam, "s", 30, 60)
		tile := s.wantState(cam, Live, ReasonNone)
		if tile.Stream != seal.Sub || tile.Lowered != ReasonPath || tile.Stats.Resyncs != 0 || tile.Stats.Dropped != 0 {
			t.Errorf("tile %+v", tile)
		}
		if _, _, skipped := s.bench.counts(); skipped < 29 {
			t.Errorf("%d pictures skipped of a stream that had to catch up", skipped)
		}
		if n := s.lanes(cam); n != 1 {
			t.Errorf("%d decoders after the main stream ended", n)
		}

		// The main stream's key frame takes long; the sub-stream goes on until it is there.
		key := cam.sealUp(seal.Main, cam.unit(seal.Main, true, []byte("m000")))
		s.direct(cam, seal.Sub, false, "s060")
		time.Sleep(frameTime)
		s.direct(cam, seal.Sub, false, "s061")
		s.peer.frame(cam.number, key)
		s.look(cam)
		s.wantDrawn(cam, "s", 60, 62)
		for i := 1; i < 40; i++ {
			time.Sleep(frameTime)
			s.direct(cam, seal.Main, false, fmt.Sprintf("m%03d", i))
		}
		s.wantDrawn(cam, "m", 1, 40)
		a.tell(&control.Layer{Camera: cam.number, Stream: seal.Main})
		tile = s.wantState(cam, Live, ReasonNone)
		if tile.Stream != seal.Main || tile.Lowered != ReasonNone || tile.Stats.Resyncs != 0 || tile.Stats.Unwanted != 0 {
			t.Errorf("tile %+v", tile)
		}
		if n := s.lanes(cam); n != 1 {
			t.Errorf("%d decoders after the sub-stream ended", n)
		}
		s.v.mu.Lock()
		slow := s.v.homes[0].camera(cam.id).slowAt
		s.v.mu.Unlock()
		if !slow.IsZero() {
			t.Error("what needed not be shown counts as too slow")
		}
		for _, w := range cam.watches() {
			if w.Again || w.Stream != seal.Main {
				t.Errorf("asked for %+v", w)
			}
		}
	})
}

// A stream that takes over while its GOP waits before the decoder is no sign of a slow device when the next key frame replaces it.
func TestCatchUpIsNotSlow(t *testing.T) {
	for name, shown := range map[string]bool{"shown already": true, "not shown": false} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.c.arrive(l.now, control.Relay, seal.Main, l.seal(1, 0))
			lane := l.c.lanes[seal.Main]
			if shown {
				l.c.gate.Lane(seal.Sub, h264Sub) // as another lane does
				l.admit(seal.Sub, codec.Timestamp(l.now.UnixMicro())+5000)
			}
			l.full = true
			for i := range uint32(20) {
				l.c.arrive(l.now, control.Relay, seal.Main, l.seal(2, i))
			}
			l.c.arrive(l.now, control.Relay, seal.Main, l.seal(3, 0))
			if lane.behind() != 1 || l.c.stats.Dropped != 20 || l.c.slowAt.IsZero() != shown {
				t.Errorf("%d wait, %d dropped, slow %v", lane.behind(), l.c.stats.Dropped, !l.c.slowAt.IsZero())
			}
		})
	}
}

// admit lets a picture of a stream through the camera's gate.
func (l *lab) admit(stream seal.Stream, captured codec.Timestamp) {
	l.t.Helper()
	sealer, err := seal.NewSealer(l.agent.Signer().Sign, seal.Source{Agent: l.agent.Public(), Camera: l.c.key.Camera}, stream, l.epoch)
	if err != nil {
		l.t.Fatal(err)
	}
	sealed, err := sealer.Seal(nil, &seal.Frame{Key: true, GOP: 1, Captured: captured, Config: h264Sub, Data: []byte("x")})
	if err != nil {
		l.t.Fatal(err)
	}
	o, err := l.c.opener.Open(stream, sealed)
	if err != nil {
		l.t.Fatal(err)
	}
	way := l.c.gate.Lane(stream, h264Sub)
	way.Expect(o)
	px := Pixels{Layout: LayoutRGBA, Width: 2, Height: 2, Data: make([]byte, 16), Release: func() {}}
	if p, refusal := way.Admit(l.now, &l.c.h.clock, captured, px, false); p == nil {
		l.t.Fatal(refusal)
	}
}

// What is missing of a stream that the agent has left is not asked for; what is missing of the one that comes is.
func TestGapInLayer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main, seal.Sub)
		s.onPeer(a, cam)
		defer s.stop()
		s.directly(cam, seal.Main, "m", 5)
		cam.unit(seal.Main, false, []byte("lost"))
		s.direct(cam, seal.Main, false, "m006")
		s.directly(cam, seal.Sub, "s", 100)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stats.Resyncs != 0 {
			t.Errorf("%d times asked again", tile.Stats.Resyncs)
		}
		cam.unit(seal.Sub, false, []byte("lost"))
		for range 20 {
			s.direct(cam, seal.Sub, false, "held")
			time.Sleep(frameTime)
		}
		if tile := s.look(cam); tile.Stats.Resyncs != 1 || !lastWatch(cam).Again || lastWatch(cam).Stream != seal.Main {
			t.Errorf("%d times asked again, last %+v", tile.Stats.Resyncs, lastWatch(cam))
		}
		// A key frame of the main stream, and after it a gap in that.
		s.directly(cam, seal.Main, "n", 3)
		cam.unit(seal.Main, false, []byte("lost"))
		for range 40 {
			s.direct(cam, seal.Main, false, "held")
			time.Sleep(frameTime)
		}
		if tile := s.look(cam); tile.Stats.Resyncs != 2 {
			t.Errorf("%d times asked again", tile.Stats.Resyncs)
		}
	})
}

// Frames that overtake their stream's key frame are kept for it.
func TestLayerOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main, seal.Sub)
		s.onPeer(a, cam)
		defer s.stop()
		s.directly(cam, seal.Main, "m", 5)
		s.wantDrawn(cam, "m", 0, 5)
		key := cam.sealUp(seal.Sub, cam.unit(seal.Sub, true, []byte("s000")))
		for i := 1; i < 4; i++ {
			time.Sleep(frameTime)
			s.direct(cam, seal.Sub, false, fmt.Sprintf("s%03d", i))
		}
		s.wantDrawn(cam, "s", 0, 0)
		s.peer.frame(cam.number, key)
		s.look(cam)
		s.wantDrawn(cam, "s", 0, 4) // one display frame after the other
		if tile := s.look(cam); tile.Stats.Resyncs != 0 || tile.Stream != seal.Sub {
			t.Errorf("tile %+v", tile)
		}
	})
}

// While only key frames come, as the agent says, neither is anything asked for again nor the relay taken as well, and a picture that grows
// old in between says why. When the agent says that more is due, the patience ends.
func TestKeyFramesByPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main, seal.Sub)
		s.onPeer(a, cam)
		defer s.stop()
		s.directly(cam, seal.Main, "m", 5)
		s.v.mu.Lock()
		s.v.homes[0].session.contest.next = time.Now().Add(time.Hour) // before that the relay is not tried instead
		s.v.mu.Unlock()
		a.tell(&control.Layer{Camera: cam.number, Stream: seal.Main, Keys: true, Path: true})
		a.tell(&control.Layer{Camera: 99, Stream: seal.Sub, Keys: true, Path: true}) // of no camera
		s.look(cam)
		delete(s.drawn, cam.key())
		for i := range 6 {
			s.direct(cam, seal.Main, true, fmt.Sprintf("k%03d", i))
			if tile := s.wantState(cam, Live, ReasonNone); tile.Lowered != ReasonPath || tile.Stream != seal.Main {
				t.Errorf("tile %+v", tile)
			}
			time.Sleep(3 * time.Second)
			s.wantState(cam, Stale, ReasonPath)
			time.Sleep(time.Second)
		}
		s.wantDrawn(cam, "k", 0, 6)
		if w := lastWatch(cam); w.Route != control.Peer || s.look(cam).Stats.Resyncs != 0 {
			t.Errorf("asked for %+v, %d times asked again", w, s.look(cam).Stats.Resyncs)
		}
		a.tell(&control.Layer{Camera: cam.number, Stream: seal.Main})
		synctest.Wait()
		if w := lastWatch(cam); w.Route != control.Peer {
			t.Error("not relied on any more at once")
		}
		time.Sleep(4 * time.Second)
		if w := lastWatch(cam); w.Route != control.Both {
			t.Error("a direct path that brings nothing is relied on alone")
		}
	})
}

// Whatever an agent sends on the direct path, it opens no lane for a stream that was not allowed, no more than three, and nothing goes back
// in time (look sees to that).
func TestLayersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := stillCamera(a, "porch", seal.Main, seal.Sub, 4)
		for st := range seal.MaxStream + 1 {
			if cam.gops[st] == nil {
				cam.configs[st], cam.gops[st] = h264Main, &testGOP{}
			}
		}
		slices.Sort(cam.streams)
		s.onPeer(a, cam)
		defer s.stop()
		before := s.look(cam).Stats
		s.direct(cam, 4, true, "not allowed")
		s.direct(cam, 7, true, "not listed")
		if after := s.look(cam); after.Stats.Unwanted != before.Unwanted+2 || after.Picture != nil || s.lanes(cam) != 0 {
			t.Errorf("%d unwanted, %d lanes", after.Stats.Unwanted, s.lanes(cam))
		}
		for i := range 60 {
			for st := range seal.MaxStream + 1 {
				if st == seal.Sound {
					continue
				}
				s.direct(cam, st, i%10 == 0 || st == seal.Still, fmt.Sprintf("%d%03d", st, i))
				if n := s.lanes(cam); n > maxLanes {
					t.Fatalf("%d lanes", n)
				}
			}
			a.tell(&control.Layer{Camera: cam.number, Stream: seal.Stream(i % 8), Keys: i%2 == 0, Path: i%3 == 0})
			time.Sleep(frameTime)
		}
		tile := s.wantState(cam, Live, ReasonNone)
		if tile.Stats.Resyncs != 0 || tile.Stats.Opening.RefusedTotal() != 0 {
			t.Errorf("stats %+v", tile.Stats)
		}
		for _, payload := range s.drawn[cam.key()] {
			if payload[0] > '2' {
				t.Errorf("drawn %q", payload)
			}
		}
		// Another wish, and with it other streams: what was open before does not add up.
		s.wish(4, cam)
		for i := range 5 {
			for st := range seal.MaxStream + 1 {
				if st == seal.Sound {
					continue
				}
				s.direct(cam, st, i == 0, fmt.Sprintf("%d%03d", st, i))
				if n := s.lanes(cam); n > maxLanes {
					t.Fatalf("%d lanes", n)
				}
			}
		}
	})
}

// A lower stream that cannot be decoded here is no longer allowed.
func TestLowerIsDecodable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := stillCamera(a, "porch", seal.Main, seal.Sub)
		odd := h264Sub
		odd.Codec, odd.Profile = codec.H265, "hvc1.1.6.L93.B0"
		cam.configs[seal.Sub] = odd
		s.bench.unsupported[codec.H265] = true
		s.onPeer(a, cam)
		defer s.stop()
		s.directly(cam, seal.Main, "m", 2)
		s.direct(cam, seal.Sub, true, "s000")
		if w := lastWatch(cam); w.Stream != seal.Main || w.Lower != control.StreamsOf(seal.Still) {
			t.Errorf("asked for %+v", w)
		}
		for i := 2; i < 5; i++ {
			s.direct(cam, seal.Main, false, fmt.Sprintf("m%03d", i))
			time.Sleep(frameTime)
		}
		s.wantDrawn(cam, "m", 0, 5)
		s.wantState(cam, Live, ReasonNone)
	})
}

// While the agent tries the main stream beside the sub-stream, what is seen does not change between sharp and blurred.
func TestTrialDoesNotFlicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main, seal.Sub)
		s.onPeer(a, cam)
		defer s.stop()
		for i := range 10 {
			s.direct(cam, seal.Sub, i == 0, fmt.Sprintf("s%03d", i))
			time.Sleep(frameTime)
		}
		s.wantDrawn(cam, "s", 0, 10)
		for i := range 30 {
			s.direct(cam, seal.Main, i == 0, fmt.Sprintf("m%03d", i))
			s.direct(cam, seal.Sub, false, fmt.Sprintf("s%03d", 10+i))
			time.Sleep(frameTime)
		}
		s.wantDrawn(cam, "m", 0, 30)
		// The trial failed: the sub-stream is there at once.
		time.Sleep(shadowFor)
		delete(s.drawn, cam.key())
		s.direct(cam, seal.Sub, false, "s040")
		synctest.Wait()
		s.wantDrawn(cam, "s", 40, 41)
	})
}

// Back on the relay the stream that was wished for is asked for from its start, or the smaller one if the direct path carried no more; what is
// on the screen stays until it is there.
func TestLayerThenRelay(t *testing.T) {
	for slow, want := range map[bool]seal.Stream{false: seal.Main, true: seal.Sub} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t)
			a := s.agent()
			cam := a.camera("porch", seal.Main, seal.Sub)
			s.onPeer(a, cam)
			defer s.stop()
			s.directly(cam, seal.Main, "m", 2)
			s.directly(cam, seal.Sub, "s", 5)
			a.tell(&control.Layer{Camera: cam.number, Stream: seal.Sub, Path: slow})
			synctest.Wait()
			s.peer.state(PeerClosed)
			if w := lastWatch(cam); w.Route != control.Relay || w.Stream != want || w.Lower != 0 || w.Area != 0 {
				t.Errorf("asked for %+v", w)
			}
			s.server.conns[0].mu.Lock()
			_, main := s.server.conns[0].topics[cam.topic(seal.Main)]
			cached := s.server.conns[0].cached[cam.topic(seal.Main)]
			s.server.conns[0].mu.Unlock()
			if main == slow || main && !cached {
				t.Errorf("subscribed to the main stream: %v, with its GOP: %v", main, cached)
			}
			if tile := s.wantState(cam, Live, ReasonNone); tile.Stream != seal.Sub || (tile.Lowered == ReasonPath) != slow {
				t.Errorf("stream %v, lowered %v", tile.Stream, tile.Lowered)
			}
			delete(s.drawn, cam.key())
			s.play(cam, want, "n", 3)
			s.wantDrawn(cam, "n", 0, 3)
			time.Sleep(2 * tickEvery)
			if n := s.lanes(cam); n != 1 {
				t.Errorf("%d lanes", n)
			}
		})
	}
}

// What a window's size and visibility make of the wish is told in steps, seldom, and at once when a picture comes into sight.
func TestArea(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main, seal.Sub)
		s.onPeer(a, cam)
		defer s.stop()
		wish := func(area uint32, hidden bool) {
			s.v.Wish([]Wish{{Key: cam.key(), Stream: seal.Main, Area: area, Hidden: hidden}})
			synctest.Wait()
		}
		wish(1280*720, false)
		s.directly(cam, seal.Main, "a", 50)
		before := len(cam.watches())
		for i := range uint32(600) { // dragged from 1280×720 to 480×270 and back, in 10 s
			w := 1280 - 800*min(i, 600-i)/300
			wish(w*w*9/16, false)
			s.direct(cam, seal.Main, i == 0, "drag")
			time.Sleep(time.Second / 60)
		}
		s.directly(cam, seal.Main, "b", 50)
		told := cam.watches()[before:]
		if len(told) < 2 || len(told) > 6 || told[len(told)-1].Area != 1<<19 {
			t.Errorf("told %d times: %+v", len(told), told)
		}
		before = len(cam.watches())
		for range 100 { // at the edge of a step
			wish(1<<19-100, false)
			time.Sleep(100 * time.Millisecond)
			wish(1<<19+100, false)
			s.direct(cam, seal.Main, false, "edge")
			time.Sleep(100 * time.Millisecond)
		}
		if n := len(cam.watches()) - before; n != 0 {
			t.Errorf("told %d times of nothing", n)
		}

		wish(1<<19, true)
		if w := lastWatch(cam); w.Area != 0 {
			t.Errorf("hidden: %+v", w)
		}
		s.wantState(cam, Live, ReasonNone)
		resyncs := s.look(cam).Stats.Resyncs
		for i := range 3 { // key frames alone
			time.Sleep(4 * time.Second)
			s.direct(cam, seal.Sub, true, fmt.Sprintf("h%03d", i))
		}
		wish(1<<19, false)
		if w := lastWatch(cam); w.Area != 1<<19 {
			t.Errorf("in sight again: %+v", w)
		}
		time.Sleep(time.Second)
		_, closed, _ := s.peer.counts()
		if tile := s.look(cam); closed != 0 || tile.Stats.Resyncs != resyncs {
			t.Errorf("%d direct paths given up, %d times asked again", closed, tile.Stats.Resyncs-resyncs)
		}
		before = len(cam.watches())
		for i := range 40 { // scrolled in and out
			wish(1<<19, i%2 == 0)
			time.Sleep(50 * time.Millisecond)
		}
		if n := len(cam.watches()) - before; n > 6 {
			t.Errorf("told %d times in two seconds", n)
		}
	})
}
