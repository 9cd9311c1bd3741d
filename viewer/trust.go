package viewer

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// lookedWithin is for how long after a call of Trust the agent is still asked what the devices do.
const lookedWithin = 5 * time.Second

// Trust is who may see what of an agent's cameras, as its owners see it. It is a snapshot; what its slices hold is shared and must not be
// changed.
type Trust struct {
	Agent     identity.AgentID
	AgentName string
	Home      identity.HomeID
	InStep    bool               // this is the agent's list as it is now; false while there is an Alarm
	Devices   []Device           // who may come, then those revoked and expired; each in the order of the list
	Invites   []grant.Invitation // all that were ever made, in their order
	Cameras   []KnownCamera      // of the agent
	Pending   []Pending          // what is not known to be done yet, in the order in which it was asked for
	Alarm     *Alarm             // nil: none
	// StatesKnown tells that the agent has said what the devices do: LastSeen, Connected and Watching are good.
	StatesKnown bool
}

// Device is one device that was ever let in.
type Device struct {
	grant.Member
	Self      bool                // it is this one
	LastSeen  time.Time           // by the agent's clock; zero: never, or not known
	Connected bool                // it has a session now
	Watching  []identity.CameraID // right now
	Pending   bool                // a change of it is not acknowledged yet
}

// Ended reports whether the device's access was taken back or has expired at now.
func (d *Device) Ended(now time.Time) bool {
	return d.Revoked || !d.Expires.IsZero() && !now.Before(d.Expires)
}

// Pending is a change of the list that the agent has not acknowledged yet.
type Pending struct {
	Kind   grant.Kind
	Device identity.DevicePublic // whom it is about; the invitation's key
	Terms  grant.Terms           // zero in a revocation
	Since  time.Time             // when it was asked for
	Sent   bool                  // the agent may have it already
}

// Trust returns who may see what at an agent. ok is false unless this device is an owner there and knows the agent's list as it is now, or
// there is an alarm about it. While it is called every few seconds the agent is asked what the devices do.
func (v *Viewer) Trust(agent identity.AgentID) (t Trust, ok bool) {
	h := v.home(agent)
	if h == nil {
		return Trust{}, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	h.looked = now
	h.askStates(now)
	inStep := h.inStep()
	if !inStep && h.alarm == nil {
		return Trust{}, false
	}
	t = Trust{
		Agent: h.id, AgentName: h.known.Name, Home: h.known.ID, InStep: inStep, Alarm: h.alarm, Cameras: slices.Clone(h.known.Cameras),
	}
	pending := make(map[identity.DevicePublic]bool, len(h.changes))
	for _, c := range h.changes {
		t.Pending = append(t.Pending, c.pending)
		pending[c.pending.Device] = true
	}
	if h.mirror != nil {
		t.Invites = h.mirror.Invites()
		t.Devices = h.devices(now, pending)
	}
	t.StatesKnown = h.session != nil && h.session.states.known != nil
	return t, true
}

// devices lists the mirror's members. The caller holds mu.
func (h *home) devices(now time.Time, pending map[identity.DevicePublic]bool) []Device {
	self, _ := identity.DevicePublicOf(h.v.cfg.Self)
	var states map[identity.DevicePublic]deviceState
	if h.session != nil {
		states = h.session.states.known
	}
	members := h.mirror.Members()
	present, ended := make([]Device, 0, len(members)), []Device(nil)
	for _, m := range members {
		d := Device{Member: m, Self: m.Device == self, Pending: pending[m.Device]}
		if s, ok := states[m.Device]; ok {
			d.LastSeen, d.Connected, d.Watching = s.seen, s.connected, s.watching
		}
		if d.Ended(now) {
			ended = append(ended, d)
		} else {
			present = append(present, d)
		}
	}
	return append(present, ended...)
}

// tick looks after what the agent owes an answer to. The caller holds Viewer.mu.
func (h *home) tick(now time.Time) {
	h.askStates(now)
	s := h.session
	if s == nil || s.over {
		return
	}
	s.attend(now)
	asked := s.sync.asked
	switch {
	case !asked.IsZero() && now.Sub(asked) > partWithin,
		s.append.change != nil && now.Sub(s.append.since) > answerWithin,
		s.visits != nil && now.Sub(s.visits.since) > answerWithin:
		s.cancel(errSilent)
	}
}
