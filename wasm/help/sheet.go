//go:build js

package help

import (
	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// Show opens the sheet with the keys that some part of the page acts on, as handled tells. It needs the dialog's lock.
func Show(d *dialog.Dialog, handled func(shortcut.Action) bool) {
	body := dom.Clone("view-help")
	keys := body.Part("keys")
	for _, e := range shortcut.Table {
		if !handled(e.Action) {
			continue
		}
		term, text, key := dom.Make("dt"), dom.Make("dd"), dom.Make("kbd")
		key.SetText(words.Say(e.Shown))
		term.Add(key)
		text.SetText(words.Say(e.Text))
		keys.Add(term, text)
	}
	d.Push(words.Say("Keys"), body)
}
