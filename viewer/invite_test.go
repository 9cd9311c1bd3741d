package viewer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// host is an agent that belongs to somebody else, who invites.
func (s *stage) host() (a *testAgent, owner identity.DeviceKey) {
	s.t.Helper()
	a = newAgent(s.t, s.server)
	a.peer = s.peer
	owner = newDevice(s.t)
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	a.keeper.root = root
	genesis, err := grant.Genesis(root, owner.Public(), "host", time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := a.log.AppendBytes(genesis); err != nil {
		s.t.Fatal(err)
	}
	return a, owner
}

func newSecret(t *testing.T) pairing.Secret {
	t.Helper()
	secret, err := pairing.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// An invited device is let in with what the owner wrote, remembers the home, and comes again by its own grant.
func TestInviteRedeemed(t *testing.T) {
	for name, owner := range map[string]bool{"as a guest": false, "as an owner": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a, host := s.host()
				a.camera("porch", seal.Main)
				garden := a.camera("garden", seal.Main)
				secret := newSecret(t)
				now := time.Now().Truncate(time.Second)
				terms := grant.Terms{
					Name: "Aunt Mia", Role: grant.Guest, Rights: grant.Live, Cameras: []identity.CameraID{garden.id}, NotBefore: now, Expires: now.Add(24 * time.Hour),
				}
				if owner {
					terms = ownerTerms("My tablet")
				}
				a.writeEntry(host.Signer(), grant.Invite, secret.InviteKey(), terms)
				moved := false
				a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
					offer, ok := m.(*control.Redeem)
					if !ok || moved {
						return nil, false
					}
					moved = true // the log moves on before the answer: the agent offers again
					a.writeEntry(host.Signer(), grant.Add, newDevice(t).Public(), viewerTerms("other"))
					return []control.Message{offer}, true
				}
				s.start(Config{Invite: &Invite{Agent: a.id, Secret: secret}, Route: RelayOnly})
				if link := s.v.Snapshot().Link; link.State != LinkReady {
					t.Fatalf("link %+v", link)
				}
				m, ok := a.log.Member(s.self.Public())
				if !ok || !m.Terms.Equal(terms) || m.By != [32]byte(secret.InviteKey().Bytes()) || !moved {
					t.Errorf("%+v", m)
				}
				home := s.remembered[len(s.remembered)-1]
				if home.ID != a.log.Home() || home.LogLength != uint64(a.log.Len()) || home.Role != terms.Role || home.Knock != a.token {
					t.Errorf("remembered %+v", home)
				}
				if owner {
					if trust := s.trust(a); len(trust.Devices) != 3 || trust.Invites[0].State != grant.InviteUsed || trust.Invites[0].UsedBy != s.self.Public() {
						t.Errorf("%+v", trust)
					}
					s.wantMirror(a)
				} else {
					if n := len(s.v.Snapshot().Tiles); n != 1 {
						t.Errorf("%d cameras", n)
					}
					if h := s.v.Snapshot().Homes[0]; h.Role != grant.Guest || !h.Expires.Equal(terms.Expires) {
						t.Errorf("%+v", h)
					}
				}
				s.wish(seal.Main, garden)
				s.play(garden, seal.Main, "g", 2)
				s.wantState(garden, Live, ReasonNone)
				s.stop()

				// The link again, on the same device: it comes by its own grant.
				s.start(Config{Homes: []Home{home}, Invite: &Invite{Agent: a.id, Secret: secret}, Route: RelayOnly})
				defer s.stop()
				if link := s.v.Snapshot().Link; link.State != LinkReady {
					t.Errorf("link %+v", link)
				}
			})
		})
	}
}

