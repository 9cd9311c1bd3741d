//go:build js

package page

import (
	"slices"
	"strings"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/viewer"
)

// forget empties the browser's storage before a test and after it.
func forget(t *testing.T) {
	clear := func() { js.Global().Get("localStorage").Call("clear") }
	clear()
	t.Cleanup(clear)
}

// cameras returns the tiles' cameras, in the document's order.
func (f *fixture) cameras() string {
	var names []string
	for _, b := range f.buttons() {
		names = append(names, strings.TrimPrefix(b.Call("querySelector", ".name").Get("textContent").String(), "camera "))
	}
	return strings.Join(names, "")
}

// point sends a pointer event to a tile's button.
func (f *fixture) point(target js.Value, kind, device string, x, y float64, more map[string]any) {
	init := map[string]any{
		"bubbles": true, "cancelable": true, "pointerId": 1, "isPrimary": true, "pointerType": device, "clientX": x, "clientY": y, "button": 0, "buttons": 1,
	}
	for name, v := range more {
		init[name] = v
	}
	target.Call("dispatchEvent", js.Global().Get("PointerEvent").New(kind, init))
}

func middleOf(button js.Value) (x, y float64) {
	r := button.Call("getBoundingClientRect")
	return r.Get("left").Float() + r.Get("width").Float()/2, r.Get("top").Float() + r.Get("height").Float()/2
}

func TestDragMovesATile(t *testing.T) {
	forget(t)
	f := newFixture(t)
	fresh := func() []viewer.Tile { return someTiles(4) }
	f.show(fresh())
	first, third := f.buttons()[0], f.buttons()[2]
	x0, y0 := middleOf(first)
	x2, y2 := middleOf(third)
	f.point(first, "pointerdown", "mouse", x0, y0, nil)
	f.point(first, "pointermove", "mouse", x0+2, y0, nil)
	f.point(first, "pointermove", "mouse", x0+20, y0+20, nil)
	placed := f.show(fresh())
	if !placed[0].Over || f.cameras() != "ABCD" {
		t.Fatalf("lifted: over %v, order %s", placed[0].Over, f.cameras())
	}
	f.point(first, "pointermove", "mouse", x2, y2, nil)
	f.point(first, "pointermove", "mouse", x2+1, y2, nil) // before the tiles are laid anew
	f.show(fresh())
	if f.cameras() != "BCAD" {
		t.Fatalf("over the third: %s", f.cameras())
	}
	f.point(first, "pointerup", "mouse", x2, y2, nil)
	f.point(first, "click", "mouse", x2, y2, map[string]any{"detail": 1})
	if placed = f.show(fresh()); len(placed) != 4 || placed[2].Over || f.cameras() != "BCAD" {
		t.Fatalf("dropped: %d tiles, %s", len(placed), f.cameras())
	}
	if !strings.Contains(f.said, "camera A") || !strings.Contains(f.said, "3") {
		t.Errorf("read aloud: %q", f.said)
	}

	// It is kept, also for a page in which a home comes late and a camera is new.
	f.Close()
	g := newFixture(t)
	g.show(someTiles(2))
	if g.cameras() != "BA" {
		t.Errorf("two of them, in another page: %s", g.cameras())
	}
	g.show(someTiles(5))
	if g.cameras() != "BCADE" {
		t.Errorf("and then: %s", g.cameras())
	}
}

func TestEscapeCallsADragOff(t *testing.T) {
	forget(t)
	f := newFixture(t)
	f.show(someTiles(3))
	first, second := f.buttons()[0], f.buttons()[1]
	x, y := middleOf(first)
	f.point(first, "pointerdown", "mouse", x, y, nil)
	x, y = middleOf(second)
	f.point(first, "pointermove", "mouse", x, y, nil)
	f.show(someTiles(3))
	f.point(first, "pointermove", "mouse", x, y, nil)
	f.show(someTiles(3))
	if f.cameras() != "BAC" {
		t.Fatalf("while it is carried: %s", f.cameras())
	}
	f.press("Escape")
	f.show(someTiles(3))
	if f.cameras() != "ABC" || js.Global().Get("localStorage").Get("length").Int() != 0 {
		t.Errorf("after Escape: %s", f.cameras())
	}
}

