//go:build js

// Package terms is the part of a form that says who may see what, until when: the terms of a grant.
package terms

import (
	"slices"
	"strconv"
	"strings"
	"syscall/js"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// What Read finds missing, each a sentence.
var (
	ErrName    = words.Error("give it a name, so that you recognise it later")
	ErrLong    = words.Error("that name is too long: 64 letters fit, fewer with accents or emoji")
	ErrSigns   = words.Error("that name has signs that cannot be shown: use letters, digits and punctuation")
	ErrRole    = words.Error("choose who it is for")
	ErrCameras = words.Error("choose at least one camera")
	ErrDate    = words.Error("choose the last day: from today to a year from now")
)

const day = 24 * time.Hour

// The values of the role's radio buttons.
var roleValues = map[string]grant.Role{"guest": grant.Guest, "viewer": grant.Viewer, "display": grant.Display, "owner": grant.Owner}

// Form is the part of a form.
type Form struct {
	Node    dom.Node
	now     func() time.Time
	cameras []dom.Node // the boxes
	former  *grant.Terms
}

// Use names what a form is for.
type Use struct {
	Roles   []grant.Role // to choose from; one only is not asked for
	Cameras []viewer.KnownCamera
	Now     func() time.Time
}

// New makes the form part; its events live as long as the view. The first role is chosen.
func New(v *dialog.View, u Use) *Form {
	f := &Form{Node: dom.Clone("terms"), now: u.Now}
	for value, role := range roleValues {
		offered := slices.Contains(u.Roles, role)
		f.Node.Find(`[data-role="` + value + `"]`).Show(offered)
		f.radio(value).Enable(offered)
		if role == u.Roles[0] {
			f.radio(value).SetChecked(true)
		}
	}
	f.Node.Part("roles").Show(len(u.Roles) > 1)
	list := f.Node.Part("list")
	for _, c := range u.Cameras {
		label := dom.Make("label")
		label.Set("className", "check")
		box, name := dom.Make("input"), dom.Make("span")
		box.Set("type", "checkbox")
		box.Set("name", "camera")
		box.Set("value", c.ID.String())
		name.SetText(c.Name)
		name.SetAttr("dir", "auto")
		label.Add(box, name)
		list.Add(label)
		f.cameras = append(f.cameras, box)
	}
	f.Node.Field("all").SetChecked(true)
	f.Node.Field("term").SetContent("7")
	if u.Roles[0] == grant.Display {
		f.Node.Field("term").SetContent("90")
	}
	for _, part := range []string{"roles", "cameras", "term"} {
		v.On(f.Node.Part(part), "change", func(js.Value) { f.follow() })
	}
	f.follow()
	return f
}

func (f *Form) radio(value string) dom.Node {
	return f.Node.Find(`[name="role"][value="` + value + `"]`)
}

func (f *Form) role() grant.Role {
	for value, role := range roleValues {
		if f.radio(value).Checked() {
			return role
		}
	}
	return 0
}

// follow shows what can be chosen with what is chosen already.
func (f *Form) follow() {
	role := f.role()
	limited := role != grant.Owner
	f.Node.Part("cameras").Show(limited)
	f.Node.Part("rights").Show(limited)
	f.Node.Part("term").Show(role == grant.Guest || role == grant.Display)
	f.Node.Part("list").Show(!f.Node.Field("all").Checked())
	byDate := f.Node.Field("term").Content() == "date"
	date := f.Node.Field("date")
	f.Node.Part("date").Show(byDate)
	today := f.now()
	date.SetAttr("min", today.Format(time.DateOnly))
	date.SetAttr("max", today.Add(grant.MaxTerm-2*day).Format(time.DateOnly))
}

// Fill writes terms into the form.
func (f *Form) Fill(t grant.Terms) {
	f.former = &t
	f.Node.Field("name").SetContent(t.Name)
	for value, role := range roleValues {
		f.radio(value).SetChecked(role == t.Role)
	}
	f.Node.Field("all").SetChecked(len(t.Cameras) == 0)
	for _, box := range f.cameras {
		box.SetChecked(slices.ContainsFunc(t.Cameras, func(id identity.CameraID) bool { return id.String() == box.Content() }))
	}
	for name, right := range rights {
		f.Node.Field(name).SetChecked(t.Rights&right != 0)
	}
	if !t.Expires.IsZero() {
		f.Node.Field("term").SetContent("date")
		f.Node.Field("date").SetContent(t.Expires.Add(-time.Second).In(f.now().Location()).Format(time.DateOnly))
	}
	f.follow()
}

var rights = map[string]grant.Rights{"history": grant.History, "talk": grant.Talk, "move": grant.Move}

// Read returns the terms, or what is missing: ErrName, ErrLong, ErrSigns, ErrRole, ErrCameras or ErrDate.
func (f *Form) Read() (grant.Terms, error) {
	t := grant.Terms{Role: f.role(), Rights: grant.Live}
	var err error
	if t.Name, err = Name(f.Node.Field("name").Content()); err != nil {
		return grant.Terms{}, err
	}
	switch t.Role {
	case 0:
		return grant.Terms{}, ErrRole
	case grant.Owner:
		t.Rights = grant.AllRights
		return t, nil
	}
	for name, right := range rights {
		if f.Node.Field(name).Checked() {
			t.Rights |= right
		}
	}
	if !f.Node.Field("all").Checked() {
		for _, box := range f.cameras {
			if box.Checked() {
				id, err := identity.ParseCameraID(box.Content())
				if err != nil {
					return grant.Terms{}, err
				}
				at, _ := slices.BinarySearchFunc(t.Cameras, id, func(a, b identity.CameraID) int { return slices.Compare(a[:], b[:]) })
				t.Cameras = slices.Insert(t.Cameras, at, id)
			}
		}
		if len(t.Cameras) == 0 {
			return grant.Terms{}, ErrCameras
		}
	}
	if t.Role == grant.Viewer {
		return t, nil
	}
	if err := f.readTerm(&t); err != nil {
		return grant.Terms{}, err
	}
	return t, nil
}

// readTerm reads until when. A term of which nothing was changed stays to the second.
func (f *Form) readTerm(t *grant.Terms) error {
	now := f.now()
	// An agent's clock may be behind this device's by a little.
	t.NotBefore = now.Add(-5 * time.Minute).Truncate(time.Second)
	if days, err := strconv.Atoi(f.Node.Field("term").Content()); err == nil {
		t.Expires = now.Add(time.Duration(days) * day).Truncate(time.Second)
		return nil
	}
	last, err := time.ParseInLocation(time.DateOnly, f.Node.Field("date").Content(), now.Location())
	if err != nil {
		return ErrDate
	}
	t.Expires = last.AddDate(0, 0, 1)
	if f.former != nil && !f.former.Expires.IsZero() {
		same := f.former.Expires.Add(-time.Second).In(now.Location()).Format(time.DateOnly) == last.Format(time.DateOnly)
		if same && now.Before(f.former.Expires) {
			t.NotBefore, t.Expires = f.former.NotBefore, f.former.Expires
		}
	}
	if !now.Before(t.Expires) || t.Expires.Sub(t.NotBefore) > grant.MaxTerm {
		return ErrDate
	}
	return nil
}

// Name tidies a name as somebody types it; ErrName, ErrLong or ErrSigns.
func Name(text string) (string, error) {
	name := strings.Join(strings.Fields(text), " ")
	switch {
	case name == "":
		return "", ErrName
	case len(name) > grant.MaxName:
		return "", ErrLong
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", ErrSigns
	}
	return name, nil
}
