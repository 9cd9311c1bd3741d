//go:build e2e

package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/test/browser"
)

// The views of the dialog and the page of a waiting screen fit on every size of screen, light and dark: nothing is cut off sideways,
// every control has a name, and Escape closes.
func TestTrustLooks(t *testing.T) {
	n := startServer(t, nil)
	for _, scheme := range []struct{ name, setting string }{{"light", "1"}, {"dark", "0"}} {
		t.Run(scheme.name, func(t *testing.T) {
			b := browser.Start(t, chromedp.Flag("blink-settings", "preferredColorScheme="+scheme.setting))
			h := startLasting(t, n.address, t.TempDir(), nil, 1, 2)
			p := b.NewPage(browser.Viewport(1280, 800))
			p.Open(h.link(t))
			p.WaitFor(opened("Recovery phrase"), patience)
			look(t, p, "words")
			press(p, `[data-action="written"]`)
			look(t, p, "check")
			p.Click("#panel-close")
			p.WaitTiles(2, patience, browser.In(browser.Live))
			openDevices(p)
			look(t, p, "devices")
			press(p, `[data-action="invite"]`)
			look(t, p, "invite")
			write(p, "name", "Ann’s phone")
			press(p, `[data-action="confirm"]`)
			p.WaitFor(opened("Invitation for Ann’s phone"), patience)
			look(t, p, "link")
			press(p, `[data-action="done"]`)
			look(t, p, "devices-invited")
			press(p, `[data-action="screen"]`)
			look(t, p, "screen")
			p.Click("#panel-back")
			press(p, `[data-action="journal"]`)
			p.WaitFor(`document.querySelector("[data-visit]")`, patience)
			look(t, p, "journal")
			p.Press("\x1b")
			p.WaitFor(closedDialog, patience)

			s := b.NewPage(browser.Viewport(1280, 800))
			s.Open(n.address)
			s.WaitText("This device knows no cameras yet", patience)
			look(t, s, "welcome")
			s.Open(n.address + "/#display")
			s.WaitText("Let this screen in", patience)
			look(t, s, "display")
			r := b.NewPage(browser.Viewport(1280, 800))
			r.Open(n.address + "/#recover")
			r.WaitFor(opened("Restore with 24 words"), patience)
			look(t, r, "restore")
			noExceptions(t, p)
			noExceptions(t, s)
			noExceptions(t, r)
		})
	}
}

// look takes pictures of a page at the three sizes, and checks what can be checked of them.
func look(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	for _, size := range []struct {
		name          string
		width, height int
	}{{"laptop", 1440, 900}, {"phone", 390, 844}, {"display", 1280, 800}} {
		p.Resize(size.width, size.height)
		p.WaitFor(`innerWidth === `+itoa(size.width), patience)
		p.Screenshot(name + "-" + size.name)
		if cut := browser.Eval[[]string](p, cutOff); len(cut) > 0 {
			t.Errorf("%s, %s: sticks out: %q", name, size.name, cut)
		}
	}
	if nameless := browser.Eval[[]string](p, namelessControls); len(nameless) > 0 {
		t.Errorf("%s: controls without a name: %q", name, nameless)
	}
}

const (
	// cutOff lists visible elements with text that reach out of the window sideways.
	cutOff = `[...document.querySelectorAll("#panel[open] *, #screen:not([hidden]) *, [data-phase=boot] #sheet *")].filter((e) => {
		const r = e.getBoundingClientRect();
		return r.width > 1 && getComputedStyle(e).visibility === "visible" && (r.left < -1 || r.right > innerWidth + 1);
	}).map((e) => e.tagName + " " + e.textContent.slice(0, 40))`
	namelessControls = `[...document.querySelectorAll("#panel[open] :is(button, input, select, textarea), #screen:not([hidden]) button")].filter((e) =>
		e.checkVisibility() && !(e.getAttribute("aria-label") || e.textContent.trim() && e.tagName === "BUTTON" || e.labels?.[0]?.textContent.trim())
	).map((e) => e.outerHTML.slice(0, 80))`
)
