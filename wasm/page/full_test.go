//go:build js

package page

import (
	"image"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
)

// enlarged opens the first of n tiles in full size, as if a picture of the stage's shape had been seen there.
func enlarged(t *testing.T, n int) *fixture {
	forget(t)
	f := newFixture(t)
	f.show(someTiles(n))
	f.buttons()[0].Call("click")
	f.show(someTiles(n))
	f.seen = image.Pt(1200, 800)
	return f
}

func (f *fixture) hidden(id string) bool { return f.byID(id).Get("hidden").Bool() }

func TestZoomByWheelKeysAndDoubleClick(t *testing.T) {
	f := enlarged(t, 3)
	button := f.buttons()[0]
	wheel := func(delta, x, y float64) {
		button.Call("dispatchEvent", js.Global().Get("WheelEvent").New("wheel", map[string]any{
			"bubbles": true, "cancelable": true, "deltaY": delta, "clientX": x, "clientY": y,
		}))
	}
	wheel(-500, 0, 0)
	placed := f.show(someTiles(3))
	if got := placed[0]; got.Frame.Min != (image.Point{}) || got.Frame.Dx() <= f.canvas.X*3/2 || got.Box.Size() != f.canvas {
		t.Fatalf("zoomed at the corner, the picture lies at %v on a canvas of %v", got.Frame, f.canvas)
	}
	if f.hidden("zoom-badge") || f.byID("zoom-badge").Get("textContent").String() != "2.2×" {
		t.Errorf("the badge says %q", f.byID("zoom-badge").Get("textContent").String())
	}
	f.press("ArrowRight") // pans
	if panned := f.show(someTiles(3))[0]; panned.Frame.Min.X >= 0 || panned.Tile.Name != "camera A" {
		t.Errorf("after an arrow it lies at %v", panned.Frame)
	}
	f.press("Escape")
	if placed = f.show(someTiles(3)); len(placed) != 1 || !placed[0].Frame.Empty() || !f.hidden("zoom-badge") {
		t.Error("Escape does not show the whole picture")
	}
	f.press("+")
	f.press("=")
	if scale := f.zoom.Scale(); scale < 1.5 || scale > 1.6 {
		t.Errorf("two keys zoom to %v", scale)
	}
	f.press("-")
	f.press("0")
	if f.zoom.In() {
		t.Error("0 does not show the whole picture")
	}
	click := func(x float64) {
		f.point(button, "click", "mouse", x, 100, map[string]any{"detail": 1})
	}
	click(100)
	click(500)
	if f.zoom.In() {
		t.Error("two clicks apart zoom")
	}
	click(501)
	if f.zoom.Scale() != doubleBy {
		t.Errorf("a double click zooms to %v", f.zoom.Scale())
	}
	f.byID("zoom-badge").Call("click")
	if f.zoom.In() {
		t.Error("the badge does not show the whole picture")
	}
	click(300)
	click(300)
	f.press("Escape")
	f.press("Escape")
	if placed = f.show(someTiles(3)); len(placed) != 3 || f.zoom.In() {
		t.Errorf("after Escape twice %d tiles are placed", len(placed))
	}
}

func TestFingersZoomAndPan(t *testing.T) {
	f := enlarged(t, 2)
	button := f.buttons()[0]
	touch := func(kind string, id int, x, y float64) {
		f.point(button, kind, "touch", x, y, map[string]any{"pointerId": id, "isPrimary": id == 1})
	}
	touch("pointerdown", 1, 200, 200)
	touch("pointerdown", 2, 400, 200)
	touch("pointermove", 1, 100, 200)
	touch("pointermove", 2, 500, 200)
	if scale := f.zoom.Scale(); scale < 1.99 || scale > 2.01 {
		t.Fatalf("two fingers twice as far apart zoom to %v", scale)
	}
	before := f.show(someTiles(2))[0].Frame
	if want := image.Rect(-300, -200, 900, 600); !near(before, want, f.scale) {
		t.Errorf("the picture lies at %v, want %v times %v", before, want, f.scale)
	}
	touch("pointerup", 2, 500, 200)
	touch("pointermove", 1, 130, 180)
	after := f.show(someTiles(2))[0].Frame
	if got := after.Min.Sub(before.Min); got != image.Pt(int(30*f.scale), int(-20*f.scale)) {
		t.Errorf("a finger moved the picture by %v", got)
	}
	touch("pointerup", 1, 130, 180)
	f.point(button, "click", "touch", 130, 180, map[string]any{"detail": 1})
	if f.zoom.Scale() < 1.9 || len(f.show(someTiles(2))) != 1 {
		t.Error("the click after a gesture did something")
	}
}

func near(r, want image.Rectangle, scale float64) bool {
	for i, v := range []int{r.Min.X, r.Min.Y, r.Max.X, r.Max.Y} {
		if w := int(float64([]int{want.Min.X, want.Min.Y, want.Max.X, want.Max.Y}[i]) * scale); abs(v-w) > 20 { // the picture stopped at an edge between the two moves
			return false
		}
	}
	return true
}

