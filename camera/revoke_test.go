package camera

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// A revocation ends the picture of who watches at once, says why, and makes his keys worthless; nobody else misses a picture.
func TestRevokedWhileWatching(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		owner, goes := h.visit(h.owner), h.visit(h.add(viewerTerms()))
		owner.watch(0)
		goes.watch(0, 1)
		h.film(0, "K---")
		time.Sleep(time.Second)
		h.film(0, "--")
		if got := goes.pictures(0); len(got) != 6 {
			t.Fatalf("before: saw %q", got)
		}

		before := time.Now()
		ack, not := owner.append(h.entry(grant.Revoke, goes.key.Public(), grant.Terms{}, h.owner.Signer()))
		if ack == nil {
			t.Fatalf("not appended: %+v", not)
		}
		if reason := goes.ended(); reason != control.RefusedRevoked {
			t.Errorf("told %d", reason)
		}
		if took := time.Since(before); took > 50*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		_, n := h.relay.since(0)
		for _, part := range []string{"--", "K-", "-"} {
			h.film(0, part)
			time.Sleep(400 * time.Millisecond)
		}
		later, _ := h.relay.since(n)
		if len(later) == 0 {
			t.Fatal("nothing was published later")
		}
		for _, f := range later {
			if goes.opens(0, f.sealed) {
				t.Error("the revoked viewer's keys open a later frame")
			}
		}
		if got, want := owner.pictures(0), numbered(1, 11); !slices.Equal(got, want) {
			t.Errorf("the owner saw %q", got)
		}
		if _, epochs := h.a.hubs[1], h.a.hubs[1].epochs; len(epochs) != 0 {
			t.Error("the other camera keeps an epoch that nobody watches")
		}
		h.refused(goes.key.Signer(), h.token(goes.key.Public()), &control.Hello{}, control.RefusedRevoked)
	})
}

// Who watched a while ago still has the key that others use: it is replaced too.
func TestRevokedAfterWatching(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		owner, goes := h.visit(h.owner), h.visit(h.add(viewerTerms()))
		owner.watch(0)
		goes.watch(0)
		h.film(0, "K--")
		goes.send(&control.Unwatch{Camera: 0})
		time.Sleep(time.Second)
		h.film(0, "-")
		goes.leave()
		_, n := h.relay.since(0)
		h.film(0, "-")
		if f, _ := h.relay.since(n); len(f) != 1 || !goes.opens(0, f[0].sealed) {
			t.Fatal("the key was replaced before; this test tests nothing")
		}
		h.change(grant.Revoke, goes.key, grant.Terms{})
		_, n = h.relay.since(0)
		h.film(0, "--K-")
		later, _ := h.relay.since(n)
		for _, f := range later {
			if goes.opens(0, f.sealed) {
				t.Error("the revoked viewer's keys open a later frame")
			}
		}
		if got, want := owner.pictures(0), numbered(1, 9); !slices.Equal(got, want) {
			t.Errorf("the owner saw %q", got)
		}
	})
}

// A wish that was under way when the right was taken away brings nothing, and does not end what remains.
func TestLostCamera(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		stays, g := h.visit(h.owner), h.visit(h.add(viewerTerms()))
		if g.accept.Role != uint8(grant.Viewer) || g.accept.Rights != uint16(grant.Live) || g.accept.Expires != 0 || len(g.accept.Cameras) != 3 {
			t.Errorf("accepted as %+v", g.accept)
		}
		stays.watch(0)
		g.watch(0, 1)
		for camera := range 2 {
			h.film(camera, "K-")
			next[*control.Terms](g) // that there are stills of it
		}

		h.change(grant.Grant, g.key, viewerTerms(h.camera(1), h.camera(2)))
		told := next[*control.Terms](g)
		if len(told.Cameras) != 2 || told.Cameras[0].ID != h.camera(1) || told.Cameras[1].ID != h.camera(2) || told.Role != uint8(grant.Viewer) {
			t.Errorf("told %+v", told)
		}
		_, n := h.relay.since(0)
		g.watch(0)
		h.film(0, "-K-")
		later, _ := h.relay.since(n)
		for _, f := range later {
			if g.opens(0, f.sealed) {
				t.Error("the lost camera's later frames can be opened")
			}
		}
		h.film(1, "-")
		if got := g.pictures(1); len(got) != 3 {
			t.Errorf("of the camera that is left %q was seen", got)
		}
		if got := stays.pictures(0); len(got) != 5 {
			t.Errorf("the owner saw %q", got)
		}
		g.alive()

		// Given back, it can be watched again.
		h.change(grant.Grant, g.key, viewerTerms())
		if told := next[*control.Terms](g); len(told.Cameras) != 3 {
			t.Errorf("told %+v", told)
		}
		g.watch(0)
		h.film(0, "K")
		if got := g.pictures(0); !slices.Contains(got, "picture 9") {
			t.Errorf("given back, and seen is %q", got)
		}
		// A change of the name alone is nothing to tell.
		named := viewerTerms()
		named.Name = "renamed"
		h.change(grant.Grant, g.key, named)
		none[*control.Terms](g)
	})
}

// Without the right to see, no camera is left.
func TestLostRight(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		g := h.visit(h.add(viewerTerms()))
		g.watch(0)
		terms := viewerTerms()
		terms.Rights = grant.History
		h.change(grant.Grant, g.key, terms)
		if told := next[*control.Terms](g); len(told.Cameras) != 0 || told.Rights != uint16(grant.History) {
			t.Errorf("told %+v", told)
		}
		if len(h.a.hubs[0].watchers) != 0 {
			t.Error("it still watches")
		}
	})
}

// Cameras that the agent never named to a device may not be asked for.
func TestUnnamedCamera(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		for _, camera := range []uint8{1, 2, 3, 255} {
			g := h.visit(h.add(viewerTerms(h.camera(0))))
			g.watch(camera)
			g.cut()
		}
	})
}

// A viewer that reads nothing cannot keep its session alive after it was revoked.
func TestRevokedButDeaf(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		d := h.add(viewerTerms())
		conn, m := h.ask(d.Signer(), h.token(d.Public()), &control.Hello{})
		if _, ok := m.(*control.Accept); !ok {
			t.Fatalf("%T", m)
		}
		defer conn.Close()
		b, err := control.Encode(&control.Watch{Camera: 0, Stream: seal.Main, Route: control.Relay})
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.WriteMessage(b); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		h.change(grant.Revoke, d, grant.Terms{})
		if n := len(h.a.hubs[0].watchers); n != 0 {
			t.Errorf("%d watch", n)
		}
		time.Sleep(lastWords + 10*time.Millisecond)
		synctest.Wait()
		if n := len(h.a.all()); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

func numbered(from, to int) (pictures []string) {
	for i := from; i <= to; i++ {
		pictures = append(pictures, fmt.Sprintf("picture %d", i))
	}
	return pictures
}

// Former members may come to the door to hear why they are kept out, but only so many.
func TestFormerMembersAtTheDoor(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		var gone []identity.DeviceKey
		for range maxFormer + 2 {
			gone = append(gone, h.add(viewerTerms()))
		}
		for _, d := range gone {
			h.change(grant.Revoke, d, grant.Terms{})
		}
		h.refused(gone[2].Signer(), h.token(gone[2].Public()), &control.Hello{}, control.RefusedRevoked)
		if _, err := h.knock(gone[1].Signer(), h.token(gone[1].Public())); err == nil {
			t.Error("one more than the bound was let in to the door")
		}
		if n := len(h.a.doors.knocks); n != maxFormer+2 { // the owner's and R's beside
			t.Errorf("%d knocks", n)
		}
	})
}
