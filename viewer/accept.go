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

// verifyAccept checks what can be checked of an Accept without knowing the past: the version, what this device is to the home, and that
// each camera is the agent's own.
func verifyAccept(a *control.Accept, agent identity.AgentPublic) error {
	if a.Version != control.Version {
		return &refusedError{control.RefusedVersion}
	}
	if a.Recovery || a.LogLength == 0 {
		return fmt.Errorf("%w: it is not meant for a member", errAccept)
	}
	return verifyCameras(a.Cameras, agent)
}

// verifyCameras checks that each camera was signed by the agent, and is named once.
func verifyCameras(cameras []control.Camera, agent identity.AgentPublic) error {
	id := agent.ID()
	seen := make(map[identity.CameraID]bool, len(cameras))
	for _, c := range cameras {
		camera := identity.CameraID(c.ID)
		if camera.IsZero() || seen[camera] || !agent.Verify(identity.CameraStatement(id, camera), c.Sig) {
			return fmt.Errorf("%w: a camera is not its own", errAccept)
		}
		seen[camera] = true
	}
	return nil
}

// welcome is a verified Accept and how it came about.
type welcome struct {
	*control.Accept
	// fresh tells that a link was redeemed in this session: whatever was known of another home is void.
	fresh   bool
	genesis []byte // the log's only known entry, if this session founded the home
	// strange is set if the agent's log is not the one that this device saw before, and it is an owner's device, which goes on to find
	// out what differs.
	strange *Alarm
}

// begin makes an accepted session the home's.
func (h *home) begin(s *agentSession, w *welcome) {
	v := h.v
	v.mu.Lock()
	now := v.now()
	h.session, h.since, h.link = s, now, opened{}
	h.agent = w.Clock
	h.standing = standing{grant.Role(w.Role), grant.Rights(w.Rights), expiry(w.Expires)}
	if v.cfg.Route != PeerOnly {
		s.route = control.Relay
	}
	s.sync.length, s.sync.head = w.LogLength, w.LogHead
	if w.fresh {
		h.mirror, h.known.LogLength, h.known.LogHead = nil, 0, [32]byte{}
	}
	if h.alarm != nil && w.strange == nil && h.standing.role == grant.Owner && !w.fresh {
		w.strange = h.alarm // a log that only looks longer is compared before it is believed
	}
	if w.strange != nil {
		h.stale = h.stale || h.known.Knock != w.Knock
		h.known.Knock = w.Knock
		h.raise(now, w.strange)
	} else {
		h.alarm, h.reason = nil, ReasonNone
		h.install(now, w.Cameras, s.conn.AgentKey())
		h.learn(w)
	}
	h.follow(now)
	s.wake()
	h.notify()
	v.mu.Unlock()
	h.remember()
	v.changed()
}

// learn takes over what an Accept says of the home. The caller holds mu.
func (h *home) learn(w *welcome) {
	learned := Home{
		Agent: h.id, Name: w.AgentName, Knock: w.Knock, ID: w.Home,
		LogLength: w.LogLength, LogHead: w.LogHead, Ephemeral: w.Ephemeral, Role: h.standing.role,
	}
	learned.Cameras = knownCameras(w.Cameras)
	if h.standing.role == grant.Owner {
		h.found(w.genesis)
		// What an owner's device holds the agent to is what it has verified itself.
		if h.mirror != nil {
			learned.LogLength, learned.LogHead = uint64(h.mirror.Len()), h.mirror.Head()
		} else if h.known.LogLength > 0 {
			learned.LogLength, learned.LogHead = h.known.LogLength, h.known.LogHead
		}
	} else {
		h.mirror = nil
	}
	h.stale = h.stale || !sameHome(h.known, learned)
	h.known = learned
}

// remember gives the home to the page to keep, if anything of it changed. It is called on the home's own goroutine.
func (h *home) remember() {
	v := h.v
	v.mu.Lock()
	stale := h.stale
	h.stale = false
	home := h.known
	home.Cameras = slices.Clone(home.Cameras)
	if stale && h.mirror != nil {
		home.Log, _ = h.mirror.MarshalBinary() // what was parsed can be written
	}
	v.mu.Unlock()
	if stale && v.cfg.Remember != nil {
		v.cfg.Remember(home)
	}
}

func knownCameras(offered []control.Camera) (known []KnownCamera) {
	for _, c := range offered {
		known = append(known, KnownCamera{c.ID, c.Name})
	}
	return known
}

func sameHome(a, b Home) bool {
	return a.Agent == b.Agent && a.Name == b.Name && a.Knock == b.Knock && a.ID == b.ID && a.LogLength == b.LogLength &&
		a.LogHead == b.LogHead && a.Role == b.Role && a.Ephemeral == b.Ephemeral && slices.Equal(a.Cameras, b.Cameras)
}

// install takes the cameras that the agent offers, at the session's beginning or later in it. Those that it no longer offers go blank at
// once; those that stay go on as they are. The caller holds mu.
func (h *home) install(now time.Time, offered []control.Camera, agent identity.AgentPublic) {
	stays := make(map[*camera]bool, len(offered))
	for _, o := range offered {
		c := h.camera(o.ID)
		if c == nil {
			c = newCamera(h, o.ID)
			h.cameras = append(h.cameras, c)
		}
		if c.offered && c.number != o.Number {
			c.part(h.session) // what was asked for under its former number is another camera's now
		}
		begins := !c.offered
		stays[c], c.offered, c.gone = true, true, time.Time{}
		c.number, c.name, c.state, c.advice = o.Number, o.Name, o.State, o.Advice
		c.streams, c.sounds = pictured(o.Streams)
		if c.opener == nil {
			c.opener = seal.NewOpener(seal.Source{Agent: agent, Camera: c.key.Camera})
		}
		if begins {
			c.meet(now)
		}
	}
	for _, c := range h.cameras {
		if stays[c] {
			continue
		}
		if c.offered {
			c.part(h.session)
		}
		if c.gone.IsZero() {
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
	s.giveUp()
	h.notify()
	v.mu.Unlock()
	h.remember()
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
