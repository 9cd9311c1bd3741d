package viewer

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

var jpegStill = codec.Config{Codec: codec.JPEG, Width: 640, Height: 360}

// stillCamera is a camera with two layers of H.264 and the stills that its agent makes of them.
func stillCamera(a *testAgent, name string, streams ...seal.Stream) *testCamera {
	c := a.camera(name, append(streams, seal.Still)...)
	if slices.Contains(streams, seal.Sub) {
		c.configs[seal.Sub] = h264Sub
	}
	c.configs[seal.Still] = jpegStill
	return c
}

func asked(c *testCamera) (streams []seal.Stream) {
	for _, w := range c.watches() {
		streams = append(streams, w.Stream)
	}
	return streams
}

// Stills are not watched for as long as there is anything better, whatever its cost.
func TestStillsComeLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		both, one := stillCamera(a, "porch", seal.Main, seal.Sub), stillCamera(a, "garden", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly, Heavy: heavy})
		defer s.stop()
		s.wish(seal.Main, both, one)
		both.shoot(seal.Main, true, "main")
		s.play(both, seal.Sub, "b", 3)
		s.play(one, seal.Main, "o", 3)
		if got := asked(both); !slices.Equal(got, []seal.Stream{seal.Main, seal.Sub}) {
			t.Errorf("asked for %v", got)
		}
		if got := asked(one); !slices.Equal(got, []seal.Stream{seal.Main}) {
			t.Errorf("asked for %v", got)
		}
		if tile := s.wantState(one, Live, ReasonNone); tile.Lowered != ReasonNone {
			t.Errorf("lowered: %v", tile.Lowered)
		}
		// A wish for a stream that the camera lacks is no wish for stills.
		s.wish(seal.Sub, one)
		if got := asked(one); got[len(got)-1] != seal.Main {
			t.Errorf("asked for %v", got)
		}
	})
}

// A device that is too slow for each of a camera's streams falls to stills, which say so and how old they are, and tries the cheapest
// stream again after a while: in vain at first, then with success.
func TestFallToStillsAndRise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.slow[h264Main], s.bench.slow[h264Sub] = true, true
		a := s.agent()
		cam := stillCamera(a, "porch", seal.Main, seal.Sub)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		cam.shoot(seal.Main, true, "main")
		s.look(cam)
		time.Sleep(time.Second)
		cam.shoot(seal.Sub, true, "sub")
		s.look(cam)
		want := []seal.Stream{seal.Main, seal.Sub, seal.Still}
		if got := asked(cam); !slices.Equal(got, want) {
			t.Fatalf("asked for %v", got)
		}
		tile := s.still(cam, "a000")
		if tile.State != Live || tile.Lowered != ReasonSlow || tile.Stream != seal.Still || tile.Config != jpegStill || tile.Decoder != "test" {
			t.Errorf("tile %+v", tile)
		}
		time.Sleep(3 * time.Second)
		if tile := s.wantState(cam, Stale, ReasonSlow); tile.Age < 3*time.Second {
			t.Errorf("a still of 3 s ago is said to be %v old", tile.Age)
		}
		s.still(cam, "a001")
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stats.Resyncs != 0 {
			t.Errorf("%d times asked again", tile.Stats.Resyncs)
		}

		s.stillsFor(cam, "b", slowPause) // the agent sends the sub-stream's current GOP when it is asked for
		want = append(want, seal.Sub, seal.Still)
		if got := asked(cam); !slices.Equal(got, want) {
			t.Fatalf("after a while asked for %v", got)
		}
		s.wantState(cam, Live, ReasonNone)

		s.bench.set(func() { clear(s.bench.slow) })
		s.stillsFor(cam, "c", slowPause)
		if got := asked(cam); !slices.Equal(got, append(want, seal.Sub)) {
			t.Fatalf("after another while asked for %v", got)
		}
		delete(s.drawn, cam.key())
		s.play(cam, seal.Sub, "s", 3)
		s.wantDrawn(cam, "s", 0, 3)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stream != seal.Sub || tile.Lowered != ReasonNone {
			t.Errorf("tile %+v", tile)
		}
	})
}

