//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/test/browser"
)

// lendsCamera has Chromium offer a camera that shows a turning pie and a clock, and lend it without a question.
func lendsCamera(t *testing.T) *browser.Browser {
	return browser.Start(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true))
}

// cameraIn waits for the state of the page of a device that is a camera.
func cameraIn(p *browser.Page, state string) {
	p.WaitFor(`document.getElementById("camera").dataset.state === `+quoted(state), patience)
}

// cameraLink returns the claim link that such a page shows.
func cameraLink(p *browser.Page) string {
	p.WaitFor(`!document.querySelector("#camera [data-part=claim]").hidden`, patience)
	return browser.Eval[string](p, `document.querySelector("#camera [name=link]").value`)
}

// becomeCamera makes a camera of a new page, by the way that a person takes.
func becomeCamera(t *testing.T, b *browser.Browser, address, name string, options ...browser.Option) *browser.Page {
	t.Helper()
	p := b.NewPage(append([]browser.Option{browser.Viewport(390, 844)}, options...)...)
	p.Open(address)
	p.WaitFor(`!document.getElementById("sheet-choices").hidden`, patience)
	p.Click(`#sheet-choices a[href="#camera"]`)
	cameraIn(p, "new")
	p.Screenshot("new")
	browser.Eval[bool](p, `(document.querySelector("#camera [name=name]").value = "") === ""`)
	p.Type(`#camera [name=name]`, name)
	p.Click(`#camera [data-part=setup] [type=submit]`)
	cameraIn(p, "ready")
	return p
}

// watchDrawn counts the different pictures that are drawn, and remembers the colour in the middle of the last one.
const watchDrawn = `(() => {
	const small = new OffscreenCanvas(32, 18).getContext("2d", { willReadFrequently: true });
	globalThis.drawn = new Set();
	sealcam.onframe = () => {
		small.drawImage(document.querySelector("#stage canvas"), 0, 0, 32, 18);
		const data = small.getImageData(0, 0, 32, 18).data;
		drawn.add(data.join());
		globalThis.colour = [...data.slice(4 * (3 * 32 + 16), 4 * (3 * 32 + 16) + 3)];
	};
	return true;
})()`

// A browser is a camera, and another one shows it: live pictures that move, the right name on either side, and a reason when it stops.
func TestBrowserIsCamera(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) { browserIsCamera(t, engine.lends(t), pretended[engine.name]) })
	}
}

// pretence is what a browser with a fake camera is known by.
type pretence struct {
	name   string                          // among those who watch
	codecs []string                        // that it may send in
	shows  func(red, green, blue int) bool // whether that may be in the middle of the fake camera's picture
}

var pretended = map[string]pretence{
	"chromium": {"Chrome", []string{"H.264"}, func(r, g, b int) bool { return g >= 100 && g >= r+40 && g >= b+40 }},      // on a green ground
	"firefox":  {"Firefox", []string{"H.264", "VP8"}, func(r, g, b int) bool { return max(r, g, b) >= min(r, g, b)+60 }}, // one colour after the other
}

