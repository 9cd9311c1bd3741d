//go:build js

// Package naming lets people call cameras what they like on this device: the names in the browser's storage, and the form.
package naming

import (
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/nickname"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/storage"
)

// place is where the names are kept.
const place = "sealcam.names"

// Names are those of this device.
type Names struct {
	book  *nickname.Book
	owner map[viewer.TileKey]string // the owner's, of cameras that have another one here
}

// Load reads the names. Without storage there are none.
func Load() *Names {
	return &Names{book: nickname.Parse(storage.Browser.Get(place)), owner: map[viewer.TileKey]string{}}
}

// Apply gives the cameras their names here.
func (n *Names) Apply(tiles []viewer.Tile) {
	clear(n.owner)
	for i := range tiles {
		if name := n.book.Of(tiles[i].Key); name != "" {
			n.owner[tiles[i].Key] = tiles[i].Name
			tiles[i].Name = name
		}
	}
}

// Owner returns the owner's name of a camera that has another one here; else empty.
func (n *Names) Owner(key viewer.TileKey) string { return n.owner[key] }

// set keeps a name, for as long as the page is open if there is no room for longer; kept reports which.
func (n *Names) set(key viewer.TileKey, name string) (kept bool) {
	n.book.Set(key, name)
	return storage.Browser.Set(place, n.book.Text()) == nil
}

// Form opens the form for a camera whose name is shown now. say tells what came of it. It needs the dialog's lock.
func (n *Names) Form(d *dialog.Dialog, key viewer.TileKey, name string, say func(string)) {
	v := d.Push(words.Say("Name of the camera"), dom.Clone("view-naming"))
	owner := n.Owner(key)
	field := v.Body.Field("name")
	field.SetContent(name)
	v.Body.Part("owner").Write("")
	if owner != "" {
		v.Body.Part("owner").Write(words.Sayf("The owner calls it %s.", owner))
	}
	v.Body.Action("reset").Show(owner != "")
	done := func(name string) {
		if n.set(key, name) {
			say(words.Say("The name is kept on this device."))
		} else {
			say(words.Say("The name holds until this page is closed: this browser keeps nothing. Free some space or leave the private window."))
		}
		v.Leave()
	}
	v.OnSubmit(func() { done(field.Content()) })
	v.OnClick(v.Body.Action("reset"), func() { done("") })
	field.Call("select")
}
