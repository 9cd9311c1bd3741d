//go:build js

package page

import (
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/shortcut"
)

// pressAt sends a key to an element, and reports whether the page took it.
func (f *fixture) pressAt(target js.Value, key string, more map[string]any) bool {
	init := map[string]any{"key": key, "bubbles": true, "cancelable": true}
	for name, v := range more {
		init[name] = v
	}
	return !target.Call("dispatchEvent", js.Global().Get("KeyboardEvent").New("keydown", init)).Bool()
}

// make appends an element to the body.
func (f *fixture) make(html string) js.Value {
	body := f.document.Get("body")
	body.Call("insertAdjacentHTML", "beforeend", html)
	return body.Get("lastElementChild")
}

func TestKeysAreHeardOnce(t *testing.T) {
	f := newFixture(t)
	f.show(someTiles(3))
	body := f.document.Get("body")
	var heard []string
	f.Handle(shortcut.Mute, func(shortcut.Press) bool { heard = append(heard, "first"); return true })
	if !f.pressAt(body, "m", nil) || len(heard) != 1 {
		t.Fatalf("heard %v", heard)
	}
	takes := false
	f.Handle(shortcut.Mute, func(shortcut.Press) bool { heard = append(heard, "second"); return takes })
	f.pressAt(body, "M", nil)
	takes = true
	f.pressAt(body, "m", nil)
	if len(heard) != 4 || heard[1] != "second" || heard[2] != "first" || heard[3] != "second" {
		t.Errorf("heard %v", heard)
	}
	for name, more := range map[string]map[string]any{
		"with Control": {"ctrlKey": true}, "with Alt": {"altKey": true}, "with Meta": {"metaKey": true},
		"by an input method": {"isComposing": true}, "held": {"repeat": true},
	} {
		if f.pressAt(body, "m", more) || len(heard) != 4 {
			t.Errorf("%s: heard", name)
		}
	}
	if f.Handled(shortcut.Rename) || f.pressAt(body, "n", nil) {
		t.Error("a key that nobody handles is taken from the browser")
	}
}

func TestKeysLeaveTypingAlone(t *testing.T) {
	f := newFixture(t)
	f.show(someTiles(3))
	heard := 0
	f.Handle(shortcut.Mute, func(shortcut.Press) bool { heard++; return true })
	f.Handle(shortcut.Move, func(shortcut.Press) bool { heard++; return true })
	for _, c := range []struct {
		html, key string
		want      bool
	}{
		{`<input type="text">`, "m", false},
		{`<input type="search">`, "m", false},
		{`<input>`, "ArrowLeft", false},
		{`<textarea></textarea>`, "m", false},
		{`<select><option>m</option></select>`, "m", false},
		{`<p contenteditable="true"></p>`, "m", false},
		{`<input type="range">`, "ArrowLeft", false},
		{`<input type="range">`, "m", true},
		{`<input type="checkbox">`, "m", true},
		{`<button type="button">x</button>`, "m", true},
	} {
		heard = 0
		element := f.make(c.html)
		if took := f.pressAt(element, c.key, nil); took != c.want || (heard == 1) != c.want {
			t.Errorf("%s in %s: taken %v, heard %d times", c.key, c.html, took, heard)
		}
		element.Call("remove")
	}
	heard = 0
	f.byID("screen").Set("hidden", false)
	f.pressAt(f.document.Get("body"), "m", nil)
	f.byID("screen").Set("hidden", true)
	f.document.Get("body").Get("dataset").Set("phase", "boot")
	f.pressAt(f.document.Get("body"), "m", nil)
	if heard != 0 {
		t.Error("keys reach the cameras through what covers them")
	}
	f.show(someTiles(3))
	if f.pressAt(f.document.Get("body"), "m", nil); heard != 1 {
		t.Error("the cameras did not come back")
	}
}

func TestNumbersOpenCameras(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(3)
	f.show(tiles)
	body := f.document.Get("body")
	for _, n := range []int{2, 3, 1} {
		f.pressAt(body, string(rune('0'+n)), nil)
		if placed := f.show(tiles); len(placed) != 1 || placed[0].Tile.Key != tiles[n-1].Key || f.focused() != tiles[n-1].Key.Camera.String() {
			t.Errorf("%d: %d tiles, focus on %s", n, len(placed), f.focused())
		}
	}
	if f.pressAt(body, "9", nil) {
		t.Error("a camera that there is not was opened")
	}
}

func TestTools(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(2)
	f.show(tiles)
	var shot []viewer.TileKey
	f.Tool(shortcut.Snapshot, func(key viewer.TileKey) { shot = append(shot, key) })
	body, tools := f.document.Get("body"), f.byID("tools")
	seen := func() bool { return tools.Get("offsetParent").Truthy() && body.Get("dataset").Get("tools").Truthy() }
	if seen() {
		t.Error("the bar is seen over the grid")
	}
	if f.pressAt(body, "s", nil) || len(shot) != 0 {
		t.Error("a key acted on a camera that nobody chose")
	}
	f.buttons()[1].Call("focus")
	if !f.pressAt(f.buttons()[1], "s", nil) || len(shot) != 1 || shot[0] != tiles[1].Key {
		t.Errorf("the focused camera was not meant: %v", shot)
	}
	f.buttons()[0].Call("click")
	f.show(tiles)
	if !seen() {
		t.Error("the bar is not seen when a camera was opened")
	}
	f.ToolButton(shortcut.Snapshot).Call("click")
	if len(shot) != 2 || shot[1] != tiles[0].Key {
		t.Errorf("the button acted on %v", shot)
	}
	// Down leads into the bar, along it, and up out of it again.
	f.pressAt(f.buttons()[0], "ArrowDown", nil)
	active := func() js.Value { return f.document.Get("activeElement") }
	if !active().Equal(f.ToolButton(shortcut.Back)) {
		t.Errorf("the focus is on %s", active().Get("outerHTML"))
	}
	f.pressAt(active(), "ArrowRight", nil)
	if !active().Equal(f.ToolButton(shortcut.Snapshot)) {
		t.Errorf("the focus is on %s", active().Get("outerHTML"))
	}
	f.pressAt(active(), "ArrowUp", nil)
	if !active().Equal(f.buttons()[0]) {
		t.Errorf("the focus is on %s", active().Get("outerHTML"))
	}
	// A tap hides it and shows it.
	x := 0
	tap := func() {
		x += 100 // two on one spot zoom
		f.buttons()[0].Call("dispatchEvent", js.Global().Get("PointerEvent").New("click", map[string]any{
			"bubbles": true, "detail": 1, "pointerType": "touch", "clientX": x,
		}))
	}
	for i, want := range []bool{false, true, false} {
		if tap(); seen() != want {
			t.Errorf("tap %d: seen %v", i, seen())
		}
	}
	f.ToolButton(shortcut.Back).Call("click")
	if placed := f.show(tiles); len(placed) != 2 || seen() {
		t.Errorf("back: %d tiles", len(placed))
	}
}

func TestToolsGoByThemselves(t *testing.T) {
	f := newFixture(t)
	f.tools.stir()
	f.tools.follow(true, f.tools.until.Add(-1))
	if f.tools.attr.now["data-tools"] == "" {
		t.Error("not seen")
	}
	f.tools.follow(true, f.tools.until)
	if f.tools.attr.now["data-tools"] != "" {
		t.Error("still seen")
	}
}
