//go:build js

package naming_test

import (
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
	"github.com/sealcam/sealcam/wasm/naming"
)

func name(t *testing.T, d *dialog.Dialog, n *naming.Names, tile viewer.Tile, text string) (said string) {
	t.Helper()
	d.Do(func() { n.Form(d, tile.Key, tile.Name, func(s string) { said = s }) })
	field := dom.ByID("panel").Find(`[name="name"]`)
	if field.Content() != tile.Name {
		t.Errorf("the form begins with %q", field.Content())
	}
	field.SetContent(text)
	domtest.Submit(dom.ByID("panel").Find("form"))
	domtest.WaitFor(t, "the dialog closes", func() bool { return !dom.ByID("panel").Get("open").Bool() })
	return said
}

func TestNames(t *testing.T) {
	domtest.Load(t)
	d := dialog.New()
	t.Cleanup(d.Release)
	storage := js.Global().Get("localStorage")
	storage.Call("removeItem", "sealcam.names")
	defer storage.Call("removeItem", "sealcam.names")
	tiles := []viewer.Tile{{Name: "Owner's"}}
	tiles[0].Key.Camera[0] = 1
	n := naming.Load()
	if said := name(t, d, n, tiles[0], " Front  door "); said != "The name is kept on this device." {
		t.Errorf("said %q", said)
	}
	fresh := func() []viewer.Tile { return append([]viewer.Tile(nil), tiles...) }
	again, now := naming.Load(), fresh()
	again.Apply(now)
	if now[0].Name != "Front door" || again.Owner(now[0].Key) != "Owner's" {
		t.Errorf("called %q, by the owner %q", now[0].Name, again.Owner(now[0].Key))
	}
	// Storage that is full: the name holds for the page.
	prototype := js.Global().Get("Storage").Get("prototype")
	original := prototype.Get("setItem")
	prototype.Set("setItem", js.Global().Call("eval", `(function () { throw new DOMException("full", "QuotaExceededError"); })`))
	said := name(t, d, again, now[0], "Back door")
	prototype.Set("setItem", original)
	now = fresh()
	again.Apply(now)
	if now[0].Name != "Back door" || said == "The name is kept on this device." {
		t.Errorf("called %q, said %q", now[0].Name, said)
	}
	// The way back to the owner's name.
	d.Do(func() { again.Form(d, now[0].Key, now[0].Name, func(string) {}) })
	dom.ByID("panel").Find(`[data-action="reset"]`).Call("click")
	now = fresh()
	again.Apply(now)
	if now[0].Name != "Owner's" || again.Owner(now[0].Key) != "" {
		t.Errorf("called %q", now[0].Name)
	}
}
