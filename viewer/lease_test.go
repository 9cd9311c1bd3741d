package viewer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

const day = 24 * time.Hour

// A screen in use never goes dark because its lease ends, and one that nobody uses does.
func TestLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		a.keeper.seen = map[identity.DevicePublic]time.Time{}
		began := time.Now().Truncate(time.Second)
		term := func(role grant.Role, d time.Duration) grant.Terms {
			return grant.Terms{
				Name: "x", Role: role, Rights: grant.Live, Cameras: []identity.CameraID{cam.id}, NotBefore: began, Expires: began.Add(d),
			}
		}
		let := func(terms grant.Terms, seen time.Duration) identity.DevicePublic {
			d := newDevice(t).Public()
			a.writeEntry(s.self.Signer(), grant.Add, d, terms)
			if seen >= 0 {
				a.keeper.seen[d] = began.Add(seen)
			}
			return d
		}
		due := let(term(grant.Display, 30*day), 19*day)
		long := let(term(grant.Display, 200*day), 19*day)
		fresh := let(term(grant.Display, 60*day), 19*day)
		unused := let(term(grant.Display, 30*day), 3*day)
		never := let(term(grant.Display, 30*day), -1)
		ended := let(term(grant.Display, 10*day), 19*day)
		guest := let(term(grant.Guest, 30*day), 19*day)
		revoked := let(term(grant.Display, 30*day), 19*day)
		a.writeEntry(s.self.Signer(), grant.Revoke, revoked, grant.Terms{})
		before := a.log.Len()

		time.Sleep(20 * day)
		s.start(Config{Homes: []Home{s.home(a)}})
		defer func() { s.stop() }()
		now := time.Now()
		time.Sleep(time.Second)
		synctest.Wait()
		if n := a.log.Len() - before; n != 1 {
			t.Fatalf("%d leases renewed", n)
		}
		m, _ := a.log.Member(due)
		if m.Expires.Sub(m.NotBefore) != 30*day || m.Expires.Before(now.Add(30*day-time.Hour)) || m.NotBefore.After(now) || m.Name != "x" || len(m.Cameras) != 1 {
			t.Errorf("renewed to %+v", m.Terms)
		}
		trust := s.trust(a)
		for _, d := range []identity.DevicePublic{long, fresh, unused, never, guest} {
			if !trust.device(d).NotBefore.Equal(began) {
				t.Errorf("%+v was renewed", trust.device(d))
			}
		}
		if !trust.device(ended).Ended(now) || !trust.device(revoked).Revoked {
			t.Error("what had ended runs again")
		}

		// While the session lasts it is looked at again, every few hours.
		late := newDevice(t).Public()
		a.set(func() {
			terms := term(grant.Display, 20*day+12*time.Hour)
			a.writeEntry(s.self.Signer(), grant.Add, late, terms)
			a.keeper.seen[late] = time.Now()
		})
		a.mu.Lock()
		head := &control.LogHead{}
		head.Length, head.Head, head.Sig = a.proof(a.log)
		a.mu.Unlock()
		a.tell(head)
		time.Sleep(leaseEvery)
		synctest.Wait()
		if m, _ := a.log.Member(late); m.NotBefore.Equal(began) {
			t.Error("not renewed while the session lasts")
		}

		// Leases of more than 90 days become such.
		s.stop()
		time.Sleep(140 * day)
		a.keeper.seen[long] = time.Now()
		s.start(Config{Homes: []Home{s.home(a)}})
		time.Sleep(time.Second)
		synctest.Wait()
		if m, _ := a.log.Member(long); m.Expires.Sub(m.NotBefore) != leaseMost {
			t.Errorf("renewed to %v", m.Expires.Sub(m.NotBefore))
		}
	})
}

// With clocks that disagree about the day nothing is renewed.
func TestLeasesNeedAClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		screen := newDevice(t).Public()
		began := time.Now().Truncate(time.Second)
		a.writeEntry(s.self.Signer(), grant.Add, screen, grant.Terms{
			Name: "x", Role: grant.Display, Rights: grant.Live, NotBefore: began, Expires: began.Add(30 * day),
		})
		a.keeper.seen = map[identity.DevicePublic]time.Time{screen: began.Add(19 * day)}
		time.Sleep(20 * day)
		wrong := a.clock()
		wrong.WallOffset += (48 * time.Hour).Microseconds()
		a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
			if ping, ok := m.(*control.Ping); ok {
				c := a.clock()
				c.WallOffset = wrong.WallOffset
				return []control.Message{&control.Pong{ID: ping.ID, Clock: c}}, true
			}
			return nil, false
		}
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		time.Sleep(7 * time.Hour)
		synctest.Wait()
		if a.log.Len() != 2 {
			t.Error("renewed")
		}
	})
}

// Two owners' devices at once renew each lease once.
func TestLeasesOfTwoOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := newStage(t), newStage(t)
		other.server = s.server
		a := s.agent()
		a.writeEntry(s.self.Signer(), grant.Add, other.self.Public(), ownerTerms("other"))
		began := time.Now().Truncate(time.Second)
		a.keeper.seen = map[identity.DevicePublic]time.Time{}
		const screens = 8
		for range screens {
			screen := newDevice(t).Public()
			a.writeEntry(s.self.Signer(), grant.Add, screen, grant.Terms{
				Name: "x", Role: grant.Display, Rights: grant.Live, NotBefore: began, Expires: began.Add(30 * day),
			})
			a.keeper.seen[screen] = began.Add(19 * day)
		}
		time.Sleep(20 * day)
		s.start(Config{Homes: []Home{s.home(a)}})
		other.start(Config{Homes: []Home{s.home(a)}})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := a.log.Len(); n != 2+2*screens {
			t.Errorf("%d entries", n)
		}
		other.cancel()
		if err := <-other.done; err != nil {
			t.Error(err)
		}
		other.bench.finish()
		s.stop()
	})
}
