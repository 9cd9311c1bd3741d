package viewer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// An agent that refuses is asked once, or again if it is only busy; the page learns why.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		refuse control.RefuseReason
		claim  bool
		reason Reason
		again  bool
	}{
		{control.RefusedVersion, false, ReasonVersion, false},
		{control.RefusedDevice, false, ReasonNotAllowed, false},
		{control.RefusedBusy, false, ReasonBusy, true},
		{control.RefusedClaimUsed, true, ReasonClaimUsed, false},
		{control.RefusedClaimOld, true, ReasonClaimExpired, false},
		{control.RefusedClaimWrong, true, ReasonClaimWrong, false},
		{control.RefusedClaimed, true, ReasonClaimed, false},
	} {
		t.Run(c.reason.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				a.refuse = c.refuse
				cfg := Config{Homes: []Home{s.home(a)}}
				if c.claim {
					cfg = Config{Claim: s.claim(a)}
				}
				s.start(cfg)
				defer s.stop()
				time.Sleep(6 * time.Second) // the farewell of TLS waits so long on a pipe without a buffer
				snapshot := s.v.Snapshot()
				if h := snapshot.Homes[0]; h.Ready || h.Reason != c.reason || h.Sentence == "" {
					t.Errorf("home %+v", h)
				}
				if refused := snapshot.Link.State == LinkRefused; refused != c.claim {
					t.Errorf("link %+v", snapshot.Link)
				}
				if c.claim && snapshot.Link.Sentence != c.reason.Sentence() {
					t.Errorf("link says %q", snapshot.Link.Sentence)
				}
				time.Sleep(time.Minute)
				s.server.cut() // nor does a new connection change anything
				time.Sleep(time.Minute)
				a.mu.Lock()
				defer a.mu.Unlock()
				if (a.hellos > 1) != c.again {
					t.Errorf("asked %d times", a.hellos)
				}
			})
		})
	}
}

// A device whose access is taken back stops drawing at once.
func TestRevokedWhileWatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 2)
		a.tell(&control.Refuse{Reason: control.RefusedDevice})
		s.wantState(cam, Blank, ReasonNotAllowed)
	})
}

// A camera that is no longer shared goes blank at once, says so, and is forgotten after a while.
func TestCameraGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		garden, cam := a.camera("garden", seal.Main), a.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam, garden)
		s.play(cam, seal.Main, "a", 2)
		a.set(func() { a.cameras = a.cameras[:1] })
		s.server.cut()
		time.Sleep(time.Second)
		s.wantState(cam, Blank, ReasonCameraGone)
		s.wantState(garden, Waiting, ReasonNone)
		time.Sleep(2 * time.Minute)
		s.v.Snapshot()
		if n := len(s.v.Snapshot().Tiles); n != 1 {
			t.Errorf("%d tiles", n)
		}
	})
}

// The grant log must only grow; an agent whose log lost something is not trusted any more.
func TestRollback(t *testing.T) {
	head := [32]byte{1}
	for _, c := range []struct {
		name   string
		change func(h *Home, a *testAgent)
		reason Reason
	}{
		{"the same", func(h *Home, a *testAgent) { h.LogLength, h.LogHead, h.ID = 1, a.log.Head(), a.log.Home() }, ReasonNone},
		{"nothing remembered", func(*Home, *testAgent) {}, ReasonNone},
		{"shorter", func(h *Home, _ *testAgent) { h.LogLength, h.LogHead = 2, head }, ReasonRollback},
		{"another head", func(h *Home, _ *testAgent) { h.LogLength, h.LogHead = 1, head }, ReasonRollback},
		{"another home", func(h *Home, a *testAgent) { h.LogLength, h.LogHead, h.ID = 1, a.log.Head(), identity.HomeID{1} }, ReasonRollback},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				cam := a.camera("porch", seal.Main)
				home := s.home(a)
				home.Cameras = []KnownCamera{{cam.id, "porch"}}
				c.change(&home, a)
				s.start(Config{Homes: []Home{home}})
				defer s.stop()
				h := s.v.Snapshot().Homes[0]
				if h.Reason != c.reason || h.Ready != (c.reason == ReasonNone) {
					t.Errorf("home %+v", h)
				}
				if c.reason != ReasonNone {
					s.wantState(cam, Blank, c.reason)
					if len(s.remembered) > 0 {
						t.Error("the changed log was remembered")
					}
				}
			})
		})
	}
}

