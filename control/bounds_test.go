package control

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/session"
)

func TestBounds(t *testing.T) {
	camera := Camera{Name: "a", Streams: []seal.Stream{seal.Main}, Sig: make([]byte, 64)}
	with := func(change func(*Camera)) *Accept {
		c := camera
		change(&c)
		return &Accept{Role: 1, Rights: 1, Cameras: []Camera{c}}
	}
	accept := func(change func(*Accept)) *Accept {
		a := &Accept{Role: 1, Rights: 1}
		change(a)
		return a
	}
	terms := func(change func(*Terms)) *Terms {
		m := &Terms{Role: 1, Rights: 1}
		change(m)
		return m
	}
	states := func(n int, watching ...uint8) *Devices {
		m := &Devices{}
		for i := range n {
			m.Devices = append(m.Devices, DeviceState{Device: [32]byte{byte(i), byte(i >> 8)}, Watching: watching})
		}
		return m
	}
	visits := func(before uint64, numbers ...uint64) *Journal {
		m := &Journal{Before: before}
		for _, n := range numbers {
			m.Visits = append(m.Visits, Visit{Number: n, Began: 1})
		}
		return m
	}
	visit := func(change func(*Visit)) *Journal {
		v := Visit{Number: 1, Began: 1}
		change(&v)
		return &Journal{Visits: []Visit{v}}
	}
	entry, long := []byte{1}, make([]byte, MaxGrantEntry+1)
	tests := []struct {
		name string
		m    Message
	}{
		{"name", &Hello{DeviceName: strings.Repeat("a", MaxName+1)}},
		{"genesis", &Hello{Claim: &Claim{Genesis: make([]byte, MaxGrantEntry+1)}}},
		{"reason 0", &Refuse{}},
		{"reason", &Refuse{Reason: RefusedInvite + 1}},
		{"short invite", &Hello{Invite: make([]byte, 31)}},
		{"long invite", &Hello{Invite: make([]byte, 33)}},
		{"claim and invite", &Hello{Claim: &Claim{Genesis: entry}, Invite: make([]byte, 32)}},
		{"cameras", accept(func(a *Accept) { a.Cameras = make([]Camera, MaxCameras+1) })},
		{"same number", accept(func(a *Accept) { a.Cameras = []Camera{camera, camera} })},
		{"agent name", accept(func(a *Accept) { a.AgentName = strings.Repeat("a", MaxName+1) })},
		{"no role", accept(func(a *Accept) { a.Role = 0 })},
		{"role", accept(func(a *Accept) { a.Role = uint8(grant.Guest) + 1 })},
		{"no rights", accept(func(a *Accept) { a.Rights = 0 })},
		{"rights", accept(func(a *Accept) { a.Rights = uint16(grant.AllRights) + 1 })},
		{"expired before 1970", accept(func(a *Accept) { a.Expires = -1 })},
		{"expires after 9999", accept(func(a *Accept) { a.Expires = maxTime + 1 })},
		{"recovery with a role", accept(func(a *Accept) { a.Recovery, a.Rights = true, 0 })},
		{"recovery with rights", accept(func(a *Accept) { a.Recovery, a.Role = true, 0 })},
		{"recovery with an end", &Accept{Recovery: true, Expires: 1}},
		{"recovery with cameras", &Accept{Recovery: true, Cameras: []Camera{camera}}},
		{"camera name", with(func(c *Camera) { c.Name = strings.Repeat("a", MaxName+1) })},
		{"camera advice", with(func(c *Camera) { c.Advice = strings.Repeat("a", MaxAdvice+1) })},
		{"no stream", with(func(c *Camera) { c.Streams = nil })},
		{"streams out of order", with(func(c *Camera) { c.Streams = []seal.Stream{seal.Sub, seal.Main} })},
		{"stream twice", with(func(c *Camera) { c.Streams = []seal.Stream{seal.Sub, seal.Sub} })},
		{"stream", with(func(c *Camera) { c.Streams = []seal.Stream{seal.MaxStream + 1} })},
		{"state", with(func(c *Camera) { c.State = CameraFailed + 1 })},
		{"signature", with(func(c *Camera) { c.Sig = c.Sig[:63] })},
		{"watch stream", &Watch{Stream: seal.MaxStream + 1, Route: Peer}},
		{"no watch route", &Watch{}},
		{"watch route", &Watch{Route: Both + 1}},
		{"watch lower its own", &Watch{Stream: seal.Sub, Route: Peer, Lower: StreamsOf(seal.Sub, seal.Still)}},
		{"layer stream", &Layer{Stream: seal.MaxStream + 1}},
		{"clock", &Pong{Clock: Clock{Now: -1}}},
		{"zone", &Pong{Clock: Clock{ZoneOffset: 15 * 3600}}},
		{"zone name", &Pong{Clock: Clock{Zone: strings.Repeat("Z", 17)}}},
		{"offer", &Offer{SDP: strings.Repeat("a", MaxSDP+1)}},
		{"candidate", &Candidate{Candidate: strings.Repeat("a", MaxCandidate+1)}},
		{"redeem: entry 0", &Redeem{Entry: entry}},
		{"redeem: beyond the log", &Redeem{Seq: grant.MaxEntries, Entry: entry}},
		{"redeem: no entry", &Redeem{Seq: 1}},
		{"redeem: entry", &Redeem{Seq: 1, Entry: long}},
		{"append: no entry", &Append{}},
		{"append: entry", &Append{Entry: long}},
		{"appended: nothing", &Appended{}},
		{"appended: length", &Appended{Length: grant.MaxEntries + 1}},
		{"not appended: no reason", &NotAppended{}},
		{"not appended: reason", &NotAppended{Reason: AppendDisk + 1}},
		{"not appended: length", &NotAppended{Reason: AppendFull, Length: grant.MaxEntries + 1}},
		{"log wanted", &LogWanted{From: grant.MaxEntries + 1}},
		{"log part: beyond", &LogPart{From: 2, Length: 1}},
		{"log part: empty", &LogPart{Length: 1}},
		{"log part: of nothing", &LogPart{From: 1, Length: 1, Entries: entry}},
		{"log part: length", &LogPart{Length: grant.MaxEntries + 1, Entries: entry}},
		{"log part: entries", &LogPart{Length: 1, Entries: make([]byte, MaxLogPart+1)}},
		{"log head: nothing", &LogHead{}},
		{"log head: length", &LogHead{Length: grant.MaxEntries + 1}},
		{"terms: no role", terms(func(m *Terms) { m.Role = 0 })},
		{"terms: role", terms(func(m *Terms) { m.Role = uint8(grant.Guest) + 1 })},
		{"terms: no rights", terms(func(m *Terms) { m.Rights = 0 })},
		{"terms: rights", terms(func(m *Terms) { m.Rights = 1 << 15 })},
		{"terms: end", terms(func(m *Terms) { m.Expires = -1 })},
		{"terms: same number", terms(func(m *Terms) { m.Cameras = []Camera{camera, camera} })},
		{"terms: camera", terms(func(m *Terms) { m.Cameras = []Camera{{}} })},
		{"devices", states(MaxDevices + 1)},
		{"device twice", &Devices{Devices: make([]DeviceState, 2)}},
		{"last seen before 1970", &Devices{Devices: []DeviceState{{LastSeen: -1}}}},
		{"last seen after 9999", &Devices{Devices: []DeviceState{{LastSeen: maxTime + 1}}}},
		{"watching out of order", states(1, 2, 1)},
		{"watching twice", states(1, 2, 2)},
		{"watching too much", states(MaxWatching/4+1, 1, 2, 3, 4)},
		{"journal wanted: nothing", &JournalWanted{}},
		{"journal wanted: limit", &JournalWanted{Limit: MaxVisits + 1}},
		{"visits", visits(0, descending(MaxVisits+1)...)},
		{"visit 0", visits(0, 0)},
		{"visit twice", visits(0, 5, 5)},
		{"visits ascending", visits(0, 5, 6)},
		{"visit not before", visits(5, 5)},
		{"visit without beginning", visit(func(v *Visit) { v.Began = 0 })},
		{"visit before 1970", visit(func(v *Visit) { v.Began = -1 })},
		{"visit after 9999", visit(func(v *Visit) { v.Began = maxTime + 1 })},
		{"visit ended before 1970", visit(func(v *Visit) { v.Ended = -1 })},
		{"visit ended after 9999", visit(func(v *Visit) { v.Ended = maxTime + 1 })},
		{"screen's name", &PairNonce{Name: strings.Repeat("a", MaxName+1)}},
		{"approved agent's name", &PairApproved{AgentName: strings.Repeat("a", MaxName+1)}},
		{"pair reason 0", &PairRefused{}},
		{"pair reason", &PairRefused{Reason: PairFailed + 1}},
	}
	for _, test := range tests {
		if _, err := Encode(test.m); err == nil {
			t.Errorf("%s: written though out of bounds", test.name)
		}
		body, err := encoder.Marshal(test.m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(append([]byte{byte(test.m.kind())}, body...)); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: read though out of bounds (%v)", test.name, err)
		}
	}
}

