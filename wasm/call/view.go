//go:build js

package call

import (
	"context"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer/pair"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/qrcode"
)

// View is what the view needs.
type View struct {
	Dialog *dialog.Dialog
	Server string // where the link leads
	// Wait waits until a device has become a camera.
	Wait func(ctx context.Context, secret pairing.Secret) (pair.Called, error)
	// Claim makes this device its owner.
	Claim func(pair.Called)
}

// Open shows a new code, which is good for as long as the view is there. The dialog's lock must be held.
func (c *View) Open() {
	v := c.Dialog.Push(words.Say("Add a phone as a camera"), dom.Clone("view-call"))
	secret, err := pairing.NewSecret(nil)
	if err != nil {
		v.Body.Part("error").Write(dialog.Sentence(err))
		return
	}
	link := pairing.CallLink{Server: c.Server, Secret: secret}.String()
	field := v.Body.Field("link")
	field.SetContent(link)
	v.OnClick(field, func() { field.Call("select") })
	if qrcode.Draw(v.Body.Part("qr"), link) != nil {
		v.Body.Part("qr").Show(false)
	}
	v.Body.Part("note").Write(note(c.Server))
	var called pair.Called
	v.Go(func(ctx context.Context) (err error) {
		called, err = c.Wait(ctx, secret)
		return err
	}, func(err error) {
		if err != nil {
			v.Body.Part("busy").Write("")
			v.Body.Part("error").Write(dialog.Sentence(err))
			return
		}
		c.Dialog.Close()
		c.Claim(called)
	})
}

// note says what will keep another device from becoming a camera by this page's address, if anything.
func note(server string) string {
	url := js.Global().Get("URL").New(server)
	host := url.Get("hostname").String()
	switch {
	case host == "localhost" || host == "127.0.0.1" || host == "[::1]":
		return words.Say("This page’s address leads to this computer only. For a phone, open the page by an https address that the phone reaches: sealcam demo -tls prints one.")
	case url.Get("protocol").String() != "https:":
		return words.Say("Browsers lend their camera to https pages only, and this page came without https. Open it by an https address first.")
	}
	return ""
}
