//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/program"
)

// Where the browser keeps nothing at all, no link is used up, and each page says what to do.
func TestStorageBlocked(t *testing.T) {
	n := startServer(t, nil)
	h := startLasting(t, n.address, t.TempDir(), nil, 3)
	link := h.link(t)
	b := browser.Start(t)
	blocked := browser.WithoutStorage("localStorage", "sessionStorage", "indexedDB")
	p := b.NewPage(blocked)
	p.Open(link)
	p.WaitText("This window keeps nothing", patience)
	p.WaitText("allow this site to store data", patience)
	p.WaitFor(`document.getElementById("sheet-action").textContent === "Try again"`, patience)
	p.Screenshot("viewer")
	noExceptions(t, p)
	for _, fragment := range []string{"#kiosk", "#display", "#recover"} {
		other := b.NewPage(blocked)
		other.Open(n.address + fragment)
		other.WaitText("This window keeps nothing", patience)
		noExceptions(t, other)
	}
	camera := b.NewPage(blocked)
	camera.Open(n.address + "#camera")
	camera.WaitText("This browser does not let the page keep anything", patience)
	camera.Screenshot("camera")
	noExceptions(t, camera)

	again := b.NewPage()
	again.Open(link)
	again.WaitTiles(1, patience, browser.In(browser.Live))
}

// A page that may keep keys, but no settings, shows the cameras; what it cannot keep it says, and does for as long as it is open.
func TestSettingsBlocked(t *testing.T) {
	n := startServer(t, nil)
	h := startLasting(t, n.address, t.TempDir(), nil, 3)
	p := own(t, browser.Start(t), h, 1, browser.WithoutStorage("localStorage", "sessionStorage"), browser.Viewport(800, 500))
	keepsNoSettings(t, p)
	p.Reload()
	p.WaitTiles(1, patience, browser.In(browser.Live))
	noExceptions(t, p)
}

// So does one whose stores are full to the last letter.
func TestSettingsFull(t *testing.T) {
	n := startServer(t, nil)
	h := startLasting(t, n.address, t.TempDir(), nil, 3)
	p := own(t, browser.Start(t), h, 1, browser.FullStorage(), browser.Viewport(800, 500))
	keepsNoSettings(t, p)
	p.Reload()
	p.WaitTiles(1, patience, browser.In(browser.Live))
	noExceptions(t, p)
}

// keepsNoSettings changes what is kept beside the keys, and reads that it is not.
func keepsNoSettings(t *testing.T, p *browser.Page) {
	t.Helper()
	p.Press("1")
	p.Press("n")
	p.WaitFor(opened("Name of the camera"), patience)
	write(p, "name", "Attic")
	p.Press(kb.Enter)
	p.WaitFor(`document.getElementById("toast-text").textContent.includes("holds until this page is closed")`, patience)
	p.WaitFor(closedDialog+` && document.querySelector("[data-tile] .name").textContent === "Attic"`, patience)
	p.Screenshot("named")
	p.Press(kb.Escape)
	p.WaitFor(`!document.body.dataset.full`, patience)

	p.Click("#settings-open")
	p.WaitFor(opened("Settings"), patience)
	for name, says := range map[string]string{"appearance": "your choice lasts until you close it", "language": "the language stays as it is"} {
		browser.Eval[bool](p, `(() => {
			const field = document.querySelector("#panel [name=`+name+`][value=light]") ?? document.querySelector("#panel select[name=`+name+`]");
			if (field.type === "radio") field.checked = true; else field.value = "de";
			return field.dispatchEvent(new Event("change", { bubbles: true }));
		})()`)
		p.WaitText(says, patience)
	}
	p.Screenshot("settings")
	if shown := browser.Eval[string](p, `document.documentElement.dataset.appearance`); shown != "light" {
		t.Errorf("the page is %s", shown)
	}
	p.Press(kb.Escape)
	p.WaitFor(closedDialog, patience)
	p.WaitTiles(1, patience, browser.In(browser.Live))
}

// noRoom has the open page's databases take nothing more. The browser's own limit lets some kilobytes through.
const noRoom = `(() => {
	for (const method of ["put", "add"]) {
		IDBObjectStore.prototype[method] = () => { throw new DOMException("there is no room", "QuotaExceededError"); };
	}
	return true;
})()`

// Without room for keys the link is not used up, and a page that had room before shows what it knows and says what it could not keep.
func TestStorageFull(t *testing.T) {
	n := startServer(t, nil)
	first := startLasting(t, n.address, t.TempDir(), nil, 3)
	b := browser.Start(t)

	p := b.NewPage()
	p.LimitStorage(n.address, 1)
	link := first.link(t)
	p.Open(link)
	p.WaitText("This browser has no room left", patience)
	p.WaitText("Free some space", patience)
	p.Screenshot("viewer")
	noExceptions(t, p)
	camera := b.NewPage()
	camera.LimitStorage(n.address, 1)
	camera.Open(n.address + "#camera")
	camera.WaitText("This browser has no room left", patience)
	camera.Screenshot("camera")
	noExceptions(t, camera)

	p = b.NewPage(browser.Viewport(800, 500))
	p.Open(link)
	p.WaitTiles(1, patience, browser.In(browser.Live))
	program.DeclineWords(p)
	browser.Eval[bool](p, noRoom)
	second := startLasting(t, n.address, t.TempDir(), nil, 5)
	p.Open(second.link(t))
	p.WaitTiles(2, patience, browser.In(browser.Live))
	p.WaitText("This browser did not keep the key to your cameras", patience)
	p.Screenshot("second")
	p.Reload()
	for _, tile := range p.WaitTiles(1, patience, browser.In(browser.Live)) {
		if !strings.Contains(tile.Text, cameraName+" 3") {
			t.Errorf("the tile says %q", tile.Text)
		}
	}
	noExceptions(t, p)
}
