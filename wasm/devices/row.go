//go:build js

package devices

import (
	"slices"
	"strings"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dom"
)

// row is a device or an invitation in the list.
type row struct{ node dom.Node }

func newDeviceRow(p *Panel, agent identity.AgentID, key identity.DevicePublic) *row {
	r := &row{dom.Clone("device")}
	r.node.SetAttr("data-device", key.ID().String())
	for action, do := range map[string]func(identity.AgentID, identity.DevicePublic){
		"rename": p.rename, "change": p.change, "revoke": p.revoke,
	} {
		p.view.OnClick(r.node.Action(action), func() { do(agent, key) })
	}
	return r
}

func newInviteRow(p *Panel, agent identity.AgentID, i *grant.Invitation) *row {
	r := &row{dom.Clone("invitation")}
	r.node.SetAttr("data-invite", i.Key.ID().String())
	key, name := i.Key, i.Entry.Name
	p.view.OnClick(r.node.Action("withdraw"), func() { p.withdraw(agent, key, name) })
	return r
}

func (r *row) drawDevice(t *viewer.Trust, d *viewer.Device, now time.Time) {
	live := len(d.Watching) > 0
	state := "active"
	switch {
	case d.Pending:
		state = "pending"
	case d.Revoked:
		state = "revoked"
	case d.Ended(now):
		state = "expired"
	}
	n := r.node
	n.SetAttr("data-state", state)
	n.SetAttr("data-live", flag(live))
	n.Part("self").Show(d.Self)
	n.Part("pending").Show(d.Pending)
	n.Part("live").Write(watching(t, d.Watching))
	n.Part("live").SetAttr("title", cameraNames(t, d.Watching))
	r.terms(t, &d.Terms, d.Name)
	n.Part("when").Write(when(d, t.StatesKnown, now))
	n.Action("rename").Show(!d.Revoked)
	n.Action("change").Show(!d.Revoked && !d.Self)
	n.Action("revoke").Show(!d.Revoked && (!d.Self || owners(t) > 1))
	for _, action := range []string{"rename", "change", "revoke"} {
		n.Action(action).Enable(!d.Pending && t.InStep)
		n.Action(action).SetAttr("aria-label", words.Sayf("%s: %s", words.Name(d.Name), n.Action(action).Get("textContent").String()))
	}
}

// drawPending draws a device that is being let in.
func (r *row) drawPending(t *viewer.Trust, p *viewer.Pending) {
	r.node.SetAttr("data-state", "pending")
	r.node.SetAttr("data-live", flag(false))
	r.node.Part("pending").Show(true)
	r.terms(t, &p.Terms, p.Terms.Name)
	r.node.Part("when").Write("")
	for _, action := range []string{"rename", "change", "revoke"} {
		r.node.Action(action).Show(false)
	}
}

func (r *row) drawInvite(t *viewer.Trust, i *grant.Invitation, now time.Time) {
	pending := slices.ContainsFunc(t.Pending, func(p viewer.Pending) bool { return p.Device == i.Key })
	r.node.SetAttr("data-state", map[bool]string{true: "pending", false: "active"}[pending])
	r.node.Part("pending").Show(pending)
	r.node.Part("name").SetText(i.Entry.Name)
	r.node.Part("what").SetText(what(t, &i.Entry.Terms, now))
	r.node.Part("when").Write(words.Sayf("The link works until %s", moment(i.Entry.RedeemBefore, now)))
	r.node.Action("withdraw").Enable(!pending && t.InStep)
	r.node.Action("withdraw").SetAttr("aria-label", words.Sayf("Take back the invitation for %s", words.Name(i.Entry.Name)))
}

func (r *row) terms(t *viewer.Trust, terms *grant.Terms, name string) {
	role := RoleValue(terms.Role)
	r.node.SetAttr("data-role", role)
	r.node.Find("use").SetAttr("href", "#icon-"+role)
	r.node.Part("name").SetText(name)
	r.node.Part("what").SetText(what(t, terms, time.Time{}))
}

// RoleValue returns a role as it stands in data-role.
func RoleValue(r grant.Role) string {
	switch r {
	case grant.Owner:
		return "owner"
	case grant.Viewer:
		return "viewer"
	case grant.Display:
		return "display"
	}
	return "guest"
}

func flag(on bool) string {
	if on {
		return "true"
	}
	return "false"
}

func owners(t *viewer.Trust) (n int) {
	for i := range t.Devices {
		if d := &t.Devices[i]; d.Role == grant.Owner && !d.Revoked {
			n++
		}
	}
	return n
}

var roleNames = map[grant.Role]string{grant.Owner: words.Later("Owner"), grant.Viewer: words.Later("Family"), grant.Display: words.Later("Screen"), grant.Guest: words.Later("Guest")}

// what says who may see which cameras, until when.
func what(t *viewer.Trust, terms *grant.Terms, now time.Time) string {
	parts := []string{words.Say(roleNames[terms.Role])}
	if len(terms.Cameras) == 0 {
		parts = append(parts, words.Say("all cameras"))
	} else {
		parts = append(parts, cameraNames(t, terms.Cameras))
	}
	var also []string
	for _, r := range []struct {
		right grant.Rights
		word  string
	}{{grant.History, words.Say("recordings")}, {grant.Talk, words.Say("speaking")}, {grant.Move, words.Say("moving")}} {
		if terms.Role != grant.Owner && terms.Rights&r.right != 0 {
			also = append(also, r.word)
		}
	}
	if len(also) > 0 {
		parts = append(parts, words.Sayf("with %s", words.List(also)))
	}
	if !terms.Expires.IsZero() {
		parts = append(parts, words.Sayf("until %s", moment(terms.Expires, now)))
	}
	return strings.Join(parts, " · ")
}

func watching(t *viewer.Trust, ids []identity.CameraID) string {
	switch len(ids) {
	case 0:
		return ""
	case 1:
		return words.Sayf("Watching %s", cameraNames(t, ids))
	}
	return words.Sayf("Watching %d cameras", len(ids))
}

func cameraNames(t *viewer.Trust, ids []identity.CameraID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = words.Say("a camera that is gone")
		for _, c := range t.Cameras {
			if c.ID == id {
				names[i] = words.Name(c.Name)
			}
		}
	}
	return words.List(names)
}

// when says since when, and when it was last seen.
func when(d *viewer.Device, known bool, now time.Time) string {
	var parts []string
	if !d.Added.IsZero() {
		parts = append(parts, words.Sayf("Since %s", moment(d.Added, now)))
	}
	switch {
	case d.Revoked:
		parts = append(parts, words.Say("access taken back"))
	case d.Ended(now):
		parts = append(parts, words.Say("access ended"))
	case !known || d.Self:
	case d.Connected:
		parts = append(parts, words.Say("connected now"))
	case d.LastSeen.IsZero():
		parts = append(parts, words.Say("never seen yet"))
	default:
		parts = append(parts, words.Sayf("last seen %s", ago(d.LastSeen, now)))
	}
	return strings.Join(parts, " · ")
}
