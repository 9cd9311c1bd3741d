//go:build js

package devices

import (
	"context"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/terms"
)

var waiting = words.Later("Waiting for the agent to confirm")

// rename asks for another name.
func (p *Panel) rename(agent identity.AgentID, key identity.DevicePublic) {
	d, ok := p.device(agent, key)
	if !ok {
		return
	}
	v := p.Dialog.Push(words.Say("Rename"), dom.Clone("view-rename"))
	f := dialog.NewForm(v)
	field := v.Body.Field("name")
	field.SetContent(d.Name)
	v.OnSubmit(func() {
		t := d.Terms
		var err error
		if t.Name, err = terms.Name(field.Content()); err != nil {
			f.Fail(err)
			return
		}
		f.Work(words.Say(waiting), func(ctx context.Context) error { return said(p.Operations().Change(ctx, agent, key, t)) }, v.Leave)
	})
	field.Focus()
	field.Call("select")
}

// change asks for other terms.
func (p *Panel) change(agent identity.AgentID, key identity.DevicePublic) {
	d, ok := p.device(agent, key)
	h := p.home(agent)
	if !ok || h == nil {
		return
	}
	v := p.Dialog.Push(d.Name, dom.Clone("view-change"))
	f := dialog.NewForm(v)
	form := terms.New(v, terms.Use{
		Roles: []grant.Role{grant.Guest, grant.Viewer, grant.Display, grant.Owner}, Cameras: h.Trust.Cameras, Now: p.Now,
	})
	form.Fill(d.Terms)
	v.Body.Part("terms").Add(form.Node)
	v.OnSubmit(func() {
		t, err := form.Read()
		if err != nil {
			f.Fail(err)
			return
		}
		f.Work(words.Say(waiting), func(ctx context.Context) error { return said(p.Operations().Change(ctx, agent, key, t)) }, v.Leave)
	})
}

// revoke takes a device's access back, once it is sure.
func (p *Panel) revoke(agent identity.AgentID, key identity.DevicePublic) {
	d, ok := p.device(agent, key)
	if !ok {
		return
	}
	text := words.Sayf("“%s” sees nothing more from the moment that the agent has confirmed it. To come back it needs a new invitation.", words.Name(d.Name))
	if d.Self {
		text = words.Say("This is the device that you hold. It sees nothing more afterwards, and manages nothing.")
	}
	p.remove(agent, key, words.Sayf("Remove %s?", words.Name(d.Name)), text, words.Say("Remove"), func(took time.Duration) string {
		return words.Sayf("“%s” is removed: the agent confirmed it after %s s. It sees nothing more.", words.Name(d.Name), words.Number(took.Seconds(), 2))
	})
}

// withdraw closes an open invitation.
func (p *Panel) withdraw(agent identity.AgentID, key identity.DevicePublic, name string) {
	p.remove(agent, key, words.Say("Take the invitation back?"), words.Sayf("The link for “%s” lets nobody in any more.", words.Name(name)), words.Say("Take back"), func(time.Duration) string {
		return words.Sayf("The invitation for “%s” is taken back.", words.Name(name))
	})
}

func (p *Panel) remove(agent identity.AgentID, key identity.DevicePublic, title, text, button string, done func(time.Duration) string) {
	v := p.Dialog.Push(title, dom.Clone("view-confirm"))
	f := dialog.NewForm(v)
	v.Body.Part("text").SetText(text)
	f.Confirm(button)
	v.OnClick(v.Body.Action("cancel"), v.Leave)
	v.OnSubmit(func() {
		v.Body.Action("cancel").Show(false)
		began := p.Now()
		f.Work(words.Say(waiting), func(ctx context.Context) error {
			err := said(p.Operations().Revoke(ctx, agent, key))
			if err != nil {
				p.Dialog.Do(func() { v.Body.Action("cancel").Show(true) })
			}
			return err
		}, func() {
			took := p.Now().Sub(began)
			v.Leave()
			p.note(done(took))
		})
	})
	v.Body.Action("cancel").Focus() // what harms nobody
}
