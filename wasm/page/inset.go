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

// insetView is a second camera, shown in a corner of the one that fills the window.
type insetView struct {
	key    viewer.TileKey
	chosen bool
	corner layout.Corner

	open   attributes // the button that opens the menu
	menu   js.Value
	opened bool
	items  []viewer.TileKey // of the open menu
	close  attributes       // the button on the inset
	place  box              // of the inset, for that button
	closes box              // where the button is
}

// keptInsetView is what is kept of it.
type keptInsetView struct {
	keptKey
	Corner layout.Corner `json:"corner"`
}

// Margins of an inset in CSS pixels: from the sides, and from the labels of the picture beneath above and below.
const insetSide, insetLabels, insetLabelsNarrow = 16, 88, 140

// narrowTools is the width up to which the tool bar lies above the labels, as in style/tools.css.
const narrowTools = 760

func (p *Page) recallInset() {
	var kept keptInsetView
	if !recall(keptInset, &kept) {
		return
	}
	if kept.Corner.Valid() {
		p.inset.corner = kept.Corner
	}
	p.inset.key, p.inset.chosen = kept.key()
}

func (p *Page) keepInset() {
	kept := keptInsetView{Corner: p.inset.corner}
	if p.inset.chosen {
		kept.keptKey = keptKeyOf(p.inset.key)
	}
	keep(keptInset, kept)
}

// insetKey returns the camera in the corner; the zero key if there is none. One whose home is not reached now is not forgotten.
func (p *Page) insetKey() viewer.TileKey {
	if p.full == nil || !p.inset.chosen || p.inset.key == *p.full || p.tiles[p.inset.key] == nil {
		return viewer.TileKey{}
	}
	return p.inset.key
}

// isInset reports whether the tile is the one in the corner.
func (p *Page) isInset(key viewer.TileKey) bool {
	return key != viewer.TileKey{} && key == p.insetKey()
}

// setInset puts a camera into the corner.
func (p *Page) setInset(key viewer.TileKey) {
	p.inset.key, p.inset.chosen, p.moved = key, true, true
	p.keepInset()
}

func (p *Page) dropInset() {
	p.inset.chosen, p.moved = false, true
	p.keepInset()
}

// swap shows the inset's camera in full size and the other one in the corner.
func (p *Page) swap() {
	key, former := p.insetKey(), *p.full
	p.enlarge(key)
	p.setInset(former)
	p.tiles[key].attr.set("data-away", "")
	p.tiles[key].button.Call("focus")
}

// moveInset puts the inset into the corner next to a point of the window.
func (p *Page) moveInset(at point) {
	x, y := p.onCanvas(at)
	if c := layout.Nearest(p.canvasRect(), x, y); c != p.inset.corner {
		p.inset.corner, p.moved = c, true
		p.keepInset()
	}
}

// stepInset moves it by keyboard.
func (p *Page) stepInset(dx, dy float64) bool {
	focused := p.focusedTile()
	if focused == nil || !p.isInset(focused.key) {
		return false
	}
	b, w, h := focused.cell, p.window.width, p.window.height
	x, y := b.x+b.width/2+dx*w, b.y+b.height/2+dy*h
	p.moveInset(point{p.window.x + min(max(x, 0), w), p.window.y + min(max(y, 0), h)})
	return true
}

// layInset places it.
func (p *Page) layInset(t *tile, v *viewer.Tile) Placed {
	t.attr.set("data-away", "")
	t.attr.set("data-inset", "true")
	aspect := t.shape.Aspect()
	if aspect == 0 {
		aspect = layout.DefaultAspect
	}
	labels := float64(insetLabels)
	if p.window.width <= narrowTools {
		labels = insetLabelsNarrow
	}
	r := layout.Inset(layout.Rect{W: p.window.width, H: p.window.height}, p.inset.corner, aspect, insetSide, math.Min(labels, p.window.height*0.22))
	b := box{r.X, r.Y, r.W, r.H}
	t.cell = b
	if d := p.drag; d != nil && d.lifted && d.key == v.Key {
		b, _ = p.carried(v.Key, b)
	}
	rect := image.Rect(p.pixel(b.x), p.pixel(b.y), p.pixel(b.x+b.width), p.pixel(b.y+b.height))
	p.inset.place = p.onPixels(rect)
	t.place(p.inset.place)
	corner := math.Min(radiusNarrow, cornerShare*b.width)
	t.round(corner)
	return Placed{Tile: v, Box: rect, Radius: corner * p.scale, Over: true}
}

