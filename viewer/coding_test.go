package viewer

import (
	"testing"
	"testing/synctest"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// A camera that the agent connected to anew may send in another coding: the stream that was wished for gets another chance, and if the coding
// is the same, the other stream takes over again.
func TestOtherCodingAfterReconnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.unsupported[2] = true
		h265 := h264Main
		h265.Codec, h265.Profile = 2, "hvc1.1.6.L93.B0"
		a := s.agent()
		cam := a.camera("porch", seal.Main, seal.Sub)
		cam.configs[seal.Main] = h265
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		cam.shoot(seal.Main, true, "main")
		s.look(cam)
		s.play(cam, seal.Sub, "s", 3)
		s.wantDrawn(cam, "s", 0, 3)

		reconnect := func() {
			a.tell(&control.CameraStatus{Number: cam.number, State: control.CameraConnecting})
			a.tell(&control.CameraStatus{Number: cam.number, State: control.CameraRunning})
			synctest.Wait()
		}
		reconnect()
		cam.shoot(seal.Main, true, "main")
		s.look(cam)
		s.play(cam, seal.Sub, "t", 3)
		s.wantDrawn(cam, "t", 0, 3)

		reconnect()
		cam.configs[seal.Main] = h264Main
		s.play(cam, seal.Main, "m", 3)
		s.wantDrawn(cam, "m", 0, 3)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stream != seal.Main {
			t.Errorf("stream %v", tile.Stream)
		}
	})
}
