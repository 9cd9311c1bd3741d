package viewer

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

func newDevice(t *testing.T) identity.DeviceKey {
	t.Helper()
	k, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ownerTerms(name string) grant.Terms {
	return grant.Terms{Name: name, Role: grant.Owner, Rights: grant.AllRights}
}

func viewerTerms(name string, cameras ...identity.CameraID) grant.Terms {
	return grant.Terms{Name: name, Role: grant.Viewer, Rights: grant.Live, Cameras: cameras}
}

// trust returns what an owner sees, once everything has come to rest.
func (s *stage) trust(a *testAgent) Trust {
	s.t.Helper()
	synctest.Wait()
	if _, ok := s.v.Trust(a.id); !ok {
		s.t.Fatalf("no trust: %+v", s.v.Snapshot().Homes)
	}
	synctest.Wait() // what it asks for comes
	trust, _ := s.v.Trust(a.id)
	return trust
}

func (t *Trust) device(d identity.DevicePublic) *Device {
	i := slices.IndexFunc(t.Devices, func(o Device) bool { return o.Device == d })
	if i < 0 {
		return &Device{}
	}
	return &t.Devices[i]
}

// within runs an operation that the test does not want to wait for.
func within(t *testing.T, d time.Duration, op func(context.Context) error) <-chan error {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- op(ctx)
	}()
	synctest.Wait()
	return done
}

// wantMirror checks that what is remembered last is the agent's log.
func (s *stage) wantMirror(a *testAgent) {
	s.t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.remembered) == 0 {
		s.t.Fatal("nothing was remembered")
	}
	home := s.remembered[len(s.remembered)-1]
	want, _ := a.log.MarshalBinary()
	if !bytes.Equal(home.Log, want) || home.LogLength != uint64(a.log.Len()) || home.LogHead != a.log.Head() || home.Role != grant.Owner {
		s.t.Errorf("remembered %d entries of %d, role %v", home.LogLength, a.log.Len(), home.Role)
	}
}

// Who claims an agent is its first owner, and sees so.
func TestClaimThenList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := newAgent(t, s.server)
		cam := a.camera("porch", seal.Main)
		s.start(Config{Claim: s.claim(a), Route: RelayOnly})
		defer s.stop()
		trust := s.trust(a)
		if len(trust.Devices) != 1 || !trust.Devices[0].Self || trust.Devices[0].Role != grant.Owner || !trust.InStep || trust.Alarm != nil {
			t.Errorf("%+v", trust)
		}
		if trust.AgentName != "Home" || trust.Home != a.log.Home() || !slices.Equal(trust.Cameras, []KnownCamera{{cam.id, "porch"}}) {
			t.Errorf("%+v", trust)
		}
		if !trust.StatesKnown || !trust.Devices[0].Connected || len(trust.Devices[0].Watching) != 0 {
			t.Errorf("states known %v: %+v", trust.StatesKnown, trust.Devices[0])
		}
		if h := s.v.Snapshot().Homes[0]; h.Role != grant.Owner || h.Rights != grant.AllRights || !h.Expires.IsZero() {
			t.Errorf("%+v", h)
		}
		s.wantMirror(a)
		if a.keeper.wanted != 0 {
			t.Error("the entry that this device made itself was asked for")
		}
		s.wish(seal.Main, cam)
		if d := s.trust(a).Devices[0]; len(d.Watching) != 0 {
			t.Errorf("watching %v without news", d.Watching)
		}
		a.mu.Lock()
		states := a.states()
		a.mu.Unlock()
		a.tell(states)
		if d := s.trust(a).Devices[0]; !slices.Equal(d.Watching, []identity.CameraID{cam.id}) {
			t.Errorf("watching %v", d.Watching)
		}
	})
}

