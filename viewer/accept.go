package viewer

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// forgetAfter is how long the tile of a camera that is gone stays to say so.
const forgetAfter = time.Minute

// verifyClaim checks the agent's answer to a claim. founded is false, without an error, if there was no claim, or if the agent knew the
// device already and did not need it.
func verifyClaim(a *control.Accept, claim *Claim, exporter []byte, self identity.DevicePublic, agent identity.AgentPublic) (founded bool, err error) {
	if claim == nil || a.Proof == [32]byte{} {
		return false, nil
	}
	if !pairing.VerifyAgentProof(a.Proof[:], claim.Secret, exporter, self, agent) {
		return false, fmt.Errorf("%w: it does not prove the link's secret", errAccept)
	}
	genesis, err := grant.ParseEntry(claim.Genesis)
	if err != nil {
		return false, fmt.Errorf("viewer: the claim's own entry: %w", err)
	}
	if a.Home != genesis.Home || a.LogLength == 0 || a.LogLength == 1 && a.LogHead != genesis.Hash() {
		return false, fmt.Errorf("%w: it founded another home", errAccept)
	}
	return true, nil
}

// verify checks what an Accept claims: the version, that each camera is this agent's, and that the grant log only grew.
func (h *home) verify(a *control.Accept, agent identity.AgentPublic, founded bool) error {
	if a.Version != control.Version {
		return &refusedError{control.RefusedVersion}
	}
	id := agent.ID()
	seen := make(map[identity.CameraID]bool, len(a.Cameras))
	for _, c := range a.Cameras {
		camera := identity.CameraID(c.ID)
		if camera.IsZero() || seen[camera] || !agent.Verify(identity.CameraStatement(id, camera), c.Sig) {
			return fmt.Errorf("%w: a camera is not its own", errAccept)
		}
		seen[camera] = true
	}
	var log *grant.Log
	if len(a.Log) > 0 {
		var err error
		if log, err = grant.Parse(a.Log); err != nil || uint64(log.Len()) != a.LogLength || log.Head() != a.LogHead || log.Home() != a.Home {
			return fmt.Errorf("%w: its grant log is not sound", errAccept)
		}
	}
	if founded || h.known.LogLength == 0 {
		return nil
	}
	known := h.known
	switch {
	case known.ID != identity.HomeID{} && known.ID != a.Home:
		return errRollback
	case log != nil && log.Includes(known.LogLength, known.LogHead) != nil:
		return errRollback
	case a.LogLength < known.LogLength, a.LogLength == known.LogLength && a.LogHead != known.LogHead:
		return errRollback
	}
	return nil
}

// begin makes an accepted session the home's.
func (h *home) begin(s *agentSession, a *control.Accept) {
	v := h.v
	v.mu.Lock()
	now := v.now()
	h.session, h.since, h.reason, h.claim = s, now, ReasonNone, nil
	h.agent = a.Clock
	if v.cfg.Route != PeerOnly {
		s.route = control.Relay
	}
	h.install(now, a.Cameras, s.conn.AgentKey())
	learned := Home{
		Agent: h.known.Agent, Name: a.AgentName, Knock: a.Knock, ID: a.Home,
		LogLength: a.LogLength, LogHead: a.LogHead, Ephemeral: a.Ephemeral,
	}
	for _, c := range a.Cameras {
		learned.Cameras = append(learned.Cameras, KnownCamera{c.ID, c.Name})
	}
	fresh := !sameHome(h.known, learned)
	h.known = learned
	s.wake()
	v.mu.Unlock()
	if fresh && v.cfg.Remember != nil {
		learned.Cameras = slices.Clone(learned.Cameras)
		v.cfg.Remember(learned)
	}
	v.changed()
}

func sameHome(a, b Home) bool {
	return a.Agent == b.Agent && a.Name == b.Name && a.Knock == b.Knock && a.ID == b.ID && a.LogLength == b.LogLength &&
		a.LogHead == b.LogHead && a.Ephemeral == b.Ephemeral && slices.Equal(a.Cameras, b.Cameras)
}

// install takes the cameras of an Accept. The caller holds mu.
func (h *home) install(now time.Time, offered []control.Camera, agent identity.AgentPublic) {
	for _, c := range h.cameras {
		c.offered = false
	}
	for _, o := range offered {
		c := h.camera(o.ID)
		if c == nil {
			c = newCamera(h, o.ID)
			h.cameras = append(h.cameras, c)
		}
		c.offered, c.gone = true, time.Time{}
		c.number, c.name, c.streams, c.state, c.advice = o.Number, o.Name, o.Streams, o.State, o.Advice
		if c.opener == nil {
			c.opener = seal.NewOpener(seal.Source{Agent: agent, Camera: c.key.Camera})
		}
		c.meet(now)
	}
	for _, c := range h.cameras {
		if !c.offered && c.gone.IsZero() {
			c.gone = now
			c.shelf.Clear()
		}
	}
	h.forget(now)
	slices.SortStableFunc(h.cameras, func(a, b *camera) int {
		switch {
		case a.offered != b.offered && a.offered, a.offered && b.offered && a.number < b.number:
			return -1
		case a.offered != b.offered, a.offered && b.offered && a.number > b.number:
			return 1
		}
		return 0
	})
}

// forget drops cameras that are gone, once the stage has given back what it was lent of them. The caller holds mu.
func (h *home) forget(now time.Time) {
	spare := len(h.cameras) - 2*control.MaxCameras // an agent that names others every time must not fill the memory
	h.cameras = slices.DeleteFunc(h.cameras, func(c *camera) bool {
		old := !c.gone.IsZero() && now.Sub(c.gone) > forgetAfter && c.shelf.Empty()
		crowded := !c.gone.IsZero() && spare > 0
		if crowded {
			spare--
		}
		return old || crowded
	})
}

// end takes the session away. What the stage shows grows old by itself.
func (h *home) end(s *agentSession) {
	v := h.v
	v.mu.Lock()
	s.over = true
	h.session = nil
	for _, c := range h.cameras {
		c.part(s)
	}
	v.mu.Unlock()
	v.changed()
}

// truncate shortens text to at most n bytes without cutting a character.
func truncate(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
