//go:build js

package main

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/words"
)

// watchContext handles a lost WebGL context, which happens when a laptop changes its graphics card or a driver fails. ebiten cannot
// build its textures anew, so the page is loaded again: everything that matters is stored. But not for ever: a driver that loses
// every context would have the page load in a circle.
func (s *screen) watchContext() {
	handler := js.FuncOf(func(_ js.Value, args []js.Value) any {
		event := args[0]
		event.Call("stopImmediatePropagation") // ebiten's own handler always reloads
		event.Call("preventDefault")
		s.lost = true
		if s.app.boot.Restart("graphics") {
			s.app.boot.Progress(words.Say("The graphics were interrupted: starting again"), "")
			return nil
		}
		s.app.boot.Stop(words.Say("This device’s graphics keep failing"),
			words.Say("The browser lost its connection to the graphics hardware several times. Start the browser again; if that does not help, update it or the graphics driver."), "graphics")
		return nil
	})
	s.handlers = append(s.handlers, handler)
	s.page.Stage().Call("addEventListener", "webglcontextlost", handler, true)
}