// Everything that an owner may do, in the order of a device's life.
func TestOwnerOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		one, two := a.camera("porch", seal.Main), a.camera("garden", seal.Main)
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		ctx, phone := t.Context(), newDevice(t).Public()

		// Cameras may come in any order and more than once, times with fractions.
		terms := grant.Terms{
			Name: " Ann’s phone ", Role: grant.Guest, Rights: grant.Live, Cameras: []identity.CameraID{two.id, one.id, two.id},
			NotBefore: time.Now(), Expires: time.Now().Add(36*time.Hour + time.Millisecond),
		}
		added, err := s.v.Add(ctx, a.id, phone, terms)
		if err != nil || added.Knock != knockOf(phone) || added.Home != a.log.Home() {
			t.Fatalf("%+v, %v", added, err)
		}
		trust := s.trust(a)
		d := trust.device(phone)
		if d.Name != "Ann’s phone" || len(d.Cameras) != 2 || d.Pending || len(trust.Pending) != 0 || d.Added.IsZero() {
			t.Errorf("%+v", d)
		}
		if _, err := s.v.Add(ctx, a.id, phone, terms); !errors.Is(err, ErrMember) {
			t.Errorf("added twice: %v", err)
		}

		renamed := d.Terms
		renamed.Name = "Ann’s new phone"
		if err := s.v.Change(ctx, a.id, phone, renamed); err != nil {
			t.Error(err)
		}
		before := a.log.Len()
		if err := s.v.Change(ctx, a.id, phone, renamed); err != nil || a.log.Len() != before {
			t.Errorf("a change that changes nothing: %v, %d entries", err, a.log.Len())
		}
		if err := s.v.Revoke(ctx, a.id, phone); err != nil {
			t.Error(err)
		}
		if err := s.v.Revoke(ctx, a.id, phone); err != nil {
			t.Errorf("revoked twice: %v", err)
		}
		if err := s.v.Change(ctx, a.id, phone, renamed); !errors.Is(err, ErrNoMember) {
			t.Errorf("changed a revoked one: %v", err)
		}
		trust = s.trust(a)
		if d := trust.device(phone); !d.Revoked || d.Name != "Ann’s new phone" || trust.Devices[1].Device != phone || !d.Ended(time.Now()) {
			t.Errorf("%+v", trust.Devices)
		}

		secret, err := s.v.Invite(ctx, a.id, viewerTerms("Family"), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		i := s.trust(a).Invites
		if len(i) != 1 || i[0].Key != secret.InviteKey() || i[0].State != grant.InviteOpen || i[0].Entry.Name != "Family" {
			t.Errorf("%+v", i)
		}
		if err := s.v.Revoke(ctx, a.id, i[0].Key); err != nil || s.trust(a).Invites[0].State != grant.InviteRevoked {
			t.Errorf("invite: %v", err)
		}
		if err := s.v.Revoke(ctx, a.id, i[0].Key); err != nil {
			t.Errorf("invite revoked twice: %v", err)
		}

		// What cannot be done is said before the agent is asked.
		before = a.keeper.appends
		self := s.self.Public()
		for name, c := range map[string]struct {
			err  error
			want error
		}{
			"last owner revoked":      {s.v.Revoke(ctx, a.id, self), ErrLastOwner},
			"last owner made viewer":  {s.v.Change(ctx, a.id, self, viewerTerms("me")), ErrLastOwner},
			"unknown device revoked":  {s.v.Revoke(ctx, a.id, newDevice(t).Public()), ErrNoMember},
			"guest without end":       {s.v.Change(ctx, a.id, phone, grant.Terms{Name: "x", Role: grant.Guest, Rights: grant.Live}), grant.ErrEntry},
			"name with a line break":  {s.v.Change(ctx, a.id, phone, viewerTerms("a\nb")), grant.ErrEntry},
			"another agent":           {s.v.Revoke(ctx, identity.AgentID{1}, phone), ErrNoAgent},
			"change at another agent": {s.v.Change(ctx, identity.AgentID{1}, phone, renamed), ErrNoAgent},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: %v", name, c.err)
			}
			if sentence := Sentence(c.err); !strings.HasSuffix(sentence, ".") || strings.Contains(sentence, "viewer:") || strings.Contains(sentence, "Something went wrong") {
				t.Errorf("%s: %q", name, sentence)
			}
		}
		if a.keeper.appends != before {
			t.Error("the agent was asked")
		}
		s.wantMirror(a)
	})
}

