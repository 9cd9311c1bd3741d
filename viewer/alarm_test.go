package viewer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// wantAlarm checks that there is an alarm whose sentences name what differs, and nothing else is shown.
func (s *stage) wantAlarm(a *testAgent, repairable bool, sentences ...string) *Alarm {
	s.t.Helper()
	synctest.Wait()
	trust, ok := s.v.Trust(a.id)
	if !ok || trust.Alarm == nil || trust.InStep {
		s.t.Fatalf("no alarm: %+v", trust)
	}
	if trust.Alarm.Repairable != repairable || !slices.Equal(trust.Alarm.Sentences, sentences) {
		s.t.Errorf("repairable %v: %q", trust.Alarm.Repairable, trust.Alarm.Sentences)
	}
	h := s.v.Snapshot().Homes[0]
	if h.Reason != ReasonRollback || h.Alarm == nil || h.Ready {
		s.t.Errorf("%+v", h)
	}
	return trust.Alarm
}

// An agent whose list lost entries shows nothing any more; the alarm names them, and Repair gives them back.
func TestRollbackIsNamedAndRepaired(t *testing.T) {
	for name, restart := range map[string]bool{"while it runs": false, "over a restart of the page": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				cam := a.camera("porch", seal.Main)
				s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
				ctx, ann, tablet := t.Context(), newDevice(t).Public(), newDevice(t).Public()
				for _, err := range []error{
					second(s.v.Add(ctx, a.id, ann, viewerTerms("Ann’s phone"))),
					second(s.v.Add(ctx, a.id, tablet, viewerTerms("Tablet"))),
					s.v.Change(ctx, a.id, ann, viewerTerms("Ann", cam.id)),
					s.v.Revoke(ctx, a.id, tablet),
				} {
					if err != nil {
						t.Fatal(err)
					}
				}
				s.wish(seal.Main, cam)
				s.play(cam, seal.Main, "a", 3)
				s.wantState(cam, Live, ReasonNone)
				full := a.log

				if restart {
					s.stop()
					home := s.remembered[len(s.remembered)-1]
					a.replace(a.clone(2))
					s.start(Config{Homes: []Home{home}, Route: RelayOnly})
					s.wish(seal.Main, cam)
				} else {
					a.replace(a.clone(2))
					time.Sleep(time.Second)
				}
				defer func() { s.stop() }()
				s.wantState(cam, Blank, ReasonRollback)
				alarm := s.wantAlarm(a, true,
					"Entry 2: this device saw “Tablet” let in as a viewer; the agent no longer has that.",
					"Entry 3: this device saw “Ann” given new terms as a viewer; the agent no longer has that.",
					"Entry 4: this device saw “Tablet” revoked; the agent no longer has that.",
				)
				if !errors.Is(alarm.Difference.Err(), grant.ErrRollback) {
					t.Errorf("%v", alarm.Difference.Err())
				}
				if err := s.v.Revoke(ctx, a.id, ann); !errors.Is(err, ErrAlarm) {
					t.Errorf("changed in an alarm: %v", err)
				}
				// Neither do pictures come back, nor is what was seen before forgotten.
				cam.shoot(seal.Main, true, "evil")
				s.wantState(cam, Blank, ReasonRollback)
				for _, h := range s.remembered {
					if h.LogLength == 2 && h.LogHead == a.log.Head() && s.remembered[len(s.remembered)-1].LogLength == 2 {
						t.Error("the shorter log was remembered")
					}
				}

				if err := s.v.Repair(ctx, a.id); err != nil {
					t.Fatal(err)
				}
				if a.log.Head() != full.Head() {
					t.Error("the agent's log is not the former one")
				}
				time.Sleep(2 * time.Second)
				if trust := s.trust(a); trust.Alarm != nil || !trust.InStep || !trust.device(tablet).Revoked {
					t.Errorf("%+v", trust)
				}
				s.play(cam, seal.Main, "b", 3)
				s.wantState(cam, Live, ReasonNone)
				if err := s.v.Repair(ctx, a.id); !errors.Is(err, ErrNothingToRepair) {
					t.Errorf("repaired twice: %v", err)
				}
			})
		})
	}
}

func second[T any](_ T, err error) error { return err }

