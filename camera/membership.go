package camera

import (
	"context"
	"errors"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
)

// admit decides in the TLS handshake whether a device may go on: it holds a grant, or a claim link is open. Who comes by a link
// must prove it in Hello.
func (a *Agent) admit(d identity.DevicePublic, knock [32]byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.granted(d) || a.codes.Known(a.clock.Wall(), knock) {
		return nil
	}
	return errNotGranted
}

// granted tells whether a device may have a session. Callers hold mu.
func (a *Agent) granted(d identity.DevicePublic) bool {
	_, err := a.grants.Admitted(d, a.clock.Wall())
	return err == nil
}

func (a *Agent) allowed(d identity.DevicePublic, camera identity.CameraID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.allowedLocked(d, camera)
}

func (a *Agent) allowedLocked(d identity.DevicePublic, camera identity.CameraID) bool {
	return a.grants.Allowed(d, camera, grant.Live, a.clock.Wall()) == nil
}

// owned tells whether the agent has an owner.
func (a *Agent) owned() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.grants.Len() > 0
}

// issueLinks shows a claim link, and a new one whenever the last has expired, until somebody claims the agent.
func (a *Agent) issueLinks(ctx context.Context) {
	for !a.owned() {
		expires := time.Now().Add(a.linkLife)
		a.mu.Lock()
		secret, err := a.codes.Issue(time.Now(), a.linkLife)
		if err == nil {
			err = a.tellKnocks()
		}
		a.mu.Unlock()
		if err != nil {
			a.log.Error("no claim link", "error", err)
		} else if a.link != nil {
			a.link(pairing.Link{Server: a.server, Agent: a.id, Secret: secret}, expires)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(expires)):
		}
	}
}

// answer decides on a Hello: an Accept, or the reason to refuse.
func (a *Agent) answer(s *viewerSession, hello *control.Hello) (*control.Accept, control.RefuseReason) {
	if hello.Version != control.Version {
		return nil, control.RefusedVersion
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	accept := &control.Accept{Version: control.Version, AgentName: limit(a.name, control.MaxName), Ephemeral: a.ephemeral}
	// A device that is an owner already may open its link again: it needs no second claim.
	if hello.Claim != nil && !a.granted(s.device) {
		proof, reason := a.found(s, hello.Claim)
		if reason != 0 {
			return nil, reason
		}
		accept.Proof = proof
	}
	if !a.granted(s.device) {
		return nil, control.RefusedDevice
	}
	accept.Home = a.grants.Home()
	accept.LogLength = uint64(a.grants.Len())
	accept.LogHead = a.grants.Head()
	accept.Knock = a.knock(s.device)
	accept.Clock = a.clockNow()
	for _, h := range a.hubs {
		if !a.allowedLocked(s.device, h.id) {
			continue
		}
		camera, err := h.camera(a.id)
		if err != nil {
			a.log.Error("camera cannot be announced", "error", err)
			continue
		}
		accept.Cameras = append(accept.Cameras, camera)
	}
	return accept, 0
}

// found makes the claimant the owner. Callers hold mu.
func (a *Agent) found(s *viewerSession, c *control.Claim) (proof [32]byte, reason control.RefuseReason) {
	exporter, err := s.conn.Export(pairing.ExporterLabel, pairing.ExporterSize)
	if err != nil {
		return proof, control.RefusedClaimWrong
	}
	log := grant.NewLog()
	if err := log.AppendBytes(c.Genesis); err != nil || !founds(log, s.device, a.clock.Wall()) {
		return proof, control.RefusedClaimWrong
	}
	answer, err := a.codes.Verify(a.clock.Wall(), s.knock, c.Proof[:], exporter, s.device)
	if err != nil {
		return proof, refusal(err)
	}
	if a.grants.Len() > 0 {
		return proof, control.RefusedClaimed
	}
	// The entry is on the disk before anybody hears of it (DESIGN §3, grants).
	if err := a.store.Append(c.Genesis); err != nil {
		a.log.Error("the claim could not be kept", "error", err)
		return proof, control.RefusedBusy
	}
	a.grants = log
	if err := a.tellKnocks(); err != nil {
		a.log.Warn("the server was not told of the new device", "error", err)
	}
	a.log.Info("claimed by its owner", "device", s.device.ID().Fingerprint())
	return answer, 0
}

// founds tells whether a log of one entry makes the device an owner.
func founds(log *grant.Log, d identity.DevicePublic, now time.Time) bool {
	m, err := log.Admitted(d, now)
	return err == nil && m.Role == grant.Owner
}

// refusal names an error of pairing.Codes to the claimant.
func refusal(err error) control.RefuseReason {
	switch {
	case errors.Is(err, pairing.ErrUsed):
		return control.RefusedClaimUsed
	case errors.Is(err, pairing.ErrExpired), errors.Is(err, pairing.ErrClosed), errors.Is(err, pairing.ErrUnknown):
		return control.RefusedClaimOld
	}
	return control.RefusedClaimWrong
}
