//go:build js

package page

import (
	"math"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer"
)

// watchInput makes the tiles work: click or Enter for full size, Escape or the browser's Back for the grid, arrow keys to move.
func (p *Page) watchInput() {
	p.on(p.holder, "click", func(event js.Value) {
		button := event.Get("target").Call("closest", "[data-tile]")
		for key, t := range p.tiles {
			if t.button.Equal(button) {
				p.toggle(key)
			}
		}
	})
	p.on(p.document, "keydown", func(event js.Value) {
		// Browsers that fill in forms send keydown events without a key.
		if event.Get("key").Type() != js.TypeString || event.Get("ctrlKey").Truthy() || event.Get("altKey").Truthy() || event.Get("metaKey").Truthy() {
			return
		}
		if p.document.Call("querySelector", "dialog[open]").Truthy() {
			return // the dialog's keys are its own
		}
		if p.key(event.Get("key").String()) {
			event.Call("preventDefault")
		}
	})
	p.on(js.Global(), "popstate", func(js.Value) { p.leaveFull() })
	p.fullscreen()
}

// on listens until Close.
func (p *Page) on(target js.Value, event string, f func(event js.Value)) {
	handler := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	})
	target.Call("addEventListener", event, handler)
	p.undo = append(p.undo, func() {
		target.Call("removeEventListener", event, handler)
		handler.Release()
	})
}

// toggle opens a tile in full size, or goes back to the grid.
func (p *Page) toggle(key viewer.TileKey) {
	if p.full != nil {
		p.goBack()
		return
	}
	p.full, p.moved = &key, true
	// The browser's Back, which phones have a gesture for, then leads to the grid and not away from the page.
	js.Global().Get("history").Call("pushState", nil, "")
}

// goBack undoes toggle; popstate does the rest.
func (p *Page) goBack() {
	p.leaveFull()
	js.Global().Get("history").Call("back")
}

func (p *Page) leaveFull() {
	if p.full == nil {
		return
	}
	key := *p.full
	p.full, p.moved = nil, true
	if t := p.tiles[key]; t != nil {
		t.button.Call("focus")
	}
}

// key handles a key and reports whether it meant something.
func (p *Page) key(name string) bool {
	var dx, dy float64
	switch name {
	case "Escape":
		if p.full == nil {
			return false
		}
		p.goBack()
		return true
	case "ArrowLeft":
		dx = -1
	case "ArrowRight":
		dx = 1
	case "ArrowUp":
		dy = -1
	case "ArrowDown":
		dy = 1
	default:
		return false
	}
	if len(p.order) == 0 {
		return false
	}
	if p.full != nil {
		p.stepFull(int(dx + dy))
		return true
	}
	if next := p.neighbour(dx, dy); next != nil {
		next.button.Call("focus")
	}
	return true
}

// stepFull shows the next or previous camera in full size.
func (p *Page) stepFull(step int) {
	n := len(p.order)
	for i, key := range p.order {
		if key == *p.full {
			next := p.order[(i+step+n)%n]
			p.full, p.moved = &next, true
			p.tiles[next].attr.set("data-away", "")
			p.tiles[next].button.Call("focus")
			return
		}
	}
}

// neighbour returns the tile next to the focused one in a direction, or the first if none has the focus.
func (p *Page) neighbour(dx, dy float64) *tile {
	focused := p.document.Get("activeElement")
	var from *tile
	for _, t := range p.tiles {
		if t.button.Equal(focused) {
			from = t
		}
	}
	if from == nil {
		return p.tiles[p.order[0]]
	}
	var best *tile
	least := math.Inf(1)
	for _, t := range p.tiles {
		x := t.box.x + t.box.width/2 - from.box.x - from.box.width/2
		y := t.box.y + t.box.height/2 - from.box.y - from.box.height/2
		along, across := x*dx+y*dy, math.Abs(x*dy)+math.Abs(y*dx)
		if along <= 1 {
			continue
		}
		if distance := along + 2*across; distance < least {
			least, best = distance, t
		}
	}
	return best
}

// fullscreen shows the button that fills the screen, where the browser can, and keeps a screen that is filled from going dark.
func (p *Page) fullscreen() {
	root := p.document.Get("documentElement")
	if !p.document.Get("fullscreenEnabled").Truthy() {
		return
	}
	button := p.document.Call("getElementById", "fullscreen")
	button.Set("hidden", false)
	p.on(button, "click", func(js.Value) {
		if p.document.Get("fullscreenElement").Truthy() {
			p.document.Call("exitFullscreen")
			return
		}
		root.Call("requestFullscreen")
	})
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
