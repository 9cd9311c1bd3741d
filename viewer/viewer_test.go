package viewer

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer/gate"
)

// A claim link is redeemed, the home is remembered, the camera watched by the relay, and its pictures are live.
func TestClaimAndWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := newAgent(t, s.server)
		cam := a.camera("porch", seal.Main, seal.Sub)
		s.start(Config{Claim: s.claim(a), Route: RelayOnly})
		defer s.stop()

		if link := s.v.Snapshot().Link; link.State != LinkReady {
			t.Fatalf("link %v: %s", link.State, link.Sentence)
		}
		if len(s.remembered) != 1 || s.remembered[0].Knock != a.token || s.remembered[0].LogLength != 1 || s.remembered[0].ID != a.log.Home() {
			t.Errorf("remembered %+v", s.remembered)
		}
		tile := s.wantState(cam, Waiting, ReasonNone)
		if tile.Name != "porch" || tile.Home != "Home" || tile.Number != 1 {
			t.Errorf("tile %+v", tile)
		}
		s.wish(seal.Main, cam)
		if got := cam.watches(); !slices.Equal(got, []control.Watch{{Camera: 0, Stream: seal.Main, Route: control.Relay}}) {
			t.Fatalf("asked for %+v", got)
		}
		if len(cam.acks) != 1 || cam.acks[0] != cam.epochs[0].Number {
			t.Errorf("acks %v", cam.acks)
		}
		if !s.server.subscribed(cam.topic(seal.Main)) {
			t.Error("not subscribed")
		}
		if tile := s.wantState(cam, Waiting, ReasonNone); tile.Progress != "Waiting for the key frame" {
			t.Errorf("progress %q", tile.Progress)
		}
		s.play(cam, seal.Main, "a", 10)
		s.wantDrawn(cam, "a", 0, 10)
		tile = s.wantState(cam, Live, ReasonNone)
		if tile.Age > frameTime+time.Millisecond || tile.Route != control.Relay || tile.Config != h264Main || tile.Stats.Drawn() != 10 {
			t.Errorf("tile %+v", tile)
		}
		if name, offset := tile.CameraTime.Zone(); name != "CET" || offset != 3600 || time.Since(tile.CameraTime) > frameTime+time.Millisecond {
			t.Errorf("camera time %v", tile.CameraTime)
		}

		s.v.Wish(nil)
		synctest.Wait()
		if cam.watch != nil || s.server.subscribed(cam.topic(seal.Main)) {
			t.Error("still watched")
		}
	})
}

// A second viewer joins: the epoch changes while pictures run, and none is lost or drawn twice.
func TestEpochChangeWhilePlaying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)

		s.play(cam, seal.Main, "a", 3)
		former := cam.topic(seal.Main)
		stale := cam.sealUp(seal.Main, seal.Frame{GOP: 1, Index: 9, Captured: a.clock().Now, Config: h264Main, Data: []byte("late")})
		cam.rekey()
		synctest.Wait()
		if len(cam.acks) != 2 {
			t.Fatalf("acks %v", cam.acks)
		}
		for i := range 3 {
			cam.shoot(seal.Main, false, "a00"+string(rune('3'+i)))
			s.look(cam)
			time.Sleep(frameTime)
		}
		s.wantDrawn(cam, "a", 0, 6)
		if s.server.subscribed(former) {
			t.Error("the former topic is still subscribed")
		}
		// What was sealed before is still good, by the direct path or late; it does not disturb.
		s.server.publish(former, stale)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Stats.Opening.RefusedTotal() != 0 || tile.Stats.Resyncs != 0 {
			t.Errorf("stats %+v", tile.Stats)
		}
	})
}

// A camera's last epochs are kept, so frames of the one before that are still on the way when the key changes are drawn.
func TestFormerEpochStillRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 2)
		former := cam.topic(seal.Main)
		underway := cam.sealUp(seal.Main, cam.unit(seal.Main, false, []byte("a002")))
		cam.a.mu.Lock()
		m := cam.newEpoch()
		cam.a.mu.Unlock()
		cam.watch = nil // so that the test agent does not send the GOP again
		a.tell(m)
		synctest.Wait()
		s.server.publish(former, underway)
		s.look(cam)
		s.wantDrawn(cam, "a", 0, 3)

		// Nothing comes in the new epoch: the former topic is left all the same.
		time.Sleep(3 * time.Second)
		if s.server.subscribed(former) {
			t.Error("the former topic is still subscribed")
		}
	})
}