func descending(n int) []uint64 {
	numbers := make([]uint64, n)
	for i := range numbers {
		numbers[i] = uint64(n - i)
	}
	return numbers
}

// What is as large as it may be still is one message of a session.
func TestLargestMessagesFit(t *testing.T) {
	camera := func(number uint8) Camera {
		return Camera{
			Number: number, Name: strings.Repeat("a", MaxName), Streams: []seal.Stream{0, 1, 2, 3, 4, 5, 6, 7}, State: CameraFailed,
			Advice: strings.Repeat("a", MaxAdvice), Sig: make([]byte, 64),
		}
	}
	accept := &Accept{Version: 1, AgentName: strings.Repeat("a", MaxName), Role: 1, Rights: 15, Expires: maxTime, Proof: [32]byte{1}}
	for i := range MaxCameras {
		accept.Cameras = append(accept.Cameras, camera(uint8(i)))
	}
	devices := &Devices{}
	for i := range MaxDevices {
		devices.Devices = append(devices.Devices, DeviceState{
			Device: [32]byte{byte(i), byte(i >> 8)}, LastSeen: maxTime, Connected: true, Watching: []uint8{0, 1, 2, 255},
		})
	}
	journal := &Journal{Before: 1 << 63, End: true}
	for i := range uint64(MaxVisits) {
		journal.Visits = append(journal.Visits, Visit{Number: 1<<62 - i, Began: maxTime, Ended: maxTime})
	}
	for _, m := range []Message{
		accept, &Terms{Role: 1, Rights: 15, Expires: maxTime, Cameras: accept.Cameras}, devices, journal,
		&LogPart{Length: grant.MaxEntries, Entries: make([]byte, MaxLogPart)}, &Append{Entry: make([]byte, MaxGrantEntry)},
	} {
		b, err := Encode(m)
		if err != nil || len(b) > session.MaxMessage {
			t.Errorf("%T: %d bytes, %v", m, len(b), err)
		}
		if got, err := Decode(b); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%T: does not come back: %v", m, err)
		}
	}
}