// watchInset makes the button, the menu and the key work.
func (p *Page) watchInset() {
	p.inset.open.node = p.ToolButton(shortcut.Inset)
	p.inset.open.now = map[string]string{"hidden": "hidden"}
	p.inset.menu = p.document.Call("getElementById", "inset-menu")
	p.inset.close = attributes{node: p.document.Call("getElementById", "inset-close"), now: map[string]string{"hidden": "hidden"}}
	turn := func() {
		if p.menuOpen() {
			p.closeMenu()
		} else {
			p.openMenu()
		}
	}
	p.on(p.inset.open.node, "click", func(js.Value) { turn() })
	p.Handle(shortcut.Inset, func(shortcut.Press) bool {
		can := p.full != nil && len(p.order) > 1
		if can {
			turn()
		}
		return can
	})
	p.onClick("inset-close", func() {
		p.dropInset()
		if p.full != nil {
			p.tiles[*p.full].button.Call("focus")
		}
	})
	p.on(p.inset.menu, "click", func(event js.Value) {
		item := event.Get("target").Call("closest", "button")
		list := p.inset.menu.Call("querySelectorAll", "button")
		for i := range list.Length() {
			if list.Index(i).Equal(item) {
				p.choose(i)
				return
			}
		}
	})
	p.on(p.inset.menu, "keydown", func(event js.Value) {
		if event.Get("key").Type() == js.TypeString && p.menuKey(event.Get("key").String()) {
			event.Call("preventDefault")
			event.Call("stopPropagation")
		}
	})
	p.on(p.document, "pointerdown", func(event js.Value) {
		if p.menuOpen() && !event.Get("target").Call("closest", "#inset-menu, #tools").Truthy() {
			p.closeMenu()
		}
	})
}

// showInset shows the buttons of the inset as far as there is something that they do.
func (p *Page) showInset() {
	hidden := "hidden"
	if p.full != nil && len(p.order) > 1 {
		hidden = ""
	} else {
		p.closeMenu()
	}
	p.inset.open.set("hidden", hidden)
	hidden = "hidden"
	if b := p.inset.place; p.insetKey() != (viewer.TileKey{}) && p.drag == nil {
		hidden = ""
		if b != p.inset.closes {
			p.inset.closes = b
			style := p.inset.close.node.Get("style") // the attribute is not ours to set: Content-Security-Policy
			style.Set("left", px(b.x+b.width))
			style.Set("top", px(b.y))
		}
	}
	p.inset.close.set("hidden", hidden)
}

func (p *Page) menuOpen() bool { return p.inset.opened }

// openMenu lists the other cameras.
func (p *Page) openMenu() {
	p.inset.menu.Set("textContent", "")
	p.inset.items = p.inset.items[:0]
	item := p.document.Call("getElementById", "inset-item").Get("content").Get("firstElementChild")
	add := func(key viewer.TileKey, name string, checked bool) {
		node := item.Call("cloneNode", true)
		if name != "" {
			node.Call("querySelector", "span").Set("textContent", name)
		}
		node.Call("setAttribute", "aria-checked", checked)
		p.inset.menu.Call("append", node)
		p.inset.items = append(p.inset.items, key)
	}
	now := p.insetKey()
	add(viewer.TileKey{}, "", now == viewer.TileKey{})
	for _, key := range p.order {
		if p.full != nil && key != *p.full {
			add(key, p.tiles[key].labels.name.now, key == now)
		}
	}
	p.inset.opened = true
	p.inset.menu.Set("hidden", false)
	p.inset.open.set("aria-expanded", "true")
	p.focusItem(0)
	for i, key := range p.inset.items {
		if key == now {
			p.focusItem(i)
		}
	}
}

func (p *Page) closeMenu() {
	if p.menuOpen() {
		p.inset.opened = false
		p.inset.menu.Set("hidden", true)
		p.inset.open.set("aria-expanded", "false")
	}
}

// choose takes an item of the menu.
func (p *Page) choose(i int) {
	p.closeMenu()
	p.inset.open.node.Call("focus")
	switch {
	case i >= len(p.inset.items):
	case p.inset.items[i] == viewer.TileKey{}:
		p.dropInset()
	case p.tiles[p.inset.items[i]] != nil:
		p.setInset(p.inset.items[i])
	}
}

func (p *Page) focusItem(i int) {
	if item := p.inset.menu.Call("querySelectorAll", "button").Index(i); item.Truthy() {
		item.Call("focus")
	}
}

// menuKey is a key in the open menu (WAI-ARIA menu pattern).
func (p *Page) menuKey(name string) bool {
	list := p.inset.menu.Call("querySelectorAll", "button")
	at, n := 0, list.Length()
	for i := range n {
		if list.Index(i).Equal(p.document.Get("activeElement")) {
			at = i
		}
	}
	switch name {
	case "ArrowDown":
		p.focusItem((at + 1) % n)
	case "ArrowUp":
		p.focusItem((at + n - 1) % n)
	case "Home":
		p.focusItem(0)
	case "End":
		p.focusItem(n - 1)
	case "Escape":
		p.closeMenu()
		p.inset.open.node.Call("focus")
	default:
		return false
	}
	return true
}