// What the agent has not confirmed is shown as pending, for as long as its list does not show what became of it.
func TestPendingUntilAck(t *testing.T) {
	for name, kept := range map[string]bool{"it never came": false, "its ack was lost": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				phone := newDevice(t).Public()
				a.writeEntry(s.self.Signer(), grant.Add, phone, viewerTerms("phone"))
				s.start(Config{Homes: []Home{s.home(a)}})
				defer s.stop()
				a.set(func() {
					a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
						order, ok := m.(*control.Append)
						if ok && kept {
							if err := a.log.AppendBytes(order.Entry); err != nil {
								t.Error(err)
							}
						}
						return nil, ok
					}
				})
				done := within(t, 5*time.Second, func(ctx context.Context) error { return s.v.Revoke(ctx, a.id, phone) })
				trust := s.trust(a)
				if len(trust.Pending) != 1 || !trust.Pending[0].Sent || trust.Pending[0].Kind != grant.Revoke || !trust.device(phone).Pending {
					t.Errorf("%+v", trust.Pending)
				}
				if trust.device(phone).Revoked {
					t.Error("shown as revoked without an ack")
				}
				if err := <-done; !errors.Is(err, ErrUnconfirmed) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v", err)
				}
				if trust := s.trust(a); len(trust.Pending) != 1 {
					t.Error("no longer pending, though nothing is known")
				}
				a.set(func() { a.keeper.hostile = nil })
				time.Sleep(answerWithin + 10*time.Second)
				trust = s.trust(a)
				if len(trust.Pending) != 0 || trust.device(phone).Revoked != kept {
					t.Errorf("pending %+v, device %+v", trust.Pending, trust.device(phone))
				}
				if a.keeper.appends != 1 {
					t.Errorf("%d Appends for somebody who left", a.keeper.appends)
				}
			})
		})
	}
}

// Who waits gets an answer although an ack is lost: the log shows what became of it, and what never came is sent again.
func TestLostAck(t *testing.T) {
	for name, kept := range map[string]bool{"it never came": false, "its ack was lost": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				phone := newDevice(t).Public()
				s.start(Config{Homes: []Home{s.home(a)}})
				defer s.stop()
				lost := false
				a.set(func() {
					a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
						order, ok := m.(*control.Append)
						if !ok || lost {
							return nil, false
						}
						lost = true
						if kept {
							if err := a.log.AppendBytes(order.Entry); err != nil {
								t.Error(err)
							}
						}
						return nil, true
					}
				})
				added, err := s.v.Add(t.Context(), a.id, phone, viewerTerms("phone"))
				if err != nil || added.Knock != knockOf(phone) {
					t.Errorf("%+v, %v", added, err)
				}
				trust := s.trust(a)
				if d := trust.device(phone); d.Name != "phone" || d.Revoked || len(trust.Pending) != 0 {
					t.Errorf("%+v", d)
				}
			})
		})
	}
}

// An operation waits for an agent that is not there, and one that is given up before it was sent did nothing.
func TestOperationWaitsForAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		phone, tablet := newDevice(t).Public(), newDevice(t).Public()
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		s.server.setDown(true)
		s.server.cut()
		synctest.Wait()
		if _, ok := s.v.Trust(a.id); ok {
			t.Error("trust without the agent")
		}
		short := within(t, time.Second, func(ctx context.Context) error {
			_, err := s.v.Add(ctx, a.id, tablet, viewerTerms("tablet"))
			return err
		})
		long := within(t, 5*time.Minute, func(ctx context.Context) error {
			_, err := s.v.Add(ctx, a.id, phone, viewerTerms("phone"))
			return err
		})
		if err := <-short; !errors.Is(err, ErrUnreached) {
			t.Errorf("%v", err)
		}
		s.server.setDown(false)
		if err := <-long; err != nil {
			t.Errorf("%v", err)
		}
		trust := s.trust(a)
		if _, ok := a.log.Member(tablet); ok || len(trust.Pending) != 0 || trust.device(phone).Name != "phone" {
			t.Errorf("%+v", trust)
		}
	})
}