// A guest whose time is over opens a new invitation: it is renewed by it. One who was revoked is let in anew.
func TestInviteOfFormerGuest(t *testing.T) {
	for name, revoked := range map[string]bool{"expired": false, "revoked": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a, host := s.host()
				a.token = [16]byte{7}
				now := time.Now().Truncate(time.Second)
				a.writeEntry(host.Signer(), grant.Add, s.self.Public(), a.guest(s).Terms)
				if revoked {
					a.writeEntry(host.Signer(), grant.Revoke, s.self.Public(), grant.Terms{})
				}
				home := s.home(a)
				home.ID, home.LogLength, home.LogHead = a.log.Home(), uint64(a.log.Len()), a.log.Head()
				time.Sleep(100 * time.Hour)
				secret := newSecret(t)
				terms := grant.Terms{Name: "again", Role: grant.Guest, Rights: grant.Live, NotBefore: now.Add(50 * time.Hour), Expires: now.Add(200 * time.Hour)}
				a.writeEntry(host.Signer(), grant.Invite, secret.InviteKey(), terms)
				s.start(Config{Homes: []Home{home}, Invite: &Invite{Agent: a.id, Secret: secret}})
				defer s.stop()
				time.Sleep(10 * time.Second)
				if link := s.v.Snapshot().Link; link.State != LinkReady {
					t.Fatalf("link %+v", link)
				}
				m, _ := a.log.Member(s.self.Public())
				kind := a.log.Entries(m.Seq)[0].Kind
				if !m.Terms.Equal(terms) || m.Revoked || (kind == grant.Add) != revoked {
					t.Errorf("%+v by an entry of kind %d", m, kind)
				}
			})
		})
	}
}

// Links that lead nowhere, each with its own sentence.
func TestInviteRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		make   func(a *testAgent, host identity.DeviceKey, key identity.DevicePublic)
		reason Reason
	}{
		{"used", func(a *testAgent, host identity.DeviceKey, key identity.DevicePublic) {
			i, _ := a.log.Invitation(key)
			e := a.log.Redeem(i, newDevice(a.t).Public(), time.Now())
			if err := e.Sign(a.keeper.secret.InviteSigner(), a.id); err != nil {
				a.t.Fatal(err)
			}
			if err := a.log.Append(e); err != nil {
				a.t.Fatal(err)
			}
		}, ReasonInviteUsed},
		{"taken back", func(a *testAgent, host identity.DeviceKey, key identity.DevicePublic) {
			a.writeEntry(host.Signer(), grant.Revoke, key, grant.Terms{})
		}, ReasonInviteVoid},
		{"too old", func(*testAgent, identity.DeviceKey, identity.DevicePublic) { time.Sleep(25 * time.Hour) }, ReasonInviteExpired},
		{"never made", func(a *testAgent, _ identity.DeviceKey, _ identity.DevicePublic) {
			a.refuse = control.RefusedClaimWrong
		}, ReasonInviteWrong},
		{"agent without a clock", func(a *testAgent, _ identity.DeviceKey, _ identity.DevicePublic) {
			a.refuse = control.RefusedClock
		}, ReasonAgentClock},
		{"no agent", func(a *testAgent, _ identity.DeviceKey, _ identity.DevicePublic) {
			a.server.agents = nil
		}, ReasonInviteSilent},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a, host := s.host()
				secret := newSecret(t)
				a.keeper.secret = secret
				a.writeEntry(host.Signer(), grant.Invite, secret.InviteKey(), viewerTerms("guest"))
				c.make(a, host, secret.InviteKey())
				before := a.log.Len()
				s.start(Config{Invite: &Invite{Agent: a.id, Secret: secret}})
				defer func() { s.stop(); a.wg.Wait() }()
				time.Sleep(8 * time.Second)
				link := s.v.Snapshot().Link
				if link.Reason != c.reason || link.Sentence != c.reason.Sentence() || (link.State == LinkRefused) != c.reason.final() {
					t.Errorf("link %+v", link)
				}
				if a.log.Len() != before || len(s.remembered) != 0 {
					t.Error("something came of it")
				}
			})
		})
	}
}