// A link that is opened again by the device that used it leads in by that device's own grant.
func TestLinkOpenedAgain(t *testing.T) {
	for name, known := range map[string]bool{"remembered": true, "forgotten": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.unclaimed()
				if known {
					a = s.agent()
				}
				claim := s.claim(a)
				cfg := Config{Claim: claim}
				if known {
					cfg.Homes = []Home{s.home(a)}
				}
				s.start(cfg)
				defer s.stop()
				if link := s.v.Snapshot().Link; link.State != LinkReady {
					t.Errorf("link %+v", link)
				}
				if claimed := a.log.Root() == a.keeper.root.Public(); claimed == known {
					t.Errorf("claimed: %v", claimed)
				}
			})
		})
	}
}

// A device that remembers an agent which has forgotten it claims it anew by the link.
func TestClaimAfterReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.unclaimed()
		home := s.home(a)
		home.Knock[5]++ // the agent does not know it any more
		home.LogLength, home.LogHead = 5, [32]byte{1}
		s.start(Config{Homes: []Home{home}, Claim: s.claim(a)})
		defer s.stop()
		if link := s.v.Snapshot().Link; link.State != LinkReady || a.log.Len() != 1 {
			t.Errorf("link %+v, %d entries", link, a.log.Len())
		}
	})
}

// A link to an agent that is not there is tried again, and the page says what may be wrong.
func TestClaimUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.unclaimed()
		s.server.agents = nil
		s.start(Config{Claim: s.claim(a)})
		defer s.stop()
		if link := s.v.Snapshot().Link; link.State != LinkClaiming || link.Reason != ReasonClaimSilent {
			t.Errorf("link %+v", link)
		}
		s.server.mu.Lock()
		s.server.agents = map[identity.AgentID]*testAgent{a.id: a}
		s.server.mu.Unlock()
		time.Sleep(time.Minute)
		if link := s.v.Snapshot().Link; link.State != LinkReady {
			t.Errorf("link %+v", link)
		}
	})
}

// A server that does not answer a knock keeps nobody waiting for ever.
func TestKnockUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		s.server.silent = true
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		time.Sleep(knockWithin + time.Second)
		if h := s.v.Snapshot().Homes[0]; h.Reason != ReasonAgentOffline {
			t.Errorf("home %+v", h)
		}
		s.server.mu.Lock()
		s.server.silent = false
		s.server.mu.Unlock()
		time.Sleep(time.Minute)
		if h := s.v.Snapshot().Homes[0]; !h.Ready {
			t.Errorf("home %+v", h)
		}
	})
}

// An agent in whose place another answers is not talked to.
func TestWrongAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a, b := s.agent(), s.agent()
		s.server.mu.Lock()
		s.server.agents[a.id] = b
		s.server.mu.Unlock()
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		if h := s.v.Snapshot().Homes[0]; h.Reason != ReasonWrongAgent || b.hellos != 0 {
			t.Errorf("home %+v, %d hellos", h, b.hellos)
		}
	})
}

