//go:build js

package devices

import (
	"context"
	"errors"
	"slices"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// Operations are what an owner can do; *viewer.Viewer has them.
type Operations interface {
	Change(ctx context.Context, agent identity.AgentID, device identity.DevicePublic, t grant.Terms) error
	Revoke(ctx context.Context, agent identity.AgentID, device identity.DevicePublic) error
	Invite(ctx context.Context, agent identity.AgentID, t grant.Terms, redeemBefore time.Time) (pairing.Secret, error)
	Journal(ctx context.Context, agent identity.AgentID, before uint64, limit int) (viewer.JournalPage, error)
	Repair(ctx context.Context, agent identity.AgentID) error
}

// Home is an agent that this device is an owner of.
type Home struct {
	Trust    viewer.Trust
	Known    bool // Trust is the agent's list as it is now, or an alarm about it
	Agent    identity.AgentID
	Name     string
	Sentence string // why there is no list
}

// Panel is the view.
type Panel struct {
	Dialog     *dialog.Dialog
	Operations func() Operations // those of the viewer that runs
	Server     string            // where links lead
	Now        func() time.Time
	AddScreen  func(identity.AgentID) // opens the view that adds one
	Phrase     func()                 // opens the recovery phrase
	Call       func()                 // opens the view that calls for a camera
	Custody    func()                 // opens what is to be said of this device's key

	homes    []Home
	phrase   bool // the recovery phrase waits to be written down
	view     *dialog.View
	sections map[identity.AgentID]*section
}

// Open opens the list. The dialog's lock must be held, as for all methods.
func (p *Panel) Open() {
	if p.view != nil && p.view.Alive() {
		return
	}
	v := p.Dialog.Push(words.Say("Devices"), dom.Clone("view-devices"))
	p.view, p.sections = v, map[identity.AgentID]*section{}
	v.OnClick(v.Body.Action("phrase"), p.Phrase)
	v.OnClick(v.Body.Action("custody"), p.Custody)
	v.OnClick(v.Body.Action("call"), p.Call)
	v.OnClick(v.Body.Action("lend"), func() { js.Global().Call("open", "./#camera", "_blank", "noopener") })
	p.draw()
}

// Show takes what is known of the homes, and whether the recovery phrase waits to be written down.
func (p *Panel) Show(homes []Home, phrase bool) {
	p.homes, p.phrase = homes, phrase
	if p.view != nil && p.view.Alive() {
		p.draw()
	}
}

// IsOpen reports whether the list is open, if only below other views.
func (p *Panel) IsOpen() bool { return p.view != nil && p.view.Alive() }

func (p *Panel) draw() {
	p.view.Body.Part("phrase").Show(p.phrase)
	var nodes []dom.Node
	for i := range p.homes {
		h := &p.homes[i]
		s := p.sections[h.Agent]
		if s == nil {
			s = newSection(p, h.Agent)
			p.sections[h.Agent] = s
		}
		s.draw(h, len(p.homes) > 1)
		nodes = append(nodes, s.node)
	}
	p.view.Body.Part("homes").Order(nodes)
}

// note says above the list what was done.
func (p *Panel) note(text string) {
	if p.IsOpen() {
		p.view.Body.Part("note").Write(text)
	}
}

// home returns what was last known of an agent.
func (p *Panel) home(agent identity.AgentID) *Home {
	at := slices.IndexFunc(p.homes, func(h Home) bool { return h.Agent == agent })
	if at < 0 || !p.homes[at].Known {
		return nil
	}
	return &p.homes[at]
}

// device returns what was last known of a device.
func (p *Panel) device(agent identity.AgentID, device identity.DevicePublic) (viewer.Device, bool) {
	if h := p.home(agent); h != nil {
		for _, d := range h.Trust.Devices {
			if d.Device == device {
				return d, true
			}
		}
	}
	return viewer.Device{}, false
}

// said turns an operation's error into one that reads as a sentence.
func said(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return errors.New(viewer.Sentence(err))
}
