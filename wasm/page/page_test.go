//go:build js

package page

import (
	"image"
	"slices"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
)

// fixture is the product's own document in a stage of 600 by 400 CSS pixels at the window's corner.
type fixture struct {
	*Page
	t        *testing.T
	document js.Value
	said     string
	sizes    []image.Point
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	domtest.Load(t)
	f := &fixture{t: t, document: js.Global().Get("document")}
	for _, name := range []string{"data-full", "data-tools"} { // of the test before
		f.document.Get("body").Call("removeAttribute", name)
	}
	style := f.byID("stage").Get("style")
	style.Set("cssText", "position:fixed; inset:0 auto auto 0; width:600px; height:400px")
	say := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f.said = args[0].String()
		return nil
	})
	js.Global().Set("sealcam", map[string]any{"boot": map[string]any{"say": say}})
	f.Page = New(NewBoot(), func(width, height int) { f.sizes = append(f.sizes, image.Pt(width, height)) })
	t.Cleanup(func() {
		f.Close()
		say.Release()
	})
	return f
}

func (f *fixture) byID(id string) js.Value { return f.document.Call("getElementById", id) }

func (f *fixture) buttons() (all []js.Value) {
	list := f.document.Call("querySelectorAll", "[data-tile]")
	for i := range list.Length() {
		all = append(all, list.Index(i))
	}
	return all
}

// show lays and labels, as the screen does each frame.
func (f *fixture) show(tiles []viewer.Tile) []Placed {
	f.t.Helper()
	placed := f.Lay(tiles)
	f.Label(placed, nil, nil, true, time.Now())
	return placed
}

func (f *fixture) press(key string) {
	f.document.Call("dispatchEvent", js.Global().Get("KeyboardEvent").New("keydown", map[string]any{"key": key, "bubbles": true}))
}

func (f *fixture) focused() string {
	return f.document.Get("activeElement").Call("getAttribute", "data-camera").String()
}

func someTiles(n int) []viewer.Tile {
	tiles := make([]viewer.Tile, n)
	for i := range tiles {
		tiles[i].Key.Camera[0] = byte(i + 1)
		tiles[i].Name = "camera " + string(rune('A'+i))
	}
	return tiles
}

func TestTilesCoverTheStage(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(4)
	placed := f.show(tiles)
	if len(placed) != 4 || len(f.buttons()) != 4 {
		t.Fatalf("%d placed, %d buttons, want 4", len(placed), len(f.buttons()))
	}
	ratio := js.Global().Get("devicePixelRatio").Float()
	for i, p := range placed {
		if p.Box.Empty() || !p.Box.In(image.Rectangle{Max: f.canvas}) {
			t.Errorf("tile %d lies at %v on a canvas of %v", i, p.Box, f.canvas)
		}
		rect := f.buttons()[i].Call("getBoundingClientRect")
		if x := rect.Get("left").Float() * ratio; x < float64(p.Box.Min.X)-0.51 || x > float64(p.Box.Min.X)+0.51 {
			t.Errorf("tile %d: its button is at %v, its picture at %v", i, x, p.Box.Min.X)
		}
		for _, q := range placed[:i] {
			if p.Box.Overlaps(q.Box) {
				t.Errorf("%v overlaps %v", p.Box, q.Box)
			}
		}
		if got := f.buttons()[i].Get("dataset").Get("camera").String(); got != tiles[i].Key.Camera.String() {
			t.Errorf("button %d is of camera %s", i, got)
		}
	}
}

func TestTilesComeAndGo(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(3)
	f.show(tiles)
	second := f.buttons()[1]
	second.Call("focus")
	f.show([]viewer.Tile{tiles[1], tiles[2], tiles[0]})
	f.show([]viewer.Tile{tiles[1], tiles[0]})
	got := f.buttons()
	if len(got) != 2 || !got[0].Equal(second) {
		t.Fatalf("%d buttons, or another in the place of the one that stayed", len(got))
	}
	if got[1].Get("dataset").Get("camera").String() != tiles[0].Key.Camera.String() {
		t.Error("the order is not the snapshot's")
	}
	f.show(nil)
	if n := len(f.buttons()); n != 0 {
		t.Errorf("%d buttons left", n)
	}
}