// Cameras that the agent did not sign as its own end the session.
func TestForeignCamera(t *testing.T) {
	s := newStage(t)
	a := newAgent(t, s.server)
	camera := func(signer *testAgent, id identity.CameraID) control.Camera {
		sig, err := signer.key.Signer().Sign(identity.CameraStatement(a.id, id))
		if err != nil {
			t.Fatal(err)
		}
		return control.Camera{ID: id, Streams: []seal.Stream{0}, Sig: sig}
	}
	mine := camera(a, identity.CameraID{1})
	for name, c := range map[string]struct {
		cameras []control.Camera
		good    bool
	}{
		"its own":           {[]control.Camera{mine}, true},
		"another agent's":   {[]control.Camera{mine, camera(newAgent(t, s.server), identity.CameraID{2})}, false},
		"one twice":         {[]control.Camera{mine, mine}, false},
		"without an id":     {[]control.Camera{camera(a, identity.CameraID{})}, false},
		"another signature": {[]control.Camera{{ID: [16]byte{3}, Streams: []seal.Stream{0}, Sig: mine.Sig}}, false},
	} {
		err := verifyAccept(&control.Accept{Version: control.Version, LogLength: 1, Cameras: c.cameras}, a.key.Public())
		if (err == nil) != c.good || err != nil && reasonOf(err) != ReasonProtocol {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two homes on one server: each tile draws its own camera's pictures, whatever is published where.
func TestTwoHomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a, b := s.agent(), s.agent()
		one, two := a.camera("porch", seal.Main), b.camera("porch", seal.Main)
		s.start(Config{Homes: []Home{s.home(a), s.home(b)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, one, two)
		for i := range 10 {
			f, g := one.unit(seal.Main, i == 0, fmt.Appendf(nil, "a%03d", i)), two.unit(seal.Main, i == 0, fmt.Appendf(nil, "b%03d", i))
			sa, sb := one.sealUp(seal.Main, f), two.sealUp(seal.Main, g)
			for _, topic := range []signal.Topic{two.topic(seal.Main), one.topic(seal.Main)} {
				s.server.publish(topic, sa)
				s.server.publish(topic, sb)
			}
			s.look(one)
			time.Sleep(frameTime)
		}
		s.wantDrawn(one, "a", 0, 10)
		s.wantDrawn(two, "b", 0, 10)
	})
}

// Tiles of remembered cameras are there before the agent answers, and wishes made by then hold.
func TestRememberedCameras(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		home := s.home(a)
		home.Cameras = []KnownCamera{{cam.id, "porch"}, {cam.id, "twice"}, {}}
		s.server.setDown(true)
		s.start(Config{Homes: []Home{home}, Route: RelayOnly})
		defer s.stop()
		if n := len(s.v.Snapshot().Tiles); n != 1 {
			t.Fatalf("%d tiles", n)
		}
		s.wish(seal.Main, cam)
		s.wantState(cam, Blank, ReasonServer)
		s.server.setDown(false)
		time.Sleep(time.Second)
		s.wantState(cam, Waiting, ReasonNone)
		if len(cam.watches()) != 1 {
			t.Errorf("asked for %+v", cam.watches())
		}
	})
}

func TestRunOnce(t *testing.T) {
	if err := New(Config{}).Run(t.Context()); !errors.Is(err, ErrConfig) {
		t.Errorf("Run without anything: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.start(Config{})
		if err := s.v.run(context.Background()); err == nil {
			t.Error("Run twice")
		}
		s.stop()
	})
}

// Every reason has a name and a sentence of its own that says what to do; no sentence on the link shows an address.
func TestSentences(t *testing.T) {
	seen := map[string]Reason{}
	for r := ReasonNone; r < reasonCount; r++ {
		name, sentence := r.String(), r.Sentence()
		if name == "" || strings.ContainsAny(name, " ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			t.Errorf("reason %d is called %q", r, name)
		}
		if other, twice := seen[name]; twice {
			t.Errorf("%d and %d are both called %q", r, other, name)
		}
		seen[name] = r
		if r != ReasonNone && (!strings.HasSuffix(sentence, ".") || strings.Count(sentence, " ") < 5) {
			t.Errorf("%s: %q", name, sentence)
		}
	}
	if s := (reasonCount + 1).Sentence() + Reason(200).String(); s != "unknown" {
		t.Errorf("%q", s)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "The connection to the server was lost."},
		{fmt.Errorf("dial https://secret.example: %w", signal.ErrUnreachable), "The server cannot be reached: check the network and the address."},
		{&signal.Refusal{Code: signal.CodeClock}, "This device's clock is wrong: set date and time, then try again."},
		{errors.New("10.0.0.1: reset"), "The connection to the server was lost."},
	} {
		if got := serverSentence(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

// Logs name a home by its fingerprint only.
func TestHomeInLogs(t *testing.T) {
	var b strings.Builder
	h := Home{Agent: identity.AgentID{1}, Knock: [16]byte{0xaa, 0xbb, 0xcc, 0xdd}}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "home", h)
	if strings.Contains(b.String(), "170") || !strings.Contains(b.String(), h.Agent.Fingerprint()) {
		t.Errorf("%s", b.String())
	}
}
