package camera

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
)

// Bounds of those who may knock though they will be refused: newest first.
const (
	maxFormer  = 64 // devices whose access was taken back or has ended
	maxInvites = 256
	maxClosed  = 64 // invitations that can be used no more
)

// doors says who may come to the agent's door: whose knock the server lets through, and with whom TLS is finished. Those whom the
// agent refuses are among them, so that it can tell them why; they get a Refuse and nothing else.
type doors struct {
	knocks  [][sha256.Size]byte // without those of claim links
	devices map[identity.DevicePublic]struct{}
	invites map[[sha256.Size]byte]struct{} // knock hashes
}

// openDoors brings doors in step with the grants. Callers hold mu.
func (a *Agent) openDoors() {
	d := doors{devices: map[identity.DevicePublic]struct{}{}, invites: map[[sha256.Size]byte]struct{}{}}
	knock := func(token [16]byte) [sha256.Size]byte {
		hash := identity.KnockHash(a.id, token)
		d.knocks = append(d.knocks, hash)
		return hash
	}
	if a.grants.Len() > 0 {
		knock(pairing.RecoveryToken(a.grants.Root(), a.id))
	}
	now, _ := a.wall.now()
	open, closed := 0, 0
	for _, i := range slices.Backward(a.grants.Invites()) {
		count, most := &open, maxInvites
		if i.Redeemable(now) != nil {
			count, most = &closed, maxClosed
		}
		if *count++; *count <= most {
			d.invites[knock(pairing.InviteToken(i.Key, a.id))] = struct{}{}
		}
	}
	members := a.grants.Members()
	slices.Reverse(members) // newest first
	former := 0
	// Owners first: should there be more devices than the server takes knocks, theirs must not be the ones that are missing.
	for _, owners := range []bool{true, false} {
		for _, m := range members {
			if (m.Role == grant.Owner && !m.Revoked) != owners {
				continue
			}
			if m.Revoked || !m.Expires.IsZero() && !now.Before(m.Expires) {
				if former++; former > maxFormer {
					continue
				}
			}
			if len(d.knocks) < signal.MaxKnocks-maxClaimKnocks {
				d.devices[m.Device] = struct{}{}
				knock(a.knock(m.Device))
			}
		}
	}
	a.doors = d
}

// maxClaimKnocks is room for the knocks of claim links.
const maxClaimKnocks = 128

// tellKnocks brings the doors in step with the grants, and tells the servers who may wake this agent.
func (a *Agent) tellKnocks() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.openDoors()
	claims := a.codes.Knocks(a.wall.read())
	hashes := slices.Concat(a.doors.knocks, claims[max(len(claims)-maxClaimKnocks, 0):])
	// In an order that says nothing: who came when, and who is an owner, is not for the server to know.
	slices.SortFunc(hashes, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, l := range a.servers {
		if l.client == nil || slices.Equal(l.knocks, hashes) {
			continue
		}
		l.knocks = hashes
		if err := l.client.SetKnocks(hashes); err != nil {
			l.log.Debug("the server was not told who may knock: its connection has ended", "error", err)
		}
	}
}

// knock is a device's own knock token: made from the agent's key, so that nothing need be kept.
func (a *Agent) knock(d identity.DevicePublic) (token [16]byte) {
	b, err := hkdf.Key(sha256.New, a.key.Seed(), nil, "sealcam device knock v1"+string(d.Bytes()), len(token))
	if err != nil {
		panic(err) // only for lengths that HKDF cannot make
	}
	copy(token[:], b)
	return token
}

var errStranger = errors.New("camera: nobody let this device in")

// admit decides in the TLS handshake whether a device may say Hello: it is or was a member, it is R, or it comes by a link. What it may do is
// decided then.
func (a *Agent) admit(d identity.DevicePublic, knock [sha256.Size]byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, member := a.doors.devices[d]
	_, invited := a.doors.invites[knock]
	if member || invited || a.grants.IsRoot(d) || a.codes.Known(a.wall.read(), knock) {
		return nil
	}
	return errStranger
}

// standing is what a device may do now, or why it may not do anything. Callers hold mu.
func (a *Agent) standing(d identity.DevicePublic) (grant.Member, control.RefuseReason) {
	m, ok := a.grants.Member(d)
	now, known := a.wall.now()
	switch {
	case !ok:
		return m, control.RefusedDevice
	case m.Revoked:
		return m, control.RefusedRevoked
	case !known && (!m.Expires.IsZero() || now.Before(m.NotBefore)):
		return m, control.RefusedClock
	}
	switch _, err := a.grants.Admitted(d, now); {
	case err == nil:
		return m, 0
	case errors.Is(err, grant.ErrExpired):
		return m, control.RefusedExpired
	case errors.Is(err, grant.ErrNotYet):
		return m, control.RefusedNotYet
	}
	return m, control.RefusedDevice
}

// allowed tells whether a device may watch a camera now.
func (a *Agent) allowed(d identity.DevicePublic, camera identity.CameraID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, reason := a.standing(d)
	return reason == 0 && m.Allows(camera, grant.Live) == nil
}

// manages tells whether a device may read and lengthen the grant log: an owner, or R.
func (a *Agent) manages(d identity.DevicePublic) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.managesLocked(d)
}

func (a *Agent) managesLocked(d identity.DevicePublic) bool {
	m, reason := a.standing(d)
	return reason == 0 && m.Role == grant.Owner || a.grants.IsRoot(d)
}
