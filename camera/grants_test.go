package camera

import (
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// An entry that the log takes is acknowledged under the agent's signature, kept, in force, and made known to the other owners.
func TestAppend(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		second := h.visit(h.add(ownerTerms()))
		owner := h.visit(h.owner)
		d := newDevice(t)
		entry := h.entry(grant.Add, d.Public(), viewerTerms(), h.owner.Signer())
		ack, not := owner.append(entry)
		if ack == nil {
			t.Fatalf("not appended: %+v", not)
		}
		e, err := grant.ParseEntry(entry)
		if err != nil {
			t.Fatal(err)
		}
		if ack.Length != 3 || ack.Head != e.Hash() || h.a.grants.Head() != e.Hash() || len(h.store.Entries()) != 3 {
			t.Errorf("%+v, %d entries", ack, len(h.store.Entries()))
		}
		// The token in the ack lets the new device in.
		conn, m := h.ask(d.Signer(), identity.KnockHash(h.a.id, ack.Knock), &control.Hello{})
		if g := h.enter(d, conn, m); g.accept.Knock != ack.Knock {
			t.Error("the device is given another token")
		}
		head := next[*control.LogHead](second)
		if head.Length != 3 || head.Head != e.Hash() || !h.a.key.Public().Verify(grant.AckMessage(h.a.id, h.a.grants.Home(), 3, e.Hash()), head.Sig[:]) {
			t.Errorf("%+v", head)
		}
		none[*control.LogHead](owner) // it has the ack
	})
}

func TestNotAppended(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		owner, viewer := h.visit(h.owner), h.add(viewerTerms())
		stranger := newDevice(t)
		old := h.entry(grant.Revoke, viewer.Public(), grant.Terms{}, h.owner.Signer())
		h.change(grant.Grant, viewer, viewerTerms(h.camera(0)))
		damaged := h.entry(grant.Revoke, viewer.Public(), grant.Terms{}, h.owner.Signer())
		damaged[len(damaged)-1] ^= 1
		for name, test := range map[string]struct {
			entry []byte
			want  control.AppendReason
		}{
			"not next":     {old, control.AppendNotNext},
			"last owner":   {h.entry(grant.Revoke, h.owner.Public(), grant.Terms{}, h.owner.Signer()), control.AppendLastOwner},
			"by a viewer":  {h.entry(grant.Grant, viewer.Public(), ownerTerms(), viewer.Signer()), control.AppendInvalid},
			"by nobody":    {h.entry(grant.Add, stranger.Public(), ownerTerms(), stranger.Signer()), control.AppendInvalid},
			"no member":    {h.entry(grant.Revoke, stranger.Public(), grant.Terms{}, h.owner.Signer()), control.AppendInvalid},
			"signature":    {damaged, control.AppendInvalid},
			"not an entry": {[]byte("entry"), control.AppendInvalid},
		} {
			length, head := uint64(h.a.grants.Len()), h.a.grants.Head()
			ack, not := owner.append(test.entry)
			if ack != nil || not == nil || not.Reason != test.want || not.Length != length || not.Head != head {
				t.Errorf("%s: %+v %+v", name, ack, not)
			}
			if h.a.grants.Head() != head || uint64(len(h.store.Entries())) != length {
				t.Errorf("%s: the log is another", name)
			}
		}
		owner.alive()
	})
}

// What only owners may send ends the session of everybody else.
func TestOwnersOnly(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		entry := h.entry(grant.Add, newDevice(t).Public(), viewerTerms(), h.owner.Signer())
		for _, terms := range []grant.Terms{viewerTerms(), guestTerms(morning, time.Hour)} {
			d := h.add(terms)
			for _, m := range []control.Message{
				&control.Append{Request: 1, Entry: entry}, &control.LogWanted{}, &control.DevicesWanted{On: true}, &control.JournalWanted{Limit: 1},
				&control.LogHead{Length: 1}, &control.Appended{Length: 1}, // and what nobody but agents may
			} {
				g := h.visit(d)
				g.send(m)
				g.cut()
			}
		}
	})
}

