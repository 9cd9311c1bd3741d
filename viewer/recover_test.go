package viewer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// recover runs Recover against the stage's server.
func (s *stage) recover(ctx context.Context, cfg RecoverConfig) (Home, error) {
	s.t.Helper()
	c, err := s.server.dial(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	return recoverBy(ctx, c, cfg)
}

// After every owner's device was lost the 24 words make a new one an owner, and can shut all others out.
func TestRecover(t *testing.T) {
	for _, c := range []struct {
		name   string
		revoke bool
		was    func(s *stage, a *testAgent, owner identity.DeviceKey) // what this device was before
	}{
		{"a new device", false, nil},
		{"a new device, alone from now on", true, nil},
		{"one that was revoked", true, func(s *stage, a *testAgent, owner identity.DeviceKey) {
			a.writeEntry(owner.Signer(), grant.Add, s.self.Public(), viewerTerms("old"))
			a.writeEntry(owner.Signer(), grant.Revoke, s.self.Public(), grant.Terms{})
		}},
		{"one that was a viewer", false, func(s *stage, a *testAgent, owner identity.DeviceKey) {
			a.writeEntry(owner.Signer(), grant.Add, s.self.Public(), viewerTerms("old"))
		}},
		{"one that is an owner", true, func(s *stage, a *testAgent, owner identity.DeviceKey) {
			a.writeEntry(owner.Signer(), grant.Add, s.self.Public(), ownerTerms("old"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a, owner := s.host()
				cam := a.camera("porch", seal.Main)
				a.keeper.partSize = 1
				for range 80 { // more than may be appended at once
					a.writeEntry(owner.Signer(), grant.Add, newDevice(t).Public(), viewerTerms("guest"))
				}
				open, closed := newSecret(t), newSecret(t)
				a.writeEntry(owner.Signer(), grant.Invite, open.InviteKey(), viewerTerms("open"))
				a.writeEntry(owner.Signer(), grant.Invite, closed.InviteKey(), viewerTerms("closed"))
				a.writeEntry(owner.Signer(), grant.Revoke, closed.InviteKey(), grant.Terms{})
				if c.was != nil {
					c.was(s, a, owner)
				}
				home, err := s.recover(t.Context(), RecoverConfig{
					Root: a.keeper.root, Self: s.self.Signer(), DeviceName: "New phone", Agent: a.id, RevokeOthers: c.revoke,
				})
				if err != nil {
					t.Fatal(err)
				}
				m, _ := a.log.Member(s.self.Public())
				if m.Role != grant.Owner || m.Revoked || m.Name != "New phone" {
					t.Errorf("%+v", m)
				}
				owners := 2
				if c.revoke {
					owners = 1
				}
				if n := len(a.log.Owners()); n != owners {
					t.Errorf("%d owners", n)
				}
				for _, m := range a.log.Members() {
					if m.Device != s.self.Public() && m.Revoked != c.revoke {
						t.Fatalf("%+v", m)
					}
				}
				if i, _ := a.log.Invitation(open.InviteKey()); (i.State == grant.InviteOpen) == c.revoke {
					t.Errorf("the open invitation is %v", i.State)
				}
				if home.LogLength != uint64(a.log.Len()) || home.LogHead != a.log.Head() || home.ID != a.log.Home() || home.Knock != knockOf(s.self.Public()) {
					t.Errorf("%+v", home)
				}

				// What it returns is all that is needed to watch and to rule.
				a.set(func() { a.token = home.Knock })
				s.start(Config{Homes: []Home{home}, Route: RelayOnly})
				defer s.stop()
				s.wish(seal.Main, cam)
				s.play(cam, seal.Main, "a", 2)
				s.wantState(cam, Live, ReasonNone)
				if trust := s.trust(a); len(trust.Devices) != len(a.log.Members()) {
					t.Errorf("%d devices", len(trust.Devices))
				}
			})
		})
	}
}

// What may go wrong says what to do, and leaves the list as it was.
func TestRecoverFails(t *testing.T) {
	otherRoot, err := identity.GenerateRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	appended := func(change func(*testAgent, *control.Appended)) func(*testAgent, control.Message) ([]control.Message, bool) {
		return func(a *testAgent, m control.Message) ([]control.Message, bool) {
			order, ok := m.(*control.Append)
			if !ok {
				return nil, false
			}
			log := a.clone(a.log.Len())
			if err := log.AppendBytes(order.Entry); err != nil {
				t.Error(err)
			}
			ack := &control.Appended{Request: order.Request, Length: uint64(log.Len()), Head: log.Head(), Knock: [16]byte{1}}
			ack.Sig = a.prove(ack.Length, ack.Head)
			change(a, ack)
			return []control.Message{ack}, true
		}
	}
	for _, c := range []struct {
		name    string
		root    *identity.RootKey
		hostile func(*testAgent, control.Message) ([]control.Message, bool)
		want    error
	}{
		{"words of another home", &otherRoot, nil, ErrRecoverSilent},
		{"no answer", nil, func(_ *testAgent, m control.Message) ([]control.Message, bool) { return nil, true }, context.DeadlineExceeded},
		{"forged ack", nil, appended(func(_ *testAgent, m *control.Appended) { m.Sig[0]++ }), ErrProof},
		{"ack of another entry", nil, appended(func(a *testAgent, m *control.Appended) { m.Head[0]++; m.Sig = a.prove(m.Length, m.Head) }), ErrProof},
		{"no token", nil, appended(func(_ *testAgent, m *control.Appended) { m.Knock = [16]byte{} }), ErrKnockLost},
		{"disk", nil, func(a *testAgent, m control.Message) ([]control.Message, bool) {
			order, ok := m.(*control.Append)
			if !ok {
				return nil, false
			}
			return []control.Message{&control.NotAppended{Request: order.Request, Reason: control.AppendDisk, Length: 1, Head: a.log.Head()}}, true
		}, ErrAgentDisk},
		{"refused meanwhile", nil, func(*testAgent, control.Message) ([]control.Message, bool) {
			return []control.Message{&control.Refuse{Reason: control.RefusedBusy}}, true
		}, &ReasonError{}},
		{"entries that nobody signed", nil, func(a *testAgent, m control.Message) ([]control.Message, bool) {
			if _, ok := m.(*control.LogWanted); !ok {
				return nil, false
			}
			parts := a.parts(0)
			part := parts[0].(*control.LogPart)
			part.Entries[len(part.Entries)-1]++
			return parts, true
		}, errProof},
		{"nonsense", nil, func(*testAgent, control.Message) ([]control.Message, bool) {
			return []control.Message{&control.Devices{}}, true
		}, control.ErrMessage},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a, _ := s.host()
				if c.hostile != nil {
					a.keeper.hostile = func(m control.Message) ([]control.Message, bool) { return c.hostile(a, m) }
				}
				root := a.keeper.root
				if c.root != nil {
					root = *c.root
				}
				ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
				defer cancel()
				home, err := s.recover(ctx, RecoverConfig{Root: root, Self: s.self.Signer(), Agent: a.id})
				var reason *ReasonError
				if wanted := errors.Is(err, c.want) || errors.As(c.want, &reason) && errors.As(err, &reason); !wanted || home.Agent != (identity.AgentID{}) {
					t.Errorf("%v", err)
				}
				if s := Sentence(err); s == "" {
					t.Error("no sentence")
				}
				s.server.cut()
				a.wg.Wait()
			})
		})
	}
}

// Another device that is still there changes the list at the same time.
func TestRecoverLogMovesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a, owner := s.host()
		n := 0
		a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
			if _, ok := m.(*control.Append); ok && n < 3 {
				n++
				a.writeEntry(owner.Signer(), grant.Add, newDevice(t).Public(), viewerTerms("thief’s"))
			}
			return nil, false
		}
		home, err := s.recover(t.Context(), RecoverConfig{Root: a.keeper.root, Self: s.self.Signer(), DeviceName: "x\ny", Agent: a.id, RevokeOthers: true})
		if err != nil || home.LogLength != uint64(a.log.Len()) {
			t.Fatalf("%+v, %v", home, err)
		}
		if m, _ := a.log.Member(s.self.Public()); len(a.log.Devices(time.Now())) != 1 || m.Name != "Recovered device" {
			t.Errorf("%d devices, %q", len(a.log.Devices(time.Now())), m.Name)
		}
		s.server.cut()
		a.wg.Wait()
	})
}
