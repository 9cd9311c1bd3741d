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

// issueLinks shows a claim link, and a new one whenever the last has expired or was tried too often, until somebody claims the agent.
func (a *Agent) issueLinks(ctx context.Context) {
	for !a.owned() && ctx.Err() == nil {
		now := a.wall.read()
		expires := now.Add(a.linkLife)
		secret, err := a.codes.Issue(now, a.linkLife)
		if err != nil {
			a.log.Error("no claim link", "error", err)
		} else {
			a.tellKnocks()
			if a.link != nil {
				a.link(pairing.Link{Server: a.servers[0].url, Agent: a.id, Secret: secret}, expires)
			}
		}
		a.awaitLinkEnd(ctx, identity.KnockHash(a.id, secret.Token()))
	}
}

// awaitLinkEnd waits until a claim link's life is over, or until it was tried too often with wrong secrets.
func (a *Agent) awaitLinkEnd(ctx context.Context, knock [32]byte) {
	life := time.NewTimer(a.linkLife)
	defer life.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-life.C:
			return
		case <-a.linkClosed: // perhaps an older one, tried again
			if !a.codes.Open(a.wall.read(), knock) {
				return
			}
		}
	}
}

// claim makes the claimant the owner.
func (a *Agent) claim(s *viewerSession, c *control.Claim) (proof pairing.Proof, reason control.RefuseReason) {
	exporter, err := s.conn.Export(pairing.ExporterLabel, pairing.ExporterSize)
	if err != nil {
		return proof, control.RefusedClaimWrong
	}
	now := a.wall.read()
	log := grant.NewLog(a.id)
	if err := log.AppendBytes(c.Genesis); err != nil || !founds(log, s.device, now) {
		return proof, control.RefusedClaimWrong
	}
	a.appending.Lock()
	defer a.appending.Unlock()
	answer, err := a.codes.Verify(now, s.knock, c.Proof[:], exporter, s.device)
	if errors.Is(err, pairing.ErrClosed) {
		select {
		case a.linkClosed <- struct{}{}:
		default: // a new one is on its way
		}
	}
	if err != nil {
		return proof, refusal(err)
	}
	if a.owned() {
		return proof, control.RefusedClaimed
	}
	// The entry is on the disk before anybody hears of it (DESIGN §3, grants).
	if err := a.store.Append(c.Genesis); err != nil {
		a.log.Error("the claim could not be kept", "error", err)
		return proof, control.RefusedBusy
	}
	a.mu.Lock()
	a.grants = log
	a.mu.Unlock()
	a.tellKnocks()
	a.tellChanged()
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