func browserIsCamera(t *testing.T, b *browser.Browser, fake pretence) {
	n := startServer(t, nil)
	film := becomeCamera(t, b, n.address, "Kitchen 🍲 & <b>hall</b>")
	film.Screenshot("ready")
	if a := film.Address(); strings.Contains(a, "claim") || !strings.HasSuffix(a, "#camera") {
		t.Errorf("the address is %q", a)
	}
	show := b.NewPage()
	show.Open(cameraLink(film))
	show.WaitFor(opened("Recovery phrase"), patience)
	press(show, `[data-action="later"]`)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	if tile := show.Tiles()[0]; !strings.Contains(tile.Text, "Kitchen 🍲 & <b>hall</b>") {
		t.Errorf("the tile says %q", tile.Text)
	}
	browser.Eval[bool](show, watchDrawn)
	show.WaitFor(`drawn.size >= 15`, patience)
	if c := browser.Eval[[3]int](show, `colour`); !fake.shows(c[0], c[1], c[2]) {
		t.Errorf("the picture's colour is %v", c)
	}
	if d := decoding(show, "webcodecs", fake.codecs...); d.Refused != 0 || d.GateRefused != 0 {
		t.Errorf("%+v", d)
	}
	cameraIn(film, "air")
	film.WaitFor(`document.querySelectorAll("#camera [data-part=watchers] li").length === 1`, patience)
	if who := browser.Eval[string](film, `document.querySelector("#camera [data-part=watchers] li").textContent`); !strings.Contains(who, fake.name) {
		t.Errorf("%q watches", who)
	}
	film.WaitFor(`document.querySelector("#camera [data-part=claim]").hidden`, patience)
	film.Screenshot("air")
	for name, size := range map[string][2]int{"laptop": {1280, 800}, "large": {1920, 1080}} {
		film.Resize(size[0], size[1])
		film.Screenshot("air-" + name)
	}
	show.Screenshot("shown")

	// Another size, and turned: the picture goes on with what is asked for.
	choose(film, "size", "480")
	film.WaitFor(`document.querySelector("#camera [data-part=facts]").textContent.startsWith("854 × 480") || document.querySelector("#camera [data-part=facts]").textContent.startsWith("852 × 480")`, patience)
	choose(film, "turn", "90")
	film.WaitFor(`document.querySelector("#camera [data-part=facts]").textContent.startsWith("480 ×")`, patience)
	show.WaitFor(`sealcam.stats().tiles[0].height > sealcam.stats().tiles[0].width && sealcam.stats().tiles[0].state === "live"`, patience)
	show.Screenshot("turned")

	film.Click(`#camera [data-action=toggle]`)
	cameraIn(film, "off")
	if !browser.Eval[bool](film, `document.querySelector("#camera video").srcObject === null`) {
		t.Error("the camera is still lent")
	}
	tile := show.WaitTile("", patience, browser.In(browser.Blank))
	if !strings.Contains(tile.Text, "switched off on its device") {
		t.Errorf("the tile says %q", tile.Text)
	}
	film.Click(`#camera [data-action=toggle]`)
	show.WaitTiles(1, patience, browser.In(browser.Live))

	// The tab is closed and opened again: the same camera, with nothing to do.
	film.Open("about:blank")
	show.WaitTile("", patience, func(tile browser.Tile) bool { return tile.State != browser.Live })
	film.Open(n.address + "#camera")
	show.WaitTiles(1, patience, browser.In(browser.Live))
	cameraIn(film, "air")
	second := b.NewPage(browser.SameProfile(film), browser.Viewport(390, 844))
	second.Open(n.address + "#camera")
	cameraIn(second, "refused")
	second.WaitText("Another tab of this browser is the camera already", patience)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	for _, p := range []*browser.Page{film, show, second} {
		noExceptions(t, p)
	}
}

// tryAgain presses the button that tries a camera again. The page tries by itself every few seconds, and a pointer finds no button once it did.
func tryAgain(film *browser.Page) {
	browser.Eval[bool](film, `document.querySelector("#camera [data-action=retry]").click() === undefined`)
}

// choose picks an option as a person does.
func choose(p *browser.Page, name, value string) {
	browser.Eval[bool](p, `(() => {
		const field = document.querySelector("#camera [name="+`+quoted(name)+`+"]");
		field.value = `+quoted(value)+`;
		return field.dispatchEvent(new Event("change", { bubbles: true }));
	})()`)
}

// Where the browser has no H.264, or one that keeps pictures to itself, it is VP8, in video and in the stills that are made of it.
func TestBrowserCameraVP8(t *testing.T) {
	n := startServer(t, nil)
	b := lendsCamera(t)
	film := becomeCamera(t, b, n.address, "Porch", browser.Script(`(() => {
		const ask = VideoEncoder.isConfigSupported.bind(VideoEncoder);
		VideoEncoder.isConfigSupported = async (c) => c.codec.startsWith("avc1") ? { supported: false, config: c } : ask(c);
	})()`))
	show := b.NewPage()
	show.Open(cameraLink(film))
	show.WaitFor(opened("Recovery phrase"), patience)
	press(show, `[data-action="later"]`)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	browser.Eval[bool](show, watchDrawn)
	show.WaitFor(`drawn.size >= 10`, patience)
	if d := decoding(show, "webcodecs", "VP8"); d.Refused != 0 || d.GateRefused != 0 || d.Failures != 0 {
		t.Errorf("%+v", d)
	}
	show.Open(n.address + "?decoder=still")
	show.WaitFor(`globalThis.sealcam?.stats?.().tiles[0]?.codec === "JPEG"`, patience)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	noExceptions(t, film)
	noExceptions(t, show)

	film = becomeCamera(t, b, n.address, "Yard", browser.Script(`globalThis.VideoEncoder = class extends VideoEncoder {
		configure(options) { this.keeps = options.codec.startsWith("avc1"); super.configure(options); }
		encode(frame, options) { if (!this.keeps) super.encode(frame, options); }
	}`))
	film.WaitFor(`document.querySelector("#camera [data-part=facts]").textContent.endsWith("VP8")`, patience)
	noExceptions(t, film)
}