// A window that is turned, or has no size for a moment, keeps the part of the picture that is seen.
func TestRotationKeepsTheZoom(t *testing.T) {
	f := enlarged(t, 1)
	f.zoomBy(4, point{f.window.x + 450, f.window.y + 100})
	before := f.zoom
	f.canvas, f.window.width, f.window.height = image.Point{}, 0, 0
	if placed := f.show(someTiles(1)); !placed[0].Box.Empty() {
		t.Errorf("without a window the tile lies at %v", placed[0].Box)
	}
	f.press("+")
	f.canvas, f.window.width, f.window.height = image.Pt(400, 600), 400, 600
	placed := f.show(someTiles(1))
	if f.zoom != before || placed[0].Frame.Dx() != 1600 || placed[0].Frame.Min.X > 0 || placed[0].Frame.Max.X < 400 {
		t.Errorf("turned: the picture lies at %v", placed[0].Frame)
	}
}

func TestInset(t *testing.T) {
	f := enlarged(t, 4)
	open := f.ToolButton("inset")
	if open.Get("hidden").Bool() || !f.hidden("inset-menu") {
		t.Fatal("the button is not there, or the menu is open")
	}
	open.Call("click")
	items := f.byID("inset-menu").Call("querySelectorAll", "button")
	if items.Length() != 4 || items.Index(2).Get("textContent").String() != "camera C" || !f.document.Get("activeElement").Equal(items.Index(0)) {
		t.Fatalf("%d items, the third is %q", items.Length(), items.Index(2).Get("textContent").String())
	}
	f.pressAt(items.Index(0), "ArrowUp", nil)
	if !f.document.Get("activeElement").Equal(items.Index(3)) {
		t.Error("the arrows do not go along the menu")
	}
	items.Index(2).Call("click")
	placed := f.show(someTiles(4))
	if len(placed) != 2 || placed[1].Tile.Name != "camera C" || !placed[1].Over || placed[1].Full || !placed[0].Full {
		t.Fatalf("%d tiles are placed", len(placed))
	}
	right := placed[1].Box
	if right.Min.X < f.canvas.X/2 || right.Min.Y+right.Max.Y < f.canvas.Y || f.hidden("inset-close") || !f.hidden("inset-menu") {
		t.Errorf("it lies at %v of %v", right, f.canvas)
	}
	if w := Wishes(placed); w[0].Stream != seal.Main || w[1].Stream != seal.Sub {
		t.Errorf("wishes %+v", w)
	}

	// By keyboard and pointer into other corners.
	third := f.buttons()[2]
	third.Call("focus")
	f.pressAt(third, "ArrowLeft", map[string]any{"shiftKey": true})
	if box := f.show(someTiles(4))[1].Box; box.Max.X > f.canvas.X/2 || box.Min.Y != right.Min.Y {
		t.Errorf("moved left it lies at %v", box)
	}
	x, y := middleOf(third)
	f.point(third, "pointerdown", "mouse", x, y, nil)
	f.point(third, "pointermove", "mouse", x+100, y-100, nil)
	f.show(someTiles(4))
	f.point(third, "pointermove", "mouse", 550, 40, nil)
	f.show(someTiles(4))
	f.point(third, "pointerup", "mouse", 550, 40, nil)
	f.point(third, "click", "mouse", 550, 40, map[string]any{"detail": 1})
	if placed = f.show(someTiles(4)); len(placed) != 2 || placed[1].Box.Min.X != right.Min.X || placed[1].Box.Min.Y >= right.Min.Y || f.cameras() != "ABCD" {
		t.Errorf("dragged up and to the right: %v, %s", placed[1].Box, f.cameras())
	}
	if f.inset.corner != layout.TopRight {
		t.Errorf("corner %d", f.inset.corner)
	}

	// A click swaps the two, which lasts.
	f.point(third, "click", "mouse", 550, 40, map[string]any{"detail": 1})
	placed = f.show(someTiles(4))
	if len(placed) != 2 || placed[0].Tile.Name != "camera C" || placed[1].Tile.Name != "camera A" {
		t.Fatalf("swapped: %s", placed[0].Tile.Name)
	}
	f.Close()
	g := newFixture(t)
	g.show(someTiles(4))
	g.buttons()[1].Call("click")
	placed = g.show(someTiles(4))
	if len(placed) != 2 || placed[1].Tile.Name != "camera A" || placed[1].Box.Min.Y >= right.Min.Y {
		t.Fatalf("in another page %d tiles are placed", len(placed))
	}
	g.press("ArrowLeft") // to the camera that is in the corner
	if placed = g.show(someTiles(4)); len(placed) != 1 || placed[0].Tile.Name != "camera A" || !g.hidden("inset-close") {
		t.Error("a camera is shown over itself")
	}
	g.press("ArrowRight")
	g.show(someTiles(4))
	g.byID("inset-close").Call("click")
	if placed = g.show(someTiles(4)); len(placed) != 1 {
		t.Error("the inset is not closed")
	}
}

// Its camera may go while it is shown, and the grid may come back by itself.
func TestInsetCameraGoes(t *testing.T) {
	f := enlarged(t, 3)
	f.setInset(someTiles(3)[2].Key)
	f.show(someTiles(3))
	if placed := f.show(someTiles(2)); len(placed) != 1 || !f.hidden("inset-close") {
		t.Error("an inset is placed without a camera")
	}
	if placed := f.show(someTiles(3)); len(placed) != 2 {
		t.Error("it does not come back with its camera")
	}
	if placed := f.show(someTiles(3)[1:]); len(placed) != 2 || placed[0].Over || placed[1].Over {
		t.Error("the grid does not come when the camera in full size goes")
	}
	for _, b := range f.buttons() {
		if b.Get("dataset").Get("inset").Truthy() {
			t.Error("a tile of the grid looks like an inset")
		}
	}
	if f.isInset(viewer.TileKey{}) {
		t.Error("no camera is the inset")
	}
}
