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
		if got := routes(cam.watches()); !slices.Equal(got, []control.Route{control.Relay, control.Peer}) {
			t.Fatalf("routes %v", got)
		}
		time.Sleep(frameTime)
		cam.shoot(seal.Main, false, "a004")
		s.look(cam)
		s.wantDrawn(cam, "a", 0, 3)
		s.server.publish(cam.topic(seal.Main), underway)
		s.look(cam)
		s.wantDrawn(cam, "a", 4, 5) // a003 came with it
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
		if s.server.subscribed(cam.topic(seal.Main)) {
			t.Error("the relay is still subscribed")
		}

		// The path says that it is connected, and brings nothing.
		s.peer.setDeaf(true)
		_, _, before := s.peer.counts()
		for i := 30; i < 100; i++ {
			time.Sleep(frameTime)
			cam.shoot(seal.Main, false, fmt.Sprintf("a%03d", i))
			s.look(cam)
		}
		_, closed, after := s.peer.counts()
		if sent := after - before; sent < 50 || sent > 60 { // 2 to 2.4 s
			t.Errorf("%d frames until the relay was asked again", sent)
		}
		if closed != 1 || !s.server.subscribed(cam.topic(seal.Main)) {
			t.Errorf("%d connections closed", closed)
		}
		drawn := s.drawn[cam.key()]
		if len(drawn) == 0 || drawn[len(drawn)-1] != "a099" {
			t.Errorf("drawn %q", drawn)
		}
		if tile := s.wantState(cam, Live, ReasonNone); tile.Route != control.Relay {
			t.Errorf("route %v", tile.Route)
		}

		// Later it is tried again.
		s.peer.setDeaf(false)
		time.Sleep(8 * time.Second)
		if !slices.Equal(a.peers, []uint32{1, 2}) {
			t.Errorf("attempts %v", a.peers)
		}
	})
}

// A connection that fails or is lost is given up at once, and tried again at growing distances.
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
		if got := routes(cam.watches()); slices.Contains(got, control.Peer) {
			t.Errorf("routes %v", got)
		}
		// One that is disconnected hands over to the relay at once, and has a while to recover.
		s.peer.state(PeerConnected)
		s.peer.state(PeerDisconnected)
		if w := cam.watches(); w[len(w)-1].Route != control.Relay {
			t.Error("still direct")
		}
		time.Sleep(2 * time.Second)
		s.peer.state(PeerConnected)
		if w := cam.watches(); w[len(w)-1].Route != control.Peer {
			t.Error("not direct again")
		}
		s.peer.state(PeerDisconnected)
		before, _, _ := s.peer.counts()
		time.Sleep(6 * time.Second)
		if _, closed, _ := s.peer.counts(); closed != before {
			t.Errorf("%d of %d closed", closed, before)
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
		if tile := s.wantState(cam, Waiting, ReasonNone); tile.Progress != "making a direct path" {
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
		s.play(cam, seal.Main, "a", 3)
		s.wantDrawn(cam, "a", 0, 3)

		for _, late := range []time.Duration{900 * time.Millisecond, 1300 * time.Millisecond} {
			a.mu.Lock()
			m := cam.newEpoch()
			a.mu.Unlock()
			f := cam.unit(seal.Main, true, []byte("next"))
			s.peer.frame(cam.number, cam.sealUp(seal.Main, f))
			s.look(cam)
			s.wantDrawn(cam, "", 0, 0)
			time.Sleep(late)
			w := cam.watch
			a.set(func() { cam.watch = nil }) // the test agent is not to send the GOP again
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
