//go:build js

package screens_test

import (
	"bytes"
	"context"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/pair"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
	"github.com/sealcam/sealcam/wasm/screens"
)

// meeting is a screen whose person agrees when told so.
type meeting struct {
	agreed   chan error
	approved control.PairApproved
	refused  control.PairReason
	closed   chan struct{} // holds a token for each Close
}

func (m *meeting) Confirmed(ctx context.Context) error {
	select {
	case err := <-m.agreed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *meeting) Approve(_ context.Context, a control.PairApproved) error {
	m.approved = a
	return nil
}

func (m *meeting) Refuse(why control.PairReason) { m.refused = why }

func (m *meeting) Close() { m.closed <- struct{}{} }

type fixture struct {
	*screens.Approver
	t       *testing.T
	meeting *meeting
	device  identity.DevicePublic
	met     []pairing.Code
	pin     pairing.Pin
	err     error // of Meet
	refusal error // of Admit
	terms   grant.Terms
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	domtest.Load(t)
	key, err := identity.DeviceFromSeed(bytes.Repeat([]byte{3}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	d := dialog.New()
	t.Cleanup(d.Release)
	f := &fixture{t: t, device: key.Public(), meeting: &meeting{agreed: make(chan error, 1), closed: make(chan struct{}, 4)}}
	home := screens.Home{Agent: identity.AgentID{7}, Name: "Home", Cameras: []viewer.KnownCamera{{ID: identity.CameraID{1}, Name: "Porch"}}}
	f.Approver = &screens.Approver{
		Dialog: d, Homes: func() []screens.Home { return []screens.Home{home} }, Now: time.Now,
		Meet: func(_ context.Context, code pairing.Code, pin pairing.Pin) (*screens.Met, error) {
			f.met, f.pin = append(f.met, code), pin
			if f.err != nil {
				return nil, f.err
			}
			return &screens.Met{Meeting: f.meeting, Digits: "042 517", Name: "Kitchen", Device: f.device}, nil
		},
		Admit: func(_ context.Context, agent identity.AgentID, device identity.DevicePublic, terms grant.Terms) (control.PairApproved, error) {
			if agent != home.Agent || device != f.device {
				t.Error("another device is let in, or elsewhere")
			}
			f.terms = terms
			return control.PairApproved{Agent: agent, AgentName: "Home"}, f.refusal
		},
	}
	return f
}

func panel() dom.Node { return dom.ByID("panel-body") }

func (f *fixture) says(words string) {
	f.t.Helper()
	domtest.WaitFor(f.t, "the dialog says "+words, func() bool {
		return strings.Contains(dom.ByID("panel-title").Get("textContent").String()+panel().Get("innerText").String(), words)
	})
}

func (f *fixture) code(text string) {
	panel().Field("code").SetContent(text)
	domtest.Submit(panel().Find("form"))
}

func (f *fixture) show() { f.Dialog.Do(func() { f.Show(identity.AgentID{7}) }) }

func TestApproval(t *testing.T) {
	f := newFixture(t)
	f.show()
	f.code("K7QF")
	f.says("eight letters and digits")
	f.err = pair.ErrNoScreen
	f.code("k7qf 2mrp")
	f.says("No screen shows this code now")
	f.err = nil
	f.code("k7qf-2mrp")
	f.says("042 517")
	want, err := pairing.ParseCode("K7QF-2MRP")
	if err != nil || len(f.met) != 2 || f.met[1] != want || f.pin != (pairing.Pin{}) {
		t.Errorf("met %d screens, %v", len(f.met), err)
	}
	domtest.Submit(panel().Find("form"))
	f.says("Now choose Yes on the screen too")
	f.meeting.agreed <- nil
	f.says("What may it show?")
	if got := panel().Field("name").Content(); got != "Kitchen" {
		t.Errorf("the name is %q", got)
	}
	f.refusal = viewer.ErrUnreached
	domtest.Submit(panel().Find("form"))
	f.says("could not be reached")
	f.refusal = nil
	domtest.Submit(panel().Find("form"))
	f.says("“Kitchen” shows the cameras")
	if f.meeting.approved.AgentName != "Home" || f.terms.Role != grant.Display || f.terms.Check() != nil {
		t.Errorf("approved %+v with %+v", f.meeting.approved, f.terms)
	}
	<-f.meeting.closed
}

// Who sees other digits says No, and the screen is told why.
func TestDigitsDiffer(t *testing.T) {
	f := newFixture(t)
	f.show()
	f.code("K7QF-2MRP")
	f.says("042 517")
	panel().Action("refuse").Call("click")
	<-f.meeting.closed
	if f.meeting.refused != control.PairDigits {
		t.Errorf("refused with %v", f.meeting.refused)
	}
	if !f.terms.Expires.IsZero() {
		t.Error("it was let in")
	}
}

func TestScreenRefuses(t *testing.T) {
	f := newFixture(t)
	f.show()
	f.code("K7QF-2MRP")
	f.says("042 517")
	domtest.Submit(panel().Find("form"))
	f.meeting.agreed <- pair.ErrDiffer
	f.says("The digits differ")
	dom.ByID("panel-close").Call("click")
	<-f.meeting.closed
}

// Closing the dialog at any step ends the meeting.
func TestClosingEndsTheMeeting(t *testing.T) {
	for name, until := range map[string]func(*fixture){
		"at the digits": func(*fixture) {},
		"while the screen is waited for": func(f *fixture) {
			domtest.Submit(panel().Find("form"))
			f.says("on the screen too")
		},
		"at the terms": func(f *fixture) {
			domtest.Submit(panel().Find("form"))
			f.meeting.agreed <- nil
			f.says("What may it show?")
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.show()
			f.code("K7QF-2MRP")
			f.says("042 517")
			until(f)
			dom.ByID("panel-close").Call("click")
			<-f.meeting.closed
		})
	}
}

func TestOpenByLink(t *testing.T) {
	f := newFixture(t)
	code, err := pairing.NewCode(nil)
	if err != nil {
		t.Fatal(err)
	}
	pin := pairing.PinOf(f.device)
	f.Dialog.Do(func() { f.Open(code, pin) })
	f.says("042 517")
	if len(f.met) != 1 || f.met[0] != code || f.pin != pin {
		t.Error("another screen was met than the link's")
	}
	f.Homes = func() []screens.Home { return nil }
	f.Dialog.Do(func() {
		f.Dialog.Close()
		f.Open(code, pin)
	})
	f.says("not an owner")
}

// The screen's own page shows what there is, and answers for the digits that are seen.
func TestWaiting(t *testing.T) {
	domtest.Load(t)
	var answers []string
	w := screens.NewWaiting(func(digits string, same bool) {
		answers = append(answers, digits+map[bool]string{true: " same", false: " other"}[same])
	})
	code, err := pairing.ParseCode("K7QF-2MRP")
	if err != nil {
		t.Fatal(err)
	}
	visible := func(id string) bool { return dom.ByID(id).Call("checkVisibility").Bool() }
	text := func(id string) string { return dom.ByID(id).Get("textContent").String() }
	offer := pair.View{State: pair.Offering, Code: code, Link: pairing.PairLink{Server: "https://cams.example", Code: code}, Sentence: "Do this."}
	w.Show(offer)
	if text("screen-short") != "K7QF-2MRP" || !visible("screen-qr") || !dom.ByID("screen-qr").Find("svg").Truthy() || visible("screen-ok") || text("screen-text") != "" {
		t.Error("the code is not shown as it should be")
	}
	offer.Sentence = pair.Sentence(pair.ErrCancelled)
	w.Show(offer)
	if text("screen-text") != offer.Sentence {
		t.Errorf("what went wrong is not said but %q", text("screen-text"))
	}
	dom.ByID("screen-ok").Call("click") // not asked
	w.Show(pair.View{State: pair.Comparing, Digits: "042 517", Sentence: "Compare."})
	if text("screen-digits") != "042 517" || !visible("screen-digits") || visible("screen-qr") || !visible("screen-ok") {
		t.Error("the digits are not shown as they should be")
	}
	if !js.Global().Get("document").Get("activeElement").Equal(dom.ByID("screen-ok").Value) {
		t.Error("Enter would not answer")
	}
	dom.ByID("screen-ok").Call("click")
	dom.ByID("screen-no").Call("click")
	if strings.Join(answers, ", ") != "042 517 same, 042 517 other" {
		t.Errorf("answers %q", answers)
	}
	w.Close()
	if visible("screen") {
		t.Error("the page stays")
	}
}
