//go:build js

package devices_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/devices"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
)

var now = time.Date(2026, 11, 21, 15, 30, 0, 0, time.UTC)

// operations is an agent that does what it is told, or refuses.
type operations struct {
	err     error
	changed grant.Terms
	revoked identity.DevicePublic
	invited grant.Terms
	before  time.Time
	repairs int
	pages   []viewer.JournalPage
	asked   []uint64
}

func (o *operations) Change(_ context.Context, _ identity.AgentID, _ identity.DevicePublic, t grant.Terms) error {
	o.changed = t
	return o.err
}

func (o *operations) Revoke(_ context.Context, _ identity.AgentID, d identity.DevicePublic) error {
	o.revoked = d
	return o.err
}

func (o *operations) Invite(_ context.Context, _ identity.AgentID, t grant.Terms, before time.Time) (pairing.Secret, error) {
	o.invited, o.before = t, before
	return pairing.Secret{1, 2, 3}, o.err
}

func (o *operations) Journal(_ context.Context, _ identity.AgentID, before uint64, _ int) (viewer.JournalPage, error) {
	o.asked = append(o.asked, before)
	if o.err != nil {
		return viewer.JournalPage{}, o.err
	}
	p := o.pages[0]
	o.pages = o.pages[1:]
	return p, nil
}

func (o *operations) Repair(context.Context, identity.AgentID) error {
	o.repairs++
	return o.err
}

type fixture struct {
	*devices.Panel
	t          *testing.T
	operations *operations
	home       devices.Home
}

func key(t *testing.T, n byte) identity.DevicePublic {
	t.Helper()
	k, err := identity.DeviceFromSeed(bytes.Repeat([]byte{n}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k.Public()
}

func device(t *testing.T, n byte, name string, role grant.Role) viewer.Device {
	t.Helper()
	d := viewer.Device{}
	d.Member.Device, d.Name, d.Role, d.Rights = key(t, n), name, role, grant.Live
	d.Added = now.AddDate(0, -1, 0)
	return d
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	domtest.Load(t)
	d := dialog.New()
	t.Cleanup(d.Release)
	f := &fixture{t: t, operations: &operations{}}
	f.Panel = &devices.Panel{
		Dialog: d, Operations: func() devices.Operations { return f.operations }, Server: "https://cams.example", Now: func() time.Time { return now },
		AddScreen: func(identity.AgentID) {}, Phrase: func() {}, Custody: func() {},
	}
	me := device(t, 1, "My laptop", grant.Owner)
	me.Self = true
	ann := device(t, 2, "Ann", grant.Guest)
	ann.NotBefore, ann.Expires, ann.Cameras = now.Add(-time.Hour), now.Add(time.Hour), []identity.CameraID{{1}}
	f.home = devices.Home{Agent: identity.AgentID{7}, Name: "Home", Known: true, Trust: viewer.Trust{
		Agent: identity.AgentID{7}, AgentName: "Home", InStep: true, StatesKnown: true, Devices: []viewer.Device{me, ann},
		Cameras: []viewer.KnownCamera{{ID: identity.CameraID{1}, Name: "Porch"}, {ID: identity.CameraID{2}, Name: "Garden"}},
	}}
	f.show()
	d.Do(f.Open)
	return f
}

func (f *fixture) show() {
	f.Dialog.Do(func() { f.Show([]devices.Home{f.home}, false) })
}

func panel() dom.Node { return dom.ByID("panel-body") }

func (f *fixture) row(n byte) dom.Node {
	f.t.Helper()
	r := panel().Find(`[data-device="` + key(f.t, n).ID().String() + `"]`)
	if !r.Truthy() {
		f.t.Fatalf("device %d has no row", n)
	}
	return r
}

func (f *fixture) submit() { domtest.Submit(panel().Find("form")) }

func (f *fixture) says(words string) {
	f.t.Helper()
	domtest.WaitFor(f.t, "the dialog says "+words, func() bool { return strings.Contains(panel().Get("innerText").String(), words) })
}

func visible(n dom.Node) bool { return n.Call("checkVisibility").Bool() }

func TestRows(t *testing.T) {
	f := newFixture(t)
	ann := &f.home.Trust.Devices[1]
	check := func(state, live string, words ...string) {
		t.Helper()
		f.show()
		r := f.row(2)
		if got := r.Get("dataset").Get("state").String(); got != state {
			t.Errorf("state %q, want %q", got, state)
		}
		if got := r.Get("dataset").Get("live").String(); got != live {
			t.Errorf("live %q, want %q", got, live)
		}
		text := r.Get("textContent").String()
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("the row lacks %q: %q", w, text)
			}
		}
	}
	check("active", "false", "Ann", "Guest", "Porch", "until", "never seen yet")
	ann.LastSeen = now.Add(-5 * time.Minute)
	check("active", "false", "last seen 5 min ago")
	ann.Connected, ann.Watching = true, []identity.CameraID{{1}}
	check("active", "true", "Watching Porch", "connected now")
	ann.Pending = true
	check("pending", "true", "Waiting for the agent")
	ann.Pending, ann.Watching, ann.Connected = false, nil, false
	ann.Expires = now
	check("expired", "false", "access ended")
	if panel().Part("former-part").Get("hidden").Bool() || !panel().Part("former").Call("contains", f.row(2).Value).Bool() {
		t.Error("who came to an end stands among the others")
	}
	ann.Revoked = true
	check("revoked", "false", "access taken back")
	if visible(f.row(2).Action("revoke")) {
		t.Error("what is revoked can be revoked")
	}
}

