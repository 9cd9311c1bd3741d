//go:build js

package terms_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
	"github.com/sealcam/sealcam/wasm/terms"
)

var now = time.Date(2026, 11, 21, 15, 30, 0, 0, time.FixedZone("CET", 3600))

var cameras = []viewer.KnownCamera{{ID: identity.CameraID{9}, Name: "Porch"}, {ID: identity.CameraID{3}, Name: `<b>Garden</b>`}}

func form(t *testing.T, roles ...grant.Role) *terms.Form {
	t.Helper()
	domtest.Load(t)
	d := dialog.New()
	t.Cleanup(d.Release)
	var f *terms.Form
	d.Do(func() {
		v := d.Push("terms", dom.Clone("view-change"))
		f = terms.New(v, terms.Use{Roles: roles, Cameras: cameras, Now: func() time.Time { return now }})
		v.Body.Part("terms").Add(f.Node)
	})
	return f
}

func choose(f *terms.Form, role string) {
	f.Node.Find(`[name="role"][value="` + role + `"]`).Call("click")
}

func box(f *terms.Form, id identity.CameraID) dom.Node {
	return f.Node.Find(`[name="camera"][value="` + id.String() + `"]`)
}

func shown(f *terms.Form, part string) bool { return !f.Node.Part(part).Get("hidden").Bool() }

// What is read keeps the rules that entries have.
func TestRead(t *testing.T) {
	f := form(t, grant.Guest, grant.Viewer, grant.Owner)
	f.Node.Field("name").SetContent("  Ann’s   phone ")
	f.Node.Field("history").SetChecked(true)
	for _, c := range []struct {
		role, term string
		want       grant.Terms
	}{
		{"guest", "7", grant.Terms{Role: grant.Guest, Rights: grant.Live | grant.History, NotBefore: now.Add(-5 * time.Minute), Expires: now.AddDate(0, 0, 7)}},
		{"guest", "365", grant.Terms{Role: grant.Guest, Rights: grant.Live | grant.History, NotBefore: now.Add(-5 * time.Minute), Expires: now.Add(365 * 24 * time.Hour)}},
		{"viewer", "7", grant.Terms{Role: grant.Viewer, Rights: grant.Live | grant.History}},
		{"owner", "7", grant.Terms{Role: grant.Owner, Rights: grant.AllRights}},
	} {
		choose(f, c.role)
		f.Node.Field("term").SetContent(c.term)
		c.want.Name = "Ann’s phone"
		got, err := f.Read()
		if err != nil || !got.Equal(c.want) || got.Check() != nil {
			t.Errorf("%s, %s days: %+v, %v, %v; want %+v", c.role, c.term, got, err, got.Check(), c.want)
		}
	}
}

func TestCameras(t *testing.T) {
	f := form(t, grant.Viewer)
	f.Node.Field("name").SetContent("Ann")
	if shown(f, "list") {
		t.Error("cameras can be chosen though all are")
	}
	f.Node.Field("all").Call("click")
	if !shown(f, "list") {
		t.Error("no cameras can be chosen")
	}
	if _, err := f.Read(); !errors.Is(err, terms.ErrCameras) {
		t.Errorf("without a camera: %v", err)
	}
	box(f, cameras[0].ID).Call("click")
	box(f, cameras[1].ID).Call("click")
	got, err := f.Read()
	if err != nil || !slices.Equal(got.Cameras, []identity.CameraID{{3}, {9}}) || got.Check() != nil {
		t.Errorf("%v, %v, %v", got.Cameras, err, got.Check())
	}
	if len(f.Node.All("b")) != 4 { // those of the roles
		t.Error("a camera's name became markup")
	}
}

// Each role asks for what it needs.
func TestRolesFollow(t *testing.T) {
	f := form(t, grant.Guest, grant.Viewer, grant.Owner)
	for role, want := range map[string][3]bool{"guest": {true, true, true}, "viewer": {true, true, false}, "owner": {false, false, false}} {
		choose(f, role)
		if got := [3]bool{shown(f, "cameras"), shown(f, "rights"), shown(f, "term")}; got != want {
			t.Errorf("%s: cameras, rights, term %v, want %v", role, got, want)
		}
	}
	if !f.Node.Find(`[data-role="display"]`).Get("hidden").Bool() {
		t.Error("a role is offered that was not asked for")
	}
}

func TestDates(t *testing.T) {
	f := form(t, grant.Guest)
	f.Node.Field("name").SetContent("Ann")
	f.Node.Field("term").SetContent("date")
	for date, want := range map[string]struct {
		expires time.Time
		err     error
	}{
		"2026-11-21": {time.Date(2026, 11, 22, 0, 0, 0, 0, now.Location()), nil}, // the last day is whole
		"2027-11-01": {time.Date(2027, 11, 2, 0, 0, 0, 0, now.Location()), nil},
		"2026-11-20": {time.Time{}, terms.ErrDate},
		"2027-11-30": {time.Time{}, terms.ErrDate},
		"":           {time.Time{}, terms.ErrDate},
	} {
		f.Node.Field("date").SetContent(date)
		got, err := f.Read()
		if !errors.Is(err, want.err) || !got.Expires.Equal(want.expires) || err == nil && got.Check() != nil {
			t.Errorf("%q: %v, %v, want %v, %v", date, got.Expires, err, want.expires, want.err)
		}
	}
}

// Terms that are filled in and not touched come out as they were.
func TestFill(t *testing.T) {
	for name, in := range map[string]grant.Terms{
		"guest": {
			Name: "Ann", Role: grant.Guest, Rights: grant.Live | grant.Talk, Cameras: []identity.CameraID{{9}},
			NotBefore: now.Add(-time.Hour), Expires: now.Add(3*24*time.Hour + 17*time.Second),
		},
		"family":  {Name: "Ben", Role: grant.Viewer, Rights: grant.Live | grant.Move},
		"display": {Name: "Hall", Role: grant.Display, Rights: grant.Live, NotBefore: now, Expires: now.Add(90 * 24 * time.Hour)},
		"owner":   {Name: "Me", Role: grant.Owner, Rights: grant.AllRights},
	} {
		f := form(t, grant.Guest, grant.Viewer, grant.Display, grant.Owner)
		f.Fill(in)
		if got, err := f.Read(); err != nil || !got.Equal(in) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, in)
		}
	}
}

func TestName(t *testing.T) {
	for text, want := range map[string]error{
		"Ann": nil, " \t ": terms.ErrName, "": terms.ErrName, strings.Repeat("x", grant.MaxName): nil, strings.Repeat("é", 33): terms.ErrLong,
		"a\u202eb": terms.ErrSigns, "a\x00": terms.ErrSigns, "日本 📺": nil,
	} {
		name, err := terms.Name(text)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
		if err == nil && (grant.Terms{Name: name, Role: grant.Owner, Rights: grant.AllRights}).Check() != nil {
			t.Errorf("%q is let through though no entry may have it", text)
		}
	}
}
