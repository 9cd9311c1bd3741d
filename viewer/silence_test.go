package viewer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// A picture that grows old says where the way to it is interrupted as soon as it is not live any more, and when it is gone says for how long.
func TestWhereItIsInterrupted(t *testing.T) {
	for _, test := range []struct {
		name     string
		silence  func(s *stage, a *testAgent, cam *testCamera)
		reason   Reason
		sentence string
	}{
		{"the camera", func(_ *stage, a *testAgent, cam *testCamera) {
			a.tell(&control.CameraStatus{Number: cam.number, State: control.CameraConnecting})
		}, ReasonCamera, "No pictures for 12 s: the camera's connection is lost, "},
		{"the camera, as the agent says", func(_ *stage, a *testAgent, cam *testCamera) {
			a.tell(&control.CameraStatus{Number: cam.number, State: control.CameraFailed, Advice: "The camera refuses the password. Correct it."})
		}, ReasonCamera, "No pictures for 12 s: the camera refuses the password. Correct it."},
		{"pictures alone", func(*stage, *testAgent, *testCamera) {}, ReasonNoFrames, "No pictures for 12 s: the camera's agent answers, "},
		{"the agent", func(_ *stage, a *testAgent, _ *testCamera) {
			a.set(func() { a.mute, a.token = true, [16]byte{} })
		}, ReasonAgentSilent, "No pictures for 12 s: the camera's agent is not connected. "}, // for the server has missed it by then
		{"this device", func(s *stage, a *testAgent, _ *testCamera) {
			a.set(func() { a.mute = true })
			s.server.setDark(true)
		}, ReasonOffline, "No pictures for 12 s: your connection is lost, "},
		{"the server, refusing", func(s *stage, _ *testAgent, _ *testCamera) {
			s.server.refuseAll(&signal.Refusal{Code: signal.CodeTooMany})
		}, ReasonServerRefuses, "No pictures for 12 s: the server has too many connections from here: close other pages or programs that use it, then try again."},
		{"the server, going", func(s *stage, _ *testAgent, _ *testCamera) {
			s.server.refuseAll(&signal.Refusal{Code: signal.CodeShuttingDown})
		}, ReasonServerRestart, "No pictures for 12 s: the server cannot be reached. "}, // after 12 s it is not starting any more
		{"the network, as the device says", func(s *stage, _ *testAgent, _ *testCamera) {
			s.server.setDown(true)
			s.server.cut()
			s.v.Network(false)
		}, ReasonOffline, "No pictures for 12 s: your connection is lost, "},
	} {
		for _, way := range []string{"relayed", "direct"} {
			t.Run(test.name+", "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStage(t)
					a := s.agent()
					cam := a.camera("porch", seal.Main)
					if way == "direct" {
						watchDirect(s, a, cam)
					} else {
						s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
						s.wish(seal.Main, cam)
						s.play(cam, seal.Main, "_", 30)
					}
					defer s.stop()
					test.silence(s, a, cam)
					synctest.Wait()
					time.Sleep(2200*time.Millisecond - frameTime)
					tile := s.wantState(cam, Stale, test.reason)
					if want := "No pictures for 2 s: "; !strings.HasPrefix(tile.Sentence(), want) {
						t.Errorf("%q, want %q …", tile.Sentence(), want)
					}
					time.Sleep(10 * time.Second)
					if tile = s.look(cam); tile.State != Blank || !strings.HasPrefix(tile.Sentence(), test.sentence) {
						t.Errorf("%v, %q, want %q …", tile.State, tile.Sentence(), test.sentence)
					}
				})
			})
		}
	}
}

// A session outlasts a blackout for as long as the connection to the server does: the agent is not blamed, nothing is made anew, and the
// first picture afterwards is shown.
func TestBlackoutOfServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 3)
		a.set(func() { a.mute = true })
		s.server.setDark(true)
		for range 12 {
			time.Sleep(time.Second)
			if tile := s.look(cam); tile.State != Live && tile.Reason != ReasonOffline {
				t.Errorf("%v: %v", tile.State, tile.Reason)
			}
		}
		s.server.setDark(false)
		a.set(func() { a.mute = false })
		delete(s.drawn, cam.key())
		s.play(cam, seal.Main, "b", 3)
		s.wantDrawn(cam, "b", 0, 3)
		if a.hellos != 1 {
			t.Errorf("%d sessions", a.hellos)
		}
	})
}

// Why there is no connection to the server, by what was seen of it.
func TestOutage(t *testing.T) {
	const at = time.Second
	refused, going := &signal.Refusal{Code: signal.CodeTooFast}, &signal.Refusal{Code: signal.CodeShuttingDown}
	for _, test := range []struct {
		name   string
		broken error         // how the last connection ended; nil: there was none
		failed error         // how the attempt to connect ended; nil: none was made
		took   time.Duration // it took
		after  time.Duration // from the end to now
		want   Reason
	}{
		{"never there", nil, signal.ErrUnreachable, at, at, ReasonServer},
		{"another program answers", nil, signal.ErrNotSealcam, at, at, ReasonServer},
		{"full from the start", nil, refused, at, at, ReasonServerRefuses},
		{"goes", going, nil, 0, at, ReasonServerRestart},
		{"dies", signal.ErrLost, nil, 0, at, ReasonServerRestart},
		{"is not back at once", signal.ErrLost, signal.ErrUnreachable, at, 2 * at, ReasonServerRestart},
		{"is not back", signal.ErrLost, signal.ErrUnreachable, at, 11 * at, ReasonServer},
		{"sends away", refused, nil, 0, at, ReasonServerRefuses},
		{"keeps away", signal.ErrLost, refused, at, 2 * at, ReasonServerRefuses},
		{"sent away, then gone", refused, signal.ErrUnreachable, at, 2 * at, ReasonServer},
		{"talks nonsense", signal.ErrEnvelope, nil, 0, at, ReasonServer},
		{"silent", signal.ErrSilent, nil, 0, at, ReasonOffline},
		{"silent, and nobody answers", signal.ErrSilent, signal.ErrUnreachable, 10 * at, 11 * at, ReasonOffline},
		{"silent, and its machine says that it does not run", signal.ErrSilent, signal.ErrUnreachable, at, 11 * at, ReasonServer},
		{"silent, and another program answers", signal.ErrSilent, signal.ErrNotSealcam, 10 * at, 11 * at, ReasonServer},
	} {
		var o outage
		now := time.Now()
		if test.broken != nil {
			o.broken(now, fmt.Errorf("wrapped: %w", test.broken))
		}
		now = now.Add(test.after)
		if test.failed != nil {
			o.failed(now, errors.Join(test.failed), test.took)
		}
		if got := o.reason(now); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestWithoutPictures(t *testing.T) {
	for _, test := range []struct {
		d              time.Duration
		sentence, want string
	}{
		{12*time.Second + 900*time.Millisecond, "The camera is off.", "No pictures for 12 s: the camera is off."},
		{3 * time.Minute, "RTSP fails.", "No pictures for 3 min: RTSP fails."},
		{3 * time.Hour, "A wire broke.", "No pictures for 3 h: A wire broke."},
		{100 * time.Hour, "Ärger.", "No pictures for 4 days: ärger."},
		{2 * time.Second, "", "No pictures for 2 s: "},
	} {
		if got := withoutPictures(test.d, test.sentence); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