// Another owner's device changes the list at the same moment: it is fetched, and the change signed anew, but not for ever.
func TestLogMovedOn(t *testing.T) {
	for _, c := range []struct {
		name  string
		times int
		want  error
	}{{"once", 1, nil}, {"four times", 4, nil}, {"always", 1000, ErrCrowded}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				other, phone := newDevice(t), newDevice(t).Public()
				a.writeEntry(s.self.Signer(), grant.Add, other.Public(), ownerTerms("other"))
				s.start(Config{Homes: []Home{s.home(a)}})
				defer s.stop()
				left := c.times
				a.set(func() {
					a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
						if _, ok := m.(*control.Append); ok && left > 0 {
							left--
							a.writeEntry(other.Signer(), grant.Add, newDevice(t).Public(), viewerTerms("guest"))
						}
						return nil, false
					}
				})
				_, err := s.v.Add(t.Context(), a.id, phone, viewerTerms("phone"))
				if !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Errorf("%v", err)
				}
				a.set(func() { a.keeper.hostile = nil })
				trust := s.trust(a)
				if (trust.device(phone).Name == "phone") != (c.want == nil) || len(trust.Pending) != 0 || !trust.InStep {
					t.Errorf("%+v", trust)
				}
				s.wantMirror(a)
			})
		})
	}
}

// What another owner does arrives by itself.
func TestLogGrowsElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		other, phone := newDevice(t), newDevice(t).Public()
		a.writeEntry(s.self.Signer(), grant.Add, other.Public(), ownerTerms("other"))
		a.keeper.partSize = 1 // an entry a part
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		s.trust(a)
		for range 5 {
			a.elsewhere(other.Signer(), grant.Add, newDevice(t).Public(), viewerTerms("guest"))
		}
		a.elsewhere(other.Signer(), grant.Add, phone, viewerTerms("phone"))
		trust := s.trust(a)
		if d := trust.device(phone); d.Name != "phone" || d.By != [32]byte(other.Public().Bytes()) || len(trust.Devices) != 8 {
			t.Errorf("%+v", trust.Devices)
		}
		s.wantMirror(a)
	})
}

// A device that is no owner sees no list and changes nothing; one that becomes an owner does, and the other way round.
func TestNotOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		other := newDevice(t)
		self := s.self.Public()
		a.writeEntry(s.self.Signer(), grant.Add, other.Public(), ownerTerms("other"))
		a.writeEntry(other.Signer(), grant.Grant, self, viewerTerms("me"))
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		synctest.Wait()
		if _, ok := s.v.Trust(a.id); ok {
			t.Error("trust for a viewer")
		}
		if err := s.v.Revoke(t.Context(), a.id, other.Public()); !errors.Is(err, ErrNotOwner) {
			t.Errorf("%v", err)
		}
		if _, err := s.v.Journal(t.Context(), a.id, 0, 10); !errors.Is(err, ErrNotOwner) {
			t.Errorf("%v", err)
		}
		if a.keeper.wanted+a.keeper.appends != 0 {
			t.Error("a viewer asked for what is the owners'")
		}
		if home := s.remembered[len(s.remembered)-1]; home.Role != grant.Viewer || home.Log != nil || home.LogLength != 3 {
			t.Errorf("remembered %+v", home)
		}

		a.set(func() { a.writeEntry(other.Signer(), grant.Grant, self, ownerTerms("me")) })
		a.tell(&control.Terms{Role: uint8(grant.Owner), Rights: uint16(grant.AllRights)})
		if trust := s.trust(a); len(trust.Devices) != 2 {
			t.Errorf("%+v", trust)
		}
		s.wantMirror(a)

		a.set(func() { a.writeEntry(other.Signer(), grant.Grant, self, viewerTerms("me")) })
		a.tell(&control.Terms{Role: uint8(grant.Viewer), Rights: uint16(grant.Live)})
		a.mu.Lock()
		late := &control.LogHead{}
		late.Length, late.Head, late.Sig = a.proof(a.log)
		a.mu.Unlock()
		a.tell(late) // which crossed the news
		synctest.Wait()
		if _, ok := s.v.Trust(a.id); ok {
			t.Error("trust for a former owner")
		}
		if h := s.v.Snapshot().Homes[0]; !h.Ready || h.Role != grant.Viewer {
			t.Errorf("%+v", h)
		}
		if home := s.remembered[len(s.remembered)-1]; home.Role != grant.Viewer || home.Log != nil {
			t.Error("the list is still remembered")
		}
	})
}

