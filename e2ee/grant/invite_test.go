package grant_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// inviting appends an invitation of key by issuer, and returns it.
func (h *home) inviting(key identity.DeviceKey, issuer identity.Signer, change func(*grant.Entry)) grant.Invitation {
	h.t.Helper()
	h.append(h.next(grant.Invite, key, issuer, func(e *grant.Entry) {
		e.Name, e.RedeemBefore = "Ann's phone", now.Add(24*time.Hour)
		if change != nil {
			change(e)
		}
	}))
	i, ok := h.log.Invitation(key.Public())
	if !ok || i.State != grant.InviteOpen || !i.Key.Equal(key.Public()) || !i.UsedBy.IsZero() || i.Redeemable(now) != nil {
		h.t.Fatalf("invited, and the log says %+v", i)
	}
	return i
}

// redemption returns the entry by which device would use the invitation, signed by its key after change.
func (h *home) redemption(key identity.DeviceKey, device identity.DeviceKey, change func(*grant.Entry)) grant.Entry {
	h.t.Helper()
	i, ok := h.log.Invitation(key.Public())
	if !ok {
		h.t.Fatal("no such invitation")
	}
	e := h.log.Redeem(i, device.Public(), now.Add(time.Minute+time.Millisecond))
	if change != nil {
		change(&e)
	}
	if err := e.Sign(key.Signer(), agentID); err != nil {
		h.t.Fatal(err)
	}
	return e
}

func TestInvitationLetsOneDeviceIn(t *testing.T) {
	for name, change := range map[string]func(*grant.Entry){
		"viewer":  nil,
		"guest":   func(e *grant.Entry) { guest(e); e.Cameras, e.Rights = cameras(2), grant.Live|grant.Talk },
		"display": func(e *grant.Entry) { guest(e); e.Role = grant.Display },
		"owner":   owner,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.t = t
			key, phone := device(t, 7), device(t, 8)
			i := h.inviting(key, h.owner.Signer(), change)
			if _, err := h.log.Admitted(key.Public(), now); !errors.Is(err, grant.ErrNotMember) {
				t.Errorf("the invitation's key itself may come in: %v", err)
			}
			h.append(h.redemption(key, phone, nil))
			m, ok := h.log.Member(phone.Public())
			if !ok || !m.Terms.Equal(i.Entry.Terms) || m.By != [32]byte(key.Public().Bytes()) || !m.Added.Equal(now.Add(time.Minute)) || m.Revoked {
				t.Errorf("the member is %+v", m)
			}
			if _, err := h.log.Admitted(phone.Public(), now); err != nil {
				t.Error(err)
			}
			i, _ = h.log.Invitation(key.Public())
			if i.State != grant.InviteUsed || !i.UsedBy.Equal(phone.Public()) || !errors.Is(i.Redeemable(now), grant.ErrInviteUsed) {
				t.Errorf("the invitation is %+v", i)
			}
			if owners := len(h.log.Owners()); (owners == 2) != (name == "owner") {
				t.Errorf("%d owners", owners)
			}
			again, err := grant.Parse(mustMarshal(t, h.log), agentID)
			if err != nil {
				t.Fatal(err)
			}
			if j, _ := again.Invitation(key.Public()); j.State != grant.InviteUsed || !j.UsedBy.Equal(phone.Public()) || len(again.Invites()) != 1 {
				t.Errorf("read again, the invitation is %+v", j)
			}
		})
	}
}

