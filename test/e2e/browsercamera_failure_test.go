//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/test/browser"
)

// brittle has a page whose encoders of codecs that the expression broken matches fail, and whose camera gives no pictures while asleep is
// true, as where the system has paused it.
const brittle = `(() => {
	const Encoder = globalThis.VideoEncoder, Processor = globalThis.MediaStreamTrackProcessor;
	globalThis.broken = null;
	globalThis.asleep = false;
	globalThis.VideoEncoder = class extends Encoder {
		constructor(init) { super(init); this.fail = init.error; }
		configure(config) { this.codec = config.codec; super.configure(config); }
		encode(frame, options) {
			if (!globalThis.broken?.test(this.codec)) return super.encode(frame, options);
			setTimeout(() => {
				if (this.state === "closed") return;
				this.close();
				this.fail(new DOMException("broken by the test", "EncodingError"));
			});
		}
	};
	globalThis.MediaStreamTrackProcessor = class {
		constructor(options) {
			const readable = new Processor(options).readable;
			this.readable = { getReader() {
				const reader = readable.getReader();
				const read = async () => {
					const result = await reader.read();
					while (globalThis.asleep) await new Promise((done) => setTimeout(done, 20));
					return result;
				};
				return { read, cancel: () => reader.cancel() };
			} };
		}
	};
})()`

// onAir gives a page of a device that is a camera, and another page that shows it.
func onAir(t *testing.T, options ...browser.Option) (film, show *browser.Page) {
	t.Helper()
	n := startServer(t, nil)
	b := lendsCamera(t)
	film = becomeCamera(t, b, n.address, "Porch", options...)
	show = b.NewPage()
	show.Open(cameraLink(film))
	show.WaitFor(opened("Recovery phrase"), patience)
	press(show, `[data-action="later"]`)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	cameraIn(film, "air")
	return film, show
}

// wantBlankSaying waits until the tile is blank and gives the reason.
func wantBlankSaying(show *browser.Page, says string) {
	show.WaitFor(`(([tile]) => tile.dataset.state === "blank" && tile.textContent.includes(`+quoted(says)+`))(document.querySelectorAll("[data-tile]"))`, patience)
}

// An encoder that fails is said on both sides, and another coding takes its place; where all fail, it goes on once one works again.
func TestBrowserCameraEncoderFails(t *testing.T) {
	film, show := onAir(t, browser.Script(brittle))
	decoding(show, "webcodecs", "H.264")
	browser.Eval[bool](film, `(globalThis.broken = /^avc1/, true)`)
	film.WaitText("The browser’s video encoder fails with this camera", patience)
	cameraIn(film, "failed")
	show.WaitFor(`sealcam.stats().tiles[0].codec === "VP8" && sealcam.stats().tiles[0].state === "live"`, patience)
	cameraIn(film, "air")
	browser.Eval[bool](show, watchDrawn)
	show.WaitFor(`drawn.size >= 10`, patience)

	browser.Eval[bool](film, `(globalThis.broken = /./, true)`)
	film.WaitText("The browser’s video encoder fails with this camera", patience)
	wantBlankSaying(show, "he video encoder on the camera’s device fails")
	film.Screenshot("failed")
	show.Screenshot("shown")
	browser.Eval[bool](film, `(globalThis.broken = null, true)`)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	cameraIn(film, "air")
	noExceptions(t, film)
	noExceptions(t, show)
}

// A camera that the system has paused says so on both sides, and comes back by itself.
func TestBrowserCameraIsPaused(t *testing.T) {
	film, show := onAir(t, browser.Script(brittle))
	browser.Eval[bool](film, `(globalThis.asleep = true)`)
	film.WaitText("The browser has paused the camera", patience)
	cameraIn(film, "failed")
	wantBlankSaying(show, "has paused the camera: bring its page to the front")
	film.Screenshot("paused")
	show.Screenshot("shown")
	browser.Eval[bool](film, `!(globalThis.asleep = false)`)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	cameraIn(film, "air")
	film.WaitText("the browser paused the camera for", patience)
	noExceptions(t, film)
	noExceptions(t, show)
}

// A camera that is gone while it films, or forbidden, is a sentence on both sides, at once and the right one. The first comes back by itself.
func TestBrowserCameraIsTakenAway(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t, chromedp.Flag("use-fake-device-for-media-stream", true))
	film := b.NewPage(browser.Viewport(390, 844))
	film.Open(n.address + "#camera")
	cameraIn(film, "new")
	film.PermitCamera(true)
	film.Click(`#camera [data-part=setup] [type=submit]`)
	show := b.NewPage()
	show.Open(cameraLink(film))
	show.WaitFor(opened("Recovery phrase"), patience)
	press(show, `[data-action="later"]`)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	cameraIn(film, "air")

	show.NoteTiles()
	film.LoseCameras()
	film.WaitText("The camera was disconnected. Connect it again", patience)
	cameraIn(film, "failed")
	wantStaleSaying(show, "the camera was disconnected from its device: connect it again there")
	film.Screenshot("gone")
	show.WaitTiles(1, patience, browser.In(browser.Live))
	cameraIn(film, "air")

	browser.Eval[bool](film, noteProblems)
	show.NoteTiles()
	film.PermitCamera(false)
	film.WaitText("The browser may not use the camera. Allow it for this page", patience)
	cameraIn(film, "failed")
	wantStaleSaying(show, "the browser on the camera’s device may no longer use its camera: allow it there")
	if said := browser.Eval[[]string](film, `problems`); len(said) != 1 {
		t.Errorf("whoever forbids the camera reads %q", said)
	}
	film.Screenshot("forbidden")
	show.Screenshot("forbidden-shown")
	film.PermitCamera(true)
	tryAgain(film)
	show.WaitTiles(1, patience, browser.In(browser.Live))
	cameraIn(film, "air")
	noExceptions(t, film)
	noExceptions(t, show)
}

// wantStaleSaying waits until the tile's picture was old and it gave the reason, since NoteTiles.
func wantStaleSaying(show *browser.Page, says string) {
	show.WaitNoted(patience, func(tile browser.Tile) bool {
		return tile.State == browser.Stale && strings.Contains(tile.Text, says)
	})
}

// noteProblems collects the sentences that a camera's page says one after the other.
const noteProblems = `(() => {
	globalThis.problems = [];
	const says = document.querySelector("#camera [data-part=problem]");
	new MutationObserver(() => {
		if (says.textContent && says.textContent !== problems.at(-1)) problems.push(says.textContent);
	}).observe(says, { subtree: true, childList: true, characterData: true });
	return true;
})()`

// Whoever refuses the camera when the browser asks first, or has none, reads what to do.
func TestBrowserCameraCannotBegin(t *testing.T) {
	n := startServer(t, nil)
	for name, test := range map[string]struct {
		flags []chromedp.ExecAllocatorOption
		says  string
	}{
		"refused": {
			[]chromedp.ExecAllocatorOption{chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("deny-permission-prompts", true)},
			"The browser may not use the camera. Allow it for this page",
		},
		"no camera": {nil, "This device has no camera that the browser can use. Connect one"},
	} {
		t.Run(name, func(t *testing.T) {
			film := browser.Start(t, test.flags...).NewPage(browser.Viewport(390, 844))
			film.Open(n.address + "#camera")
			cameraIn(film, "new")
			film.Click(`#camera [data-part=setup] [type=submit]`)
			film.WaitText(test.says, patience)
			cameraIn(film, "failed")
			film.WaitFor(`!document.querySelector("#camera [data-action=retry]").hidden`, patience)
			film.Screenshot(name)
			noExceptions(t, film)
		})
	}
}