// still makes a still and looks at it.
func (s *stage) still(c *testCamera, payload string) Tile {
	s.t.Helper()
	c.shoot(seal.Still, true, payload)
	return s.look(c)
}

// stillsFor makes one a second for a time.
func (s *stage) stillsFor(c *testCamera, prefix string, d time.Duration) {
	s.t.Helper()
	for i := range int(d / time.Second) {
		s.still(c, prefix+string(rune('0'+i/100))+string(rune('0'+i/10%10))+string(rune('0'+i%10)))
		time.Sleep(time.Second)
	}
	synctest.Wait()
}

// What no decoder here can play is shown in stills for good, and the tile says why.
func TestStillsWhereNothingPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.unsupported[codec.H264] = true
		a := s.agent()
		cam := stillCamera(a, "porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		cam.shoot(seal.Main, true, "main")
		s.look(cam)
		s.stillsFor(cam, "a", 2*slowPause)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Lowered != ReasonUnsupported || tile.Stream != seal.Still {
			t.Errorf("tile %+v", tile)
		}
		if got := asked(cam); !slices.Equal(got, []seal.Stream{seal.Main, seal.Still}) {
			t.Errorf("asked for %v", got)
		}
		// When they stop coming, that is what is wrong.
		time.Sleep(15 * time.Second)
		s.wantState(cam, Blank, ReasonNoFrames)
	})
}

// Who wishes for stills gets them from the moment that the agent offers them, and the camera's own pictures where it does not.
func TestStillsWished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.unsupported[codec.H264] = true
		a := s.agent()
		cam, own := stillCamera(a, "porch", seal.Main), a.camera("door", seal.Main)
		own.configs[seal.Main] = jpegStill
		all := cam.streams
		cam.streams = all[:1] // the agent has seen no key frame yet
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Still, cam, own)
		s.play(own, seal.Main, "o", 2)
		s.wantDrawn(own, "o", 0, 2)
		cam.shoot(seal.Main, true, "main")
		s.wantState(cam, Blank, ReasonUnsupported)

		a.set(func() { cam.streams = all })
		a.tell(a.newTerms(a.guest(s, cam, own)))
		synctest.Wait()
		s.still(cam, "a000")
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stream != seal.Still || tile.Lowered != ReasonNone {
			t.Errorf("tile %+v", tile)
		}
	})
}

// Until the agent offers stills, who wishes for them tries each of the camera's streams, and none of them twice.
func TestStillsOfferedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.unsupported[codec.H264] = true
		a := s.agent()
		cam := stillCamera(a, "porch", seal.Main, seal.Sub)
		all := cam.streams
		cam.streams = all[:2]
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Still, cam)
		for range 3 {
			cam.shoot(seal.Main, true, "main")
			cam.shoot(seal.Sub, true, "sub")
			synctest.Wait()
		}
		a.set(func() { cam.streams = all })
		a.tell(a.newTerms(a.guest(s, cam)))
		synctest.Wait()
		tile := s.still(cam, "a000")
		if tile.State != Live || tile.Stream != seal.Still || tile.Stats.Failures != 2 {
			t.Errorf("tile %+v", tile)
		}
		if got := asked(cam); len(got) < 3 || got[0] != seal.Main || got[1] != seal.Sub || got[len(got)-1] != seal.Still {
			t.Errorf("asked for %v", got)
		}
	})
}

// Stills that come as rarely as a camera's key frames do not make the viewer give up the direct path.
func TestStillsByTheDirectPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := stillCamera(a, "porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory})
		defer s.stop()
		s.wish(seal.Still, cam)
		s.peer.state(PeerConnected)
		for i := range 10 {
			s.still(cam, "a00"+string(rune('0'+i)))
			time.Sleep(5 * time.Second)
		}
		if _, closed, _ := s.peer.counts(); closed != 0 {
			t.Errorf("%d direct paths were given up", closed)
		}
		if tile := s.look(cam); tile.Route != control.Peer || tile.Stats.Resyncs != 0 {
			t.Errorf("route %v, %d resyncs", tile.Route, tile.Stats.Resyncs)
		}
		s.wantDrawn(cam, "a", 0, 10)
	})
}