// Whatever the server plays back, mixes up or makes up is counted and not drawn.
func TestHostileFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a, b := s.agent(), s.agent()
		cam, other := a.camera("porch", seal.Main, seal.Sub), a.camera("garden", seal.Main)
		stranger := b.camera("stranger", seal.Main)
		s.start(Config{Homes: []Home{s.home(a), s.home(b)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam, other, stranger)
		s.play(cam, seal.Main, "a", 3)
		s.wantDrawn(cam, "a", 0, 3)

		good := cam.sealUp(seal.Main, cam.unit(seal.Main, false, []byte("a003")))
		flip := func(at int) []byte {
			bad := slices.Clone(good)
			bad[(at+len(bad))%len(bad)] ^= 1
			return bad
		}
		foreign := other.sealUp(seal.Main, other.unit(seal.Main, true, []byte("gard")))
		strange := stranger.sealUp(seal.Main, stranger.unit(seal.Main, true, []byte("evil")))
		sub := cam.sealUp(seal.Sub, cam.unit(seal.Sub, true, []byte("subs")))
		for _, c := range []struct {
			name   string
			sealed []byte
			reason seal.Reason
		}{
			{"empty", nil, seal.Truncated},
			{"short", good[:20], seal.Truncated},
			{"garbage", slices.Repeat([]byte{0xff}, 400), seal.Header},
			{"changed at the start of the text", flip(40), seal.Auth},
			{"changed at the tag", flip(-70), seal.Auth},
			{"changed signature", flip(-1), seal.Signature},
			{"truncated", good[:len(good)-1], seal.Auth},
			{"another stream", sub, seal.WrongStream},
		} {
			before := s.look(cam).Stats
			s.server.publish(cam.topic(seal.Main), c.sealed)
			after := s.look(cam).Stats
			if after.Opening.Refused(c.reason) != before.Opening.Refused(c.reason)+1 {
				t.Errorf("%s: not counted as %v: %+v", c.name, c.reason, after.Opening)
			}
		}
		// Frames of other cameras carry epochs that this one never had: they are kept for a second, unopened, and dropped.
		s.server.publish(cam.topic(seal.Main), foreign)
		s.server.publish(cam.topic(seal.Main), strange)
		time.Sleep(1500 * time.Millisecond)
		tile := s.look(cam)
		if tile.Stats.Unknown+tile.Stats.Opening.Refused(seal.Auth)+tile.Stats.Opening.Refused(seal.UnknownEpoch) < 4 {
			t.Errorf("foreign frames were not counted: %+v", tile.Stats)
		}
		s.wantDrawn(cam, "a", 3, 3)

		// The true frame still counts, once.
		s.server.publish(cam.topic(seal.Main), good)
		s.server.publish(cam.topic(seal.Main), good)
		tile = s.look(cam)
		s.wantDrawn(cam, "a", 3, 4)
		if tile.Stats.Opening.Refused(seal.Replay) != 1 {
			t.Errorf("the replay was not counted: %+v", tile.Stats.Opening)
		}

		// With nothing but forgeries the tile says so.
		for range 55 {
			s.server.publish(cam.topic(seal.Main), flip(-1))
			time.Sleep(200 * time.Millisecond)
		}
		s.wantState(cam, Blank, ReasonForged)
	})
}

// The server goes: live becomes stale, then blank with the reason; when it is back the pictures are, and none of the old ones.
func TestServerGoneAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 5)
		s.wantDrawn(cam, "a", 0, 5)

		s.server.setDown(true)
		s.server.cut()
		s.wantState(cam, Live, ReasonNone)
		time.Sleep(1900 * time.Millisecond)
		s.wantState(cam, Live, ReasonNone)
		time.Sleep(200 * time.Millisecond)
		if tile := s.wantState(cam, Stale, ReasonServerRestart); tile.Age < 2*time.Second {
			t.Errorf("age %v", tile.Age)
		}
		if link := s.v.Snapshot().Link; link.State != LinkUnreachable || link.Sentence == "" {
			t.Errorf("link %+v", link)
		}
		time.Sleep(7800 * time.Millisecond)
		s.wantState(cam, Stale, ReasonServerRestart)
		time.Sleep(200 * time.Millisecond)
		s.wantState(cam, Blank, ReasonServer)

		// Meanwhile the camera went on; its GOP of then is sent to who joins, but what is older than 10 s is not drawn.
		cam.unit(seal.Main, true, []byte("old0"))
		time.Sleep(12 * time.Second)
		cam.unit(seal.Main, false, []byte("old1"))
		time.Sleep(11 * time.Second)
		s.server.setDown(false)
		time.Sleep(15 * time.Second)
		if tile := s.look(cam); tile.Picture != nil || tile.Stats.Gate.Count(gate.TooOld) == 0 {
			t.Errorf("%v, gate %+v", tile.State, tile.Stats.Gate)
		}
		s.wantDrawn(cam, "b", 0, 0)
		s.play(cam, seal.Main, "b", 3)
		s.wantDrawn(cam, "b", 0, 3)
		s.wantState(cam, Live, ReasonNone)
		if link := s.v.Snapshot().Link; link.State != LinkReady || link.Sentence != "" {
			t.Errorf("link %+v", link)
		}
	})
}

