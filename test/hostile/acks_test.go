package hostile

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

// briefly is how long an owner waits for an ack that the server keeps from coming.
const briefly = 3 * time.Second

// revokeFails revokes while the server is against it: the owner must not be told that it is done.
func (p *person) revokeFails(r *residence, key identity.DevicePublic) {
	p.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), briefly)
	defer cancel()
	if err := p.viewer.Revoke(ctx, r.id, key); err == nil {
		p.w.t.Error("the owner is told that the device was revoked")
	}
}

// isRevoked says what the agent's list, as the owner knows it, holds of a device.
func (p *person) isRevoked(r *residence, key identity.DevicePublic) bool {
	p.w.t.Helper()
	list := p.list(r)
	at := slices.IndexFunc(list.Devices, func(d viewer.Device) bool { return d.Device == key })
	return at >= 0 && list.Devices[at].Revoked
}

// The server drops the owner's revocation. The owner sees it pending and never done, until it is.
func TestDroppedRevocation(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, owner := w.claimed(nil, "porch")
	guest := w.person("Guest")
	owner.lets(r, guest, live(grant.Guest, "Guest"))
	guest.sees(r, "porch")

	stop := w.server.Use(&Script{FromViewer: byDevice(owner, about(r.id, drop[*signal.Data]))})
	pending := make(chan bool)
	go func() {
		seen := false
		for deadline := time.Now().Add(within); time.Now().Before(deadline) && !seen; {
			trust, ok := owner.trust(r)
			seen = ok && len(trust.Pending) > 0 && trust.Pending[0].Device == guest.key.Public()
			pause.For(t.Context(), filmEvery)
		}
		pending <- seen
	}()
	owner.revokeFails(r, guest.key.Public())
	if !<-pending {
		t.Error("the revocation was not shown as pending")
	}
	guest.sees(r, "porch") // which is why the owner must not believe that it is done
	stop()
	if !owner.isRevoked(r, guest.key.Public()) {
		owner.revokes(r, guest.key.Public())
	}
	guest.isTold(r, viewer.ReasonRevoked)
	owner.sees(r, "porch")
}

// The server drops a revocation and answers with what the agent said when another one was carried out.
func TestReplayedAck(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, owner := w.claimed(nil, "porch")
	first, second := w.person("First"), w.person("Second")
	owner.lets(r, first, live(grant.Guest, "First"))
	owner.lets(r, second, live(grant.Guest, "Second"))
	first.sees(r, "porch")
	second.sees(r, "porch")

	var said [][]byte
	stop := w.server.Use(&Script{ToViewer: byDevice(owner, about(r.id, func(_ *Way, e *signal.Data) bool {
		said = append(said, e.Bytes)
		return false
	}))})
	owner.revokes(r, first.key.Public())
	stop()
	first.isTold(r, viewer.ReasonRevoked)

	stop = w.server.Use(&Script{FromViewer: byDevice(owner, about(r.id, func(way *Way, e *signal.Data) bool {
		for _, b := range said {
			way.Back().Deliver(&signal.Data{Pipe: e.Pipe, Bytes: b})
		}
		return true
	}))})
	owner.revokeFails(r, second.key.Public())
	stop()
	if !owner.isRevoked(r, second.key.Public()) {
		second.sees(r, "porch")
		owner.revokes(r, second.key.Public())
	}
	second.isTold(r, viewer.ReasonRevoked)
}

// The agent dies between keeping an entry and saying so, and the server drops what it did say. The owner learns from the list itself.
func TestCrashBetweenKeepingAndAck(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	dir := t.TempDir()
	r, owner := w.claimed(func(c *camera.Config) { c.Store = openStore(t, dir) }, "porch")
	guest := w.person("Guest")
	owner.lets(r, guest, live(grant.Guest, "Guest"))
	guest.sees(r, "porch")
	length := uint64(len(owner.list(r).Devices))

	stop := w.server.Use(&Script{ToViewer: byDevice(owner, about(r.id, drop[*signal.Data]))})
	owner.revokeFails(r, guest.key.Public())
	guest.isTold(r, viewer.ReasonRevoked) // so it was carried out
	r.stop()
	stop()
	again := w.agent(func(c *camera.Config) { c.Store = openStore(t, dir) }, "porch")
	owner.sees(again, "porch")
	if !owner.isRevoked(again, guest.key.Public()) {
		t.Error("the revocation is lost")
	}
	owner.mu.Lock()
	home := owner.homes[r.id]
	owner.mu.Unlock()
	if home.LogLength != length+1 { // the genesis, the guest, its revocation
		t.Errorf("the list has %d entries, want %d: a change was made twice", home.LogLength, length+1)
	}
}
