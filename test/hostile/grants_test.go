package hostile

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

func newDevice(t *testing.T) identity.DeviceKey {
	t.Helper()
	k, err := identity.GenerateDevice(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The server knows every hash by which an agent can be knocked at, and can open pipes to it. A viewer, an owner or an invited guest
// that it invents is none for the agent.
func TestServerInventsDevices(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, owner := w.claimed(nil, "porch")
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	secret, err := owner.viewer.Invite(ctx, r.id, live(grant.Viewer, "a friend"), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	length := len(owner.list(r).Devices)
	invited := secret.InviteKey()
	root, err := identity.GenerateRoot(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	doors := w.doors(r)
	if len(doors) < 3 { // the owner's, the invitation's, the recovery's
		t.Fatalf("the agent has %d doors", len(doors))
	}
	for _, hash := range doors {
		self := newDevice(t)
		genesis, err := grant.Genesis(root, self.Public(), "server", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for name, hello := range map[string]control.Hello{
			"viewer":          {DeviceName: "server"},
			"owner by claim":  {Claim: &control.Claim{Proof: [32]byte{1}, Genesis: genesis}},
			"invited, unsure": {Invite: newDevice(t).Public().Bytes()},
		} {
			m, err := w.intrude(r, hash, self, hello)
			if _, refused := m.(*control.Refuse); err == nil && !refused {
				t.Errorf("%s by door %x: the agent answers %T", name, hash[:4], m)
			}
		}
		// It may even know the invitation's public key; redeeming takes the private one.
		m, err := w.intrude(r, hash, self, control.Hello{Invite: invited.Bytes()})
		if _, accepted := m.(*control.Accept); accepted {
			t.Error("accepted without redeeming")
		} else if err == nil {
			t.Logf("with the invitation's public key: %T", m)
		}
	}
	owner.sees(r, "porch")
	if list := owner.list(r); len(list.Devices) != length {
		t.Errorf("%d devices, there were %d", len(list.Devices), length)
	}
}

// A guest that works for the server signs entries of its own and asks for what only owners may have: the list stays as it is.
func TestGuestForgesGrants(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, owner := w.claimed(nil, "porch", "nursery")
	guest := w.person("Guest")
	porch, nursery := owner.cameraID(r, "porch"), owner.cameraID(r, "nursery")
	owner.lets(r, guest, live(grant.Guest, "Guest", porch))
	guest.sees(r, "porch")
	guest.leave()
	before := owner.list(r)

	owner.mu.Lock()
	home := owner.homes[r.id]
	owner.mu.Unlock()
	log, err := grant.Parse(home.Log, r.id)
	if err != nil {
		t.Fatal(err)
	}
	forge := func(kind grant.Kind, subject identity.DevicePublic, terms grant.Terms, pretend bool) []byte {
		e := log.Next(kind, subject)
		e.Issued, e.Terms = time.Now().UTC().Truncate(time.Second), terms
		if err := e.Sign(guest.key.Signer(), r.id); err != nil {
			t.Fatal(err)
		}
		if pretend {
			e.Issuer = [32]byte(owner.key.Public().Bytes())
		}
		b, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	stranger := newDevice(t).Public()
	for name, m := range map[string]control.Message{
		"makes itself an owner":                 &control.Append{Request: 1, Entry: forge(grant.Grant, guest.key.Public(), live(grant.Owner, "Guest"), false)},
		"makes itself one in the owner's name":  &control.Append{Request: 1, Entry: forge(grant.Grant, guest.key.Public(), live(grant.Owner, "Guest"), true)},
		"takes another camera":                  &control.Append{Request: 1, Entry: forge(grant.Grant, guest.key.Public(), live(grant.Guest, "Guest", nursery), false)},
		"lets somebody in":                      &control.Append{Request: 1, Entry: forge(grant.Add, stranger, live(grant.Viewer, "friend"), true)},
		"throws the owner out":                  &control.Append{Request: 1, Entry: forge(grant.Revoke, owner.key.Public(), grant.Terms{}, true)},
		"asks for the list":                     &control.LogWanted{},
		"asks who watches":                      &control.DevicesWanted{On: true},
		"asks for the journal":                  &control.JournalWanted{Limit: 10},
		"watches a camera that was not offered": &control.Watch{Camera: 1, Route: control.Relay},
	} {
		t.Run(name, func(t *testing.T) {
			c := guest.cheats(r)
			defer c.close()
			if err := c.say(m); err != nil {
				t.Fatal(err)
			}
			answer, err := c.hearUntil(func(m control.Message) bool {
				_, status := m.(*control.CameraStatus)
				return !status
			})
			if _, refused := answer.(*control.NotAppended); err == nil && !refused {
				t.Errorf("the agent answers %T", answer)
			}
		})
	}
	after := owner.list(r)
	if len(after.Devices) != len(before.Devices) {
		t.Errorf("%d devices, there were %d", len(after.Devices), len(before.Devices))
	}
	for i, d := range after.Devices {
		if d.Device != before.Devices[i].Device || !d.Terms.Equal(before.Devices[i].Terms) || d.Revoked {
			t.Errorf("%s is now %+v", before.Devices[i].Name, d)
		}
	}
	owner.sees(r, "porch", "nursery")
}

// A guest who may see camera A is sent camera B's frames by the server, under A's topic and key id: nothing of B is shown.
func TestGrantForAnotherCamera(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, owner := w.claimed(nil, "porch", "nursery")
	guest := w.person("Guest")
	owner.lets(r, guest, live(grant.Guest, "Guest", owner.cameraID(r, "porch")))
	guest.sees(r, "porch")
	n := 0
	stop := w.server.Use(&Script{ToViewer: byDevice(guest, func(way *Way, e signal.Envelope) bool {
		f, ok := e.(*signal.RelayFrame)
		if !ok {
			return false
		}
		kept := way.conn.server.ledger.frames(r.id, seal.Sub)
		for _, p := range kept[max(0, len(kept)-4):] { // more would only keep the machine busy
			if p.Topic != f.Topic {
				n++
				instead(way, f, p.Sealed)
				instead(way, f, fitted(p.Sealed, f.Sealed))
			}
		}
		return true
	})})
	guest.until("is sent forgeries only", func(s *viewer.Snapshot) bool {
		return len(s.Tiles) == 1 && s.Tiles[0].State == viewer.Blank && s.Tiles[0].Reason == viewer.ReasonForged &&
			s.Tiles[0].Stats.Opening.Refused(seal.Auth) > 0
	})
	stop()
	guest.sees(r, "porch")
	if n == 0 {
		t.Error("nothing was swapped")
	}
	if seen := guest.pictures(); seen["nursery"] > 0 {
		t.Errorf("%d pictures of the nursery were shown", seen["nursery"])
	}
}

// A revoked guest keeps its keys and everything that the server passes on to it. What is published from the revocation on, it cannot open.
func TestRevokedGuestWithOldKeys(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, owner := w.claimed(nil, "porch")
	guest := w.person("Guest")
	owner.lets(r, guest, live(grant.Guest, "Guest"))
	guest.sees(r, "porch")
	guest.leave()

	c := guest.cheats(r)
	if err := c.say(&control.Watch{Camera: 0, Stream: seal.Sub, Route: control.Relay}); err != nil {
		t.Fatal(err)
	}
	m, err := c.hearUntil(func(m control.Message) bool {
		_, ok := m.(*control.Epoch)
		return ok
	})
	if err != nil {
		t.Fatal(err)
	}
	key := m.(*control.Epoch)
	if err := c.say(&control.EpochAck{Camera: 0, Number: key.Number}); err != nil {
		t.Fatal(err)
	}
	opener := seal.NewOpener(seal.Source{Agent: c.conn.AgentKey(), Camera: owner.cameraID(r, "porch")})
	if err := opener.AddEpoch(seal.Epoch{Number: key.Number, ID: key.ID, Key: key.Key}); err != nil {
		t.Fatal(err)
	}
	// published feeds all that the server sees to the guest's keys.
	tried, opened := 0, 0
	published := &Script{FromAgent: func(_ *Way, e signal.Envelope) bool {
		if p, ok := e.(*signal.Publish); ok {
			tried++
			if _, err := opener.Open(streamOf(p.Sealed), p.Sealed); err == nil {
				opened++
			}
		}
		return false
	}}
	counts := func() (int, int) {
		w.server.mu.Lock()
		defer w.server.mu.Unlock()
		return tried, opened
	}
	defer w.server.Use(published)()
	owner.until("the guest opens frames", func(*viewer.Snapshot) bool {
		_, opened := counts()
		return opened > 10
	})

	owner.revokes(r, guest.key.Public())
	m, err = c.hearUntil(func(m control.Message) bool {
		_, ok := m.(*control.Refuse)
		return ok
	})
	if err != nil {
		t.Fatalf("the guest's session ended without a word: %v", err)
	}
	if refuse := m.(*control.Refuse); refuse.Reason != control.RefusedRevoked {
		t.Errorf("refused for reason %d", refuse.Reason)
	}
	if m, err := c.hear(); err == nil {
		t.Errorf("after the refusal comes %T", m)
	}
	owner.sees(r, "porch")
	from, before := counts()
	owner.until("frames are published", func(*viewer.Snapshot) bool {
		tried, _ := counts()
		return tried > from+30
	})
	if _, now := counts(); now != before {
		t.Errorf("the revoked guest opened %d frames", now-before)
	}
	guest.come(nil)
	guest.isTold(r, viewer.ReasonRevoked)
}

// A guest's hour is over when the agent's clock has once shown so, whatever the clock is set to afterwards.
func TestExpiredGuestAndTheClock(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var clock wall
	dir := t.TempDir()
	start := func(c *camera.Config) {
		c.Now, c.Store = clock.now, openStore(t, dir)
	}
	r, owner := w.claimed(start, "porch")
	guest := w.person("Guest")
	owner.lets(r, guest, live(grant.Guest, "Guest"))
	guest.sees(r, "porch")

	clock.shift(2 * time.Hour)
	guest.isTold(r, viewer.ReasonExpired)
	guest.leave()
	owner.sees(r, "porch")

	clock.shift(0) // somebody sets the clock back
	guest.come(nil)
	guest.isTold(r, viewer.ReasonAgentClock, viewer.ReasonExpired)
	guest.leave()
	owner.sees(r, "porch")

	// After a start with a clock that was never set, too.
	r.stop()
	clock.shift(time.Until(time.Unix(1000, 0)))
	again := w.agent(start, "porch")
	if again.id != r.id {
		t.Fatal("another agent")
	}
	owner.sees(r, "porch")
	guest.come(nil)
	guest.isTold(r, viewer.ReasonAgentClock, viewer.ReasonExpired)
}

// A guest whose time is not over is kept out while the agent does not know the time, and comes in once it does.
func TestUnknownClockAtBoot(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var clock wall
	dir := t.TempDir()
	start := func(c *camera.Config) { c.Now, c.Store = clock.now, openStore(t, dir) }
	r, owner := w.claimed(start, "porch")
	guest, friend := w.person("Guest"), w.person("Friend")
	owner.lets(r, guest, live(grant.Guest, "Guest"))
	owner.lets(r, friend, live(grant.Viewer, "Friend"))
	guest.sees(r, "porch")
	r.stop()
	guest.leave()
	clock.shift(time.Until(time.Unix(1000, 0)))
	again := w.agent(start, "porch")
	owner.sees(again, "porch")
	friend.sees(again, "porch") // whose grant does not end
	guest.come(nil)
	guest.isTold(again, viewer.ReasonAgentClock)
	guest.leave()
	clock.shift(0)
	guest.come(nil)
	guest.sees(again, "porch")
}
