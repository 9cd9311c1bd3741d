//go:build js

package page

import (
	"strings"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/viewer"
)

// Names are what people typed: they are shown as that and nothing else, and reach nowhere out of their tile.
func TestNamesAreText(t *testing.T) {
	names := []string{
		`<b>Porch</b><img src=x onerror="document.title='hit'">&amp;`, "حديقة المنزل الأمامية", "👶🏽🚪 Nursery 👨‍👩‍👧‍👦", strings.Repeat("W", 64), "\u202egnorw",
	}
	f := newFixture(t)
	tiles := someTiles(len(names))
	for i := range tiles {
		tiles[i].Name, tiles[i].State = names[i], viewer.Waiting
	}
	f.show(tiles)
	for i, button := range f.buttons() {
		name := button.Call("querySelector", ".name")
		if got := name.Get("textContent").String(); got != names[i] || name.Get("childElementCount").Int() != 0 {
			t.Errorf("%q is shown as %q, with %d elements in it", names[i], got, name.Get("childElementCount").Int())
		}
		if label := button.Call("getAttribute", "aria-label").String(); !strings.Contains(label, names[i]) {
			t.Errorf("%q is read as %q", names[i], label)
		}
		if name.Get("dir").String() != "auto" || js.Global().Call("getComputedStyle", name).Get("unicodeBidi").String() != "isolate" {
			t.Errorf("%q turns what stands around it", names[i])
		}
		outer, inner := button.Call("getBoundingClientRect"), name.Call("getBoundingClientRect")
		if inner.Get("left").Float() < outer.Get("left").Float() || inner.Get("right").Float() > outer.Get("right").Float() {
			t.Errorf("%q sticks out of its tile", names[i])
		}
	}
	if f.document.Get("title").String() == "hit" {
		t.Error("a name was run")
	}
}
