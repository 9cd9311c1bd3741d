//go:build e2e

package e2e

import (
	"image"
	"image/draw"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/wasm/scan/reader"
)

// display opens the page of a screen that waits, and returns its code.
func display(t *testing.T, b *browser.Browser, address string, options ...browser.Option) (*browser.Page, string) {
	t.Helper()
	p := b.NewPage(options...)
	p.Open(address)
	p.WaitText("This is a screen", patience)
	p.Click(`#sheet-choices a[href="#display"]`)
	return p, code(t, p)
}

func code(t *testing.T, p *browser.Page) string {
	t.Helper()
	p.WaitFor(`document.getElementById("screen").dataset.state === "offering"`, 2*patience)
	text := browser.Eval[string](p, `document.getElementById("screen-short").textContent`)
	if !regexp.MustCompile(`^[0-9A-Z]{4}-[0-9A-Z]{4}$`).MatchString(text) {
		t.Fatalf("the code is %q", text)
	}
	return text
}

// compare waits for the digits on both pages and checks that they are the same.
func compare(t *testing.T, owner, screen *browser.Page) {
	t.Helper()
	owner.WaitFor(opened("Compare the numbers"), patience)
	screen.WaitFor(`document.getElementById("screen").dataset.state === "comparing"`, patience)
	here := browser.Eval[string](owner, `document.querySelector("#panel .digits").textContent`)
	there := browser.Eval[string](screen, `document.getElementById("screen-digits").textContent`)
	if here != there || !regexp.MustCompile(`^\d{3} \d{3}$`).MatchString(here) {
		t.Fatalf("the owner's page shows %q, the screen %q", here, there)
	}
}

// A screen is let in by its typed code: the six digits are compared on both, the owner chooses one camera, and the screen needs no more
// than Enter.
func TestTrustScreenTyped(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1, 2)
	owner := own(t, b, h, 2, browser.Viewport(1280, 800))
	screen, code := display(t, b, n.address, browser.Viewport(1280, 800))

	openDevices(owner)
	press(owner, `[data-action="screen"]`)
	write(owner, "code", "K7QF")
	press(owner, `[data-action="confirm"]`)
	owner.WaitText("eight letters and digits", patience)
	write(owner, "code", "0000-0000")
	press(owner, `[data-action="confirm"]`)
	owner.WaitText("No screen shows this code", patience)
	owner.Screenshot("no-such-code")
	write(owner, "code", code)
	owner.Press(kb.Enter)
	compare(t, owner, screen)
	owner.Screenshot("digits")
	screen.Screenshot("digits-screen")
	press(owner, `[data-action="confirm"]`)
	screen.Press(kb.Enter)
	owner.WaitFor(opened("What may it show?"), patience)
	screen.WaitFor(`document.getElementById("screen").dataset.state === "waiting"`, patience)
	screen.Screenshot("waiting-screen")
	owner.Screenshot("choose")
	write(owner, "name", "Hall")
	owner.Click(`#panel [name="all"]`)
	owner.Click(`#panel [name="camera"]`)
	press(owner, `[data-action="confirm"]`)
	screen.WaitTiles(1, patience, browser.In(browser.Live))
	owner.WaitFor(opened("The screen is in"), patience)
	owner.Screenshot("in")
	press(owner, `[data-action="done"]`)
	waitRow(owner, "Hall", "data-role", "display")
	waitRow(owner, "Hall", "data-live", "true")
	// It is a display by itself, also after a reload and when it is switched on with the plain address.
	screen.WaitFor(hidden+` && location.hash === "#kiosk"`, patience)
	screen.Screenshot("display")
	screen.Reload()
	screen.WaitFor(hidden, patience)
	screen.WaitTiles(1, patience, browser.In(browser.Live))
	screen.Open("about:blank")
	screen.Open(n.address)
	screen.WaitFor(hidden+` && location.hash === "#kiosk"`, patience)
	screen.WaitTiles(1, patience, browser.In(browser.Live))
	noExceptions(t, owner)
	noExceptions(t, screen)
}

// fakeCamera makes the page's camera show the picture that hold(svg) is given.
const fakeCamera = `(() => {
	const canvas = document.createElement("canvas");
	canvas.width = 1280; canvas.height = 720;
	const paint = canvas.getContext("2d");
	let picture = null;
	setInterval(() => {
		paint.fillStyle = "#8a8f94";
		paint.fillRect(0, 0, 1280, 720);
		if (picture) paint.drawImage(picture, 430, 140, 440, 440);
	}, 50);
	globalThis.hold = async (svg) => {
		const image = new Image();
		image.src = "data:image/svg+xml," + encodeURIComponent(svg);
		await image.decode();
		picture = image;
		return true;
	};
	globalThis.stopped = () => stream.getTracks().every((track) => track.readyState === "ended");
	let stream;
	navigator.mediaDevices.getUserMedia = async () => stream = canvas.captureStream(20);
})()`

