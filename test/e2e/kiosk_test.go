//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/test/browser"
)

// hidden is true when nothing of the page but the cameras is seen.
const hidden = `getComputedStyle(document.getElementById("bar")).visibility === "hidden" && document.body.dataset.kiosk === "true"`

// kioskHome is a home with two cameras and an owner's page.
func kioskHome(t *testing.T, b *browser.Browser, options ...browser.Option) (*node, *browser.Page) {
	t.Helper()
	n := startServer(t, nil)
	clock := source.NewClock()
	first, _ := rtspCamera(t, 1, clock, nil)
	second, _ := rtspCamera(t, 2, clock, nil)
	h := startAgent(t, n.address, nil, clock, first, second)
	return n, claim(t, b, h, 2, "", options...)
}

// goTo opens another fragment in the page and waits for the page to have read it.
func goTo(p *browser.Page, fragment string) {
	browser.Eval[bool](p, "(location.hash = "+quoted(fragment)+", true)")
}

// A kiosk link shows the cameras that it names and nothing else, stays in the address, and says what is wrong with it.
func TestKioskLink(t *testing.T) {
	n, p := kioskHome(t, browser.Start(t), browser.Viewport(1280, 800))
	second := cameraName + " 2"
	goTo(p, "kiosk="+url.PathEscape(strings.ToLower(second)))
	p.WaitFor(hidden, patience)
	tiles := p.WaitTiles(1, patience, browser.In(browser.Live))
	if !strings.Contains(tiles[0].Text, second) {
		t.Errorf("the tile is of %q", tiles[0].Text)
	}
	p.WaitFor(`document.body.dataset.idle === "true" && getComputedStyle(document.querySelector("[data-tile]")).cursor === "none"`, patience)
	p.Screenshot("one")
	p.Reload()
	p.WaitFor(hidden, patience)
	p.WaitTiles(1, patience, browser.In(browser.Live))
	if address := p.Address(); !strings.HasPrefix(address, n.address+"/#kiosk=") {
		t.Errorf("after a reload the address is %s", address)
	}

	hour := browser.Eval[int](p, "new Date().getHours()")
	goTo(p, fmt.Sprintf("kiosk&night=%d-%d&dim=30", hour, (hour+2)%24))
	p.WaitTiles(2, patience, browser.In(browser.Live))
	p.WaitFor(`Math.abs(getComputedStyle(document.getElementById("night")).opacity - 0.7) < 0.01`, patience)
	p.Screenshot("night")
	goTo(p, fmt.Sprintf("kiosk=nobody,%s&night=%d-%d&dim=5", url.PathEscape(second), (hour+2)%24, (hour+4)%24))
	p.WaitTiles(1, patience, browser.In(browser.Live))
	p.WaitFor(`document.getElementById("night").hidden`, patience)
	p.WaitText("There are: “"+cameraName+" 1”, “"+second+"”", patience)
	p.WaitText("from 10 to 100", patience)
	p.Screenshot("complaints")
	goTo(p, "kiosk="+url.PathEscape(second)+","+url.PathEscape(cameraName+" 1"))
	p.WaitTiles(2, patience, browser.In(browser.Live))
	p.WaitFor(`document.querySelector("[data-tile]").getAttribute("aria-label").startsWith(`+quoted(second)+`)`, patience)
	goTo(p, "kiosk=nobody")
	p.WaitTiles(2, patience, browser.In(browser.Live)) // rather all than nothing

	// A key shows the way out.
	p.WaitFor(`document.getElementById("kiosk-leave").hidden`, patience)
	p.Press(kb.ArrowRight)
	p.WaitFor(`!document.getElementById("kiosk-leave").hidden && !document.body.dataset.idle`, patience)
	p.Screenshot("way-out")
	p.Click("#kiosk-leave")
	p.WaitFor(`getComputedStyle(document.getElementById("bar")).visibility === "visible" && !document.body.dataset.kiosk`, patience)
	if address := p.Address(); address != n.address+"/" {
		t.Errorf("after leaving the address is %s", address)
	}
	noExceptions(t, p)
}

// forget clears the memory of earlier restarts, after which each next one waits longer.
const forget = `sessionStorage.removeItem("sealcam restarts") === undefined`

// frozen gives a page whose display frames can be stopped: freeze = true.
const frozen = `(() => {
	const original = globalThis.requestAnimationFrame;
	globalThis.freeze = false;
	globalThis.requestAnimationFrame = (f) => original.call(globalThis, function again(now) {
		if (globalThis.freeze) original.call(globalThis, again); else f(now);
	});
})()`

// A display comes back by itself from everything that can be broken in a page, says why, and waits for a server that is not there.
func TestKioskComesBack(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) { kioskComesBack(t, engine.start(t)) })
	}
}

func kioskComesBack(t *testing.T, b *browser.Browser) {
	n, p := kioskHome(t, b, browser.Script(frozen))
	goTo(p, "kiosk&still=10")
	p.WaitFor(hidden, patience)
	back := func(why string) {
		t.Helper()
		p.WaitText("Reloaded by itself at ", patience)
		p.WaitText("because "+why, patience)
		p.WaitTiles(2, patience, browser.In(browser.Live))
		p.WaitFor(hidden, patience)
		browser.Eval[bool](p, forget)
	}

	browser.Eval[bool](p, `(sealcam.onframe = () => { throw new Error("broken by the test"); }, true)`)
	back("the viewer stopped with an error")
	p.Screenshot("after-a-crash")

	browser.Eval[bool](p, `(document.querySelector("#stage canvas").getContext("webgl2").getExtension("WEBGL_lose_context").loseContext(), true)`)
	back("the graphics were interrupted")

	browser.Eval[bool](p, `globalThis.freeze = true`)
	p.WaitText("This picture has stopped", patience)
	p.Screenshot("stopped")
	back("the page stood still for 10 s")

	// Frames come again before the watch acts: the page goes on.
	browser.Eval[bool](p, `globalThis.freeze = globalThis.notReloaded = true`)
	p.WaitText("This picture has stopped", patience)
	browser.Eval[bool](p, `!(globalThis.freeze = false)`)
	p.WaitFor(`document.getElementById("still").hidden && notReloaded`, patience)

	n.stop()
	p.WaitTiles(2, patience, browser.In(browser.Blank, browser.Stale, browser.Live))
	browser.Eval[bool](p, `(sealcam.onframe = () => { throw new Error("broken by the test"); }, globalThis.resize = innerWidth, true)`)
	p.Resize(660, 360) // something to draw
	p.WaitText("Waiting for the server, then starting again by itself", patience)
	p.Screenshot("waiting-for-the-server")
	startServer(t, func(c *server.Config) { c.Listen = strings.TrimPrefix(n.address, "http://") })
	back("the viewer stopped with an error")
}

// A page in which somebody sits asks instead.
func TestOrdinaryPageAsks(t *testing.T) {
	_, p := kioskHome(t, browser.Start(t), browser.Script(frozen))
	browser.Eval[bool](p, `globalThis.freeze = true`)
	p.WaitText("This picture has stopped", patience)
	browser.Eval[bool](p, `!(globalThis.freeze = false)`)
	p.WaitFor(`document.getElementById("still").hidden`, patience)
	browser.Eval[bool](p, `(sealcam.onframe = () => { throw new Error("broken by the test"); }, true)`)
	p.WaitText("The viewer stopped", patience)
	p.WaitFor(`!document.getElementById("sheet-action").hidden`, patience)
}
