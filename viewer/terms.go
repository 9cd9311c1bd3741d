package viewer

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
)

// terms takes over what changed for this device while its session runs: what it may do, until when, and with which cameras. Those that it
// may no longer watch go blank at once. The caller holds mu.
func (h *home) terms(now time.Time, m *control.Terms) error {
	s := h.session
	if err := verifyCameras(m.Cameras, s.conn.AgentKey()); err != nil {
		return err
	}
	was := h.standing.role
	h.standing = standing{grant.Role(m.Role), grant.Rights(m.Rights), expiry(m.Expires)}
	h.stale = h.stale || h.known.Role != h.standing.role
	h.known.Role = h.standing.role
	if was == grant.Owner && h.standing.role != grant.Owner {
		// The list of members is for owners. How far it went is still known, so a rollback still shows.
		h.mirror, s.sync = nil, logSync{length: s.sync.length, head: s.sync.head}
		s.demoted, s.states, h.stale = true, deviceStates{}, true
		s.giveUp()
		if s.barred {
			return errRollback
		}
	}
	if !s.barred {
		h.install(now, m.Cameras, s.conn.AgentKey())
		known := knownCameras(m.Cameras)
		h.stale = h.stale || !slices.Equal(h.known.Cameras, known)
		h.known.Cameras = known
	}
	h.follow(now)
	s.wake()
	h.notify()
	return nil
}

// crossed judges a message that only owners get and that nobody here waits for: it may have crossed the news that this device is none
// any more.
func (s *agentSession) crossed() error {
	if s.demoted {
		return nil
	}
	return control.ErrMessage
}
