package viewer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// newTerms is what the agent says when a member's terms or its own cameras changed.
func (a *testAgent) newTerms(m grant.Member) *control.Terms {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := &control.Terms{Role: uint8(m.Role), Rights: uint16(m.Rights), Cameras: a.offer(m)}
	if !m.Expires.IsZero() {
		t.Expires = m.Expires.Unix()
	}
	return t
}

// guest makes this device a guest with a few days, and returns its terms.
func (a *testAgent) guest(s *stage, cameras ...*testCamera) grant.Member {
	now := time.Now().Truncate(time.Second)
	terms := grant.Terms{Name: "guest", Role: grant.Guest, Rights: grant.Live, NotBefore: now, Expires: now.Add(72 * time.Hour)}
	for _, c := range cameras {
		terms.Cameras = append(terms.Cameras, c.id)
	}
	return grant.Member{Device: s.self.Public(), Terms: tidyTerms(terms)}
}

// A camera that is taken from a device while it watches is blank at once and says why; the others go on as if nothing had happened.
func TestCameraLostWhileWatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		porch, garden := a.camera("porch", seal.Main), a.camera("garden", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, porch, garden)
		s.play(porch, seal.Main, "p", 3)
		s.play(garden, seal.Main, "g", 3)
		asked, topic := len(garden.watches()), porch.topic(seal.Main)

		m := a.guest(s, garden)
		a.tell(a.newTerms(m))
		tile := s.wantState(porch, Blank, ReasonCameraGone)
		if tile.Picture != nil {
			t.Error("a picture is left")
		}
		if s.server.subscribed(topic) {
			t.Error("its frames are still asked for")
		}
		porch.shoot(seal.Main, false, "evil")
		s.wantState(porch, Blank, ReasonCameraGone)
		s.wantState(garden, Live, ReasonNone)
		garden.shoot(seal.Main, false, "g003")
		s.look(garden)
		s.wantDrawn(garden, "g", 0, 4)
		if n := len(garden.watches()); n != asked {
			t.Errorf("the other camera was asked for again: %d", n)
		}
		if h := s.v.Snapshot().Homes[0]; h.Role != grant.Guest || h.Rights != grant.Live || !h.Expires.Equal(m.Expires) || !h.Ready {
			t.Errorf("%+v", h)
		}
		if home := s.remembered[len(s.remembered)-1]; len(home.Cameras) != 1 || home.Cameras[0].ID != garden.id || home.Role != grant.Guest {
			t.Errorf("remembered %+v", home)
		}

		// Given back, it plays again.
		a.set(func() { porch.watch = nil })
		time.Sleep(frameTime)
		a.tell(a.newTerms(a.guest(s, garden, porch)))
		synctest.Wait()
		s.look(porch)
		s.drawn[porch.key()] = nil
		s.play(porch, seal.Main, "q", 2)
		s.wantDrawn(porch, "q", 0, 2)
		s.wantState(porch, Live, ReasonNone)
	})
}

// Numbers that change hands in a session lead no camera's frames to another's tile.
func TestCameraNumbersChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		porch, garden := a.camera("porch", seal.Main), a.camera("garden", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, porch, garden)
		s.play(porch, seal.Main, "p", 2)
		s.play(garden, seal.Main, "g", 2)
		a.set(func() {
			porch.number, garden.number = garden.number, porch.number
			a.cameras[0], a.cameras[1] = garden, porch
			porch.watch, garden.watch = nil, nil
		})
		a.tell(a.newTerms(a.guest(s, porch, garden)))
		synctest.Wait()
		clear(s.drawn)
		s.play(porch, seal.Main, "q", 2)
		s.play(garden, seal.Main, "h", 2)
		s.wantDrawn(porch, "q", 0, 2)
		s.wantDrawn(garden, "h", 0, 2)
	})
}

// A device that is told why it may watch no more shows nothing from that moment on, and comes back by itself when it may again.
func TestRefusedWhileWatching(t *testing.T) {
	for _, c := range []struct {
		refuse control.RefuseReason
		reason Reason
	}{
		{control.RefusedRevoked, ReasonRevoked},
		{control.RefusedExpired, ReasonExpired},
		{control.RefusedNotYet, ReasonNotYet},
		{control.RefusedClock, ReasonAgentClock},
	} {
		t.Run(c.reason.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				cam := a.camera("porch", seal.Main)
				s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
				defer s.stop()
				s.wish(seal.Main, cam)
				s.play(cam, seal.Main, "a", 3)
				s.wantState(cam, Live, ReasonNone)
				a.set(func() { a.refuse = c.refuse })
				told := time.Now()
				a.tell(&control.Refuse{Reason: c.refuse})
				s.wantState(cam, Blank, c.reason)
				if d := time.Since(told); d > 0 {
					t.Errorf("took %v", d)
				}
				if h := s.v.Snapshot().Homes[0]; h.Ready || h.Reason != c.reason {
					t.Errorf("%+v", h)
				}
				time.Sleep(3 * time.Second)
				s.wantState(cam, Blank, c.reason)
				a.mu.Lock()
				hellos := a.hellos
				a.mu.Unlock()
				time.Sleep(5 * time.Minute)
				a.mu.Lock()
				if n := a.hellos - hellos; n < 3 || n > 6 {
					t.Errorf("asked %d times in 5 minutes", n)
				}
				a.refuse = 0
				a.mu.Unlock()
				time.Sleep(2 * slowWait)
				s.play(cam, seal.Main, "b", 2)
				s.wantState(cam, Live, ReasonNone)
			})
		})
	}
}
