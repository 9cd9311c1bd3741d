//go:build js

package settings

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// Language returns the section with the page's language. A choice loads the page again, by reload.
func Language(reload func()) Section {
	return Section{Fill: func(v *dialog.View) dom.Node {
		page := js.Global().Get("sealcam").Get("words") // static/words.js
		n := dom.Clone("setting-language")
		list := n.Field("language")
		list.SetContent(page.Call("chosen").String())
		v.On(list, "change", func(js.Value) {
			if !page.Call("choose", list.Content()).Bool() {
				note(v, words.Say("This browser keeps no settings for this page, so the language stays as it is. Allow this site to store data to change it."))
				return
			}
			reload()
		})
		return n
	}}
}
