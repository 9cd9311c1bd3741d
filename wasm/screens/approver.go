//go:build js

package screens

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/pair"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/scan"
	"github.com/sealcam/sealcam/wasm/terms"
)

// Home is an agent that this device is an owner of.
type Home struct {
	Agent   identity.AgentID
	Name    string
	Cameras []viewer.KnownCamera
}

// Meeting is a meeting with a screen, whose digits are still to be compared; *pair.Approval is one.
type Meeting interface {
	Confirmed(ctx context.Context) error
	Approve(ctx context.Context, m control.PairApproved) error
	Refuse(why control.PairReason)
	Close()
}

// Met is what there is to know of a screen that was met.
type Met struct {
	Meeting
	Digits string
	Name   string
	Device identity.DevicePublic
}

// Approver is what approving screens needs.
type Approver struct {
	Dialog *dialog.Dialog
	Homes  func() []Home // those whose agents answer
	// Meet meets the screen that shows the code. Pin is zero if the code was typed.
	Meet func(ctx context.Context, code pairing.Code, pin pairing.Pin) (*Met, error)
	// Admit lets the screen in and returns what it must know.
	Admit func(ctx context.Context, agent identity.AgentID, device identity.DevicePublic, t grant.Terms) (control.PairApproved, error)
	Now   func() time.Time
	// Scanner is the address of the program that reads QR codes (package scan).
	Scanner string
}

var errNoHome = words.Error("this device is not an owner of any cameras whose agent answers: open the code on a device that is")

// Show opens the view that asks for the code. agent is chosen among several. The dialog's lock must be held.
func (a *Approver) Show(agent identity.AgentID) {
	v := a.Dialog.Push(words.Say("Add a screen"), dom.Clone("view-screen"))
	f := dialog.NewForm(v)
	homes := a.Homes()
	choice := v.Body.Field("home")
	for _, h := range homes {
		option := dom.Make("option")
		option.Set("value", h.Agent.String())
		option.SetText(h.Name)
		option.Set("selected", h.Agent == agent)
		choice.Add(option)
	}
	v.Body.Part("home-choice").Show(len(homes) > 1)
	chosen := func() (Home, bool) {
		for _, h := range a.Homes() {
			if h.Agent.String() == choice.Content() || len(homes) == 1 && h.Agent == homes[0].Agent {
				return h, true
			}
		}
		return Home{}, false
	}
	meet := func(code pairing.Code, pin pairing.Pin) {
		home, ok := chosen()
		if !ok {
			f.Fail(errNoHome)
			return
		}
		a.meet(f, home, code, pin)
	}
	v.OnSubmit(func() {
		code, err := pairing.ParseCode(v.Body.Field("code").Content())
		if err != nil {
			f.Fail(err)
			v.Body.Field("code").Focus()
			return
		}
		meet(code, pairing.Pin{})
	})
	v.OnClick(v.Body.Action("scan"), func() { a.scan(f, meet) })
	v.Body.Field("code").Focus()
}

// Open meets the screen whose link was opened. The dialog's lock must be held.
func (a *Approver) Open(code pairing.Code, pin pairing.Pin) {
	homes := a.Homes()
	var agent identity.AgentID
	if len(homes) > 0 {
		agent = homes[0].Agent
	}
	a.Show(agent)
	v := a.Dialog.Shown()
	v.Body.Field("code").SetContent(code.String())
	f := dialog.NewForm(v)
	switch len(homes) {
	case 0:
		f.Fail(errNoHome)
	case 1:
		a.meet(f, homes[0], code, pin)
	}
}

// scan looks for a screen's link with the camera.
func (a *Approver) scan(f *dialog.Form, meet func(pairing.Code, pairing.Pin)) {
	v := f.View
	button, scanner := v.Body.Action("scan"), v.Body.Part("scanner")
	button.Enable(false)
	scanner.Show(true)
	v.Say(words.Say("The camera is on. Hold it so that the screen’s code lies in the frame."))
	var code pairing.Code
	var pin pairing.Pin
	v.Go(func(ctx context.Context) error {
		return scan.Camera(ctx, scanner.Find("video"), a.Scanner, func(text string) bool {
			_, fragment, _ := strings.Cut(text, "#")
			var err error
			code, pin, err = pairing.ParsePair(fragment)
			return err == nil
		})
	}, func(err error) {
		button.Enable(true)
		scanner.Show(false)
		if err != nil {
			f.Fail(err)
			return
		}
		v.Body.Field("code").SetContent(code.String())
		meet(code, pin)
	})
}

