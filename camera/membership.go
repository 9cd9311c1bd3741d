package camera

import (
	"context"
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/pairing"
)

// Bounds of the sessions, so that no device can take the places of the others.
const (
	maxSessions  = 64
	ownersPlaces = 8 // of maxSessions, for owners and R only
	maxOfDevice  = 8 // of one device: the tabs of a browser
)

// answer decides on a Hello: an Accept, by which the session counts, or the reason to refuse. An error ends the session without a word.
func (a *Agent) answer(ctx context.Context, s *viewerSession, hello *control.Hello) (*control.Accept, control.RefuseReason, error) {
	if hello.Version != control.Version {
		return nil, control.RefusedVersion, nil
	}
	a.mu.Lock()
	_, reason := a.standing(s.device)
	s.recovery = reason != 0 && a.grants.IsRoot(s.device)
	a.mu.Unlock()
	var proof pairing.Proof
	switch {
	case reason == 0 || s.recovery:
		// A member needs neither claim nor invitation, whatever link it came by.
	case hello.Claim != nil:
		if proof, reason = a.claim(s, hello.Claim); reason != 0 {
			return nil, reason, nil
		}
	case hello.Invite != nil:
		if reason, err := s.redeem(ctx, hello.Invite); reason != 0 || err != nil {
			return nil, reason, err
		}
	default:
		return nil, reason, nil
	}
	accept, reason := a.accept(s)
	if accept != nil {
		accept.Proof = proof
	}
	return accept, reason, nil
}

// accept counts a session in and says what it may do. From then on the session is told of every change.
func (a *Agent) accept(s *viewerSession) (*control.Accept, control.RefuseReason) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, reason := a.standing(s.device)
	if s.recovery {
		m, reason = grant.Member{}, 0
	}
	if reason != 0 {
		return nil, reason
	}
	if !a.enter(s, s.recovery || m.Role == grant.Owner) {
		return nil, control.RefusedBusy
	}
	accept := &control.Accept{
		Version: control.Version, AgentName: limit(a.name, control.MaxName), Ephemeral: a.ephemeral,
		Home: a.grants.Home(), LogLength: uint64(a.grants.Len()), LogHead: a.grants.Head(),
		Clock: a.clockNow(), Recovery: s.recovery,
	}
	if s.recovery {
		accept.Knock = pairing.RecoveryToken(a.grants.Root(), a.id)
		return accept, 0
	}
	accept.Knock = a.knock(s.device)
	accept.Role, accept.Rights, accept.Expires = uint8(m.Role), uint16(m.Rights), unixOf(m.Expires)
	s.tell(a.termsOf(m)) // first: what changes in between is told again
	accept.Cameras = a.camerasOf(m)
	return accept, 0
}

// enter counts a session; false when there are too many. Callers hold mu.
func (a *Agent) enter(s *viewerSession, owner bool) bool {
	places := maxSessions
	if !owner {
		places -= ownersPlaces
	}
	own := 0
	for other := range a.sessions {
		if other.device == s.device {
			own++
		}
	}
	if len(a.sessions) >= places || own >= maxOfDevice {
		return false
	}
	a.sessions[s] = struct{}{}
	return true
}

func (a *Agent) leave(s *viewerSession) {
	a.mu.Lock()
	delete(a.sessions, s)
	a.mu.Unlock()
	if !s.recovery {
		now, _ := a.wall.now()
		a.store.Seen(s.device.ID(), now)
		a.tellDevices()
	}
}

// terms are what a session was told of its rights and of its cameras.
type terms struct {
	role    grant.Role
	rights  grant.Rights
	expires time.Time
	cameras []uint8 // ascending
	stills  []uint8 // those of them that have stills: known once the camera's first key frame has come
	sounds  []uint8 // and those that have sound: known once some has come
}

func (t terms) equal(u terms) bool {
	return t.role == u.role && t.rights == u.rights && t.expires.Equal(u.expires) && slices.Equal(t.cameras, u.cameras) &&
		slices.Equal(t.stills, u.stills) && slices.Equal(t.sounds, u.sounds)
}

func (a *Agent) termsOf(m grant.Member) terms {
	t := terms{role: m.Role, rights: m.Rights, expires: m.Expires}
	for _, h := range a.hubs {
		if m.Allows(h.id, grant.Live) == nil {
			t.cameras = append(t.cameras, h.number)
			if h.hasStills() {
				t.stills = append(t.stills, h.number)
			}
			if h.hasSound() {
				t.sounds = append(t.sounds, h.number)
			}
		}
	}
	return t
}

// owned tells whether the agent has an owner.
func (a *Agent) owned() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.grants.Len() > 0
}
