//go:build js

package page

import (
	"image"
	"math"
	"strconv"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/viewer/words"
)

const (
	// doubleWithin and doubleBeyond tell a double click from two.
	doubleWithin = 280 * time.Millisecond
	doubleBeyond = 30 // CSS pixels
	// doubleBy, keyBy and panBy are the steps of zooming and panning: factors, and a part of the stage.
	doubleBy = 2.5
	keyBy    = 1.25
	panBy    = 0.12
)

// layFull places the tile that fills the window, and the inset over it.
func (p *Page) layFull(tiles []viewer.Tile) []Placed {
	p.body.set("data-full", "true")
	inset := p.insetKey()
	placed := make([]Placed, 0, 2)
	var over []Placed
	for i := range tiles {
		t := p.tiles[tiles[i].Key]
		t.noteShape(&tiles[i])
		switch tiles[i].Key {
		case *p.full:
			t.attr.set("data-away", "")
			t.attr.set("data-inset", "")
			t.place(box{width: p.window.width, height: p.window.height})
			t.round(0)
			full := Placed{Tile: &tiles[i], Box: image.Rectangle{Max: p.canvas}, Full: true}
			if picture := tiles[i].Picture; picture != nil {
				p.seen = image.Pt(picture.Width(), picture.Height())
			}
			if p.zoom.In() && p.seen != (image.Point{}) {
				full.Frame = whole(p.zoom.Frame(p.canvasRect(), p.seen.X, p.seen.Y))
			}
			placed = append(placed, full)
		case inset:
			over = append(over, p.layInset(t, &tiles[i]))
		default:
			t.attr.set("data-away", "true")
			t.picture(image.Rectangle{}, 0, box{})
		}
	}
	p.showBadge()
	p.showInset()
	return append(placed, over...)
}

// whole rounds to whole pixels.
func whole(r layout.Rect) image.Rectangle {
	n := func(v float64) int { return int(math.Round(v)) }
	return image.Rect(n(r.X), n(r.Y), n(r.X+r.W), n(r.Y+r.H))
}

func (p *Page) canvasRect() layout.Rect {
	return layout.Rect{W: float64(p.canvas.X), H: float64(p.canvas.Y)}
}

// onCanvas turns a point of the window into one of the canvas.
func (p *Page) onCanvas(at point) (x, y float64) {
	return (at.x - p.window.x) * p.scale, (at.y - p.window.y) * p.scale
}

// zoomBy zooms at a point of the window.
func (p *Page) zoomBy(factor float64, at point) {
	if p.full == nil || p.seen == (image.Point{}) {
		return
	}
	x, y := p.onCanvas(at)
	p.setZoom(p.zoom.By(factor, p.canvasRect(), p.seen.X, p.seen.Y, x, y))
}

// zoomMiddle zooms at the window's middle, for keys and buttons.
func (p *Page) zoomMiddle(factor float64) {
	p.zoomBy(factor, point{p.window.x + p.window.width/2, p.window.y + p.window.height/2})
}

// pan moves the picture by CSS pixels.
func (p *Page) pan(by point) {
	if p.full != nil && p.seen != (image.Point{}) {
		p.setZoom(p.zoom.Pan(by.x*p.scale, by.y*p.scale, p.canvasRect(), p.seen.X, p.seen.Y))
	}
}

func (p *Page) setZoom(z layout.Zoom) {
	if z == p.zoom {
		return
	}
	p.zoom, p.moved = z, true
	zoomed := ""
	if z.In() {
		zoomed = "true"
	}
	p.body.set("data-zoomed", zoomed)
}

// times writes a scale, such as 2.5×.
func times(scale float64) string { return strconv.FormatFloat(scale, 'f', 1, 64) + "×" }

// clicks notes a click of a pointer, and reports whether it makes a double click with the one before.
func (p *Page) clicks(at point) (double bool) {
	now := time.Now()
	double = now.Sub(p.clicked) < doubleWithin && at.minus(p.clickedAt).length() < doubleBeyond
	p.clicked, p.clickedAt = now, at
	if double {
		p.clicked = time.Time{}
	}
	return double
}

// watchZoom makes keys, buttons and the badge zoom.
func (p *Page) watchZoom() {
	p.badge = attributes{node: p.document.Call("getElementById", "zoom-badge"), now: map[string]string{"hidden": "hidden"}}
	p.scaleText.node = p.badge.node.Call("querySelector", "span")
	p.onClick("zoom-badge", func() { p.setZoom(layout.Zoom{}) })
	zoom := func(action shortcut.Action, factor float64) {
		p.onTool(action, func(viewer.TileKey) { p.zoomMiddle(factor * factor) })
		p.Handle(action, func(shortcut.Press) bool {
			p.zoomMiddle(factor)
			return p.full != nil
		})
	}
	zoom(shortcut.ZoomIn, keyBy)
	zoom(shortcut.ZoomOut, 1/keyBy)
	whole := func(shortcut.Press) bool {
		zoomed := p.zoom.In()
		p.setZoom(layout.Zoom{})
		return zoomed
	}
	p.Handle(shortcut.ZoomReset, whole)
	p.Handle(shortcut.Back, whole) // only from the whole picture it leads back to the grid
	p.Handle(shortcut.Move, func(press shortcut.Press) bool {
		if !p.zoom.In() || p.tools.node.Call("contains", p.document.Get("activeElement")).Bool() {
			return false // the arrows are the tool bar's
		}
		p.pan(point{-panBy * p.window.width * float64(press.DX), -panBy * p.window.height * float64(press.DY)})
		return true
	})
}

// showBadge shows how far the picture is zoomed.
func (p *Page) showBadge() {
	if p.full == nil || !p.zoom.In() {
		p.badge.set("hidden", "hidden")
		return
	}
	scale := times(p.zoom.Scale())
	p.scaleText.set(scale)
	p.badge.set("aria-label", words.Sayf("Zoomed %s, show the whole picture", scale))
	p.badge.set("hidden", "")
}