// The agent leaves and comes back as a new process, whose epochs and GOPs count from the start.
func TestAgentRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 5)
		s.play(cam, seal.Main, "b", 5)
		delete(s.drawn, cam.key())

		a.set(func() {
			a.token = [16]byte{} // not connected
			for _, c := range a.sessions {
				go c.Close()
			}
		})
		time.Sleep(12 * time.Second)
		s.wantState(cam, Blank, ReasonAgentOffline)
		a.set(func() {
			a.token = [16]byte{7}
			a.back = time.Hour // the clock of the agent's machine was set back
			cam.gops[seal.Main] = &testGOP{}
			cam.epochs, cam.topics = nil, nil
		})
		cam.unit(seal.Main, true, []byte("c000"))
		s.last[cam.key()] = 0 // capture times begin anew with the agent
		time.Sleep(15 * time.Second)
		s.play(cam, seal.Main, "d", 3)
		s.wantState(cam, Live, ReasonNone)
		s.drawn[cam.key()] = nil
		s.play(cam, seal.Main, "e", 3)
		s.wantDrawn(cam, "e", 0, 3)
	})
}

// A decoder that comes late with its pictures makes them stale, and too old ones are not drawn at all.
func TestLateDecoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 2)
		s.wantDrawn(cam, "a", 0, 2)

		hold := make(chan struct{})
		s.bench.set(func() { s.bench.stopped = hold })
		cam.shoot(seal.Main, false, "a002")
		s.look(cam)
		time.Sleep(5 * time.Second)
		s.wantState(cam, Stale, ReasonNoFrames)
		s.bench.set(func() { s.bench.stopped = nil })
		close(hold)
		if tile := s.wantState(cam, Stale, ReasonNoFrames); tile.Age < 5*time.Second || tile.Age > 5100*time.Millisecond {
			t.Errorf("age %v", tile.Age)
		}
		s.wantDrawn(cam, "a", 2, 3)

		hold = make(chan struct{})
		s.bench.set(func() { s.bench.stopped = hold })
		cam.shoot(seal.Main, true, "b000")
		time.Sleep(11 * time.Second)
		s.bench.set(func() { s.bench.stopped = nil })
		close(hold)
		s.wantState(cam, Blank, ReasonLate)
		s.wantDrawn(cam, "b", 0, 0)
	})
}

// Two ways to learn that a codec cannot be played; in both the other stream takes over, and without one the tile says so.
func TestUnsupportedCodec(t *testing.T) {
	for name, hint := range map[string]func(b *bench){
		"at once":       func(b *bench) { b.unsupported[2] = true },
		"while playing": func(b *bench) { b.later[2] = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				hint(s.bench)
				h265 := h264Main
				h265.Codec, h265.Profile = 2, "hvc1.1.6.L93.B0"
				a := s.agent()
				cam, only := a.camera("porch", seal.Main, seal.Sub), a.camera("garden", seal.Main)
				cam.configs[seal.Main], only.configs[seal.Main] = h265, h265
				s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
				defer s.stop()
				s.wish(seal.Main, cam, only)
				cam.shoot(seal.Main, true, "main")
				only.shoot(seal.Main, true, "only")
				s.look(cam)
				s.play(cam, seal.Sub, "s", 3)
				s.wantDrawn(cam, "s", 0, 3)
				if tile := s.wantState(cam, Live, ReasonNone); tile.Stream != seal.Sub {
					t.Errorf("stream %v", tile.Stream)
				}
				s.wantState(only, Blank, ReasonUnsupported)

				// The owner sets the camera to H.264: it plays without anybody doing anything here.
				only.configs[seal.Main] = h264Main
				s.play(only, seal.Main, "o", 2)
				s.wantState(only, Live, ReasonNone)
			})
		})
	}
}

