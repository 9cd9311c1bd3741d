//go:build e2e

package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/test/browser"
)

// Keys do what the help sheet says, and a camera in full size has its tools at hand, on every size of screen.
func TestKeysAndTools(t *testing.T) {
	link := startDemo(t)
	b := browser.Start(t)
	p := b.NewPage(browser.Viewport(1280, 800))
	p.Open(link)
	p.WaitTiles(2, patience, browser.In(browser.Live))
	p.WaitFor(`!document.getElementById("panel").open`, patience)

	p.Press("?")
	p.WaitFor(opened("Keys"), patience)
	p.Screenshot("help")
	p.Press("2") // typed in a dialog, it moves nothing behind
	p.Press(kb.Escape)
	p.WaitFor(`!document.getElementById("panel").open && !document.body.dataset.full`, patience)

	wide := `[...document.querySelectorAll("[data-tile]")].filter((tile) => tile.getBoundingClientRect().width === innerWidth).map((tile) => tile.querySelector(".name").textContent).join()`
	p.Press("2")
	p.WaitFor(wide+` === "Test card"`, patience)
	p.Press("1")
	p.WaitFor(wide+` === "The bay"`, patience)
	p.Screenshot("tools-laptop")
	p.Press(kb.ArrowDown)
	p.WaitFor(`document.activeElement.dataset.tool === "back"`, patience)
	p.Press(kb.Enter)
	p.WaitFor(`!document.body.dataset.full`, patience)

	p.Press("f")
	p.WaitFor(`document.fullscreenElement`, patience)
	p.Press("f")
	p.WaitFor(`!document.fullscreenElement`, patience)

	p.Resize(390, 844)
	p.Press("1")
	p.WaitFor(wide+` === "The bay"`, patience)
	p.WaitFor(`document.querySelector(".tile:not([data-away])").dataset.state === "live"`, patience)
	p.Screenshot("tools-phone")
	noExceptions(t, p)
}
