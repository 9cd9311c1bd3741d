//go:build js

package page

import (
	"image"
	"math"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
	"github.com/sealcam/sealcam/viewer/shortcut"
)

// watchInput makes the tiles work: click or Enter for full size, Escape or the browser's Back for the grid, and the keys of the table.
func (p *Page) watchInput() {
	p.on(p.holder, "click", p.click)
	p.watchPointers()
	p.watchTools()
	p.watchToast()
	p.Handle(shortcut.Move, p.move)
	p.Handle(shortcut.Camera, func(press shortcut.Press) bool { return p.showNumber(press.Number) })
	p.Handle(shortcut.Back, func(shortcut.Press) bool {
		if p.full == nil {
			return false
		}
		p.goBack()
		return true
	})
	p.watchOrder()
	p.watchZoom()
	p.watchInset()
	p.watchKeys()
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

// clickTile opens a tile in full size. There, a tap or Enter is for the tool bar, and a double click zooms.
func (p *Page) clickTile(key viewer.TileKey, event js.Value) {
	switch kind := event.Get("pointerType"); {
	case p.full == nil:
		p.open(key)
	case p.isInset(key):
		p.swap()
	case event.Get("detail").Int() == 0: // of a key
		p.tools.enter()
	case kind.Type() == js.TypeString && kind.String() != "mouse":
		p.tools.tapped()
	}
}

// open shows a camera in full size.
func (p *Page) open(key viewer.TileKey) {
	if p.full == nil {
		// The browser's Back, which phones have a gesture for, then leads to the grid and not away from the page.
		js.Global().Get("history").Call("pushState", nil, "")
	}
	p.enlarge(key)
	p.tools.stir()
}

// enlarge shows a camera in full size, the whole of its picture.
func (p *Page) enlarge(key viewer.TileKey) {
	p.full, p.seen, p.moved = &key, image.Point{}, true
	p.setZoom(layout.Zoom{})
}

// showNumber shows the camera with this place in the grid, from 1, in full size.
func (p *Page) showNumber(n int) bool {
	if n < 1 || n > len(p.order) {
		return false
	}
	key := p.order[n-1]
	p.open(key)
	p.tiles[key].attr.set("data-away", "")
	p.tiles[key].button.Call("focus")
	return true
}

// goBack undoes open; popstate does the rest.
func (p *Page) goBack() {
	p.leaveFull()
	js.Global().Get("history").Call("back")
}

// LeaveFull shows all cameras again, if one fills the window.
func (p *Page) LeaveFull() {
	if p.full != nil {
		p.goBack()
	}
}

func (p *Page) leaveFull() {
	if p.full == nil {
		return
	}
	key := *p.full
	p.full, p.moved = nil, true
	p.setZoom(layout.Zoom{})
	if t := p.tiles[key]; t != nil {
		t.button.Call("focus")
	}
}

// move follows an arrow key: from tile to tile in the grid, whose edges static/remote.js leads over; from camera to camera in full size, and
// there down into the tool bar.
func (p *Page) move(press shortcut.Press) bool {
	if len(p.order) == 0 {
		return false
	}
	if p.full == nil {
		if p.focusedTile() == nil && !p.document.Get("activeElement").Equal(p.body.node) {
			return false // the focus is elsewhere: static/remote.js moves it
		}
		next := p.neighbour(float64(press.DX), float64(press.DY))
		if next != nil {
			next.button.Call("focus")
		}
		return next != nil
	}
	switch {
	case press.DY > 0:
		p.tools.enter()
	case press.DY < 0:
		p.tiles[*p.full].button.Call("focus")
	case !p.tools.step(press.DX):
		p.stepFull(press.DX)
	}
	return true
}

// stepFull shows the next or previous camera in full size.
func (p *Page) stepFull(step int) {
	n := len(p.order)
	for i, key := range p.order {
		if key == *p.full {
			next := p.order[(i+step+n)%n]
			p.enlarge(next)
			p.tiles[next].attr.set("data-away", "")
			p.tiles[next].button.Call("focus")
			return
		}
	}
}

// neighbour returns the tile next to the focused one in a direction, or the first if none has the focus.
func (p *Page) neighbour(dx, dy float64) *tile {
	from := p.focusedTile()
	if from == nil {
		return p.tiles[p.order[0]]
	}
	var best *tile
	least := math.Inf(1)
	for _, t := range p.tiles {
		x := t.cell.x + t.cell.width/2 - from.cell.x - from.cell.width/2
		y := t.cell.y + t.cell.height/2 - from.cell.y - from.cell.height/2
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
