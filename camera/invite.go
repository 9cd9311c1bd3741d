package camera

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// redeemTries is how often an invited device may sign anew because others lengthened the log meanwhile.
const redeemTries = 8

// redeem lets a device in that came by an invitation: it signs the entry by which it becomes a member, or one again whose time was over, with
// the invitation's key, which nobody but the holders of the link have. It returns a reason to refuse, or an error if the device does not
// keep to the protocol.
func (s *viewerSession) redeem(ctx context.Context, raw []byte) (control.RefuseReason, error) {
	key, err := identity.DevicePublicFromBytes(raw)
	if err != nil {
		return control.RefusedClaimWrong, nil
	}
	for range redeemTries {
		offer, reason := s.agent.offer(key, s.device)
		if reason != 0 {
			return reason, nil
		}
		if err := s.write(offer); err != nil {
			return 0, err
		}
		m, err := s.readMessage()
		if err != nil {
			return 0, err
		}
		answer, ok := m.(*control.Append)
		if !ok || answer.Request != 1 {
			return 0, fmt.Errorf("redeeming: %w", control.ErrMessage)
		}
		_, refused := s.agent.extend(answer.Entry, func(e *grant.Entry) bool {
			_, renew, closed := s.agent.redeemable(key, s.device)
			return closed == 0 && e.Issuer == rawKey(key) && e.Subject == s.device && (e.Kind == grant.Grant) == renew
		})
		switch refused {
		case 0:
			s.agent.tellKnocks()
			s.agent.spread(s)
			s.log.Info("let in by an invitation")
			return 0, nil
		case control.AppendNotNext:
			if err := s.appends.wait(ctx); err != nil {
				return 0, err
			}
			continue
		case control.AppendDisk, control.AppendFull:
			return control.RefusedBusy, nil
		}
		if _, reason := s.agent.offer(key, s.device); reason != 0 {
			return reason, nil // somebody else was faster
		}
		return control.RefusedClaimWrong, nil
	}
	return control.RefusedBusy, nil
}

// offer makes the message by which a device may redeem an invitation now, or says why it may not.
func (a *Agent) offer(key, d identity.DevicePublic) (*control.Redeem, control.RefuseReason) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, renew, reason := a.redeemable(key, d)
	if reason != 0 {
		return nil, reason
	}
	entry, err := i.Entry.MarshalBinary()
	if err != nil {
		a.log.Error("an invitation cannot be shown", "error", err)
		return nil, control.RefusedInvite
	}
	return &control.Redeem{Home: a.grants.Home(), Seq: uint64(a.grants.Len()), Prev: a.grants.Head(), Entry: entry, Renew: renew}, 0
}

// redeemable returns an invitation that the device can use now, and whether it is a member whose terms it would replace; or why it cannot.
// Members may use one only once their time is over: the invitation was not meant to take anything from them. Callers hold mu.
func (a *Agent) redeemable(key, d identity.DevicePublic) (i grant.Invitation, renew bool, reason control.RefuseReason) {
	i, ok := a.grants.Invitation(key)
	if !ok {
		return i, false, control.RefusedClaimWrong
	}
	now, known := a.wall.now()
	switch err := i.Redeemable(now); {
	case errors.Is(err, grant.ErrInviteUsed):
		return i, false, control.RefusedClaimUsed
	case errors.Is(err, grant.ErrInviteRevoked):
		return i, false, control.RefusedInvite
	case err != nil:
		return i, false, control.RefusedClaimOld
	case !known: // and every invitation expires
		return i, false, control.RefusedClock
	}
	switch _, reason := a.standing(d); reason {
	case control.RefusedDevice, control.RefusedRevoked:
		return i, false, 0
	case control.RefusedExpired:
		return i, true, 0
	case control.RefusedNotYet:
		return i, false, reason
	}
	return i, false, control.RefusedClaimWrong // it became a member by other means meanwhile
}
