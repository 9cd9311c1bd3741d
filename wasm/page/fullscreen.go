//go:build js

package page

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/wasm/promise"
)

// fullscreen offers to fill the screen, where the browser can, and keeps a screen that is filled from going dark.
func (p *Page) fullscreen() {
	if !p.document.Get("fullscreenEnabled").Truthy() {
		return
	}
	button := p.document.Call("getElementById", "fullscreen")
	button.Set("hidden", false)
	p.on(button, "click", func(js.Value) { p.fill() })
	p.onTool(shortcut.Fullscreen, func(viewer.TileKey) { p.fill() })
	p.Handle(shortcut.Fullscreen, func(shortcut.Press) bool {
		p.fill()
		return true
	})
	p.keepAwake()
}

// fill fills the screen with the page, of which one camera in full size fills all, or gives the screen back.
func (p *Page) fill() {
	// Browsers refuse what no click or key asked for, which needs no answer.
	refused := func(promised js.Value) {
		var h *promise.Handler
		h = promise.NewHandler(func(js.Value) { h.Release() }, func(error) { h.Release() })
		h.Then(promised)
	}
	if p.document.Get("fullscreenElement").Truthy() {
		refused(p.document.Call("exitFullscreen"))
		return
	}
	refused(p.document.Get("documentElement").Call("requestFullscreen"))
}

func (p *Page) keepAwake() {
	var lock js.Value
	keep := js.FuncOf(func(_ js.Value, args []js.Value) any {
		lock = args[0]
		return nil
	})
	refused := js.FuncOf(func(js.Value, []js.Value) any { return nil }) // battery saver
	p.undo = append(p.undo, keep.Release, refused.Release)
	follow := func(js.Value) {
		filled := p.document.Get("fullscreenElement").Truthy() && p.document.Get("visibilityState").String() == "visible"
		wake := js.Global().Get("navigator").Get("wakeLock")
		switch {
		case filled && wake.Truthy():
			wake.Call("request", "screen").Call("then", keep, refused)
		case !filled && lock.Truthy():
			lock.Call("release")
			lock = js.Undefined()
		}
	}
	p.on(p.document, "fullscreenchange", follow)
	p.on(p.document, "visibilitychange", follow)
}
