//go:build js

package main

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/help"
)

// watchKeyboard gives the keys of the table that open something their meaning. The page itself has those that move about.
func (s *screen) watchKeyboard() {
	o := s.app.owner
	showHelp := func() { o.dialog.Do(func() { help.Show(o.dialog, s.page.Handled) }) }
	s.page.Handle(shortcut.Help, func(shortcut.Press) bool {
		showHelp()
		return true
	})
	s.page.Handle(shortcut.Devices, func(shortcut.Press) bool {
		if o.button.Get("hidden").Truthy() {
			return false // somebody who is no owner has no list
		}
		o.button.Call("click")
		return true
	})
	button := dom.ByID("help-open")
	button.Show(true)
	s.scope.On(button, "click", func(js.Value) { showHelp() })
}