// Every way to get more out of an invitation than it offers.
func TestInvitationIsGoodForNothingElse(t *testing.T) {
	key, phone, tablet, stranger := device(t, 7), device(t, 8), device(t, 9), device(t, 10)
	ids := cameras(3)
	for name, c := range map[string]struct {
		before func(*home)
		entry  func(*home) grant.Entry
		want   error
	}{
		"as offered": {nil, func(h *home) grant.Entry { return h.redemption(key, phone, nil) }, nil},
		"by one who was revoked": {func(h *home) {
			h.append(h.next(grant.Add, phone, h.owner.Signer(), nil))
			h.append(h.next(grant.Revoke, phone, h.owner.Signer(), nil))
		}, func(h *home) grant.Entry { return h.redemption(key, phone, nil) }, nil},
		"issuer renamed": {func(h *home) {
			h.append(h.next(grant.Grant, h.owner, h.owner.Signer(), owner))
		}, func(h *home) grant.Entry { return h.redemption(key, phone, nil) }, nil},
		"owner adds device by hand": {nil, func(h *home) grant.Entry { return h.next(grant.Add, phone, h.owner.Signer(), nil) }, nil},

		"twice": {func(h *home) { h.append(h.redemption(key, tablet, nil)) }, func(h *home) grant.Entry {
			return h.redemption(key, phone, nil)
		}, grant.ErrInviteUsed},
		"twice by the same": {func(h *home) {
			h.append(h.redemption(key, phone, nil))
			h.append(h.next(grant.Revoke, phone, h.owner.Signer(), nil))
		}, func(h *home) grant.Entry { return h.redemption(key, phone, nil) }, grant.ErrInviteUsed},
		"revoked": {func(h *home) { h.append(h.next(grant.Revoke, key, h.owner.Signer(), nil)) }, func(h *home) grant.Entry {
			return h.redemption(key, phone, nil)
		}, grant.ErrInviteRevoked},
		"issuer revoked": {func(h *home) {
			h.append(h.next(grant.Add, tablet, h.root.Signer(), owner))
			h.append(h.next(grant.Revoke, h.owner, tablet.Signer(), nil))
		}, func(h *home) grant.Entry { return h.redemption(key, phone, nil) }, grant.ErrInviteRevoked},
		"issuer made viewer": {func(h *home) {
			h.append(h.next(grant.Add, tablet, h.root.Signer(), owner))
			h.append(h.next(grant.Grant, h.owner, tablet.Signer(), nil))
		}, func(h *home) grant.Entry { return h.redemption(key, phone, nil) }, grant.ErrInviteRevoked},
		"issuer revoked, and owner again": {func(h *home) {
			h.append(h.next(grant.Add, tablet, h.root.Signer(), owner))
			h.append(h.next(grant.Revoke, h.owner, tablet.Signer(), nil))
			h.append(h.next(grant.Add, h.owner, tablet.Signer(), owner))
		}, func(h *home) grant.Entry { return h.redemption(key, phone, nil) }, grant.ErrInviteRevoked},

		"other name": {nil, func(h *home) grant.Entry { return h.redemption(key, phone, func(e *grant.Entry) { e.Name = "x" }) }, grant.ErrInviteTerms},
		"more rights": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Rights |= grant.Move })
		}, grant.ErrInviteTerms},
		"fewer rights": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Rights = grant.Talk })
		}, grant.ErrInviteTerms},
		"owner": {nil, func(h *home) grant.Entry { return h.redemption(key, phone, makeOwner) }, grant.ErrInviteTerms},
		"viewer": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Role = grant.Viewer })
		}, grant.ErrInviteTerms},
		"display": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Role = grant.Display })
		}, grant.ErrInviteTerms},
		"all cameras": {nil, func(h *home) grant.Entry { return h.redemption(key, phone, func(e *grant.Entry) { e.Cameras = nil }) }, grant.ErrInviteTerms},
		"another camera": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Cameras = ids[1:] })
		}, grant.ErrInviteTerms},
		"longer": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Expires = e.Expires.Add(time.Second) })
		}, grant.ErrInviteTerms},
		"earlier": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.NotBefore = e.NotBefore.Add(-time.Second) })
		}, grant.ErrInviteTerms},

		"renews a guest": {func(h *home) { h.append(h.next(grant.Add, phone, h.owner.Signer(), guest)) }, func(h *home) grant.Entry {
			return h.redemption(key, phone, nil)
		}, nil},
		"renews a display": {func(h *home) {
			h.append(h.next(grant.Add, phone, h.owner.Signer(), func(e *grant.Entry) { guest(e); e.Role = grant.Display }))
		}, func(h *home) grant.Entry { return h.redemption(key, phone, nil) }, nil},
		"renews with more": {func(h *home) { h.append(h.next(grant.Add, phone, h.owner.Signer(), guest)) }, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Rights = grant.AllRights })
		}, grant.ErrInviteTerms},
		"renews by an addition": {func(h *home) { h.append(h.next(grant.Add, phone, h.owner.Signer(), guest)) }, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Kind = grant.Add })
		}, grant.ErrSubject},
		"renews nobody": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Kind = grant.Grant })
		}, grant.ErrSubject},
		"renews one who was revoked": {func(h *home) {
			h.append(h.next(grant.Add, phone, h.owner.Signer(), guest))
			h.append(h.next(grant.Revoke, phone, h.owner.Signer(), nil))
		}, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Kind = grant.Grant })
		}, grant.ErrSubject},
		"twice, the second time renewing": {func(h *home) { h.append(h.redemption(key, phone, nil)) }, func(h *home) grant.Entry {
			return h.redemption(key, phone, nil)
		}, grant.ErrInviteUsed},
		"changes its device": {nil, func(h *home) grant.Entry { return h.next(grant.Grant, phone, key.Signer(), owner) }, grant.ErrInviteTerms},
		"takes from a viewer": {func(h *home) { h.append(h.next(grant.Add, tablet, h.owner.Signer(), nil)) }, func(h *home) grant.Entry {
			return h.redemption(key, tablet, nil)
		}, grant.ErrSubject},
		"takes from an owner": {func(h *home) { h.append(h.next(grant.Add, tablet, h.owner.Signer(), owner)) }, func(h *home) grant.Entry {
			return h.redemption(key, tablet, nil)
		}, grant.ErrSubject},
		"revokes":         {nil, func(h *home) grant.Entry { return h.next(grant.Revoke, h.owner, key.Signer(), nil) }, grant.ErrIssuer},
		"revokes itself":  {nil, func(h *home) grant.Entry { return h.next(grant.Revoke, key, key.Signer(), nil) }, grant.ErrIssuer},
		"invites another": {nil, func(h *home) grant.Entry { return h.next(grant.Invite, tablet, key.Signer(), invite) }, grant.ErrIssuer},
		"adds its own key": {nil, func(h *home) grant.Entry {
			return h.redemption(key, key, nil)
		}, grant.ErrSubject},
		"adds R":             {nil, func(h *home) grant.Entry { return h.redemption(key, asDevice(t, h.root), nil) }, grant.ErrSubject},
		"adds an owner":      {nil, func(h *home) grant.Entry { return h.redemption(key, h.owner, nil) }, grant.ErrSubject},
		"owner adds its key": {nil, func(h *home) grant.Entry { return h.next(grant.Add, key, h.owner.Signer(), nil) }, grant.ErrSubject},
		"owner grants it":    {nil, func(h *home) grant.Entry { return h.next(grant.Grant, key, h.owner.Signer(), nil) }, grant.ErrSubject},
		"invited again":      {nil, func(h *home) grant.Entry { return h.next(grant.Invite, key, h.owner.Signer(), invite) }, grant.ErrSubject},
		"revoked again": {func(h *home) { h.append(h.next(grant.Revoke, key, h.owner.Signer(), nil)) }, func(h *home) grant.Entry {
			return h.next(grant.Revoke, key, h.owner.Signer(), nil)
		}, grant.ErrSubject},
		"revoked when used": {func(h *home) { h.append(h.redemption(key, phone, nil)) }, func(h *home) grant.Entry {
			return h.next(grant.Revoke, key, h.owner.Signer(), nil)
		}, grant.ErrSubject},
		"invited when revoked": {func(h *home) { h.append(h.next(grant.Revoke, key, h.owner.Signer(), nil)) }, func(h *home) grant.Entry {
			return h.next(grant.Invite, key, h.owner.Signer(), invite)
		}, grant.ErrSubject},
		"invites a member":  {nil, func(h *home) grant.Entry { return h.next(grant.Invite, h.owner, h.owner.Signer(), invite) }, grant.ErrSubject},
		"invites R":         {nil, func(h *home) grant.Entry { return h.next(grant.Invite, asDevice(t, h.root), h.owner.Signer(), invite) }, grant.ErrSubject},
		"never invited":     {nil, func(h *home) grant.Entry { return h.next(grant.Add, phone, stranger.Signer(), nil) }, grant.ErrIssuer},
		"invited by nobody": {nil, func(h *home) grant.Entry { return h.next(grant.Invite, tablet, stranger.Signer(), invite) }, grant.ErrIssuer},
		"at another place": {nil, func(h *home) grant.Entry {
			return h.redemption(key, phone, func(e *grant.Entry) { e.Prev[3] ^= 1 })
		}, grant.ErrChain},
		"at another agent": {nil, func(h *home) grant.Entry {
			e := h.redemption(key, phone, nil)
			if err := e.Sign(key.Signer(), identity.AgentID{0xb0}); err != nil {
				t.Fatal(err)
			}
			return e
		}, grant.ErrSignature},
		"signature changed": {nil, func(h *home) grant.Entry {
			e := h.redemption(key, phone, nil)
			e.Sig[63] ^= 1
			return e
		}, grant.ErrSignature},
		"device changed by the server": {nil, func(h *home) grant.Entry {
			e := h.redemption(key, phone, nil)
			e.Subject = stranger.Public()
			return e
		}, grant.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.t = t
			h.inviting(key, h.owner.Signer(), func(e *grant.Entry) { guest(e); e.Cameras, e.Rights = ids[:2], grant.Live|grant.Talk })
			if c.before != nil {
				c.before(h)
			}
			before := mustMarshal(t, h.log)
			invitations := h.log.Invites()
			e := c.entry(h)
			if err := h.log.Check(e); !errors.Is(err, c.want) {
				t.Errorf("Check: %v, want %v", err, c.want)
			}
			if err := h.log.Append(e); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want == nil {
				return
			}
			after, err := grant.Parse(mustMarshal(t, h.log), agentID)
			if err != nil || string(mustMarshal(t, after)) != string(before) {
				t.Errorf("the log has changed all the same (%v)", err)
			}
			for n, i := range h.log.Invites() {
				if i.State != invitations[n].State {
					t.Errorf("invitation %d has changed all the same", n)
				}
			}
		})
	}
}