// An operation ends when the viewer does.
func TestOperationsEndWithViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		a.keeper.silent = true
		s.start(Config{Homes: []Home{s.home(a)}})
		phone := newDevice(t).Public()
		sent := within(t, time.Hour, func(ctx context.Context) error { return s.v.Change(ctx, a.id, s.self.Public(), ownerTerms("I")) })
		waits := within(t, time.Hour, func(ctx context.Context) error {
			_, err := s.v.Add(ctx, a.id, phone, viewerTerms("x"))
			return err
		})
		s.stop()
		for _, done := range []<-chan error{sent, waits} {
			if err := <-done; !errors.Is(err, ErrClosed) && !errors.Is(err, ErrUnconfirmed) {
				t.Errorf("%v", err)
			}
		}
	})
}

// Pages of the journal, and an agent that gives others than were asked for.
func TestJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		began := time.Now().Truncate(time.Second)
		for n := uint64(25); n > 0; n-- {
			a.keeper.visits = append(a.keeper.visits, control.Visit{
				Number: n, Device: [32]byte(s.self.Public().Bytes()), Camera: cam.id, Began: began.Unix(), Ended: int64(n%2) * began.Unix(),
			})
		}
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		var numbers []uint64
		before := uint64(0)
		for {
			page, err := s.v.Journal(t.Context(), a.id, before, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Visits {
				numbers = append(numbers, v.Number)
				if v.Device != s.self.Public() || v.Camera != cam.id || !v.Began.Equal(began) || v.Ended.IsZero() != (v.Number%2 == 0) {
					t.Errorf("%+v", v)
				}
				before = v.Number
			}
			if page.End {
				break
			}
		}
		if len(numbers) != 25 || numbers[0] != 25 || numbers[24] != 1 {
			t.Errorf("%v", numbers)
		}
		// One that does not answer loses the session, and who asked is told.
		a.set(func() {
			a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
				_, ok := m.(*control.JournalWanted)
				return nil, ok
			}
		})
		if _, err := s.v.Journal(t.Context(), a.id, 0, 10); !errors.Is(err, ErrLost) {
			t.Errorf("%v", err)
		}
	})
}

// Every error of the package that a user can meet is a sentence that says what to do, in the style of errors.
func TestErrorSentences(t *testing.T) {
	for _, err := range []error{
		ErrNoAgent, ErrNotOwner, ErrLastOwner, ErrMember, ErrNoMember, ErrUnreached, ErrUnconfirmed, ErrCrowded, ErrLogFull, ErrAgentDisk,
		ErrRefusedEntry, ErrProof, ErrKnockLost, ErrAlarm, ErrForked, ErrLost, ErrWrongPhrase, ErrRecoverSilent,
	} {
		if text := err.Error(); !strings.HasPrefix(text, "viewer: ") || strings.HasSuffix(text, ".") {
			t.Errorf("%q", text)
		}
		if s := Sentence(err); strings.Count(s, " ") < 4 || !strings.HasSuffix(s, ".") || s[0] < 'A' || s[0] > 'Z' {
			t.Errorf("%q", s)
		}
	}
	if s := Sentence(&ReasonError{ReasonRevoked}); s != ReasonRevoked.Sentence() {
		t.Errorf("%q", s)
	}
	if s := Sentence(errors.New("dial 10.0.0.1: refused")); strings.Contains(s, "10.0.0.1") || s == "" {
		t.Errorf("%q", s)
	}
	if s := Sentence(nil); s != "" {
		t.Errorf("%q", s)
	}
}