// A decoder that breaks is replaced at the next key frame; one that keeps breaking is said to.
func TestBrokenDecoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 2)
		cam.shoot(seal.Main, false, string(broken))
		s.look(cam)
		cam.shoot(seal.Main, false, "a003")
		s.look(cam)
		s.wantDrawn(cam, "a", 0, 2)
		s.play(cam, seal.Main, "b", 2)
		s.wantDrawn(cam, "b", 0, 2)

		for range 10 {
			cam.shoot(seal.Main, true, string(broken))
			time.Sleep(time.Second)
		}
		if made, _, _ := s.bench.counts(); made > 10 {
			t.Errorf("%d decoders", made)
		}
		time.Sleep(time.Second)
		s.wantState(cam, Blank, ReasonDecoder)
		time.Sleep(10 * time.Second)
		s.play(cam, seal.Main, "c", 2)
		s.wantState(cam, Live, ReasonNone)
	})
}

// Who joins late in a long GOP gets all of it at once: more than a decoder takes at a time. It is worked off without waiting for the
// next key frame, and most of it without being shown.
func TestCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.bench.takes = 5 * time.Millisecond
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		for i := range 75 { // 3 s
			cam.unit(seal.Main, i == 0, []byte{'g', byte(i), 0, 0})
			time.Sleep(frameTime)
		}
		s.wish(seal.Main, cam)
		for range 20 {
			time.Sleep(frameTime / 2)
			s.look(cam)
		}
		drawn := s.drawn[cam.key()]
		if len(drawn) == 0 || drawn[len(drawn)-1] != string([]byte{'g', 74, 0, 0}) {
			t.Errorf("drawn %q", drawn)
		}
		if _, fed, skipped := s.bench.counts(); fed != 75 || skipped < 60 {
			t.Errorf("%d decoded, %d of them skipped", fed, skipped)
		}
		s.wantState(cam, Live, ReasonNone)
	})
}

// Main and sub change over at a picture: the one stream is drawn until the other has something that is not older.
func TestStreamSwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main, seal.Sub)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		cam.unit(seal.Sub, true, []byte("s000"))
		time.Sleep(frameTime)
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "m", 3)
		s.wantDrawn(cam, "m", 0, 3)
		cam.unit(seal.Sub, false, []byte("s001"))
		s.wish(seal.Sub, cam)
		s.look(cam)
		s.wantDrawn(cam, "s", 1, 2) // the sub-stream's key frame is older than what was drawn, its second picture is not
		if tile := s.look(cam); tile.Stream != seal.Sub {
			t.Errorf("stream %v", tile.Stream)
		}
		time.Sleep(frameTime)
		cam.shoot(seal.Sub, false, "s002")
		s.look(cam)
		s.wantDrawn(cam, "s", 2, 3)
		if got := cam.watches(); len(got) != 2 || got[1].Stream != seal.Sub {
			t.Errorf("asked for %+v", got)
		}
	})
}

// Frames that change places are put in order; one that is lost is asked for after half a second.
func TestGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 2)
		second := cam.sealUp(seal.Main, cam.unit(seal.Main, false, []byte("a002")))
		time.Sleep(frameTime)
		third := cam.sealUp(seal.Main, cam.unit(seal.Main, false, []byte("a003")))
		s.server.publish(cam.topic(seal.Main), third)
		s.look(cam)
		s.wantDrawn(cam, "a", 0, 2)
		s.server.publish(cam.topic(seal.Main), second)
		s.look(cam)
		s.wantDrawn(cam, "a", 2, 4) // both at once, shown one display frame after the other
		cam.unit(seal.Main, false, []byte("a004"))
		time.Sleep(frameTime)
		cam.shoot(seal.Main, false, "a005")
		time.Sleep(400 * time.Millisecond)
		s.wantDrawn(cam, "a", 4, 4)
		if n := len(cam.watches()); n != 1 {
			t.Fatalf("asked %d times", n)
		}
		time.Sleep(400 * time.Millisecond)
		if w := cam.watches(); len(w) != 2 || !w[1].Again {
			t.Fatalf("asked for %+v", w)
		}
		tile := s.look(cam)
		s.wantDrawn(cam, "a", 5, 6)
		if tile.Stats.Resyncs != 1 || tile.Stats.Held != 2 {
			t.Errorf("stats %+v", tile.Stats)
		}
	})
}

