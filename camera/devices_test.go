package camera

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

// The access journal says who watched which camera when; owners may read it page by page.
func TestJournal(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		owner, g := h.visit(h.owner), h.visit(h.add(viewerTerms()))
		start := h.now().Unix()
		g.watch(0, 2)
		time.Sleep(10 * time.Second)
		g.send(&control.Unwatch{Camera: 2})
		time.Sleep(10 * time.Second)
		owner.watch(1)
		h.change(grant.Revoke, g.key, grant.Terms{})
		want := []control.Visit{
			{Number: 3, Device: rawKey(h.owner.Public()), Camera: h.camera(1), Began: start + 20},
			{Number: 2, Device: rawKey(g.key.Public()), Camera: h.camera(2), Began: start, Ended: start + 10},
			{Number: 1, Device: rawKey(g.key.Public()), Camera: h.camera(0), Began: start, Ended: start + 20},
		}
		for _, page := range []struct {
			before, limit int
			want          []control.Visit
			end           bool
		}{{0, 200, want, true}, {0, 2, want[:2], false}, {2, 2, want[2:], true}, {1, 2, nil, true}} {
			owner.send(&control.JournalWanted{Before: uint64(page.before), Limit: uint16(page.limit)})
			got := next[*control.Journal](owner)
			if len(got.Visits) != len(page.want) || got.End != page.end || got.Before != uint64(page.before) {
				t.Fatalf("before %d: %+v", page.before, got)
			}
			for i := range page.want {
				if got.Visits[i] != page.want[i] {
					t.Errorf("visit %+v, want %+v", got.Visits[i], page.want[i])
				}
			}
		}
	})
}

// Devices tells owners who is there and what they watch: at once, when it changes, and at most twice a second.
func TestDevices(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		d, away := h.add(viewerTerms()), h.add(viewerTerms())
		gone := h.add(viewerTerms())
		h.change(grant.Revoke, gone, grant.Terms{})
		owner := h.visit(h.owner)
		none[*control.Devices](owner) // not asked for
		owner.send(&control.DevicesWanted{On: true})
		state := func(m *control.Devices, d identity.DeviceKey) control.DeviceState {
			t.Helper()
			for _, s := range m.Devices {
				if s.Device == rawKey(d.Public()) {
					return s
				}
			}
			t.Fatalf("%+v lacks a device", m)
			return control.DeviceState{}
		}
		m := next[*control.Devices](owner)
		if len(m.Devices) != 4 || !state(m, h.owner).Connected || state(m, away).LastSeen != 0 || state(m, d).Connected || state(m, gone).Connected {
			t.Errorf("%+v", m)
		}
		g := h.visit(d)
		m = next[*control.Devices](owner)
		if s := state(m, d); !s.Connected || len(s.Watching) != 0 || s.LastSeen != h.now().Unix() || m.Devices[2].Device == rawKey(d.Public()) {
			t.Errorf("%+v", m)
		}

		told, began := 0, time.Now()
		for range 50 { // 5 s of changes
			g.watch(2, 0)
			g.send(&control.Unwatch{Camera: 2})
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			for len(owner.in) > 0 {
				if m, ok := (<-owner.in).(*control.Devices); ok {
					told++
					if s := state(m, d); len(s.Watching) == 0 || s.Watching[0] != 0 {
						t.Errorf("%+v", s)
					}
				}
			}
		}
		if most := int(time.Since(began)/devicesEvery) + 1; told < most-2 || told > most {
			t.Errorf("told %d times in %v", told, time.Since(began))
		}
		g.leave()
		left := h.now().Unix()
		time.Sleep(devicesEvery)
		m = next[*control.Devices](owner)
		for len(owner.in) > 0 {
			if newer, ok := (<-owner.in).(*control.Devices); ok {
				m = newer
			}
		}
		if s := state(m, d); s.Connected || s.LastSeen != left || s.Watching != nil {
			t.Errorf("after it left: %+v, it was %d", s, left)
		}
		owner.send(&control.DevicesWanted{})
		h.visit(d)
		time.Sleep(time.Second)
		none[*control.Devices](owner)
	})
}

// Whoever leaves, in whatever way, watches nothing any more.
func TestLeaves(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		g := h.visit(h.add(viewerTerms()))
		g.watch(0, 1)
		g.leave()
		synctest.Wait()
		for i, hub := range h.a.hubs {
			if len(hub.watchers)+len(hub.epochs) != 0 {
				t.Errorf("camera %d: %d watch in %d epochs", i, len(hub.watchers), len(hub.epochs))
			}
		}
		if visits, _ := h.store.Journal().Visits(0, 10); len(visits) != 2 || visits[0].Ended.IsZero() || visits[1].Ended.IsZero() {
			t.Errorf("%+v", visits)
		}
		if n := len(h.a.all()); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// An agent that never knew the time can still tell its owner who is there.
func TestDevicesWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, err := store.Memory()
		if err != nil {
			t.Fatal(err)
		}
		h := newHomeWith(t, memory, time.Unix(5, 0))
		defer h.close()
		h.found()
		owner := h.visit(h.owner)
		owner.watch(0)
		owner.send(&control.DevicesWanted{On: true})
		if m := next[*control.Devices](owner); len(m.Devices) != 1 || !m.Devices[0].Connected || m.Devices[0].LastSeen != 0 {
			t.Errorf("%+v", m)
		}
		owner.send(&control.JournalWanted{Limit: 1})
		if m := next[*control.Journal](owner); len(m.Visits) != 1 {
			t.Errorf("%+v", m)
		}
		owner.alive()
	})
}

// Too many handshakes at one server's entrance keep nobody out at another's.
func TestCrowdedEntrance(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		var pipes []net.Conn
		for range maxGreetings {
			near, far := net.Pipe()
			pipes = append(pipes, near)
			h.wg.Go(func() {
				if err := h.a.serve(h.ctx, h.entrance, far, signal.Incoming{}); err == nil {
					t.Error("served without a handshake")
				}
			})
		}
		synctest.Wait()
		if _, err := h.knock(h.owner.Signer(), h.token(h.owner.Public())); err == nil {
			t.Error("there is no bound")
		}
		crowded := h.entrance
		h.entrance = newEntrance(h.relay, nil)
		owner := h.visit(h.owner)
		owner.alive()
		h.entrance = crowded
		time.Sleep(handshakeTime)
		synctest.Wait()
		h.visit(h.owner).alive()
		for _, p := range pipes {
			p.Close()
		}
	})
}

// A device cannot take all places, and guests leave some to the owner.
func TestPlaces(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		first := h.add(viewerTerms())
		for range maxOfDevice {
			h.visit(first)
		}
		h.refused(first.Signer(), h.token(first.Public()), &control.Hello{}, control.RefusedBusy)
		for n := maxOfDevice; n < maxSessions-ownersPlaces; n++ {
			h.visit(h.add(viewerTerms()))
		}
		last := h.add(viewerTerms())
		h.refused(last.Signer(), h.token(last.Public()), &control.Hello{}, control.RefusedBusy)
		h.visit(h.owner).alive()
	})
}
