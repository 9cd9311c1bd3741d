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
		p.measure(args[0].Index(0).Get("devicePixelContentBoxSize"))
		return nil
	})
	observer := js.Global().Get("ResizeObserver").New(observe)
	options := map[string]any{}
	if prototype := js.Global().Get("ResizeObserverEntry").Get("prototype"); js.Global().Get("Reflect").Call("has", prototype, "devicePixelContentBoxSize").Bool() {
		options["box"] = "device-pixel-content-box" // Resize Observer §2.1; Safari has none
	}
	observer.Call("observe", p.stage, options)
	p.undo = append(p.undo, func() {
		observer.Call("disconnect")
		observe.Release()
	})
	p.on(js.Global(), "resize", func(js.Value) { p.measure(js.Undefined()) })
	p.measure(js.Undefined())
}

// Resize reports the size once more, for a canvas that came later than the page.
func (p *Page) Resize() { p.resize(p.canvas.X, p.canvas.Y) }

// Measure looks where the stage lies, for what no event tells: that it was moved and has its size still.
func (p *Page) Measure() { p.measure(js.Undefined()) }

// measure takes the stage's size. exact is a list of one ResizeObserverSize in device pixels, or not truthy: the size then follows from
// the ratio of device to CSS pixels, which may be one pixel off.
func (p *Page) measure(exact js.Value) {
	ratio := devicePixelRatio()
	p.ratio = ratio
	rect := p.stage.Call("getBoundingClientRect")
	window := box{rect.Get("left").Float(), rect.Get("top").Float(), rect.Get("width").Float(), rect.Get("height").Float()}
	width, height := int(math.Round(window.width*ratio)), int(math.Round(window.height*ratio))
	switch {
	case exact.Truthy():
		w, h := exact.Index(0).Get("inlineSize").Int(), exact.Index(0).Get("blockSize").Int()
		// Browsers that imitate another device state the sizes of the one they run on.
		if abs(w-width) <= 1 && abs(h-height) <= 1 {
			width, height = w, h
		}
	case abs(p.canvas.X-width) <= 1 && abs(p.canvas.Y-height) <= 1:
		width, height = p.canvas.X, p.canvas.Y // the exact size, if there was one
	}
	if over := float64(max(width, height)) / maxSide; over > 1 {
		width, height = int(float64(width)/over), int(float64(height)/over)
	}
	size := image.Pt(width, height)
	if size == p.canvas && window == p.window {
		return
	}
	p.window, p.moved = window, true
	if window.width > 0 {
		p.scale = float64(width) / window.width
	}
	if size != p.canvas {
		p.canvas = size
		p.resize(width, height)
	}
}

func devicePixelRatio() float64 { return js.Global().Get("devicePixelRatio").Float() }

func abs(n int) int { return max(n, -n) }
