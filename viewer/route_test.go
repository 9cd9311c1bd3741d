package viewer

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// Pictures start by the relay, go over to the direct path when there is one, and back when it brings nothing: without a frame lost or
// drawn twice.
func TestRelayPeerRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 3)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Route != control.Relay {
			t.Errorf("route %v", tile.Route)
		}
		if !slices.Equal(a.peers, []uint32{1}) || !slices.Equal(a.answers, []string{"answer"}) {
			t.Fatalf("attempts %v, answers %v", a.peers, a.answers)
		}
		turn := s.peer.ice[1]
		if len(s.peer.ice) != 2 || s.peer.ice[0].Username != "" || turn.Username != "user" || turn.Credential != "pass" {
			t.Errorf("ice servers %+v", s.peer.ice)
		}

		// A frame is on its way through the relay while the route changes.
		underway := cam.sealUp(seal.Main, cam.unit(seal.Main, false, []byte("a003")))
		s.peer.state(PeerConnected)
		if got := routes(cam.watches()); !slices.Equal(got, []control.Route{control.Relay, control.Both}) {
			t.Fatalf("routes %v", got)
		}
		time.Sleep(frameTime)
		cam.shoot(seal.Main, false, "a004")
		s.look(cam)
		s.wantDrawn(cam, "a", 0, 3)
		s.server.publish(cam.topic(seal.Main), underway)
		s.look(cam)
		s.wantDrawn(cam, "a", 3, 5) // a004 had come before it
		for i := 5; i < 30; i++ {
			time.Sleep(frameTime)
			cam.shoot(seal.Main, false, fmt.Sprintf("a%03d", i))
			s.look(cam)
		}
		s.wantDrawn(cam, "a", 5, 30)
		tile := s.wantState(cam, Live, ReasonNone)
		if tile.Route != control.Peer || tile.Stats.Drawn() != 30 || tile.Stats.Resyncs != 0 {
			t.Errorf("tile %+v", tile)
		}
		if want := (CandidatePair{CandidateHost, CandidateServerReflexive}); tile.Pair != want {
			t.Errorf("the direct path is known as %v", tile.Pair)
		}
		if s.server.subscribed(cam.topic(seal.Main)) {
			t.Error("the relay is still subscribed")
		}

		// The path says that it is connected, and brings nothing: the relay is taken as well, and the connection kept.
		s.peer.setDeaf(true)
		_, _, before := s.peer.counts()
		for i := 30; i < 100; i++ {
			time.Sleep(frameTime)
			cam.shoot(seal.Main, false, fmt.Sprintf("a%03d", i))
			if tile := s.look(cam); tile.State != Live {
				t.Fatalf("%v", tile.State)
			}
			if s.server.subscribed(cam.topic(seal.Main)) {
				break
			}
		}
		made, closed, after := s.peer.counts()
		if sent := after - before; sent < 25 || sent > 35 { // 1 to 1.4 s
			t.Errorf("%d frames until the relay was asked again", sent)
		}
		if got := routes(cam.watches()); closed != 0 || got[len(got)-1] != control.Both {
			t.Errorf("%d connections closed, routes %v", closed, got)
		}
		time.Sleep(frameTime)
		delete(s.drawn, cam.key())
		s.play(cam, seal.Main, "b", 50)
		s.wantDrawn(cam, "b", 0, 50)
		if tile := s.wantState(cam, Live, ReasonNone); tile.Route != control.Relay {
			t.Errorf("route %v", tile.Route)
		}

		// The moment it brings frames again they are taken, and soon the relay is left.
		s.peer.setDeaf(false)
		s.play(cam, seal.Main, "c", 100)
		s.wantDrawn(cam, "c", 0, 100)
		if got := routes(cam.watches()); got[len(got)-1] != control.Peer || s.server.subscribed(cam.topic(seal.Main)) {
			t.Errorf("routes %v", got)
		}
		if again, _, _ := s.peer.counts(); again != made || len(a.peers) != 1 {
			t.Errorf("%d connections made, attempts %v", again, a.peers)
		}
	})
}

// watchDirect starts a viewer of one camera that watches by the direct path alone.
func watchDirect(s *stage, a *testAgent, cam *testCamera) {
	s.t.Helper()
	s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory})
	s.wish(seal.Main, cam)
	s.peer.state(PeerConnected)
	s.play(cam, seal.Main, "_", 30)
	delete(s.drawn, cam.key())
	if got := routes(cam.watches()); got[len(got)-1] != control.Peer {
		s.t.Fatalf("routes %v", got)
	}
}

