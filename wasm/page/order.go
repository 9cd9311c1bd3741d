//go:build js

package page

import (
	"math"
	"slices"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	// liftAfter is how long a finger must rest on a tile to lift it.
	liftAfter = 400 * time.Millisecond
	// A mouse lifts a tile as soon as it has moved by so much, and a finger that has slipped by so much means something else. CSS pixels.
	liftBeyond, slipBeyond = 6, 12
)

// drag is a tile of the grid that is pressed or carried.
type drag struct {
	key    viewer.TileKey
	start  point
	at     point
	grab   point // from the tile's corner to the pointer
	lifted bool
	finger bool
	before []viewer.TileKey // the order to go back to
	wait   func()           // ends the wait for liftAfter
	id     int              // the pointer's
	laid   bool             // the tiles lie as they are ordered
}

// point is in CSS pixels of the window.
type point struct{ x, y float64 }

func (p point) minus(q point) point { return point{p.x - q.x, p.y - q.y} }

func (p point) length() float64 { return math.Hypot(p.x, p.y) }

// GiveOrder says whether the tiles come in an order that is to be kept, whatever somebody once chose here, as on a display whose link
// names its cameras.
func (p *Page) GiveOrder(given bool) { p.given = given }

// arrange puts the tiles into the order that somebody chose for them.
func (p *Page) arrange(tiles []viewer.Tile) {
	if p.given {
		return
	}
	keys := make([]viewer.TileKey, len(tiles))
	for i := range tiles {
		keys[i] = tiles[i].Key
	}
	arranged := p.chosen.Arrange(keys)
	if slices.Equal(arranged, keys) {
		return
	}
	at := make(map[viewer.TileKey]int, len(tiles))
	for i, k := range keys {
		at[k] = i
	}
	p.spare = append(p.spare[:0], tiles...)
	for i, k := range arranged {
		tiles[i] = p.spare[at[k]]
	}
	clear(p.spare) // pictures are lent
}

// grip begins what may become a drag.
func (p *Page) grip(key viewer.TileKey, id int, at point, finger bool) {
	if p.given {
		return
	}
	d := &drag{key: key, id: id, start: at, at: at, finger: finger, laid: true, wait: func() {}}
	p.drag = d
	if finger {
		d.wait = p.after(liftAfter, func() {
			if p.drag == d && !d.lifted {
				p.lift(d)
			}
		})
	}
}

// lift takes the tile up.
func (p *Page) lift(d *drag) {
	t := p.tiles[d.key]
	if t == nil || len(p.order) < 2 {
		return
	}
	d.lifted, p.moved = true, true
	d.before = slices.Clone(p.chosen.Keys())
	d.grab = d.start.minus(point{p.window.x + t.box.x, p.window.y + t.box.y})
	t.attr.set("data-lifted", "true")
	// The tile changes its place in the document, which would end the pointer's events.
	_ = promise.Try(func() { p.holder.Call("setPointerCapture", d.id) })
	if navigator := js.Global().Get("navigator"); d.finger && navigator.Get("vibrate").Truthy() {
		navigator.Call("vibrate", 12)
	}
}

// carry follows the pointer, and lets the others make room.
func (p *Page) carry(at point) {
	d := p.drag
	d.at = at
	switch gone := at.minus(d.start).length(); {
	case !d.lifted && d.finger && gone > slipBeyond:
		p.endDrag()
		return
	case !d.lifted && !d.finger && gone > liftBeyond:
		p.lift(d)
	}
	if !d.lifted {
		return
	}
	p.moved = true
	if p.full != nil || !d.laid {
		return
	}
	in := at.minus(point{p.window.x, p.window.y})
	for i, key := range p.order {
		b := p.tiles[key].cell
		if key != d.key && in.x >= b.x && in.x < b.x+b.width && in.y >= b.y && in.y < b.y+b.height {
			p.chosen.Move(p.order, d.key, i)
			d.laid = false
			return
		}
	}
}

// drop ends a drag where it is.
func (p *Page) drop() {
	d := p.drag
	p.endDrag()
	if d.lifted {
		p.swallow = true // the click that follows
		keepOrder(&p.chosen)
		p.tellPlace(d.key)
	}
}

// undrag ends a drag as if it had not been.
func (p *Page) undrag() {
	d := p.drag
	p.endDrag()
	if d.lifted {
		p.swallow = true
		p.chosen = layout.NewOrder(d.before)
	}
}

func (p *Page) endDrag() {
	p.drag.wait()
	if t := p.tiles[p.drag.key]; t != nil {
		t.attr.set("data-lifted", "")
	}
	p.drag, p.moved = nil, true
}

// carried returns where a lifted tile is to be seen, whatever its place in the grid.
func (p *Page) carried(key viewer.TileKey, b box) (box, bool) {
	d := p.drag
	if d == nil || !d.lifted || d.key != key {
		return b, false
	}
	b.x = min(max(d.at.x-d.grab.x-p.window.x, 0), max(p.window.width-b.width, 0))
	b.y = min(max(d.at.y-d.grab.y-p.window.y, 0), max(p.window.height-b.height, 0))
	return b, true
}

// watchOrder lets keys move tiles.
func (p *Page) watchOrder() {
	p.Handle(shortcut.Carry, func(press shortcut.Press) bool {
		if p.full != nil {
			return p.stepInset(float64(press.DX), float64(press.DY))
		}
		return p.shift(float64(press.DX), float64(press.DY))
	})
	p.Handle(shortcut.Back, func(shortcut.Press) bool {
		lifted := p.drag != nil && p.drag.lifted
		if lifted {
			p.undrag()
		}
		return lifted
	})
}

// shift moves the focused tile to the place of its neighbour in a direction.
func (p *Page) shift(dx, dy float64) bool {
	from := p.focusedTile()
	if from == nil || p.given {
		return false
	}
	arranged := p.chosen.Arrange(p.order)
	to := slices.Index(arranged, from.key) + int(dx+dy) // at the end of a row it goes on in the next
	if next := p.neighbour(dx, dy); next != nil && dy != 0 {
		to = slices.Index(arranged, next.key)
	}
	if p.chosen.Move(p.order, from.key, to) {
		p.moved = true
		keepOrder(&p.chosen)
		p.tellPlace(from.key)
	}
	return true
}

// tellPlace has the tile's new place read aloud.
func (p *Page) tellPlace(key viewer.TileKey) {
	arranged := p.chosen.Arrange(p.order)
	if t := p.tiles[key]; t != nil {
		p.boot.Say(words.Sayf("%s, place %d of %d", t.labels.name.now, slices.Index(arranged, key)+1, len(arranged)))
	}
}