func TestFullSize(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(4)
	f.show(tiles)
	f.Moved()
	f.buttons()[2].Call("click")
	if !f.Moved() {
		t.Fatal("a click moved nothing")
	}
	placed := f.show(tiles)
	if len(placed) != 1 || placed[0].Tile.Key != tiles[2].Key || placed[0].Box.Size() != f.canvas {
		t.Fatalf("placed %d tiles, the first in %v", len(placed), placed[0].Box)
	}
	if w := Wishes(placed); len(w) != 1 || w[0].Stream != seal.Main || w[0].Area != uint32(f.canvas.X*f.canvas.Y) || w[0].Hidden {
		t.Errorf("wishes %+v, want the main stream of one camera", w)
	}
	f.press("ArrowRight")
	if placed = f.show(tiles); placed[0].Tile.Key != tiles[3].Key {
		t.Error("the right arrow does not lead to the next camera")
	}
	f.press("ArrowRight")
	if placed = f.show(tiles); placed[0].Tile.Key != tiles[0].Key {
		t.Error("after the last camera the first does not follow")
	}
	f.press("Escape")
	if placed = f.show(tiles); len(placed) != 4 {
		t.Errorf("after Escape %d tiles are placed", len(placed))
	}
	if f.focused() != tiles[0].Key.Camera.String() {
		t.Errorf("after Escape the focus is on %q", f.focused())
	}
	for i, w := range Wishes(placed) {
		if size := placed[i].Box.Size(); w.Stream != seal.Sub || w.Area != uint32(size.X*size.Y) || w.Hidden {
			t.Errorf("a tile of %v in the grid wishes %+v", size, w)
		}
	}
	placed[0].Box = image.Rectangle{}
	if w := Wishes(placed)[0]; !w.Hidden {
		t.Errorf("a tile without room wishes %+v", w)
	}
}

func TestFullCameraGoes(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(2)
	f.show(tiles)
	f.buttons()[1].Call("click")
	f.show(tiles)
	if placed := f.show(tiles[:1]); len(placed) != 1 || placed[0].Full {
		t.Error("the grid did not come back when the camera in full size went")
	}
}

func TestArrowsMoveTheFocus(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(4) // two rows of two
	f.show(tiles)
	id := func(i int) string { return tiles[i].Key.Camera.String() }
	for _, step := range []struct {
		key  string
		want int
	}{{"ArrowRight", 0}, {"ArrowRight", 1}, {"ArrowRight", 1}, {"ArrowDown", 3}, {"ArrowLeft", 2}, {"ArrowUp", 0}, {"ArrowUp", 0}} {
		f.press(step.key)
		if got := f.focused(); got != id(step.want) {
			t.Fatalf("after %s the focus is on %s, want tile %d", step.key, got, step.want)
		}
	}
}

// What is typed in a dialog moves nothing behind it.
func TestDialogKeepsItsKeys(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(4)
	f.show(tiles)
	f.press("ArrowRight")
	before := f.focused()
	f.byID("panel").Call("showModal")
	f.press("ArrowRight")
	f.byID("panel").Call("close")
	if got := f.focused(); got != before {
		t.Errorf("the focus went from tile %s to %s", before, got)
	}
}

func TestLabels(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(1)
	tiles[0].Progress = "Waiting for the key frame"
	f.show(tiles)
	button := f.buttons()[0]
	text := func(selector string) string {
		return button.Call("querySelector", selector).Get("textContent").String()
	}
	data := func(name string) string { return button.Get("dataset").Get(name).String() }
	if data("state") != "waiting" || text(".reason") != "Waiting for the key frame" || text(".name") != "camera A" {
		t.Errorf("waiting: state %q, reason %q, name %q", data("state"), text(".reason"), text(".name"))
	}
	if !button.Call("querySelector", ".way").Get("hidden").Bool() {
		t.Error("a way is shown before any frame came")
	}

	tiles[0].State, tiles[0].Reason, tiles[0].Route = viewer.Blank, viewer.ReasonAgentOffline, control.Relay
	f.said = ""
	f.show(tiles)
	want := viewer.ReasonAgentOffline.Sentence()
	if data("state") != "blank" || data("reason") != "agent-offline" || text(".reason") != want {
		t.Errorf("blank: state %q, reason %q, %q", data("state"), data("reason"), text(".reason"))
	}
	if !strings.Contains(f.said, want) || !strings.Contains(f.said, "camera A") {
		t.Errorf("read aloud: %q", f.said)
	}
	f.said = ""
	f.show(tiles)
	if f.said != "" {
		t.Errorf("read aloud again though nothing changed: %q", f.said)
	}

	// A picture that is merely old says why as well, and for how long no other has come.
	tiles[0].State, tiles[0].Reason, tiles[0].Without = viewer.Stale, viewer.ReasonOffline, 4*time.Second
	f.show(tiles)
	if want := tiles[0].Sentence(); !strings.HasPrefix(want, "No pictures for 4 s") || text(".reason") != want || !strings.Contains(f.said, want) {
		t.Errorf("stale: %q, read aloud %q", text(".reason"), f.said)
	}

	f.Label(f.Lay(tiles), nil, []viewer.TileKey{tiles[0].Key}, true, time.Now())
	if !strings.Contains(text(".reason"), "larger than") {
		t.Errorf("too large: %q", text(".reason"))
	}
}