// An owner who is revoked, or made something else, in the middle of his entries is no owner for the rest of them.
func TestOwnerRevokedInABatch(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		bad := h.add(ownerTerms())
		first, second := h.visit(bad), h.visit(h.owner)
		var accomplices []identity.DeviceKey
		for i := range 3 {
			d := newDevice(t)
			accomplices = append(accomplices, d)
			ack, _ := first.append(h.entry(grant.Add, d.Public(), ownerTerms(), bad.Signer()))
			if (ack != nil) != (i < 2) {
				t.Fatalf("entry %d: %+v", i, ack)
			}
			if i == 1 { // it is told what it is now, and not cut off
				h.change(grant.Grant, bad, viewerTerms())
				if told := next[*control.Terms](first); told.Role != uint8(grant.Viewer) {
					t.Errorf("told %+v", told)
				}
			}
		}
		_, not := first.append(h.entry(grant.Add, accomplices[2].Public(), viewerTerms(), bad.Signer()))
		if not == nil || not.Reason != control.AppendNotOwner {
			t.Errorf("%+v", not)
		}
		first.send(&control.LogWanted{})
		first.send(&control.DevicesWanted{On: true})
		first.send(&control.JournalWanted{Limit: 3})
		none[*control.LogPart](first)
		none[*control.Devices](first)
		none[*control.Journal](first)
		first.alive()
		second.alive()
		h.change(grant.Revoke, bad, grant.Terms{})
		if reason := first.ended(); reason != control.RefusedRevoked {
			t.Errorf("told %d", reason)
		}
		if _, ok := h.a.grants.Member(accomplices[2].Public()); ok {
			t.Error("an entry of a former owner is in the log")
		}
	})
}

// An owner who revokes himself gets the ack before the end.
func TestOwnerLeaves(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		d := h.add(ownerTerms())
		g := h.visit(d)
		if ack, not := g.append(h.entry(grant.Revoke, d.Public(), grant.Terms{}, d.Signer())); ack == nil {
			t.Errorf("%+v", not)
		}
		if reason := g.ended(); reason != control.RefusedRevoked {
			t.Errorf("told %d", reason)
		}
	})
}

// Who sends entries faster than anybody can decide them is read more slowly; nothing is lost.
func TestAppendRate(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		owner := h.visit(h.owner)
		d := h.add(viewerTerms())
		began := time.Now()
		const n = appendBurst + 2*appendRate
		for i := range n {
			terms := viewerTerms()
			terms.Name = []string{"a", "b"}[i%2]
			if ack, not := owner.append(h.entry(grant.Grant, d.Public(), terms, h.owner.Signer())); ack == nil {
				t.Fatalf("%d: %+v", i, not)
			}
			if i == appendBurst-1 && time.Since(began) > 10*time.Millisecond {
				t.Errorf("the first %d took %v", appendBurst, time.Since(began))
			}
		}
		if took := time.Since(began).Round(time.Second); took != 2*time.Second {
			t.Errorf("%d entries took %v", n, took)
		}
	})
}

// A disk that takes no more is said so, and the log stays as it is.
func TestDiskFails(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		owner := h.visit(h.owner)
		entry := h.entry(grant.Add, newDevice(t).Public(), viewerTerms(), h.owner.Signer())
		broken := storeThatFails(t)
		broken, h.a.store = h.a.store, broken
		if _, not := owner.append(entry); not == nil || not.Reason != control.AppendDisk || not.Length != 1 {
			t.Errorf("%+v", not)
		}
		h.a.store = broken
		if ack, _ := owner.append(entry); ack == nil {
			t.Error("not appended though the disk is well again")
		}
	})
}

// storeThatFails is a store whose disk takes no entry.
func storeThatFails(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}