// What can be wrong at the device is a sentence there, and one for those who watch; mending it goes on without a reload.
func TestBrowserCameraTroubles(t *testing.T) {
	n := startServer(t, nil)
	b := lendsCamera(t)
	film := becomeCamera(t, b, n.address, "Porch", browser.Script(`(() => {
		const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
		navigator.mediaDevices.getUserMedia = async (c) => {
			if (globalThis.refusal) throw new DOMException("no", globalThis.refusal);
			globalThis.lent = await ask(c);
			return globalThis.lent;
		};
	})()`))
	show := b.NewPage()
	show.Open(cameraLink(film))
	show.WaitFor(opened("Recovery phrase"), patience)
	press(show, `[data-action="later"]`)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	for refusal, says := range map[string][2]string{
		"NotFoundError":    {"This device has no camera", "has lost its camera"},
		"NotReadableError": {"another program may be using it", "does not start on its device"},
	} {
		// The camera is gone while on air, and then is not lent again, which no fake camera can be made to do (TestBrowserCameraIsTakenAway has
		// what can be had for real).
		browser.Eval[bool](film, `(() => {
			globalThis.refusal = `+quoted(refusal)+`;
			const track = lent.getVideoTracks()[0];
			track.stop();
			return track.dispatchEvent(new Event("ended"));
		})()`)
		film.WaitFor(`document.querySelector("#camera [data-part=problem]").textContent !== ""`, patience)
		film.Click(`#camera [data-action=retry]`)
		film.WaitText(says[0], patience)
		tile := show.WaitTile("", patience, browser.In(browser.Blank))
		show.WaitFor(`document.querySelector("[data-tile]").textContent.includes(`+quoted(says[1])+`)`, patience)
		if tile.State != browser.Blank {
			t.Errorf("%s: the tile is %s", refusal, tile.State)
		}
		film.Screenshot(refusal)
		browser.Eval[bool](film, `(globalThis.refusal = "") === ""`)
		tryAgain(film)
		cameraIn(film, "air")
		show.WaitTiles(1, patience, browser.In(browser.Live))
	}
	noExceptions(t, film)
}

// An owner's page calls for a camera: whoever scans its code has a camera there at once, without anything to confirm.
func TestBrowserCameraIsCalled(t *testing.T) {
	n := startServer(t, nil)
	b := lendsCamera(t)
	owner := own(t, b, startLasting(t, n.address, t.TempDir(), nil, 3), 1)
	openDevices(owner)
	press(owner, `[data-action="call"]`)
	owner.WaitFor(opened("Add a phone as a camera"), patience)
	owner.WaitFor(`document.querySelector("#panel [data-part=qr] svg")`, patience)
	owner.Resize(390, 844)
	owner.Screenshot("called")
	owner.Resize(640, 360)
	link := browser.Eval[string](owner, `document.querySelector("#panel [name=link]").value`)
	film := b.NewPage(browser.Viewport(390, 844))
	film.Open(link)
	cameraIn(film, "new")
	if a := film.Address(); !strings.HasSuffix(a, "/#camera") {
		t.Errorf("the address is %q", a)
	}
	film.Click(`#camera [data-part=setup] [type=submit]`)
	owner.WaitTiles(2, patience, browser.In(browser.Live))
	cameraIn(film, "air")
	if a := owner.Address(); strings.Contains(a, "claim") {
		t.Errorf("the owner's address is %q", a)
	}
	noExceptions(t, owner)
	noExceptions(t, film)
}
