//go:build js

package diagnostics_test

import (
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/diagnosis"
	"github.com/sealcam/sealcam/wasm/diagnostics"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
)

func TestPanel(t *testing.T) {
	domtest.Load(t)
	d := dialog.New()
	t.Cleanup(d.Release)
	asked := 0
	p := &diagnostics.Panel{
		Dialog: d, Owner: func(viewer.TileKey) string { return "" },
		Facts: func() diagnosis.Facts {
			asked++
			f := diagnostics.Browser(diagnostics.Renderer(), time.Now())
			f.Client = "0a1b2c3d4e5f"
			return f
		},
	}
	tiles := make([]viewer.Tile, 2)
	for i := range tiles {
		tiles[i].Key.Camera[0] = byte(i + 1)
		tiles[i].Name = []string{"First", "<b>Second</b>"}[i]
	}
	look := func() { d.Do(func() { p.Look(&viewer.Snapshot{Tiles: tiles}, time.Now()) }) }
	look()
	if asked != 0 {
		t.Error("it costs something while it is closed")
	}
	d.Do(func() { p.Open(tiles[1].Key) })
	look()
	look()
	if asked != 1 {
		t.Errorf("written %d times within a second", asked)
	}
	titles := dom.ByID("panel").All("h3")
	if len(titles) != 3 || titles[0].Get("textContent").String() != "<b>Second</b>" || titles[1].Get("textContent").String() != "First" {
		t.Errorf("%d sections", len(titles))
	}
	text := dom.ByID("panel").Get("textContent").String()
	for _, want := range []string{"0a1b2c3d4e5f", "Chrome ", "waiting"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %q", want, text)
		}
	}

	// Without a clipboard the report stands in a field.
	define := js.Global().Get("Object").Get("defineProperty")
	define.Invoke(js.Global().Get("navigator"), "clipboard", map[string]any{"value": js.Undefined(), "configurable": true})
	defer js.Global().Get("navigator").Delete("clipboard")
	dom.ByID("panel").Find(`[data-action="copy"]`).Call("click")
	domtest.WaitFor(t, "the report is in the field", func() bool {
		return strings.Contains(dom.ByID("panel").Find("textarea").Content(), "Client: 0a1b2c3d4e5f")
	})
	if strings.Contains(dom.ByID("panel").Find("textarea").Content(), "First") {
		t.Error("a camera's name is in the report")
	}
	d.Do(d.Close)
	look()
	if d.Do(func() {
		if p.Shown() {
			t.Error("shown after it was closed")
		}
	}); asked != 1 {
		t.Error("it looks though it was closed")
	}
}
