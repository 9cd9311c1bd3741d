package camera

import (
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
)

// inviteKnock is what the holder of a link knocks with.
func (h *home) inviteKnock(secret pairing.Secret) [32]byte {
	return identity.KnockHash(h.a.id, pairing.InviteToken(secret.InviteKey(), h.a.id))
}

func inviteHello(secret pairing.Secret) *control.Hello {
	return &control.Hello{Invite: secret.InviteKey().Bytes()}
}

// redemption makes the entry that a Redeem asks for.
func redemption(t *testing.T, h *home, m *control.Redeem, d identity.DevicePublic, signer identity.Signer, change func(*grant.Entry)) []byte {
	t.Helper()
	invite, err := grant.ParseEntry(m.Entry)
	if err != nil {
		t.Fatal(err)
	}
	kind := grant.Add
	if m.Renew {
		kind = grant.Grant
	}
	e := grant.Entry{
		Home: m.Home, Seq: m.Seq, Prev: m.Prev, Kind: kind, Subject: d, Issued: h.now().Truncate(time.Second), Terms: invite.Terms,
	}
	if change != nil {
		change(&e)
	}
	return h.signed(e, signer)
}

// invited opens an invite link and signs what the agent asks for.
func (h *home) invited(d identity.DeviceKey, secret pairing.Secret) (*session.Conn, control.Message) {
	h.t.Helper()
	conn, m := h.ask(d.Signer(), h.inviteKnock(secret), inviteHello(secret))
	for {
		r, ok := m.(*control.Redeem)
		if !ok {
			return conn, m
		}
		m = say(h.t, conn, &control.Append{Request: 1, Entry: redemption(h.t, h, r, d.Public(), secret.InviteSigner(), nil)})
	}
}

func (h *home) refusedInvite(d identity.DeviceKey, secret pairing.Secret, want control.RefuseReason) {
	h.t.Helper()
	h.refused(d.Signer(), h.inviteKnock(secret), inviteHello(secret), want)
}

func TestInvite(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		owner := h.visit(h.owner)
		secret := h.link(guestTerms(morning, time.Hour, h.camera(1)))
		d := newDevice(t)
		conn, m := h.invited(d, secret)
		g := h.enter(d, conn, m)
		if len(g.accept.Cameras) != 1 || g.accept.Cameras[0].ID != h.camera(1) || g.accept.Role != uint8(grant.Guest) || g.accept.LogLength != 3 {
			t.Errorf("accepted as %+v", g.accept)
		}
		if head := next[*control.LogHead](owner); head.Length < 2 {
			t.Errorf("%+v", head)
		}
		g.watch(1)
		h.film(1, "K")
		if len(g.pictures(1)) != 1 {
			t.Error("no picture")
		}
		i, _ := h.a.grants.Invitation(secret.InviteKey())
		if i.State != grant.InviteUsed || i.UsedBy != d.Public() || len(h.store.Entries()) != 3 {
			t.Errorf("%+v", i)
		}
		// The same device may open its link again, another may not.
		conn, m = h.invited(d, secret)
		h.enter(d, conn, m)
		h.refusedInvite(newDevice(t), secret, control.RefusedClaimUsed)
		h.visit(d).alive()
	})
}

// Each way in which an invitation is good no more has its own reason.
func TestInviteThatIsGoodNoMore(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		second := h.add(ownerTerms())
		void, err := pairing.NewSecret(nil)
		if err != nil {
			t.Fatal(err)
		}
		h.mustAppend(h.entry(grant.Invite, void.InviteKey(), viewerTerms(), second.Signer()))
		h.change(grant.Revoke, second, grant.Terms{})
		h.refusedInvite(newDevice(t), void, control.RefusedInvite)

		back := h.link(ownerTerms())
		h.mustAppend(h.entry(grant.Revoke, back.InviteKey(), grant.Terms{}, h.owner.Signer()))
		h.refusedInvite(newDevice(t), back, control.RefusedInvite)

		old := h.link(viewerTerms())
		other, err := pairing.NewSecret(nil)
		if err != nil {
			t.Fatal(err)
		}
		h.refused(newDevice(t).Signer(), h.inviteKnock(old), inviteHello(other), control.RefusedClaimWrong)
		if _, err := h.knock(newDevice(t).Signer(), h.inviteKnock(other)); err == nil {
			t.Error("somebody with no invitation was let in to the door")
		}
		time.Sleep(time.Hour)
		h.refusedInvite(newDevice(t), old, control.RefusedClaimOld)
		fresh := h.link(viewerTerms())
		h.set(h.now().Add(-time.Minute))
		h.refusedInvite(newDevice(t), fresh, control.RefusedClock)
	})
}

