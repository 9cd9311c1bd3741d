//go:build js

package main

import (
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/settings"
	"github.com/sealcam/sealcam/wasm/storage"
)

// settingsAgain is kept over the reload that another language needs, so that the panel is open after it as before.
const settingsAgain = "sealcam.settings"

// preferences opens the settings from the bar and from the sheet.
type preferences struct {
	panel settings.Panel
	scope dom.Scope
}

// newPreferences takes the buttons. Sections that other parts of the program add come after those of the page itself.
func newPreferences(d *dialog.Dialog, more ...settings.Section) *preferences {
	p := &preferences{panel: settings.Panel{
		Dialog:   d,
		Sections: append([]settings.Section{settings.Language(loadAgain), settings.Appearance()}, more...),
	}}
	for _, id := range []string{"settings-open", "sheet-settings"} {
		button := dom.ByID(id)
		button.Show(true)
		p.scope.On(button, "click", func(js.Value) { d.Do(p.panel.Open) })
	}
	again := storage.Tab.Get(settingsAgain) != ""
	storage.Tab.Remove(settingsAgain)
	if again {
		d.Do(p.panel.Open)
	}
	return p
}

func loadAgain() {
	_ = storage.Tab.Set(settingsAgain, "1") // without storage it stays closed
	js.Global().Get("location").Call("reload")
}
