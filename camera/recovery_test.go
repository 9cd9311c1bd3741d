package camera

import (
	"testing"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// rootVisit is a session of R.
func (h *home) rootVisit() *guest {
	h.t.Helper()
	r, err := identity.DeviceFromSeed(h.root.Seed())
	if err != nil {
		h.t.Fatal(err)
	}
	hash := identity.KnockHash(h.a.id, pairing.RecoveryToken(h.root.Public(), h.a.id))
	conn, m := h.ask(r.Signer(), hash, &control.Hello{})
	return h.enter(r, conn, m)
}

// The recovery phrase's key reads the log, makes a new owner and shuts out the old ones; it sees nothing.
func TestRecovery(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		thief := h.visit(h.owner)
		thief.watch(0)
		h.film(0, "K")
		r := h.rootVisit()
		a := r.accept
		if !a.Recovery || a.Role != 0 || a.Rights != 0 || len(a.Cameras) != 0 || a.LogLength != 1 || a.Home != h.root.Public().ID() {
			t.Errorf("accepted as %+v", a)
		}
		if got := identity.KnockHash(h.a.id, a.Knock); got != h.a.doors.knocks[0] {
			t.Error("R is given a token that the agent does not know")
		}
		if got := r.fetch(0); len(got) == 0 {
			t.Error("no log")
		}
		r.send(&control.DevicesWanted{On: true})
		if m := next[*control.Devices](r); len(m.Devices) != 1 || !m.Devices[0].Connected {
			t.Errorf("%+v", m)
		}
		fresh := newDevice(t)
		for _, entry := range []func() []byte{
			func() []byte { return h.entry(grant.Add, fresh.Public(), ownerTerms(), h.root.Signer()) },
			func() []byte {
				return h.entry(grant.Revoke, h.owner.Public(), grant.Terms{}, h.root.Signer())
			},
		} {
			if ack, not := r.append(entry()); ack == nil {
				t.Fatalf("%+v", not)
			}
		}
		if reason := thief.ended(); reason != control.RefusedRevoked {
			t.Errorf("told %d", reason)
		}
		h.visit(fresh).alive()
		r.alive()
	})
}

// R may do nothing else.
func TestRecoveryOnly(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		for _, m := range []control.Message{
			&control.Watch{Camera: 0, Stream: seal.Main, Route: control.Relay}, &control.Unwatch{}, &control.PeerWanted{Attempt: 1},
			&control.JournalWanted{Limit: 1}, &control.EpochAck{}, &control.Answer{}, &control.Candidate{},
		} {
			r := h.rootVisit()
			r.send(m)
			r.cut()
			if len(h.a.hubs[0].watchers) != 0 {
				t.Errorf("%T: R watches", m)
			}
		}
	})
}

// Before there is an owner nobody is R; afterwards only he is.
func TestNoRecovery(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		other, err := identity.GenerateRoot(nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := identity.DeviceFromSeed(other.Seed())
		if err != nil {
			t.Fatal(err)
		}
		hash := identity.KnockHash(h.a.id, pairing.RecoveryToken(h.root.Public(), h.a.id))
		if _, err := h.knock(d.Signer(), hash); err == nil {
			t.Error("another home's R was let in to the door")
		}
		again := h.restart()
		again.close()
		if len(again.a.doors.knocks) != 2 {
			t.Errorf("%d knocks", len(again.a.doors.knocks))
		}
	})
}
