package hostile

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

// helped lets a person's knocks reach an agent by every door in turn that it has at the server, whatever token the person shows: what a
// server can do for somebody who guesses.
func (w *town) helped(r *residence, p *person) (stop func()) {
	n := 0
	return w.server.Use(&Script{FromViewer: byDevice(p, about(r.id, func(way *Way, k *signal.Knock) bool {
		s := way.conn.server
		agent, doors := s.agentConn(r.id), s.ledger.hashes[r.id]
		if agent == nil || len(doors) == 0 {
			return false
		}
		s.join(way.conn.answer(k), agent.enterAs(doors[n%len(doors)]))
		n++
		return true
	}))})
}

// isRefused waits until a link is refused for good, for one of these reasons.
func (p *person) isRefused(reasons ...viewer.Reason) {
	p.w.t.Helper()
	p.until("the link is refused: "+reasons[0].String(), func(s *viewer.Snapshot) bool {
		for _, reason := range reasons {
			if s.Link.State == viewer.LinkRefused && s.Link.Reason == reason {
				return true
			}
		}
		return false
	})
}

func TestClaimLinkReused(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r := w.agent(nil, "porch")
	l := w.link(r)
	first, second := w.person("First"), w.person("Second")
	first.come(func(c *viewer.Config) { c.Claim = first.claim(l) })
	first.sees(r, "porch")
	second.come(func(c *viewer.Config) { c.Claim = second.claim(l) })
	second.isRefused(viewer.ReasonClaimUsed)
	first.sees(r, "porch")
	if list := first.list(r); len(list.Devices) != 1 {
		t.Errorf("%d devices", len(list.Devices))
	}
}

func TestClaimLinkExpired(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r := w.agent(func(c *camera.Config) { c.LinkLife = time.Second }, "porch")
	l := w.link(r)
	w.link(r) // the next one is printed when the first has expired
	late := w.person("Late")
	late.come(func(c *viewer.Config) { c.Claim = late.claim(l) })
	late.isRefused(viewer.ReasonClaimExpired)
}

// Somebody guesses a link's secret, and the server lets every guess through to the agent. After five the link is closed even for who has it.
func TestClaimLinkGuessed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r := w.agent(nil, "porch")
	l := w.link(r)
	for range pairing.MaxTries {
		guess, err := pairing.NewSecret(nil)
		if err != nil {
			t.Fatal(err)
		}
		p := w.person("Guesser")
		stop := w.helped(r, p)
		p.come(func(c *viewer.Config) { c.Claim = p.claim(pairing.Link{Agent: l.Agent, Secret: guess}) })
		p.isRefused(viewer.ReasonClaimWrong, viewer.ReasonClaimExpired) // the last try says that the link is closed
		p.leave()
		stop()
	}
	p := w.person("Owner")
	p.come(func(c *viewer.Config) { c.Claim = p.claim(l) })
	p.isRefused(viewer.ReasonClaimExpired)
}

func TestInviteLinks(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var clock wall
	r, owner := w.claimed(func(c *camera.Config) { c.Now = clock.now }, "porch", "nursery")
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	invite := func() pairing.Secret {
		t.Helper()
		s, err := owner.viewer.Invite(ctx, r.id, live(grant.Viewer, "Friend", owner.cameraID(r, "porch")), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	open := func(p *person, s pairing.Secret) {
		p.come(func(c *viewer.Config) { c.Invite = &viewer.Invite{Agent: r.id, Secret: s} })
	}

	secret := invite()
	friend, second := w.person("Friend"), w.person("Second")
	open(friend, secret)
	friend.sees(r, "porch")
	open(second, secret)
	second.isRefused(viewer.ReasonInviteUsed)
	second.leave()

	void := invite()
	owner.revokes(r, void.InviteKey())
	open(second, void)
	second.isRefused(viewer.ReasonInviteVoid)
	second.leave()

	guess, err := pairing.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := w.helped(r, second)
	open(second, guess)
	second.isRefused(viewer.ReasonInviteWrong)
	second.leave()
	stop()

	late := invite()
	clock.shift(2 * time.Hour)
	open(second, late)
	second.isRefused(viewer.ReasonInviteExpired)
	second.leave()

	members := 0
	for _, d := range owner.list(r).Devices {
		if !d.Revoked {
			members++
		}
	}
	if members != 2 {
		t.Errorf("%d devices are let in", members)
	}
	friend.sees(r, "porch")
	owner.sees(r, "porch", "nursery")
}

// fragmentOf is the part of a link that must not leave the device.
func fragmentOf(link string) string {
	_, fragment, _ := strings.Cut(link, "#")
	return fragment
}