// An owner cannot lock itself out without another one, and a row that stays keeps the focus.
func TestOwnRow(t *testing.T) {
	f := newFixture(t)
	if visible(f.row(1).Action("revoke")) || visible(f.row(1).Action("change")) {
		t.Error("the last owner can be removed")
	}
	f.row(2).Action("rename").Focus()
	f.home.Trust.Devices = append([]viewer.Device{device(t, 3, "Tablet", grant.Owner)}, f.home.Trust.Devices...)
	f.show()
	if !visible(f.row(1).Action("revoke")) {
		t.Error("one of two owners cannot be removed")
	}
	if !f.row(2).Call("contains", dom.Node{Value: panel().Get("ownerDocument").Get("activeElement")}.Value).Bool() {
		t.Error("the row lost the focus")
	}
}

func TestNamesAreText(t *testing.T) {
	f := newFixture(t)
	f.home.Trust.Devices[1].Name = `<img src=x onerror="alert(1)">`
	f.show()
	if len(panel().All("img")) != 0 {
		t.Error("a name became markup")
	}
}

func TestRename(t *testing.T) {
	f := newFixture(t)
	f.row(2).Action("rename").Call("click")
	panel().Field("name").SetContent("  ")
	f.submit()
	f.says("Give it a name")
	panel().Field("name").SetContent("Ann’s phone")
	f.operations.err = viewer.ErrUnreached
	f.submit()
	f.says("could not be reached")
	f.operations.err = nil
	f.submit()
	domtest.WaitFor(t, "the list is back", func() bool { return dom.ByID("panel-title").Get("textContent").String() == "Devices" })
	want := f.home.Trust.Devices[1].Terms
	want.Name = "Ann’s phone"
	if !f.operations.changed.Equal(want) {
		t.Errorf("changed to %+v, want nothing but the name to differ from %+v", f.operations.changed, want)
	}
}

func TestRevoke(t *testing.T) {
	f := newFixture(t)
	f.row(2).Action("revoke").Call("click")
	panel().Action("cancel").Call("click")
	if !f.operations.revoked.IsZero() {
		t.Fatal("cancelling revokes")
	}
	f.row(2).Action("revoke").Call("click")
	panel().Action("confirm").Call("click")
	f.says("“Ann” is removed: the agent confirmed it")
	if f.operations.revoked != key(t, 2) {
		t.Error("another device was revoked")
	}
}

// The link is that of the secret, for the agent, with the terms of the form.
func TestInvite(t *testing.T) {
	f := newFixture(t)
	panel().Action("invite").Call("click")
	panel().Field("name").SetContent("Ben")
	panel().Find(`[name="role"][value="viewer"]`).Call("click")
	panel().Field("redeem").SetContent("720")
	f.submit()
	f.says("Send this link to “Ben”")
	link := panel().Field("link").Content()
	_, fragment, _ := strings.Cut(link, "#")
	agent, secret, err := pairing.ParseInvite(fragment)
	if err != nil || agent != f.home.Agent || secret != (pairing.Secret{1, 2, 3}) || !strings.HasPrefix(link, "https://cams.example/#") {
		t.Errorf("the link leads to %v: %v", agent, err)
	}
	if !panel().Part("qr").Find("svg path").Truthy() {
		t.Error("no QR code")
	}
	if f.operations.invited.Name != "Ben" || f.operations.invited.Role != grant.Viewer || f.operations.before.Sub(now) > grant.MaxRedeem {
		t.Errorf("invited %+v, until %v", f.operations.invited, f.operations.before)
	}
}