// A server that holds back the agent's answers cannot make old pictures look young.
func TestDelayedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		a.set(func() { a.mute = true })
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 2)
		s.wantDrawn(cam, "a", 0, 0)
		if tile := s.wantState(cam, Waiting, ReasonNone); tile.Progress != "Comparing clocks" || !tile.CameraTime.IsZero() {
			t.Errorf("tile %+v", tile)
		}
		// The answer to the first ping, made at once, arrives 5 s later, with pictures that are as late.
		early := a.clock()
		late := cam.sealUp(seal.Main, cam.unit(seal.Main, true, []byte("b000")))
		time.Sleep(5 * time.Second)
		a.tell(&control.Pong{ID: 1, Clock: early})
		synctest.Wait()
		s.server.publish(cam.topic(seal.Main), late)
		tile := s.look(cam)
		if tile.State != Stale || tile.Age < 5*time.Second {
			t.Errorf("%v, age %v", tile.State, tile.Age)
		}
		a.set(func() { a.mute = false })
	})
}

// An agent that falls silent loses the session; the tile says so and the viewer tries again.
func TestSilentAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		a.set(func() { a.mute = true })
		time.Sleep(30 * time.Second)
		a.mu.Lock()
		hellos := a.hellos
		a.mu.Unlock()
		if hellos < 2 {
			t.Errorf("%d sessions", hellos)
		}
		a.set(func() { a.mute = false })
		time.Sleep(20 * time.Second)
		s.play(cam, seal.Main, "a", 2)
		s.wantState(cam, Live, ReasonNone)
	})
}

// What the agent says of a camera is what the tile says.
func TestCameraStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		const advice = "The camera refuses the password. Correct it in sealcam.toml."
		a.tell(&control.CameraStatus{Number: 0, State: control.CameraFailed, Advice: advice})
		if tile := s.wantState(cam, Blank, ReasonCamera); tile.Sentence() != advice {
			t.Errorf("sentence %q", tile.Sentence())
		}
		a.tell(&control.CameraStatus{Number: 0, State: control.CameraConnecting})
		s.wantState(cam, Waiting, ReasonNone)
		a.tell(&control.CameraStatus{Number: 0, State: control.CameraRunning})
		s.play(cam, seal.Main, "a", 2)
		s.wantState(cam, Live, ReasonNone)
		a.tell(&control.CameraStatus{Number: 9, State: control.CameraRunning}) // none of ours
		s.wantState(cam, Live, ReasonNone)
	})
}

// What the server held back from an earlier session is not opened in a later one: an agent that was started anew counts its GOPs from the
// start, so it could pass for a part of a new one; and one whose clock was set back, for a young picture.
func TestFramesOfFormerSession(t *testing.T) {
	for name, back := range map[string]time.Duration{"agent started anew": 0, "and its clock set back": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				cam := a.camera("porch", seal.Main)
				s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
				defer s.stop()
				s.wish(seal.Main, cam)
				s.play(cam, seal.Main, "a", 2)
				held := [][]byte{cam.sealUp(seal.Main, cam.unit(seal.Main, false, []byte("a002")))}
				for i := range 3 { // whole GOPs too
					held = append(held, cam.sealUp(seal.Main, cam.unit(seal.Main, true, fmt.Appendf(nil, "b%03d", i))))
				}
				s.server.cut()
				a.set(func() {
					a.back = back
					cam.gops[seal.Main] = &testGOP{}
				})
				s.last[cam.key()] = 0
				time.Sleep(20 * time.Second)
				s.look(cam)
				delete(s.drawn, cam.key())
				s.play(cam, seal.Main, "c", 2)
				before := s.look(cam).Stats
				for _, sealed := range held {
					s.server.publish(cam.topic(seal.Main), sealed)
					s.look(cam)
				}
				s.wantDrawn(cam, "c", 0, 2)
				after := s.look(cam).Stats
				if after.Unknown != before.Unknown+uint64(len(held)) || after.Opening.Opened != before.Opening.Opened {
					t.Errorf("%d of %d counted as unknown, %d opened", after.Unknown-before.Unknown, len(held), after.Opening.Opened-before.Opening.Opened)
				}
				cam.shoot(seal.Main, false, "c002")
				s.look(cam)
				s.wantDrawn(cam, "c", 2, 3)
			})
		})
	}
}
