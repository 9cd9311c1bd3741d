package viewer

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// A device that has a network again does not wait for its next turn to connect.
func TestOnlineAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 3)
		s.server.setDown(true)
		s.server.cut()
		s.v.Network(false)
		time.Sleep(time.Minute)
		for s.v.Snapshot().Link.Retry < 2*time.Second { // else it would come by itself
			time.Sleep(100 * time.Millisecond)
		}
		s.server.setDown(false)
		s.v.Network(true)
		time.Sleep(100 * time.Millisecond)
		delete(s.drawn, cam.key())
		s.play(cam, seal.Main, "b", 3)
		s.wantDrawn(cam, "b", 0, 3)
	})
}

// After a change of network the connection to the server stays if the server still answers, and is made anew after some seconds if it
// does not: by the old address nothing comes any more.
func TestNetworkMoves(t *testing.T) {
	for _, dead := range []bool{false, true} {
		t.Run(fmt.Sprint(dead), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				cam := a.camera("porch", seal.Main)
				s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
				defer s.stop()
				s.wish(seal.Main, cam)
				s.play(cam, seal.Main, "a", 3)
				a.set(func() { a.mute = dead })
				if dead {
					s.server.strand()
				}
				s.v.Network(true)
				time.Sleep(movedWithin - 200*time.Millisecond)
				s.look(cam)
				if a.hellos != 1 {
					t.Errorf("%d sessions before the time was over", a.hellos)
				}
				a.set(func() { a.mute = false })
				time.Sleep(time.Second)
				delete(s.drawn, cam.key())
				s.play(cam, seal.Main, "b", 3)
				s.wantDrawn(cam, "b", 0, 3)
				want := 1
				if dead {
					want = 2
				}
				if a.hellos != want {
					t.Errorf("%d sessions, want %d", a.hellos, want)
				}
			})
		})
	}
}

// A connection that is dead although the device says nothing of another network: another one takes its place within some seconds, long
// before the first is given up. One that is only slow stays.
func TestDeadConnection(t *testing.T) {
	for _, revives := range []bool{false, true} {
		t.Run(fmt.Sprint(revives), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				cam := a.camera("porch", seal.Main)
				s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
				defer s.stop()
				s.wish(seal.Main, cam)
				s.play(cam, seal.Main, "a", 3)
				s.server.setDark(true)
				a.set(func() { a.mute = true })
				time.Sleep(deadAfter + 500*time.Millisecond)
				if !revives {
					s.server.strand()
				}
				s.server.mu.Lock()
				s.server.dark = false // for a new connection, which is being made
				first := s.server.conns[0]
				s.server.mu.Unlock()
				if revives {
					first.setDead(false)
					first.Probe()
				}
				a.set(func() { a.mute = false })
				time.Sleep(500 * time.Millisecond)
				delete(s.drawn, cam.key())
				s.play(cam, seal.Main, "b", 3)
				s.wantDrawn(cam, "b", 0, 3)
				s.server.mu.Lock()
				dialled := len(s.server.conns)
				s.server.mu.Unlock()
				if want := map[bool]int{true: 1, false: 2}[revives]; dialled != 2 || a.hellos != want {
					t.Errorf("%d connections, %d sessions", dialled, a.hellos)
				}
			})
		})
	}
}

// A direct path that survives a change of network is left alone; one that falls silent with it gets new ways at once, before it is even
// said to be disconnected.
func TestPeerMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		watchDirect(s, a, cam)
		defer s.stop()
		s.v.Network(true)
		s.play(cam, seal.Main, "b", 100)
		s.wantDrawn(cam, "b", 0, 100)
		if !slices.Equal(a.peers, []uint32{1}) {
			t.Errorf("attempts %v", a.peers)
		}
		s.peer.setDeaf(true)
		s.v.Network(true)
		s.play(cam, seal.Main, "c", 25)
		if !slices.Equal(a.peers, []uint32{1, 1}) {
			t.Errorf("attempts %v", a.peers)
		}
		s.peer.setDeaf(false)
		s.play(cam, seal.Main, "d", 100)
		if got := routes(cam.watches()); got[len(got)-1] != control.Peer {
			t.Errorf("routes %v", got)
		}
		if made, closed, _ := s.peer.counts(); made != 1 || closed != 0 || len(a.peers) != 2 {
			t.Errorf("%d made, %d closed, attempts %v", made, closed, a.peers)
		}
	})
}