// A blackout of everything for some seconds: nothing is asked for that would stand in the way afterwards, and the first frame that
// comes is drawn, of the same connection and session.
func TestBlackout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		watchDirect(s, a, cam)
		defer s.stop()
		asked := len(cam.watches())
		s.peer.setDeaf(true)
		a.set(func() { a.mute = true })
		for i := range 75 { // 3 s
			cam.shoot(seal.Main, i == 0, fmt.Sprintf("b%03d", i))
			s.look(cam)
			time.Sleep(frameTime)
		}
		if got := cam.watches(); len(got) != asked {
			t.Errorf("asked for %v", got[asked:])
		}
		s.peer.setDeaf(false)
		a.set(func() { a.mute = false })
		s.play(cam, seal.Main, "c", 50)
		s.wantDrawn(cam, "c", 0, 50)
		s.wantState(cam, Live, ReasonNone)
		if got := routes(cam.watches()[asked:]); slices.Contains(got, control.Relay) || slices.Contains(got, control.Both) {
			t.Errorf("routes %v", got)
		}
		if made, closed, _ := s.peer.counts(); made != 1 || closed != 0 || len(a.peers) != 1 || a.hellos != 1 {
			t.Errorf("%d connections made, %d closed, attempts %v, %d sessions", made, closed, a.peers, a.hellos)
		}
	})
}

// A path that falls silent again and again has to prove itself for longer each time, so that the relay is not taken and left all the time.
func TestUnsteadyPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		watchDirect(s, a, cam)
		defer s.stop()
		asked := len(cam.watches())
		for range 10 { // 40 s
			s.peer.setDeaf(true)
			s.play(cam, seal.Main, "b", 50)
			s.peer.setDeaf(false)
			s.play(cam, seal.Main, "c", 50)
			s.wantState(cam, Live, ReasonNone)
		}
		if n := len(cam.watches()) - asked; n > 6 {
			t.Errorf("asked for %+v", cam.watches()[asked:])
		}
	})
}

// A connection that never comes about is given up, and tried again at growing distances.
func TestPeerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory})
		defer s.stop()
		if len(a.peers) != 0 {
			t.Error("a direct path was asked for before anything is watched")
		}
		s.wish(seal.Main, cam)
		var waits []time.Duration
		last := time.Now()
		for i := range 6 {
			s.peer.state(PeerFailed)
			made, closed, _ := s.peer.counts()
			if made != i+1 || closed != i+1 {
				t.Fatalf("%d made, %d closed", made, closed)
			}
			for {
				time.Sleep(time.Second)
				synctest.Wait()
				if made, _, _ := s.peer.counts(); made > i+1 {
					break
				}
			}
			waits = append(waits, time.Since(last))
			last = time.Now()
		}
		want := []time.Duration{5, 10, 20, 40, 60, 60}
		for i, w := range waits {
			if w != want[i]*time.Second {
				t.Errorf("waited %v before try %d, want %v", w, i+2, want[i]*time.Second)
			}
		}
		if got := routes(cam.watches()); slices.Contains(got, control.Peer) || slices.Contains(got, control.Both) {
			t.Errorf("routes %v", got)
		}
	})
}

// A connection that is disconnected for a while, or failed, is not thrown away: its ICE is started anew by the same number. While the agent
// cannot be reached that is not asked for. Only when it is of no use is the next connection made.
func TestPeerRestart(t *testing.T) {
	for _, lost := range []PeerState{PeerDisconnected, PeerFailed} {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				cam := a.camera("porch", seal.Main)
				watchDirect(s, a, cam)
				defer s.stop()

				a.set(func() { a.mute = true })
				s.peer.setDeaf(true)
				s.peer.state(lost)
				s.play(cam, seal.Main, "b", 120) // 4.8 s
				if !slices.Equal(a.peers, []uint32{1}) {
					t.Errorf("attempts %v while the agent cannot be reached", a.peers)
				}
				a.set(func() { a.mute = false })
				s.play(cam, seal.Main, "c", 50)
				if !slices.Equal(a.peers, []uint32{1, 1}) {
					t.Errorf("attempts %v", a.peers)
				}
				if tile := s.wantState(cam, Live, ReasonNone); tile.Route != control.Relay {
					t.Errorf("route %v", tile.Route)
				}
				s.peer.setDeaf(false)
				s.peer.state(PeerConnected)
				delete(s.drawn, cam.key())
				s.play(cam, seal.Main, "d", 50)
				s.wantDrawn(cam, "d", 0, 50)
				made, closed, _ := s.peer.counts()
				if got := routes(cam.watches()); made != 1 || closed != 0 || got[len(got)-1] != control.Peer {
					t.Errorf("%d made, %d closed, routes %v", made, closed, got)
				}

				// This time it does not help.
				s.peer.setDeaf(true)
				s.peer.state(lost)
				s.play(cam, seal.Main, "e", 25*25)
				if !slices.Equal(a.peers, []uint32{1, 1, 1, 2}) {
					t.Errorf("attempts %v", a.peers)
				}
				if made, closed, _ := s.peer.counts(); made != 2 || closed != 1 {
					t.Errorf("%d made, %d closed", made, closed)
				}
				s.wantState(cam, Live, ReasonNone)
			})
		})
	}
}