// The invitation's key signs what the owner wrote for this agent and this device, and nothing that an agent makes of it.
func TestInviteOffersThatDoNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a, host := s.host()
		b, stranger := s.host()
		secret := newSecret(t)
		a.writeEntry(host.Signer(), grant.Invite, secret.InviteKey(), viewerTerms("guest"))
		b.writeEntry(stranger.Signer(), grant.Invite, secret.InviteKey(), viewerTerms("guest"))
		a.writeEntry(host.Signer(), grant.Invite, newSecret(t).InviteKey(), viewerTerms("another"))
		encode := func(e grant.Entry) []byte {
			encoded, err := e.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			return encoded
		}
		entries := a.log.Entries(0)
		good := control.Redeem{Home: a.log.Home(), Seq: 3, Prev: a.log.Head(), Entry: encode(entries[1])}
		changed := entries[1]
		changed.Rights = grant.AllRights
		for _, c := range []struct {
			name  string
			offer func(m *control.Redeem)
			good  bool
		}{
			{"as it was made", func(*control.Redeem) {}, true},
			{"another invitation", func(m *control.Redeem) { m.Entry = encode(entries[2]) }, false},
			{"no invitation", func(m *control.Redeem) { m.Entry = encode(entries[0]) }, false},
			{"not an entry", func(m *control.Redeem) { m.Entry = m.Entry[1:] }, false},
			{"another home", func(m *control.Redeem) { m.Home[0]++ }, false},
			{"at its own place", func(m *control.Redeem) { m.Seq = 1 }, false},
			{"other terms", func(m *control.Redeem) { m.Entry = encode(changed) }, false},
			{"of another agent", func(m *control.Redeem) { m.Home, m.Entry = b.log.Home(), encode(b.log.Entries(1)[0]) }, false},
		} {
			m := good
			c.offer(&m)
			r := redemption{opened: opened{invite: &Invite{Agent: a.id, Secret: secret}}, self: s.self.Public(), agent: a.key.Public(), now: time.Now}
			order, err := r.redeem(&m)
			if (err == nil) != c.good || err != nil && reasonOf(err) != ReasonProtocol {
				t.Errorf("%s: %v", c.name, err)
			}
			if !c.good {
				continue
			}
			e, err := grant.ParseEntry(order.Entry)
			if err != nil || a.log.Append(e) != nil || e.Subject != s.self.Public() || e.Kind != grant.Add {
				t.Errorf("%s: %+v, %v", c.name, e, err)
			}
			// Nor is the agent's acceptance taken for more than it is.
			accept := control.Accept{
				Version: control.Version, Home: m.Home, LogLength: m.Seq + 1, LogHead: e.Hash(), Role: uint8(grant.Viewer), Rights: uint16(grant.Live),
			}
			if _, err := r.verify(&accept); err != nil {
				t.Errorf("good: %v", err)
			}
			for name, change := range map[string]func(a *control.Accept){
				"another home":  func(a *control.Accept) { a.Home[0]++ },
				"shorter":       func(a *control.Accept) { a.LogLength-- },
				"another head":  func(a *control.Accept) { a.LogHead[0]++ },
				"other rights":  func(a *control.Accept) { a.Rights = uint16(grant.AllRights) },
				"as an owner":   func(a *control.Accept) { a.Role = uint8(grant.Owner) },
				"with an end":   func(a *control.Accept) { a.Expires = 1 << 33 },
				"other version": func(a *control.Accept) { a.Version++ },
			} {
				bad := accept
				change(&bad)
				if _, err := r.verify(&bad); err == nil {
					t.Errorf("%s: accepted", name)
				}
			}
		}
		// Not asked for, or asked again and again.
		r := redemption{self: s.self.Public(), agent: a.key.Public(), now: time.Now}
		if _, err := r.redeem(&good); err == nil {
			t.Error("redeemed without a link")
		}
		r.opened = opened{invite: &Invite{Agent: a.id, Secret: secret}}
		n := 0
		for ; n < 100; n++ {
			if _, err := r.redeem(&good); err != nil {
				break
			}
		}
		if n > maxOffers {
			t.Errorf("signed %d times", n)
		}
	})
}
