//go:build js

package page

import (
	"image"
	"math"
	"syscall/js"
)

// maxSide bounds the canvas: beyond it the browser scales, which nobody sees on such a screen.
const maxSide = 8192

// watchSize follows the stage's size in device pixels, also when the window goes to another screen or is zoomed.
func (p *Page) watchSize() {
	observe := js.FuncOf(func(_ js.Value, args []js.Value) any {
		entry := args[0].Index(0)
		if exact := entry.Get("devicePixelContentBoxSize"); exact.Truthy() {
			size := exact.Index(0)
			p.setSize(size.Get("inlineSize").Int(), size.Get("blockSize").Int())
			return nil
		}
		p.measure()
		return nil
	})
	p.handlers = append(p.handlers, observe)
	observer := js.Global().Get("ResizeObserver").New(observe)
	options := map[string]any{}
	if prototype := js.Global().Get("ResizeObserverEntry").Get("prototype"); js.Global().Get("Reflect").Call("has", prototype, "devicePixelContentBoxSize").Bool() {
		options["box"] = "device-pixel-content-box" // Resize Observer §2.1; Safari has none
	}
	observer.Call("observe", p.stage, options)
	p.measure()
}

// Resize reports the size once more, for a canvas that came later than the page.
func (p *Page) Resize() { p.resize(p.canvas.X, p.canvas.Y) }

// measure takes the size from the window's ratio of device to CSS pixels, which may be one pixel off.
func (p *Page) measure() {
	ratio := js.Global().Get("devicePixelRatio").Float()
	rect := p.stage.Call("getBoundingClientRect")
	p.setSize(int(math.Round(rect.Get("width").Float()*ratio)), int(math.Round(rect.Get("height").Float()*ratio)))
}

func (p *Page) setSize(width, height int) {
	rect := p.stage.Call("getBoundingClientRect")
	p.window = box{rect.Get("left").Float(), rect.Get("top").Float(), rect.Get("width").Float(), rect.Get("height").Float()}
	if over := float64(max(width, height)) / maxSide; over > 1 {
		width, height = int(float64(width)/over), int(float64(height)/over)
	}
	p.moved = true
	if p.window.width > 0 {
		p.scale = float64(width) / p.window.width
	}
	if size := image.Pt(width, height); size != p.canvas {
		p.canvas = size
		p.resize(width, height)
	}
}
