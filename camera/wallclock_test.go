package camera

import (
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
)

// A guest's picture ends with his time, to the second.
func TestExpiresWhileWatching(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		owner, g := h.visit(h.owner), h.visit(h.add(guestTerms(morning, time.Minute)))
		if g.accept.Expires != morning.Add(time.Minute).Unix() || g.accept.Role != uint8(grant.Guest) {
			t.Errorf("accepted as %+v", g.accept)
		}
		owner.watch(0)
		g.watch(0)
		h.film(0, "K-")
		h.pass(30*time.Second, owner, g)
		time.Sleep(time.Minute - 500*time.Millisecond - h.now().Sub(morning))
		h.film(0, "-")
		g.alive()
		time.Sleep(lookEvery + 500*time.Millisecond)
		if reason := g.ended(); reason != control.RefusedExpired {
			t.Errorf("told %d", reason)
		}
		_, n := h.relay.since(0)
		h.film(0, "-K-")
		later, _ := h.relay.since(n)
		for _, f := range later {
			if g.opens(0, f.sealed) {
				t.Error("a picture from after the end can be opened")
			}
		}
		if got := owner.pictures(0); len(got) != 6 {
			t.Errorf("the owner saw %q", got)
		}
		h.refused(g.key.Signer(), h.token(g.key.Public()), &control.Hello{}, control.RefusedExpired)

		// Renewed, the guest comes back.
		h.change(grant.Grant, g.key, guestTerms(h.now().Truncate(time.Second), time.Hour))
		h.visit(g.key).alive()
	})
}

func TestNotYet(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		d := h.add(guestTerms(morning.Add(time.Hour), time.Hour))
		h.refused(d.Signer(), h.token(d.Public()), &control.Hello{}, control.RefusedNotYet)
		time.Sleep(time.Hour)
		h.visit(d).alive()
	})
}

// Setting the agent's clock back brings no guest back whose time is over, and keeps none whose time is not: without the time nothing is
// valid that expires. Owners, and viewers whose access does not end, go on.
func TestClockSetBack(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		over, screen := h.add(guestTerms(morning, time.Minute)), guestTerms(morning, 30*24*time.Hour)
		screen.Role = grant.Display
		display, viewer := h.visit(h.add(screen)), h.visit(h.add(viewerTerms()))
		display.watch(0)
		h.pass(2*time.Minute, display, viewer)
		h.refused(over.Signer(), h.token(over.Public()), &control.Hello{}, control.RefusedExpired)
		viewer.alive()
		display.alive()

		h.set(morning)
		time.Sleep(2 * lookEvery)
		if reason := display.ended(); reason != control.RefusedClock {
			t.Errorf("told %d", reason)
		}
		for _, d := range []*guest{display, {key: over}} {
			h.refused(d.key.Signer(), h.token(d.key.Public()), &control.Hello{}, control.RefusedClock)
		}
		viewer.alive()
		h.visit(h.owner).alive()
		time.Sleep(30 * time.Second)
		viewer.alive()
		if n := h.log.count("was set back"); n != 1 {
			t.Errorf("said %d times", n)
		}

		h.set(morning.Add(time.Hour))
		h.visit(display.key).alive()
		h.refused(over.Signer(), h.token(over.Public()), &control.Hello{}, control.RefusedExpired)
		if n := h.log.count("right again"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

// What time servers do, a few seconds back, goes unnoticed; but doing it again and again does not stop the time.
func TestClockCorrected(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		g := h.visit(h.add(guestTerms(morning, time.Minute)))
		for range 12 {
			time.Sleep(5 * time.Second)
			h.set(morning.Add(2 * time.Second))
		}
		// The minute is over, whatever the clock says: he was put out at its end, or before, as the clock went too far back.
		if reason := g.ended(); reason != control.RefusedExpired && reason != control.RefusedClock {
			t.Errorf("told %d", reason)
		}
		h2 := h.add(guestTerms(morning, time.Hour))
		h.set(morning.Add(10 * time.Minute))
		g = h.visit(h2)
		h.set(h.now().Add(-clockSlack / 2))
		time.Sleep(2 * lookEvery)
		g.alive()
	})
}

// An agent without a clock, or one that starts with less than it had lived through, lets in nobody whose access ends, until its clock is
// right.
func TestUnknownClockAtBoot(t *testing.T) {
	for name, boot := range map[string]time.Time{
		"1970":           time.Unix(20, 0),
		"never set":      time.Date(2025, time.December, 31, 23, 59, 59, 0, time.UTC),
		"below the mark": morning.Add(-time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			inHome(t, func(t *testing.T, h *home) {
				screen := guestTerms(morning.Add(-time.Hour), 24*time.Hour)
				screen.Role = grant.Display
				guest, display, viewer := h.add(guestTerms(morning, time.Hour)), h.add(screen), h.add(viewerTerms())
				begun, not := viewerTerms(), viewerTerms()
				begun.NotBefore, not.NotBefore = morning.Add(-time.Hour), morning.Add(24*time.Hour)
				early, late := h.add(begun), h.add(not)
				secret := h.link(viewerTerms())
				h.a.save(h.a.wall.mark())

				h.set(boot)
				again := h.restart()
				again.refused(guest.Signer(), again.token(guest.Public()), &control.Hello{}, control.RefusedClock)
				again.refused(display.Signer(), again.token(display.Public()), &control.Hello{}, control.RefusedClock)
				again.refused(late.Signer(), again.token(late.Public()), &control.Hello{}, control.RefusedClock)
				again.refusedInvite(newDevice(t), secret, control.RefusedClock)
				again.visit(viewer).alive()
				again.visit(early).alive()
				owner := again.visit(h.owner)
				owner.alive()
				if n := again.log.count("clock is not set, or was set back"); n != 1 {
					t.Errorf("said %d times", n)
				}
				again.set(morning.Add(time.Minute))
				again.visit(guest).alive()
				again.visit(display).alive()
				owner.alive()
				again.close()
			})
		})
	}
}

// The mark is kept on the disk, and says how to go on when the clock once ran ahead.
func TestMarkIsKept(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.SaveClockMark(morning.Add(24 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	c := newWallClock(func() time.Time { return morning }, s.ClockMark(), s.ClockPath(), newLogger(log))
	for range 3 {
		if _, known := c.now(); known {
			t.Error("the time is known")
		}
	}
	if !c.mark().IsZero() {
		t.Error("an unknown time is kept")
	}
	if text := log.b.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "remove the file") || !strings.Contains(text, "clock") {
		t.Errorf("said %q", text)
	}
}

// A clock that was never set is unknown also to an agent that never knew the time.
func TestClockNeverSet(t *testing.T) {
	at := earliest.Add(-time.Second)
	c := newWallClock(func() time.Time { return at }, time.Time{}, "", newLogger(&lines{}))
	if _, known := c.now(); known {
		t.Errorf("%v is taken for the time", at)
	}
	at = earliest
	if now, known := c.now(); !known || !now.Equal(at) {
		t.Errorf("%v, %v", now, known)
	}
}
