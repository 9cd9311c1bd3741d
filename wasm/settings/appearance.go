//go:build js

package settings

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// Appearance returns the section with light and dark.
func Appearance() Section {
	return Section{Fill: func(v *dialog.View) dom.Node {
		page := js.Global().Get("sealcam").Get("appearance") // static/appearance.js
		n := dom.Clone("setting-appearance")
		now := page.Call("chosen").String()
		for _, choice := range n.All("input") {
			choice.SetChecked(choice.Content() == now)
		}
		v.On(n, "change", func(event js.Value) {
			if !page.Call("choose", event.Get("target").Get("value")).Bool() {
				note(v, words.Say(notKept))
			}
		})
		return n
	}}
}

var notKept = words.Later("This browser keeps no settings for this page, so your choice lasts until you close it. Allow this site to store data to keep it.")
