package camera

import (
	"cmp"
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

type device = identity.DevicePublic

// devicesEvery is the least time between two Devices messages of a session.
const devicesEvery = 500 * time.Millisecond

// tellDevices lets every owner who asked hear of the devices anew.
func (a *Agent) tellDevices() {
	a.tellChanged()
	for _, s := range a.all() {
		if s.wantsDevices.Load() {
			s.out.mark(dueDevices)
		}
	}
}

// devices says of each device that is or was a member when it was there and what it watches: those who are there first, then those seen
// last, as many as fit.
func (a *Agent) devices() *control.Devices {
	a.mu.Lock()
	members := a.grants.Members()
	a.mu.Unlock()
	watched := map[device][]uint8{}
	for _, s := range a.all() {
		watched[s.device] = append(watched[s.device], s.watched()...)
	}
	now, _ := a.wall.now()
	seen := max(now.Unix(), 0) // an agent that never knew the time says: never
	var states []control.DeviceState
	for _, m := range slices.Backward(members) {
		state := control.DeviceState{Device: rawKey(m.Device), LastSeen: max(unixOf(a.store.LastSeen(m.Device.ID())), 0)}
		if numbers, ok := watched[m.Device]; ok && !m.Revoked {
			slices.Sort(numbers)
			state.Connected, state.Watching, state.LastSeen = true, slices.Compact(numbers), seen
		}
		states = append(states, state)
	}
	slices.SortStableFunc(states, func(a, b control.DeviceState) int {
		if a.Connected != b.Connected {
			return map[bool]int{true: -1, false: 1}[a.Connected]
		}
		return cmp.Compare(b.LastSeen, a.LastSeen)
	})
	states = states[:min(len(states), control.MaxDevices)]
	room := control.MaxWatching
	for i := range states {
		states[i].Watching = states[i].Watching[:min(len(states[i].Watching), room)]
		room -= len(states[i].Watching)
	}
	return &control.Devices{Devices: states}
}

// mayJournal tells whether a device may read the access journal: an owner, but not R, whose holder may only mend the log.
func (a *Agent) mayJournal(d device) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, reason := a.standing(d)
	return reason == 0 && m.Role == grant.Owner
}
