package hostile

import (
	"context"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/viewer"
)

// alarmed waits for an alarm about the list, whose sentences name all of the words, with no picture left, and returns it.
func (p *person) alarmed(r *residence, words ...string) (a *viewer.Alarm) {
	p.w.t.Helper()
	p.until("there is an alarm that names what differs", func(s *viewer.Snapshot) bool {
		for _, h := range s.Homes {
			if h.Agent != r.id || h.Alarm == nil || h.Reason != viewer.ReasonRollback || h.Alarm.Difference == nil {
				continue
			}
			a = h.Alarm
			return true
		}
		return false
	})
	text := strings.Join(a.Sentences, "\n")
	for _, word := range words {
		if !strings.Contains(text, word) {
			p.w.t.Errorf("%s: the alarm does not name %q:\n%s", p.name, word, text)
		}
	}
	p.until("shows nothing", func(s *viewer.Snapshot) bool {
		for _, t := range s.Tiles {
			if t.Key.Agent == r.id && (t.State == viewer.Live || t.State == viewer.Stale) {
				return false
			}
		}
		return true
	})
	return a
}

// Somebody puts an old copy of the agent's folder back, from before a guest was revoked. The owner's device knows better, says what is
// missing, and can give it back.
func TestLogRollback(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	dir := t.TempDir()
	r, owner := w.claimed(func(c *camera.Config) { c.Store = openStore(t, dir) }, "porch")
	guest := w.person("Guest")
	owner.lets(r, guest, live(grant.Guest, "Grandma’s tablet"))
	guest.sees(r, "porch")
	old := copyDir(t, dir)
	owner.revokes(r, guest.key.Public())
	guest.isTold(r, viewer.ReasonRevoked)
	guest.leave()
	r.stop()

	again := w.agent(func(c *camera.Config) { c.Store = openStore(t, old) }, "porch")
	alarm := owner.alarmed(again, "Grandma’s tablet")
	if !alarm.Repairable {
		t.Error("entries that are merely missing can be given back")
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if err := owner.viewer.Repair(ctx, r.id); err != nil {
		t.Fatal(err)
	}
	owner.sees(again, "porch")
	if !owner.isRevoked(again, guest.key.Public()) {
		t.Error("the guest is let in again")
	}
	guest.come(nil)
	guest.isTold(again, viewer.ReasonRevoked)
}

// Two copies of an agent with one key run behind two servers, which show one owner this one and the other owner that one. As soon as either
// owner meets the other copy, it says what differs.
func TestLogForkShownToTwoOwners(t *testing.T) {
	t.Parallel()
	w, other := newTown(t), newTown(t)
	other.films = w.films
	dir := t.TempDir()
	r, owner := w.claimed(func(c *camera.Config) { c.Store = openStore(t, dir) }, "porch")
	second := w.person("Second owner")
	owner.lets(r, second, live(grant.Owner, "Second owner"))
	second.sees(r, "porch")
	second.list(r)
	second.leave()
	r.stop()

	copied := copyDir(t, dir)
	here := w.agent(func(c *camera.Config) { c.Store = openStore(t, dir) }, "porch")
	there := other.agent(func(c *camera.Config) { c.Store = openStore(t, copied) }, "porch")
	if here.id != there.id {
		t.Fatal("two agents")
	}
	owner.sees(here, "porch")
	second.address = other.server.Address()
	second.come(nil)
	second.sees(there, "porch")

	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if _, err := owner.viewer.Add(ctx, r.id, newDevice(t).Public(), live(grant.Viewer, "Ann’s phone")); err != nil {
		t.Fatal(err)
	}
	if _, err := second.viewer.Add(ctx, r.id, newDevice(t).Public(), live(grant.Viewer, "Bob’s tablet")); err != nil {
		t.Fatal(err)
	}
	second.list(there)
	second.leave()
	second.address = w.server.Address()
	second.come(nil)
	second.alarmed(here, "Ann’s phone", "Bob’s tablet")
	owner.sees(here, "porch")
}
