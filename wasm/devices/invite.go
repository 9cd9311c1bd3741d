//go:build js

package devices

import (
	"context"
	"strconv"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/promise"
	"github.com/sealcam/sealcam/wasm/qrcode"
	"github.com/sealcam/sealcam/wasm/terms"
)

// invite asks for whom, and makes the link.
func (p *Panel) invite(agent identity.AgentID) {
	h := p.home(agent)
	if h == nil {
		return
	}
	v := p.Dialog.Push(words.Say("Invite someone"), dom.Clone("view-invite"))
	f := dialog.NewForm(v)
	form := terms.New(v, terms.Use{Roles: []grant.Role{grant.Guest, grant.Viewer, grant.Owner}, Cameras: h.Trust.Cameras, Now: p.Now})
	v.Body.Part("terms").Add(form.Node)
	v.OnSubmit(func() {
		t, err := form.Read()
		if err != nil {
			f.Fail(err)
			return
		}
		hours, err := strconv.Atoi(v.Body.Field("redeem").Content())
		if err != nil {
			return
		}
		before := p.Now().Add(time.Duration(hours) * time.Hour)
		if hours == int(grant.MaxRedeem/time.Hour) { // counted from when it is signed, which is a moment later
			before = before.Add(-time.Minute)
		}
		var link pairing.InviteLink
		f.Work(words.Say(waiting), func(ctx context.Context) error {
			secret, err := p.Operations().Invite(ctx, agent, t, before)
			link = pairing.InviteLink{Server: p.Server, Agent: agent, Secret: secret}
			return said(err)
		}, func() { p.link(t.Name, link.String(), before) })
	})
	form.Node.Field("name").Focus()
}

// link shows an invite link, once.
func (p *Panel) link(name, link string, before time.Time) {
	v := p.Dialog.Replace(words.Sayf("Invitation for %s", words.Name(name)), dom.Clone("view-link"))
	v.Body.Part("text").SetText(words.Sayf(
		"Send this link to “%s”, or let the code be scanned. It works once, for whoever opens it first, until %s.", words.Name(name), moment(before, p.Now())))
	field := v.Body.Field("link")
	field.SetContent(link)
	v.OnClick(field, func() { field.Call("select") })
	if qrcode.Draw(v.Body.Part("qr"), link) != nil {
		v.Body.Part("qr").Show(false)
	}
	navigator := js.Global().Get("navigator")
	v.OnClick(v.Body.Action("copy"), func() {
		v.Go(func(ctx context.Context) error { return copyText(ctx, field, link) }, func(err error) {
			text := words.Say("Copied")
			if err != nil {
				text = words.Say("Select it and copy")
			}
			v.Body.Action("copy").SetText(text)
			v.Say(text)
		})
	})
	share := v.Body.Action("share")
	share.Show(navigator.Get("share").Truthy())
	v.OnClick(share, func() {
		// A share that is cancelled rejects the promise; nobody needs to know.
		ignore := promise.NewHandler(func(js.Value) {}, func(error) {})
		v.OnLeave(ignore.Release)
		_ = promise.Try(func() { ignore.Then(navigator.Call("share", map[string]any{"title": "Sealcam", "url": link})) })
	})
	v.OnClick(v.Body.Action("done"), v.Leave)
}

// copyText copies a text, which stands in the field too: pages without a secure context have the old way only.
func copyText(ctx context.Context, field dom.Node, text string) error {
	clipboard := js.Global().Get("navigator").Get("clipboard")
	if clipboard.Truthy() {
		_, err := promise.Await(ctx, clipboard.Call("writeText", text))
		return err
	}
	field.Call("select")
	if !js.Global().Get("document").Call("execCommand", "copy").Truthy() {
		return &promise.Error{Name: "NotAllowedError"}
	}
	return nil
}
