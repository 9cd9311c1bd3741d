//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/test/browser"
)

// The order that somebody gave the cameras stays, zooming shows the part that was meant, and a second camera in the corner is the right
// one: on a phone and on a small display.
func TestStage(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	var cameras []camera.Camera
	for _, number := range []int{3, 6, 7} {
		c, _ := rtspCamera(t, number, clock, nil)
		cameras = append(cameras, c)
	}
	h := startAgent(t, n.address, nil, clock, cameras...)
	b := browser.Start(t)
	p := claim(t, b, h, len(cameras), "", browser.Viewport(390, 844))
	press(p, `[data-action="later"]`)
	quiet := func() { browser.Eval[any](p, `document.getElementById("notice").style.display = "none"`) } // it would cover what is looked at
	quiet()

	wantOrder(t, p, "367")
	dragTile(p, 0, 2)
	wantOrder(t, p, "673")
	wantBarcodes(t, p)
	p.Screenshot("phone-grid")
	p.Reload()
	p.WaitTiles(len(cameras), patience, browser.In(browser.Live))
	quiet()
	wantOrder(t, p, "673")
	lookClosely(t, p, "phone", 2) // the whole strip has room at this scale

	p.Resize(1280, 800)
	p.WaitTiles(len(cameras), patience, browser.In(browser.Live))
	wantBarcodes(t, p)
	p.Screenshot("display-grid")
	browser.Eval[any](p, `document.querySelector("[data-tile]").focus()`)
	browser.Eval[any](p, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true, bubbles: true }))`)
	wantOrder(t, p, "763")
	lookClosely(t, p, "display", 2)

	p.Resize(330, 300)
	h.stop()
	p.WaitTiles(len(cameras), patience, browser.In(browser.Blank))
	p.Screenshot("small-blank")
	if faults := browser.Eval[[]string](p, smallFaults); len(faults) > 0 {
		t.Errorf("in small tiles %q", faults)
	}
	noExceptions(t, p)
}

// smallFaults lists labels of small tiles that overlap, are cut, or lack what a larger tile says.
const smallFaults = `[...document.querySelectorAll("[data-tile]")].flatMap((tile) => {
	const rect = (selector) => tile.querySelector(selector).getBoundingClientRect();
	const overlap = (a, b) => a.width > 0 && b.width > 0 && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
	const faults = [];
	for (const [a, b] of [[".clock", ".ago"], [".clock", ".age"], [".brief", ".name"], [".brief", ".badge"], [".brief", ".ago"]]) {
		if (overlap(rect(a), rect(b))) faults.push(a + " and " + b + " overlap");
	}
	const brief = tile.querySelector(".brief");
	if (!brief.textContent || brief.getBoundingClientRect().width === 0) faults.push("no reason in few words");
	if (brief.scrollWidth > brief.clientWidth + 1) faults.push("the reason is cut");
	if (tile.title.length < 40 || !tile.getAttribute("aria-label").includes(tile.title.slice(-30))) faults.push("the whole reason is nowhere: " + tile.title);
	return faults;
})`

// lookClosely opens the first camera, zooms into the corner with its barcode, and puts another into the corner of the window.
func lookClosely(t *testing.T, p *browser.Page, size string, scale float64) {
	t.Helper()
	browser.Eval[any](p, `document.querySelector("[data-tile]").focus()`)
	p.Press(kb.Enter)
	p.WaitFor(`document.body.dataset.full && document.querySelector("[data-away]")`, patience)
	p.WaitTile(fullCamera(p), patience, browser.In(browser.Live))
	whole := fullPicture(p)
	browser.Eval[any](p, fmt.Sprintf(`document.querySelector("[data-tile]:not([data-away])").dispatchEvent(new WheelEvent("wheel",
		{ deltaY: -Math.log(%g) / 0.0016, clientX: %g, clientY: %g, bubbles: true, cancelable: true }))`, scale, whole.X, whole.Y))
	p.WaitFor(`document.body.dataset.zoomed && !document.getElementById("zoom-badge").hidden`, patience)
	wantBarcodes(t, p)
	zoomed := fullPicture(p)
	if zoomed.X < -1 || zoomed.X > 1 || zoomed.Width < whole.Width*scale-3 || zoomed.Width > whole.Width*scale+3 {
		t.Errorf("%s: zoomed from %+v to %+v", size, whole, zoomed)
	}
	p.Screenshot(size + "-zoomed")
	p.Press("0")
	p.WaitFor(`!document.body.dataset.zoomed`, patience)

	if inset := `document.querySelectorAll("[data-inset]").length`; browser.Eval[int](p, inset) == 0 {
		p.Press("p")
		p.Press(kb.ArrowDown)
		p.Screenshot(size + "-menu")
		p.Press(kb.Enter)
		p.WaitFor(inset+" === 1", patience)
	} // else it was kept
	p.WaitFor(`[...document.querySelectorAll("[data-tile]:not([data-away])")].filter((tile) => tile.dataset.picture).length === 2`, patience)
	wantBarcodes(t, p)
	p.Screenshot(size + "-inset")
	before := fullCamera(p)
	p.Click("[data-inset]")
	p.WaitFor(fmt.Sprintf(`document.querySelector("[data-inset]")?.dataset.camera === %q`, before), patience)
	wantBarcodes(t, p)
	p.Press(kb.Escape)
	p.WaitTiles(3, patience, browser.In(browser.Live))
}

// number is the camera's own, which stands at the end of its name.
func number(t *testing.T, tile browser.Tile) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscanf(strings.TrimPrefix(tile.Text, cameraName), "%d", &n); err != nil {
		t.Fatalf("tile %q: %v", tile.Text, err)
	}
	return n
}

func wantOrder(t *testing.T, p *browser.Page, want string) {
	t.Helper()
	p.WaitFor(fmt.Sprintf(`[...document.querySelectorAll("[data-tile] .name")].map((name) => name.textContent.slice(-1)).join("") === %q`, want), patience)
}

// wantBarcodes reads several pictures of each tile that is seen, and checks that they are its camera's.
func wantBarcodes(t *testing.T, p *browser.Page) {
	t.Helper()
	var seen []browser.Tile
	for _, tile := range p.Tiles() {
		if tile.Area.Width > 0 {
			seen = append(seen, tile)
		}
	}
	p.Sample(true)
	samples := p.WaitSamples(patience, func(s []browser.Sample) bool {
		for _, tile := range seen {
			if !browser.Frames(tile.Camera, 4)(s) {
				return false
			}
		}
		return true
	})
	p.Sample(false)
	for _, tile := range seen {
		if err := browser.Check(browser.Of(samples, tile.Camera), browser.Expect{Bits: number(t, tile), Repeat: true}); err != nil {
			t.Errorf("%s: %v", tile.Text, err)
		}
	}
}

const fullTile = `document.querySelector("[data-tile]:not([data-away], [data-inset])")`

func fullCamera(p *browser.Page) string { return browser.Eval[string](p, fullTile+`.dataset.camera`) }

func fullPicture(p *browser.Page) browser.Rect {
	v := browser.Eval[[4]float64](p, fullTile+`.dataset.picture.split(",").map(Number)`)
	return browser.Rect{X: v[0], Y: v[1], Width: v[2], Height: v[3]}
}

// dragTile carries a tile to the place of another, as a mouse does.
func dragTile(p *browser.Page, from, to int) {
	browser.Eval[any](p, fmt.Sprintf(`(async () => {
		const tiles = [...document.querySelectorAll("[data-tile]")];
		const middle = (tile) => { const r = tile.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; };
		const [x0, y0] = middle(tiles[%d]), [x1, y1] = middle(tiles[%d]);
		const send = (kind, x, y) => tiles[%[1]d].dispatchEvent(new PointerEvent(kind,
			{ bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, pointerType: "mouse", button: 0, buttons: 1, clientX: x, clientY: y }));
		send("pointerdown", x0, y0);
		for (let i = 1; i <= 10; i++) {
			send("pointermove", x0 + (x1 - x0) * i / 10, y0 + (y1 - y0) * i / 10);
			await new Promise(requestAnimationFrame);
			await new Promise(requestAnimationFrame);
		}
		send("pointerup", x1, y1);
	})()`, from, to))
}