func TestInvitations(t *testing.T) {
	f := newFixture(t)
	invitation := func(n byte, name string, state grant.InviteState, before time.Time) grant.Invitation {
		i := grant.Invitation{Key: key(t, n), State: state}
		i.Entry.Name, i.Entry.Role, i.Entry.Rights, i.Entry.RedeemBefore = name, grant.Viewer, grant.Live, before
		return i
	}
	f.home.Trust.Invites = []grant.Invitation{
		invitation(10, "Open", grant.InviteOpen, now.Add(time.Hour)), invitation(11, "Used", grant.InviteUsed, now.Add(time.Hour)),
		invitation(12, "Old", grant.InviteOpen, now), invitation(13, "Closed", grant.InviteRevoked, now.Add(time.Hour)),
	}
	f.show()
	rows := panel().All("[data-invite]")
	if len(rows) != 1 || !strings.Contains(rows[0].Get("textContent").String(), "Open") {
		t.Fatalf("%d invitations are shown, want the one that is open", len(rows))
	}
	rows[0].Action("withdraw").Call("click")
	panel().Action("confirm").Call("click")
	f.says("is taken back")
	if f.operations.revoked != key(t, 10) {
		t.Error("another invitation was taken back")
	}
}

func TestPendingAddition(t *testing.T) {
	f := newFixture(t)
	f.home.Trust.Pending = []viewer.Pending{{Kind: grant.Add, Device: key(t, 5), Terms: grant.Terms{Name: "Hall", Role: grant.Display}}}
	f.show()
	if r := f.row(5); r.Get("dataset").Get("state").String() != "pending" || visible(r.Action("revoke")) {
		t.Error("a device that is being let in is not shown as pending")
	}
	f.home.Trust.Pending = nil
	f.show()
	if panel().Find(`[data-device="` + key(t, 5).ID().String() + `"]`).Truthy() {
		t.Error("it stays though it is not pending")
	}
}

func TestJournal(t *testing.T) {
	f := newFixture(t)
	f.operations.pages = []viewer.JournalPage{
		{Visits: []viewer.Visit{
			{Number: 9, Device: key(t, 2), Camera: identity.CameraID{1}, Began: now.Add(-time.Minute)},
			{Number: 8, Device: key(t, 9), Camera: identity.CameraID{4}, Began: now.Add(-time.Hour), Ended: now.Add(-50 * time.Minute)},
		}},
		{Visits: []viewer.Visit{{Number: 3, Device: key(t, 1), Camera: identity.CameraID{2}, Began: now.Add(-48 * time.Hour), Ended: now.Add(-47 * time.Hour)}}, End: true},
	}
	panel().Action("journal").Call("click")
	f.says("still watching")
	f.says("10 min")
	f.says(key(t, 9).ID().Fingerprint())
	f.says("a camera that is gone")
	panel().Action("more").Call("click")
	f.says("Garden")
	domtest.WaitFor(t, "no more is offered", func() bool { return !visible(panel().Action("more")) })
	if len(f.operations.asked) != 2 || f.operations.asked[0] != 0 || f.operations.asked[1] != 8 {
		t.Errorf("asked for visits before %v", f.operations.asked)
	}
}

func TestAlarm(t *testing.T) {
	f := newFixture(t)
	f.home.Trust.InStep = false
	f.home.Trust.Alarm = &viewer.Alarm{Since: now, Repairable: true, Sentences: []string{"Entry 7: this device saw “Ann” let in."}}
	f.show()
	if visible(panel().Action("invite")) || !f.row(2).Action("change").Get("disabled").Bool() {
		t.Error("the list can be changed though there is an alarm")
	}
	panel().Action("alarm").Call("click")
	f.says("Entry 7: this device saw “Ann” let in.")
	panel().Action("repair").Call("click")
	f.says("whole list again")
	if f.operations.repairs != 1 {
		t.Errorf("%d repairs", f.operations.repairs)
	}

	f = newFixture(t)
	f.home.Trust.Alarm = &viewer.Alarm{Since: now, Sentences: []string{"Entry 7: another."}}
	f.show()
	panel().Action("alarm").Call("click")
	f.says("sealcam agent reset")
	if visible(panel().Action("repair")) {
		t.Error("a fork can be repaired")
	}
}

func TestAgentIsAway(t *testing.T) {
	f := newFixture(t)
	f.home = devices.Home{Agent: f.home.Agent, Name: "Home", Sentence: viewer.ReasonAgentOffline.Sentence()}
	f.show()
	f.says("The camera's agent is not connected")
	if len(panel().All("[data-device]")) != 0 || visible(panel().Action("invite")) {
		t.Error("an old list is shown, or can be changed")
	}
}
