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

// h264Sub is small enough for every decoder.
var h264Sub = codec.Config{Codec: codec.H264, Width: 640, Height: 360, Profile: "avc1.4D001E"}

func heavy(c codec.Config) bool { return int(c.Width)*int(c.Height) > 640*360 }

// Where the wanted stream costs too much, the camera's other one is watched; a camera without one is decoded all the same.
func TestHeavyStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam, only := a.camera("porch", seal.Main, seal.Sub), a.camera("garden", seal.Main)
		cam.configs[seal.Sub] = h264Sub
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly, Heavy: heavy})
		defer s.stop()
		s.wish(seal.Main, cam, only)
		cam.shoot(seal.Main, true, "main")
		s.play(only, seal.Main, "o", 2)
		if made, _, _ := s.bench.counts(); made != 1 {
			t.Errorf("%d decoders were made, want one for the camera that has no other stream", made)
		}
		s.wantState(only, Live, ReasonNone)
		if want := (control.Watch{Camera: 0, Stream: seal.Sub, Route: control.Relay}); !slices.Contains(cam.watches(), want) {
			t.Fatalf("asked for %+v", cam.watches())
		}
		s.play(cam, seal.Sub, "s", 3)
		s.wantDrawn(cam, "s", 0, 3)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stream != seal.Sub || tile.Decoder != "test" {
			t.Errorf("stream %v by %q", tile.Stream, tile.Decoder)
		}
	})
}

// A decoder whose rung changes while it plays, so that its stream becomes heavy, hands over to the other stream.
func TestStreamBecomesHeavy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main, seal.Sub)
		cam.configs[seal.Sub] = h264Sub
		inGo := false
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly, Heavy: func(c codec.Config) bool {
			return s.bench.is(&inGo) && heavy(c)
		}})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "m", 3)
		s.wantDrawn(cam, "m", 0, 3)
		s.bench.set(func() { inGo = true })
		time.Sleep(2 * tickEvery)
		synctest.Wait()
		s.wantState(cam, Live, ReasonNone) // the last picture stays until the other stream's come
		s.play(cam, seal.Sub, "s", 3)
		s.wantDrawn(cam, "s", 0, 3)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stream != seal.Sub {
			t.Errorf("stream %v", tile.Stream)
		}
	})
}

// A stream that is too much for this device gives way to the other one; without one the tile says so, and it is tried again later.
func TestTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.slow[h264Main] = true
		a := s.agent()
		cam, only := a.camera("porch", seal.Main, seal.Sub), a.camera("garden", seal.Main)
		cam.configs[seal.Sub] = h264Sub
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam, only)
		cam.shoot(seal.Main, true, "main")
		only.shoot(seal.Main, true, "only")
		s.look(cam)
		s.play(cam, seal.Sub, "s", 3)
		s.wantDrawn(cam, "s", 0, 3)
		s.wantState(only, Blank, ReasonSlow)

		made, _, _ := s.bench.counts()
		s.play(only, seal.Main, "o", 3)
		if again, _, _ := s.bench.counts(); again != made {
			t.Error("tried again at once")
		}
		s.bench.set(func() { clear(s.bench.slow) })
		time.Sleep(slowPause)
		s.play(only, seal.Main, "p", 3)
		s.wantDrawn(only, "p", 0, 3)
		s.wantState(only, Live, ReasonNone)
	})
}

// While only key frames are decoded the tile shows them, and says why when they grow old.
func TestKeyFramesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.keysOnly = true
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 60) // 2.4 s
		s.wantDrawn(cam, "a", 0, 1)
		s.wantState(cam, Stale, ReasonSlow)
		s.play(cam, seal.Main, "b", 2)
		s.wantDrawn(cam, "b", 0, 1)
		s.wantState(cam, Live, ReasonNone)
	})
}
