//go:build js

package page

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/wasm/awake"
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
	if p.document.Get("fullscreenElement").Truthy() {
		promise.Ignore(p.document.Call("exitFullscreen"))
		return
	}
	promise.Ignore(p.document.Get("documentElement").Call("requestFullscreen"))
}

// keepAwake keeps a screen that is filled from going dark. Where the browser does not, the person who filled it sees as much.
func (p *Page) keepAwake() {
	lock := awake.New(func(string) {})
	p.undo = append(p.undo, lock.Close)
	p.on(p.document, "fullscreenchange", func(js.Value) { lock.Want(p.document.Get("fullscreenElement").Truthy()) })
}