// Where only stills come the tile says so, and why.
func TestStillsAreNamed(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(1)
	tiles[0].State, tiles[0].Route, tiles[0].Stream, tiles[0].Decoder = viewer.Live, control.Relay, seal.Still, "image"
	for because, want := range map[viewer.Reason]string{
		viewer.ReasonSlow: "too slow for the video", viewer.ReasonUnsupported: "cannot play the video", viewer.ReasonNone: "Stills only.",
	} {
		tiles[0].Lowered = because
		f.show(tiles)
		way := f.buttons()[0].Call("querySelector", ".way")
		if text, title := way.Get("textContent").String(), way.Get("title").String(); !strings.Contains(text, "stills") || !strings.Contains(title, want) {
			t.Errorf("%v: %q, %q", because, text, title)
		}
		if label := f.buttons()[0].Call("getAttribute", "aria-label").String(); !strings.Contains(label, want) {
			t.Errorf("%v: read aloud as %q", because, label)
		}
	}
	tiles[0].Stream, tiles[0].Lowered = seal.Sub, viewer.ReasonNone
	f.show(tiles)
	if way := f.buttons()[0].Call("querySelector", ".way"); strings.Contains(way.Get("textContent").String()+way.Get("title").String(), "tills") {
		t.Error("video is said to be stills")
	}
}

func TestPicturePlaceIsPublished(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(1)
	placed := f.Lay(tiles)
	f.Label(placed, map[viewer.TileKey]image.Rectangle{tiles[0].Key: image.Rect(10, 20, 110, 70)}, nil, true, time.Now())
	f.scale = 2
	f.window.x, f.window.y = 5, 7
	f.Label(placed, map[viewer.TileKey]image.Rectangle{tiles[0].Key: image.Rect(10, 20, 110, 70)}, nil, true, time.Now())
	if got := f.buttons()[0].Get("dataset").Get("picture").String(); got != "10,17,50,25" {
		t.Errorf("data-picture is %q", got)
	}
	f.Label(placed, nil, nil, true, time.Now())
	if f.buttons()[0].Get("dataset").Get("picture").Truthy() {
		t.Error("data-picture stays though no picture is drawn")
	}
}

func TestDeviceName(t *testing.T) {
	if name := DeviceName(); name == "" || len(name) > control.MaxName {
		t.Errorf("%q", name)
	}
}

// Where the caller gives the order, what somebody once chose does not count, and nothing can be carried.
func TestGivenOrder(t *testing.T) {
	f := newFixture(t)
	tiles := someTiles(3)
	f.chosen = layout.NewOrder([]viewer.TileKey{tiles[2].Key, tiles[0].Key, tiles[1].Key})
	first := func() string {
		f.show(slices.Clone(tiles))
		return f.buttons()[0].Get("dataset").Get("camera").String()
	}
	if got := first(); got != tiles[2].Key.Camera.String() {
		t.Errorf("the first tile is %s, not the chosen one", got)
	}
	f.GiveOrder(true)
	if got := first(); got != tiles[0].Key.Camera.String() {
		t.Errorf("the first tile is %s, not the given one", got)
	}
	f.grip(tiles[0].Key, 1, point{}, false)
	if f.drag != nil {
		t.Error("a tile can be carried")
	}
}