// A screen is let in by its QR code, which the page reads off the camera's picture; the camera is off afterwards. What reads it is fetched
// only then; where that fails, a sentence says so, and it may be tried again.
func TestTrustScreenScanned(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1)
	owner := own(t, b, h, 1, browser.Viewport(390, 844), browser.Script(fakeCamera))
	screen, _ := display(t, b, n.address)
	svg := browser.Eval[string](screen, `(() => {
		const svg = document.querySelector("#screen-qr svg").cloneNode(true);
		svg.setAttribute("width", 440); svg.setAttribute("height", 440); svg.setAttribute("style", "background: #fff");
		return new XMLSerializer().serializeToString(svg);
	})()`)
	openDevices(owner)
	press(owner, `[data-action="screen"]`)
	const fetched = `performance.getEntriesByType("resource").filter((entry) => new URL(entry.name).pathname.startsWith("/scanner.")).length`
	if n := browser.Eval[int](owner, fetched); n != 0 {
		t.Errorf("the page fetched the scanner %d times before anybody scans", n)
	}
	browser.Eval[bool](owner, `(globalThis.whole = fetch, globalThis.fetch = () => Promise.reject(new TypeError("no network")), true)`)
	press(owner, `[data-action="scan"]`)
	owner.WaitText("or type the code", patience)
	owner.WaitFor(`stopped()`, patience)
	owner.Screenshot("no-scanner")
	browser.Eval[bool](owner, `(globalThis.fetch = whole, true)`)
	press(owner, `[data-action="scan"]`)
	owner.WaitFor(`document.querySelector("#panel video").videoWidth > 0`, patience)
	owner.WaitFor(fetched+` === 1`, patience)
	owner.Screenshot("scanning")
	browser.Eval[bool](owner, `hold(`+quoted(svg)+`)`)
	compare(t, owner, screen)
	owner.WaitFor(`stopped()`, patience)
	screen.Click("#screen-ok")
	press(owner, `[data-action="confirm"]`)
	owner.WaitFor(opened("What may it show?"), patience)
	press(owner, `[data-action="confirm"]`)
	screen.WaitTiles(1, patience, browser.In(browser.Live))
	noExceptions(t, owner)
}

// The code of a waiting screen is a link, which the owner's phone may open with its own camera: the page then pins the screen's key.
func TestTrustScreenLink(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1)
	owner := own(t, b, h, 1)
	screen, _ := display(t, b, n.address, browser.Viewport(1280, 800))
	link, err := reader.Find(luma(screen.Screenshot("code")))
	if err != nil || !strings.HasPrefix(link, n.address+"/#pair=") {
		t.Fatalf("the screen shows %q: %v", link, err)
	}
	stranger := b.NewPage()
	stranger.Open(link)
	stranger.WaitText("Open this on the owner", patience)
	phone := b.NewPage(browser.SameProfile(owner))
	phone.Open(link)
	compare(t, phone, screen)
	if strings.Contains(phone.Address(), "pair") {
		t.Errorf("the link stays in the address bar: %s", phone.Address())
	}
	screen.Press(kb.Enter)
	press(phone, `[data-action="confirm"]`)
	phone.WaitFor(opened("What may it show?"), patience)
	press(phone, `[data-action="confirm"]`)
	screen.WaitTiles(1, patience, browser.In(browser.Live))
	noExceptions(t, phone)
}

// luma returns a picture's brightness as reader.Find takes it.
func luma(img image.Image) (pixels []byte, width, height int) {
	grey := image.NewGray(img.Bounds())
	draw.Draw(grey, grey.Rect, img, grey.Rect.Min, draw.Src)
	return grey.Pix, grey.Rect.Dx(), grey.Rect.Dy()
}

// Five meetings that fail make the code void: the screen says so and shows another one after a while.
func TestTrustScreenFiveTries(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1)
	owner := own(t, b, h, 1)
	screen, first := display(t, b, n.address)
	openDevices(owner)
	for try := range 5 {
		press(owner, `[data-action="screen"]`)
		code(t, screen)
		write(owner, "code", first)
		press(owner, `[data-action="confirm"]`)
		// The screen takes a breath between meetings, in which it answers nobody.
		owner.WaitFor(opened("Compare the numbers")+` || (document.querySelector("#panel [data-action=confirm]:enabled")?.click(), false)`, patience)
		compare(t, owner, screen)
		press(owner, `[data-action="refuse"]`)
		if try < 4 {
			screen.WaitFor(`/differ/.test(document.getElementById("screen-text").textContent)`, patience)
		}
		owner.WaitFor(opened("Devices"), patience)
	}
	screen.WaitFor(`document.getElementById("screen").dataset.state === "paused"`, patience)
	screen.Screenshot("paused")
	if second := code(t, screen); second == first {
		t.Error("the code stays after five failures")
	}
}