// Restarts that help for a moment alone come to an end.
func TestPeerRestartsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		watchDirect(s, a, cam)
		defer s.stop()
		for range maxRestarts + 1 {
			s.peer.state(PeerFailed)
			s.play(cam, seal.Main, "b", 50)
			if _, closed, _ := s.peer.counts(); closed == 0 {
				s.peer.state(PeerConnected)
			}
			s.play(cam, seal.Main, "c", 50)
		}
		if n := len(a.peers); n != 1+maxRestarts || a.peers[n-1] != 1 {
			t.Errorf("attempts %v", a.peers)
		}
		if _, closed, _ := s.peer.counts(); closed != 1 {
			t.Errorf("%d closed", closed)
		}
	})
}

// Before its keys are a day old the connection is renewed. The relay stands in, so that no picture is missing and none comes late.
func TestPeerRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		watchDirect(s, a, cam)
		defer s.stop()
		// The camera is off, or hundreds of thousands of frames would have to be sealed.
		a.tell(&control.CameraStatus{Number: cam.number, State: control.CameraConnecting})
		time.Sleep(peerLife - 5*time.Second)
		a.tell(&control.CameraStatus{Number: cam.number, State: control.CameraRunning})
		for i := range 500 { // 20 s
			cam.shoot(seal.Main, i%50 == 0, fmt.Sprintf("r%03d", i))
			s.look(cam)
			time.Sleep(frameTime)
			if i == 300 {
				s.peer.state(PeerConnected) // the new one
			}
		}
		s.wantDrawn(cam, "r", 0, 500)
		if made, closed, _ := s.peer.counts(); made != 2 || closed != 1 || !slices.Equal(a.peers, []uint32{1, 2}) {
			t.Errorf("%d made, %d closed, attempts %v", made, closed, a.peers)
		}
		if got := routes(cam.watches()); got[len(got)-1] != control.Peer {
			t.Errorf("routes %v", got)
		}
	})
}

// An offer that never comes, or a browser without the means, leaves the relay.
func TestNoPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.peer.refuse = errors.New("not here")
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 3)
		time.Sleep(10 * time.Minute)
		if !slices.Equal(a.peers, []uint32{1}) {
			t.Errorf("attempts %v", a.peers)
		}
	})
}

// Without the relay nothing is asked for before there is a direct path, and the tile says what it waits for.
func TestPeerOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory, Route: PeerOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		if tile := s.wantState(cam, Waiting, ReasonNone); tile.Progress != "Making a direct path" {
			t.Errorf("progress %q", tile.Progress)
		}
		time.Sleep(11 * time.Second)
		s.wantState(cam, Blank, ReasonNoPeer)
		if n := len(cam.watches()); n != 0 {
			t.Errorf("asked %d times", n)
		}
		s.peer.state(PeerConnected)
		s.play(cam, seal.Main, "a", 3)
		s.wantDrawn(cam, "a", 0, 3)
		if got := routes(cam.watches()); !slices.Equal(got, []control.Route{control.Peer}) {
			t.Errorf("routes %v", got)
		}
		if s.server.subscribed(cam.topic(seal.Main)) {
			t.Error("the relay is subscribed")
		}
		s.peer.state(PeerFailed)
		time.Sleep(3 * time.Second)
		s.wantState(cam, Stale, ReasonNoPeer)
	})
}

// Frames that overtake their epoch's key on the direct path are kept for a second, and what is not from this agent is not drawn.
func TestFramesBeforeKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a, b := s.agent(), s.agent()
		cam := a.camera("porch", seal.Main)
		stranger := b.camera("stranger", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.peer.state(PeerConnected)
		s.play(cam, seal.Main, "a", 30) // until it is relied on
		s.wantDrawn(cam, "a", 0, 30)

		for _, late := range []time.Duration{900 * time.Millisecond, 1300 * time.Millisecond} {
			a.mu.Lock()
			m := cam.newEpoch()
			a.mu.Unlock()
			f := cam.unit(seal.Main, true, []byte("next"))
			s.peer.frame(cam.number, cam.sealUp(seal.Main, f))
			s.look(cam)
			s.wantDrawn(cam, "", 0, 0)
			time.Sleep(late)
			var w *control.Watch
			a.set(func() { w, cam.watch = cam.watch, nil }) // the test agent is not to send the GOP again
			a.tell(m)
			s.look(cam)
			a.set(func() { cam.watch = w })
			if kept := len(s.drawn[cam.key()]) == 1; kept != (late < time.Second) {
				t.Errorf("%v late: drawn %q", late, s.drawn[cam.key()])
			}
			delete(s.drawn, cam.key())
		}

		a.mu.Lock()
		b.mu.Lock()
		stranger.newEpoch()
		b.mu.Unlock()
		a.mu.Unlock()
		evil := stranger.sealUp(seal.Main, stranger.unit(seal.Main, true, []byte("evil")))
		s.peer.frame(cam.number, evil)
		s.peer.frame(77, evil)
		s.peer.frame(cam.number, []byte("nonsense"))
		s.look(cam)
		if got := s.drawn[cam.key()]; len(got) != 0 {
			t.Errorf("drawn %q", got)
		}
	})
}