func makeOwner(e *grant.Entry) {
	e.Role, e.Rights, e.Cameras, e.NotBefore, e.Expires = grant.Owner, grant.AllRights, nil, time.Time{}, time.Time{}
}

func asDevice(t testing.TB, root identity.RootKey) identity.DeviceKey {
	t.Helper()
	k, err := identity.DeviceFromSeed(root.Seed())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// R's invitations outlive all owners, since R cannot be revoked.
func TestInvitationByRoot(t *testing.T) {
	h := newHome(t)
	key, phone, second := device(t, 7), device(t, 8), device(t, 9)
	h.inviting(key, h.root.Signer(), owner)
	h.append(h.next(grant.Add, second, h.owner.Signer(), owner))
	h.append(h.next(grant.Revoke, h.owner, second.Signer(), nil))
	h.append(h.redemption(key, phone, nil))
	if len(h.log.Owners()) != 2 {
		t.Error("R's invitation made no owner")
	}
}

// Whom an owner let in by an invitation stays, and so do the invitations of other owners.
func TestRevokedOwnerLeavesOthersAlone(t *testing.T) {
	h := newHome(t)
	second := device(t, 3)
	h.append(h.next(grant.Add, second, h.owner.Signer(), owner))
	used, open, others := device(t, 7), device(t, 8), device(t, 9)
	h.inviting(used, h.owner.Signer(), nil)
	h.append(h.redemption(used, device(t, 20), nil))
	h.inviting(open, h.owner.Signer(), nil)
	h.inviting(others, second.Signer(), nil)
	h.append(h.next(grant.Revoke, h.owner, second.Signer(), nil))
	want := map[identity.DevicePublic]grant.InviteState{
		used.Public(): grant.InviteUsed, open.Public(): grant.InviteRevoked, others.Public(): grant.InviteOpen,
	}
	for _, i := range h.log.Invites() {
		if i.State != want[i.Key] {
			t.Errorf("invitation %q is in state %d, want %d", i.Entry.Name, i.State, want[i.Key])
		}
	}
	if _, err := h.log.Admitted(device(t, 20).Public(), now); err != nil {
		t.Error(err)
	}
}

func TestRedeemable(t *testing.T) {
	h := newHome(t)
	key := device(t, 7)
	i := h.inviting(key, h.owner.Signer(), func(e *grant.Entry) { guest(e); e.RedeemBefore = now.Add(48 * time.Hour) })
	for name, c := range map[string]struct {
		i    grant.Invitation
		now  time.Time
		want error
	}{
		"at once":               {i, now, nil},
		"clock far behind":      {i, now.Add(-1000 * time.Hour), nil},
		"last moment of access": {i, now.Add(24*time.Hour - 1), nil},
		"access is over":        {i, now.Add(24 * time.Hour), grant.ErrInviteExpired},
		"too late":              {i, now.Add(48 * time.Hour), grant.ErrInviteExpired},
		"none":                  {grant.Invitation{}, now, grant.ErrInviteExpired},
	} {
		if err := c.i.Redeemable(c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	late := h.inviting(device(t, 8), h.owner.Signer(), nil)
	if err := late.Redeemable(now.Add(24*time.Hour - 1)); err != nil {
		t.Errorf("just before: %v", err)
	}
	if err := late.Redeemable(now.Add(24 * time.Hour)); !errors.Is(err, grant.ErrInviteExpired) {
		t.Errorf("at the end: %v", err)
	}
	h.append(h.next(grant.Revoke, key, h.owner.Signer(), nil))
	if i, _ := h.log.Invitation(key.Public()); !errors.Is(i.Redeemable(now), grant.ErrInviteRevoked) {
		t.Errorf("revoked: %v", i.Redeemable(now))
	}
	if _, ok := h.log.Invitation(device(t, 99).Public()); ok {
		t.Error("an invitation that nobody issued")
	}
}

func TestMemberSinceWhen(t *testing.T) {
	h := newHome(t)
	tablet := device(t, 3)
	at := func(hours int) time.Time { return now.Add(time.Duration(hours) * time.Hour) }
	dated := func(hours int) func(*grant.Entry) { return func(e *grant.Entry) { e.Issued = at(hours) } }
	check := func(what string, added, changed int, by []byte, revoked bool) {
		t.Helper()
		m, ok := h.log.Member(tablet.Public())
		if !ok || !m.Added.Equal(at(added)) || !m.Changed.Equal(at(changed)) || m.By != [32]byte(by) || m.Revoked != revoked || m.Seq != uint64(h.log.Len()-1) {
			t.Errorf("%s: %+v", what, m)
		}
	}
	if _, ok := h.log.Member(tablet.Public()); ok {
		t.Error("a member before any entry")
	}
	ownerKey, rootKey := h.owner.Public().Bytes(), h.root.Public().Bytes()
	h.append(h.next(grant.Add, tablet, h.owner.Signer(), dated(1)))
	check("added", 1, 1, ownerKey, false)
	h.append(h.next(grant.Grant, tablet, h.root.Signer(), dated(2)))
	check("changed", 1, 2, ownerKey, false)
	h.append(h.next(grant.Revoke, tablet, h.owner.Signer(), dated(3)))
	check("revoked", 1, 3, ownerKey, true)
	h.append(h.next(grant.Add, tablet, h.root.Signer(), dated(-4))) // clocks differ
	check("back", -4, -4, rootKey, false)
}