// Two owners, to each of whom the agent shows another list. What the one did must be in what the other sees.
func TestForkShownToTwoOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		other := newDevice(t)
		a.writeEntry(s.self.Signer(), grant.Add, other.Public(), ownerTerms("Ben"))
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly})
		defer s.stop()
		s.wish(seal.Main, cam)
		s.play(cam, seal.Main, "a", 3)
		branch := a.clone(2)
		ann, tablet := newDevice(t).Public(), newDevice(t).Public()
		if err := second(s.v.Add(t.Context(), a.id, ann, viewerTerms("Ann"))); err != nil {
			t.Fatal(err)
		}

		// The other owner was shown the list without that, and went on from there.
		mine := a.log
		a.set(func() {
			a.log = branch
			a.writeEntry(other.Signer(), grant.Add, tablet, viewerTerms("Tablet"))
			a.writeEntry(other.Signer(), grant.Invite, newDevice(t).Public(), viewerTerms("Guests"))
		})
		a.elsewhere(other.Signer(), grant.Revoke, tablet, grant.Terms{})
		s.wantState(cam, Blank, ReasonRollback)
		s.wantAlarm(a, false,
			"Entry 2: this device saw “Ann” let in as a viewer; the agent now says “Tablet” let in as a viewer.",
			"Entry 3: the agent says an invitation for “Guests” as a viewer, which this device never saw.",
			"Entry 4: the agent says “Tablet” revoked, which this device never saw.",
		)
		if err := s.v.Repair(t.Context(), a.id); !errors.Is(err, ErrForked) {
			t.Errorf("%v", err)
		}
		// A new session does not make it good, not for a moment.
		s.server.cut()
		time.Sleep(time.Second)
		if h := s.v.Snapshot().Homes[0]; h.Reason != ReasonRollback {
			t.Errorf("%+v", h)
		}
		cam.shoot(seal.Main, true, "evil")
		s.wantState(cam, Blank, ReasonRollback)
		// When the agent has the true list again the alarm is over.
		a.replace(mine)
		time.Sleep(20 * time.Second)
		if trust := s.trust(a); trust.Alarm != nil {
			t.Errorf("%+v", trust.Alarm)
		}
		s.play(cam, seal.Main, "b", 3)
		s.wantState(cam, Live, ReasonNone)
	})
}

// A fork of the same length shows in the head alone; one that is longer, in its entries.
func TestForkOverRestart(t *testing.T) {
	for name, more := range map[string]int{"as long": 0, "longer": 3} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				s.start(Config{Homes: []Home{s.home(a)}})
				if err := second(s.v.Add(t.Context(), a.id, newDevice(t).Public(), viewerTerms("Ann"))); err != nil {
					t.Fatal(err)
				}
				s.stop()
				home := s.remembered[len(s.remembered)-1]
				a.replace(a.clone(1))
				a.writeEntry(s.self.Signer(), grant.Add, newDevice(t).Public(), viewerTerms("Tablet"))
				sentences := []string{"Entry 1: this device saw “Ann” let in as a viewer; the agent now says “Tablet” let in as a viewer."}
				for range more {
					a.writeEntry(s.self.Signer(), grant.Add, newDevice(t).Public(), viewerTerms("X"))
				}
				for i := range more {
					sentences = append(sentences, "Entry "+string(rune('2'+i))+": the agent says “X” let in as a viewer, which this device never saw.")
				}
				s.start(Config{Homes: []Home{home}})
				defer s.stop()
				s.wantAlarm(a, false, sentences...)
			})
		})
	}
}

// A copy of the list that was damaged on this device's disk is fetched anew; what it has to hold is known all the same.
func TestDamagedMirror(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"cut off", func(b []byte) []byte { return b[:len(b)-7] }},
		{"changed", func(b []byte) []byte { b[100] ^= 1; return b }},
		{"empty", func([]byte) []byte { return nil }},
		{"nonsense", func([]byte) []byte { return []byte("x") }},
	} {
		for _, rolledBack := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStage(t)
					a := s.agent()
					s.start(Config{Homes: []Home{s.home(a)}})
					if err := second(s.v.Add(t.Context(), a.id, newDevice(t).Public(), viewerTerms("Ann"))); err != nil {
						t.Fatal(err)
					}
					s.stop()
					home := s.remembered[len(s.remembered)-1]
					home.Log = c.damage(home.Log)
					if rolledBack {
						a.replace(a.clone(1))
					}
					s.start(Config{Homes: []Home{home}})
					defer s.stop()
					if rolledBack {
						s.wantAlarm(a, false, "The agent's list of 1 entries does not go on from the 2 that this device saw.")
						return
					}
					if trust := s.trust(a); len(trust.Devices) != 2 {
						t.Errorf("%+v", trust)
					}
				})
			})
		}
	}
}