// A finger must rest before it lifts a tile; one that slips means something else.
func TestFingersLiftByResting(t *testing.T) {
	forget(t)
	f := newFixture(t)
	f.show(someTiles(3))
	first := f.buttons()[0]
	x, y := middleOf(first)
	f.point(first, "pointerdown", "touch", x, y, nil)
	f.point(first, "pointermove", "touch", x+40, y, nil)
	if f.drag != nil {
		t.Error("a finger that slips carries the tile")
	}
	f.point(first, "pointerup", "touch", x+40, y, nil)
	f.point(first, "pointerdown", "touch", x, y, nil)
	f.lift(f.drag) // as its timer does
	if placed := f.show(someTiles(3)); !placed[0].Over {
		t.Error("a finger that rests does not lift the tile")
	}
	f.point(first, "pointercancel", "touch", x, y, nil)
	if placed := f.show(someTiles(3)); placed[0].Over || f.drag != nil {
		t.Error("it stays lifted though the browser took the finger away")
	}
}

func TestKeysMoveATile(t *testing.T) {
	forget(t)
	f := newFixture(t)
	f.show(someTiles(4)) // two rows of two
	carry := func(key string) string {
		f.pressAt(f.document.Get("activeElement"), key, map[string]any{"shiftKey": true})
		f.show(someTiles(4))
		return f.cameras()
	}
	if got := carry("ArrowRight"); got != "ABCD" {
		t.Errorf("without a focus: %s", got)
	}
	f.buttons()[0].Call("focus")
	for _, c := range []struct{ key, want string }{
		{"ArrowRight", "BACD"}, {"ArrowDown", "BCDA"}, {"ArrowDown", "BCDA"}, {"ArrowLeft", "BCAD"}, {"ArrowLeft", "BACD"}, {"ArrowLeft", "ABCD"}, {"ArrowLeft", "ABCD"},
	} {
		if got := carry(c.key); got != c.want {
			t.Errorf("after %s: %s, want %s", c.key, got, c.want)
		}
	}
	if f.focused() != someTiles(4)[0].Key.Camera.String() {
		t.Error("the tile lost the focus")
	}
}

// What is kept may be anything, or nothing may be kept at all.
func TestStorageMayBeBad(t *testing.T) {
	forget(t)
	storage := js.Global().Get("localStorage")
	for _, text := range []string{"", "{", "null", `[{"home":"x","camera":"y"}]`, `{"corner":77}`, `[1,2]`} {
		storage.Call("setItem", keptOrder, text)
		storage.Call("setItem", keptInset, text)
		f := newFixture(t)
		f.show(someTiles(3))
		if f.cameras() != "ABC" || !f.inset.corner.Valid() {
			t.Errorf("%q: %s", text, f.cameras())
		}
		f.Close()
	}
	prototype := js.Global().Get("Storage").Get("prototype")
	set := prototype.Get("setItem")
	full := js.Global().Get("Function").New(`throw new DOMException("full", "QuotaExceededError")`)
	prototype.Set("setItem", full)
	defer prototype.Set("setItem", set)
	f := newFixture(t)
	f.show(someTiles(3))
	f.buttons()[0].Call("focus")
	f.pressAt(f.buttons()[0], "ArrowRight", map[string]any{"shiftKey": true})
	f.show(someTiles(3))
	if f.cameras() != "BAC" {
		t.Errorf("with a full storage: %s", f.cameras())
	}
}

// The snapshot's own order does not matter once there is another.
func TestArrangeKeepsAllTiles(t *testing.T) {
	forget(t)
	f := newFixture(t)
	tiles := someTiles(6)
	f.chosen.Move([]viewer.TileKey{tiles[0].Key, tiles[5].Key}, tiles[5].Key, 0)
	slices.Reverse(tiles)
	f.show(tiles)
	if got := f.cameras(); len(got) != 6 || got[:2] != "FA" {
		t.Errorf("%s", got)
	}
}
