package viewer

import (
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// deviceStates is what a session knows of the devices' doings. Viewer.mu guards it.
type deviceStates struct {
	on    bool // the agent was asked to tell of changes
	ever  bool // and was ever asked
	lease bool // somebody wants to know once, to renew leases
	known map[identity.DevicePublic]deviceState
}

// deviceState is what the agent says a device does.
type deviceState struct {
	seen      time.Time
	connected bool
	watching  []identity.CameraID
}

// askStates asks the agent what the devices do for as long as somebody looks, and no longer. The caller holds mu.
func (h *home) askStates(now time.Time) {
	s := h.session
	if s == nil {
		return
	}
	d := &s.states
	want := h.inStep() && (d.lease || !h.looked.IsZero() && now.Sub(h.looked) < lookedWithin)
	if want == d.on || s.demoted {
		return
	}
	d.on, d.ever = want, d.ever || want
	s.say(&control.DevicesWanted{On: want})
}

// told takes what the devices do. The caller holds mu.
func (s *agentSession) told(now time.Time, m *control.Devices) error {
	if !s.states.ever {
		return s.crossed()
	}
	known := make(map[identity.DevicePublic]deviceState, len(m.Devices))
	for _, d := range m.Devices {
		device, err := identity.DevicePublicFromBytes(d.Device[:])
		if err != nil {
			return control.ErrMessage
		}
		state := deviceState{seen: expiry(d.LastSeen), connected: d.Connected}
		for _, number := range d.Watching {
			if c := s.h.numbered(number); c != nil {
				state.watching = append(state.watching, c.key.Camera)
			}
		}
		known[device] = state
	}
	s.states.known, s.states.lease = known, false
	s.h.askStates(now)
	s.h.notify()
	return nil
}