// An agent that was given to another home, or whose owner is told that it is one no longer, is not believed.
func TestRollbackBehindOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		other := newDevice(t)
		a.writeEntry(s.self.Signer(), grant.Add, other.Public(), ownerTerms("Ben"))
		a.writeEntry(other.Signer(), grant.Grant, s.self.Public(), viewerTerms("me"))
		early := a.clone(3)
		a.writeEntry(other.Signer(), grant.Grant, s.self.Public(), ownerTerms("me"))
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		s.trust(a)
		a.replace(early)
		time.Sleep(time.Second)
		alarm := s.wantAlarm(a, false, "The agent's list has 3 entries; this device saw 4.")
		if alarm.Difference != nil {
			t.Errorf("%+v", alarm.Difference)
		}
		a.mu.Lock()
		hellos := a.hellos
		a.mu.Unlock()
		time.Sleep(10 * slowWait)
		a.mu.Lock()
		defer a.mu.Unlock()
		if n := a.hellos - hellos; n < 5 || n > 11 {
			t.Errorf("asked %d times in %v", n, 10*slowWait)
		}
	})
}

// Giving entries back ends when the agent refuses, does not answer, or goes another way meanwhile.
func TestRepairFails(t *testing.T) {
	for _, c := range []struct {
		name    string
		hostile func(a *testAgent, m *control.Append) []control.Message
		want    error
	}{
		{"disk", func(a *testAgent, m *control.Append) []control.Message {
			return []control.Message{&control.NotAppended{Request: m.Request, Reason: control.AppendDisk, Length: 1, Head: a.log.Head()}}
		}, ErrAgentDisk},
		{"always not the next", func(a *testAgent, m *control.Append) []control.Message {
			return []control.Message{&control.NotAppended{Request: m.Request, Reason: control.AppendNotNext, Length: 1, Head: a.log.Head()}}
		}, ErrCrowded},
		{"silence", func(*testAgent, *control.Append) []control.Message { return nil }, ErrUnconfirmed},
		{"forged ack", func(_ *testAgent, m *control.Append) []control.Message {
			return []control.Message{&control.Appended{Request: m.Request, Length: 2}}
		}, ErrProof},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				s.start(Config{Homes: []Home{s.home(a)}})
				defer s.stop()
				if err := second(s.v.Add(t.Context(), a.id, newDevice(t).Public(), viewerTerms("Ann"))); err != nil {
					t.Fatal(err)
				}
				a.replace(a.clone(1))
				time.Sleep(time.Second)
				a.set(func() {
					a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
						if order, ok := m.(*control.Append); ok {
							return c.hostile(a, order), true
						}
						return nil, false
					}
				})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if err := s.v.Repair(ctx, a.id); !errors.Is(err, c.want) {
					t.Errorf("%v", err)
				}
				if h := s.v.Snapshot().Homes[0]; h.Ready {
					t.Errorf("%+v", h)
				}
			})
		})
	}
}

// However much differs, an alarm stays readable.
func TestLongAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		for range 40 {
			a.writeEntry(s.self.Signer(), grant.Add, newDevice(t).Public(), viewerTerms("guest"))
		}
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		s.trust(a)
		a.replace(a.clone(1))
		time.Sleep(time.Second)
		trust, _ := s.v.Trust(a.id)
		if n := len(trust.Alarm.Sentences); n != maxNamed+1 || trust.Alarm.Sentences[maxNamed] != "There are 28 more." {
			t.Errorf("%d sentences: %s", n, strings.Join(trust.Alarm.Sentences, "\n"))
		}
		began := time.Now()
		if err := s.v.Repair(t.Context(), a.id); err != nil || a.log.Len() != 41 {
			t.Errorf("%v, %d entries", err, a.log.Len())
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("took %v", d)
		}
	})
}
