//go:build js

package page

import (
	"math"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
)

// Factors of a wheel's step: of a mouse, and of two fingers on a trackpad, which browsers report as a wheel with the control key.
const wheelBy, pinchWheelBy = 0.0016, 0.01

// watchPointers makes mouse, fingers and pens work: in the grid they carry tiles, in full size they zoom and pan, and carry the inset.
func (p *Page) watchPointers() {
	p.pointers = map[int]point{}
	p.on(p.holder, "pointerdown", p.pointerDown)
	p.on(p.holder, "pointermove", p.pointerMove)
	p.on(p.holder, "pointerup", func(event js.Value) { p.pointerGone(event, true) })
	p.on(p.holder, "pointercancel", func(event js.Value) { p.pointerGone(event, false) })
	p.on(p.holder, "contextmenu", func(event js.Value) {
		if p.drag != nil && p.drag.finger { // a finger that rests lifts the tile
			event.Call("preventDefault")
		}
	})
	p.on(p.holder, "wheel", func(event js.Value) {
		if p.full == nil {
			return
		}
		event.Call("preventDefault")
		step, by := event.Get("deltaY").Float(), wheelBy
		switch event.Get("deltaMode").Int() {
		case 1: // lines
			step *= 16
		case 2: // pages
			step *= 400
		}
		if event.Get("ctrlKey").Bool() {
			by = pinchWheelBy
		}
		p.zoomBy(math.Exp(-by*step), pointOf(event))
	})
}

func pointOf(event js.Value) point {
	return point{event.Get("clientX").Float(), event.Get("clientY").Float()}
}

// keyAt returns the tile that an event happened on.
func (p *Page) keyAt(event js.Value) (viewer.TileKey, bool) {
	button := event.Get("target").Call("closest", "[data-tile]")
	for key, t := range p.tiles {
		if t.button.Equal(button) {
			return key, true
		}
	}
	return viewer.TileKey{}, false
}

func (p *Page) pointerDown(event js.Value) {
	p.swallow = false
	mouse := event.Get("pointerType").String() == "mouse"
	if mouse && event.Get("button").Int() != 0 {
		return
	}
	if event.Get("isPrimary").Bool() {
		clear(p.pointers) // whose end was missed
	}
	p.pointers[event.Get("pointerId").Int()] = pointOf(event)
	if len(p.pointers) > 1 {
		if p.drag != nil {
			p.undrag()
		}
		p.swallow = true
		return
	}
	key, ok := p.keyAt(event)
	if ok && (p.full == nil || p.isInset(key)) {
		p.grip(key, event.Get("pointerId").Int(), pointOf(event), !mouse)
	}
}

func (p *Page) pointerMove(event js.Value) {
	id, at := event.Get("pointerId").Int(), pointOf(event)
	before, down := p.pointers[id]
	if !down {
		return
	}
	if event.Get("pointerType").String() == "mouse" && event.Get("buttons").Int() == 0 {
		p.pointerGone(event, false) // it was let go where nobody saw it
		return
	}
	p.pointers[id] = at
	switch {
	case p.drag != nil:
		p.carry(at)
	case p.full == nil:
	case len(p.pointers) == 1:
		if p.zoom.In() {
			p.panned += at.minus(before).length()
			p.swallow = p.swallow || p.panned > liftBeyond
			p.pan(at.minus(before))
		}
	case len(p.pointers) == 2:
		p.pinch(id, before, at)
	}
}

// pinch zooms and pans with two fingers, of which one moved.
func (p *Page) pinch(id int, before, at point) {
	var other point
	for i, q := range p.pointers {
		if i != id {
			other = q
		}
	}
	middle := func(a point) point { return point{(a.x + other.x) / 2, (a.y + other.y) / 2} }
	if was := before.minus(other).length(); was > 1 {
		p.zoomBy(at.minus(other).length()/was, middle(at))
	}
	p.pan(middle(at).minus(middle(before)))
}

func (p *Page) pointerGone(event js.Value, up bool) {
	delete(p.pointers, event.Get("pointerId").Int())
	p.panned = 0
	if p.drag == nil {
		return
	}
	d := p.drag
	switch {
	case !up:
		p.undrag()
	case d.lifted && p.full != nil:
		p.endDrag()
		p.swallow = true
		p.moveInset(pointOf(event))
	default:
		p.drop()
	}
}

// click is a click on a tile that was no drag.
func (p *Page) click(event js.Value) {
	pointer := event.Get("detail").Int() > 0
	if swallow := p.swallow && pointer; swallow {
		p.swallow = false
		return
	}
	key, ok := p.keyAt(event)
	if !ok {
		return
	}
	double := pointer && p.clicks(pointOf(event))
	switch {
	case !double:
		p.clickTile(key, event)
		if p.isInset(key) || p.full != nil && *p.full != key {
			p.clicked = time.Time{}
		}
	case p.full == nil || p.isInset(key):
	case p.zoom.In():
		p.setZoom(layout.Zoom{})
	default:
		p.zoomBy(doubleBy, pointOf(event))
	}
}

// onClick listens to a button.
func (p *Page) onClick(id string, f func()) {
	p.on(p.document.Call("getElementById", id), "click", func(js.Value) { f() })
}

// after runs f once unless it is called off before.
func (p *Page) after(d time.Duration, f func()) (callOff func()) {
	over := false
	var handler js.Func
	done := func() {
		if !over {
			over = true
			handler.Release()
		}
	}
	handler = js.FuncOf(func(js.Value, []js.Value) any {
		if !over {
			done()
			f()
		}
		return nil
	})
	timer := js.Global().Call("setTimeout", handler, float64(d)/float64(time.Millisecond))
	return func() {
		if !over {
			js.Global().Call("clearTimeout", timer)
			done()
		}
	}
}
