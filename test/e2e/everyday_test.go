//go:build e2e

package e2e

import (
	"strings"
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

// The diagnostics say how each camera comes, and their report gives nothing away; a camera's name on this device outlives a reload.
func TestDiagnosticsAndNames(t *testing.T) {
	n := startServer(t, nil)
	h := startLasting(t, n.address, t.TempDir(), nil, 3)
	b := browser.Start(t)
	p := b.NewPage(browser.Viewport(1280, 800))
	link := h.link(t)
	p.Open(link)
	p.WaitFor(opened("Recovery phrase"), patience)
	press(p, `[data-action="later"]`)
	p.WaitTiles(1, patience, browser.In(browser.Live))
	camera := p.Tiles()[0].Camera

	p.Press("i")
	p.WaitFor(opened("Diagnostics"), patience)
	p.WaitFor(`[...document.querySelectorAll("#panel dt")].some((e) => e.textContent === "Pictures a second") && [...document.querySelectorAll("#panel dd")].some((e) => /^H\.?264 /i.test(e.textContent))`, patience)
	p.WaitFor(`[...document.querySelectorAll("#panel dd")].some((e) => /^direct, this end (host|peer-reflexive), the other (host|peer-reflexive)$/.test(e.textContent))`, patience)
	p.Screenshot("diagnostics-laptop")
	p.Resize(390, 844)
	p.Screenshot("diagnostics-phone")
	p.Resize(1280, 800)
	browser.Eval[bool](p, `(navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }) && true`)
	press(p, `[data-action="copy"]`)
	p.WaitFor(`globalThis.copied`, patience)
	report := browser.Eval[string](p, `globalThis.copied`)
	_, fragment, _ := strings.Cut(link, "#")
	for _, secret := range []string{fragment, strings.TrimPrefix(fragment, "claim="), h.id.String(), camera, cameraName, "Nursery", "127.0.0.1", "localhost", n.address, "://", password} {
		if strings.Contains(report, secret) {
			t.Errorf("%q stands in the report:\n%s", secret, report)
		}
	}
	for _, want := range []string{"Client: ", "Way: direct, this end ", "State: live", "Graphics: ", "in session", "clock known within"} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is missing in the report:\n%s", want, report)
		}
	}
	p.Press(kb.Escape)
	p.WaitFor(closedDialog, patience)

	named := `document.querySelector("[data-tile] .name").textContent === "門口 <b>🐈"`
	p.Press("1")
	p.Press("n")
	p.WaitFor(opened("Name of the camera"), patience)
	write(p, "name", "門口 <b>🐈")
	p.Screenshot("naming")
	p.Press(kb.Enter)
	p.WaitFor(closedDialog+" && "+named, patience)
	p.Reload()
	p.WaitTiles(1, patience, browser.In(browser.Live))
	p.WaitFor(named, patience)
	noExceptions(t, p)
}