// What is not exactly the redemption of the invitation lets nobody in.
func TestInviteAbused(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		for name, test := range map[string]struct {
			change func(*grant.Entry)
			signer func(pairing.Secret, identity.DeviceKey) identity.Signer
			raw    func([]byte) control.Message
		}{
			"more rights":      {change: func(e *grant.Entry) { e.Rights = grant.AllRights }},
			"another role":     {change: func(e *grant.Entry) { e.Terms = ownerTerms() }},
			"other cameras":    {change: func(e *grant.Entry) { e.Cameras = nil }},
			"another name":     {change: func(e *grant.Entry) { e.Name = "owner" }},
			"another device":   {change: func(e *grant.Entry) { e.Subject = newDevice(t).Public() }},
			"another kind":     {change: func(e *grant.Entry) { e.Kind = grant.Grant }},
			"own signature":    {signer: func(_ pairing.Secret, d identity.DeviceKey) identity.Signer { return d.Signer() }},
			"not an entry":     {raw: func([]byte) control.Message { return &control.Append{Request: 1, Entry: []byte("entry")} }},
			"another request":  {raw: func(b []byte) control.Message { return &control.Append{Request: 2, Entry: b} }},
			"another question": {raw: func([]byte) control.Message { return &control.LogWanted{} }},
		} {
			secret, d := h.link(viewerTerms(h.camera(0))), newDevice(t)
			length := h.a.grants.Len()
			conn, m := h.ask(d.Signer(), h.inviteKnock(secret), inviteHello(secret))
			r, ok := m.(*control.Redeem)
			if !ok {
				t.Fatalf("%s: %T", name, m)
			}
			signer := secret.InviteSigner()
			if test.signer != nil {
				signer = test.signer(secret, d)
			}
			var answer control.Message = &control.Append{Request: 1, Entry: redemption(t, h, r, d.Public(), signer, test.change)}
			if test.raw != nil {
				answer = test.raw(answer.(*control.Append).Entry)
			}
			b, err := control.Encode(answer)
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.WriteMessage(b); err != nil {
				t.Fatal(err)
			}
			if b, err := conn.ReadMessage(); err == nil {
				if m, err := control.Decode(b); err != nil || m.(*control.Refuse).Reason != control.RefusedClaimWrong {
					t.Errorf("%s: answered %T %+v", name, m, m)
				}
			}
			conn.Close()
			if h.a.grants.Len() != length {
				t.Errorf("%s: the log grew", name)
			}
		}
	})
}

// A guest whose time is over comes back by a new link; one whose time has not come, or a member, gets nothing by it.
func TestInvitedAgain(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		d, early := h.add(guestTerms(morning, time.Minute)), h.add(guestTerms(morning.Add(24*time.Hour), time.Hour))
		time.Sleep(2 * time.Minute)
		used := h.link(guestTerms(morning, time.Hour, h.camera(2)))
		conn, m := h.invited(d, used)
		g := h.enter(d, conn, m)
		if len(g.accept.Cameras) != 1 || g.accept.Expires != morning.Add(time.Hour).Unix() {
			t.Errorf("accepted as %+v", g.accept)
		}
		h.visit(d).alive()
		h.refusedInvite(newDevice(t), used, control.RefusedClaimUsed)

		secret := h.link(viewerTerms())
		h.refusedInvite(early, secret, control.RefusedNotYet)
		conn, m = h.invited(d, secret) // a member still: the link stays unused
		h.enter(d, conn, m)
		if i, _ := h.a.grants.Invitation(secret.InviteKey()); i.State != grant.InviteOpen {
			t.Errorf("%+v", i)
		}
		// Being a member still, it cannot take the link's terms in place of its own by signing for them.
		entry := h.entry(grant.Grant, d.Public(), viewerTerms(), secret.InviteSigner())
		if _, reason := h.a.extend(entry, func(*grant.Entry) bool {
			_, _, closed := h.a.redeemable(secret.InviteKey(), d.Public())
			return closed == 0
		}); reason != control.AppendNotOwner {
			t.Errorf("%d", reason)
		}
	})
}

// Two devices with the same link: one comes in, the other hears that the link was used. The log moving on meanwhile does no harm.
func TestInviteRace(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		secret := h.link(viewerTerms())
		one, two := newDevice(t), newDevice(t)
		connOne, m := h.ask(one.Signer(), h.inviteKnock(secret), inviteHello(secret))
		offerOne := m.(*control.Redeem)
		connTwo, m := h.ask(two.Signer(), h.inviteKnock(secret), inviteHello(secret))
		offerTwo := m.(*control.Redeem)
		h.add(viewerTerms())
		m = say(t, connOne, &control.Append{Request: 1, Entry: redemption(t, h, offerOne, one.Public(), secret.InviteSigner(), nil)})
		again, ok := m.(*control.Redeem)
		if !ok || again.Seq != offerOne.Seq+1 {
			t.Fatalf("%T %+v", m, m)
		}
		m = say(t, connOne, &control.Append{Request: 1, Entry: redemption(t, h, again, one.Public(), secret.InviteSigner(), nil)})
		h.enter(one, connOne, m)
		m = say(t, connTwo, &control.Append{Request: 1, Entry: redemption(t, h, offerTwo, two.Public(), secret.InviteSigner(), nil)})
		if r, ok := m.(*control.Refuse); !ok || r.Reason != control.RefusedClaimUsed {
			t.Errorf("%T %+v", m, m)
		}
		connTwo.Close()
	})
}

// Who takes longer than a handshake may take is put out.
func TestInviteSlow(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		secret, d := h.link(viewerTerms()), newDevice(t)
		conn, m := h.ask(d.Signer(), h.inviteKnock(secret), inviteHello(secret))
		if _, ok := m.(*control.Redeem); !ok {
			t.Fatalf("%T", m)
		}
		began := time.Now()
		if _, err := conn.ReadMessage(); err == nil || time.Since(began) > handshakeTime {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		conn.Close()
	})
}