func (a *Approver) meet(f *dialog.Form, home Home, code pairing.Code, pin pairing.Pin) {
	var met *Met
	f.WorkHere(words.Say("Looking for the screen"), func(ctx context.Context) (err error) {
		met, err = a.Meet(ctx, code, pin)
		if err == nil && ctx.Err() != nil {
			met.Close()
			err = ctx.Err()
		}
		return said(err)
	}, func() { a.compare(home, met) })
}

// said turns an error of a meeting into one that reads as a sentence.
func said(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return errors.New(pair.Sentence(err))
}

// compare shows the digits. The person at the screen compares them too; both have to agree.
func (a *Approver) compare(home Home, met *Met) {
	v := a.Dialog.Replace(words.Say("Compare the numbers"), dom.Clone("view-digits"))
	f := dialog.NewForm(v)
	kept := false
	v.OnLeave(func() {
		if !kept {
			a.end(met)
		}
	})
	v.Body.Part("name").SetText(nameOf(met))
	v.Body.Part("digits").SetText(met.Digits)
	v.Say(words.Sayf("The number is %s", met.Digits))
	v.OnClick(v.Body.Action("refuse"), func() {
		met.Refuse(control.PairDigits)
		v.Leave()
	})
	v.OnSubmit(func() {
		v.Body.Action("refuse").Show(false)
		f.WorkHere(words.Say("Now choose Yes on the screen too"), func(ctx context.Context) error {
			return said(met.Confirmed(ctx))
		}, func() {
			kept = true
			a.choose(home, met)
		})
	})
	v.Body.Action("confirm").Focus()
}

func nameOf(met *Met) string {
	if met.Name == "" {
		return words.Say("The screen")
	}
	return met.Name
}

// end closes a meeting that nobody needs any more. Closing waits for the network.
func (a *Approver) end(met *Met) {
	a.Dialog.Go(func(context.Context) error {
		met.Close()
		return nil
	}, func(error) {})
}

// choose asks what the screen may show, and lets it in.
func (a *Approver) choose(home Home, met *Met) {
	v := a.Dialog.Replace(words.Say("What may it show?"), dom.Clone("view-change"))
	f := dialog.NewForm(v)
	left, working := false, false
	v.OnLeave(func() {
		left = true
		if !working {
			a.end(met)
		}
	})
	form := terms.New(v, terms.Use{Roles: []grant.Role{grant.Display, grant.Viewer, grant.Guest, grant.Owner}, Cameras: home.Cameras, Now: a.Now})
	form.Node.Field("name").SetContent(nameOf(met))
	v.Body.Part("terms").Add(form.Node)
	f.Confirm(words.Say("Let it in"))
	v.OnSubmit(func() {
		t, err := form.Read()
		if err != nil {
			f.Fail(err)
			return
		}
		working = true
		f.Work(words.Say("Waiting for the agent to confirm"), func(ctx context.Context) error {
			err := a.admit(ctx, home.Agent, met, t)
			a.Dialog.Do(func() {
				working = false
				if left { // the screen was still to be told
					a.end(met)
				}
			})
			return err
		}, func() { a.done(t.Name) })
	})
}

func (a *Approver) admit(ctx context.Context, agent identity.AgentID, met *Met, t grant.Terms) error {
	m, err := a.Admit(ctx, agent, met.Device, t)
	if err != nil {
		return errors.New(viewer.Sentence(err))
	}
	return said(met.Approve(ctx, m))
}

func (a *Approver) done(name string) {
	v := a.Dialog.Replace(words.Say("The screen is in"), dom.Clone("view-done"))
	v.Body.Part("text").SetText(words.Sayf("“%s” shows the cameras from now on. It can be changed or removed under Devices.", words.Name(name)))
	v.OnClick(v.Body.Action("done"), v.Leave)
	v.Body.Action("done").Focus()
}
