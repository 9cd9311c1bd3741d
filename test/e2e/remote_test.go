//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/test/browser"
)

// within lists what can be focused in an element that is seen.
func within(selector string) string {
	return `[...document.querySelectorAll(` + quoted(selector+" :is(a[href], button, input, select, textarea, summary)") + `)]
		.filter((e) => !e.disabled && e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().width > 1)`
}

// walk presses all four arrows on each control of an element and checks that all can be reached from the first, and what else may be.
// Before each key the page is put into the same state by reset, a JavaScript expression.
func walk(t *testing.T, p *browser.Page, selector, reset string, also ...string) {
	t.Helper()
	names := browser.Eval[[]string](p, `(globalThis.controls = `+within(selector)+`).map((e) => e.outerHTML.slice(0, 90))`)
	if len(names) == 0 {
		t.Fatalf("there is nothing to focus in %s", selector)
	}
	reached := map[int]bool{0: true}
	found := map[string]bool{}
	for queue := []int{0}; len(queue) > 0; queue = queue[1:] {
		for _, key := range []string{kb.ArrowUp, kb.ArrowDown, kb.ArrowLeft, kb.ArrowRight} {
			browser.Eval[bool](p, reset+`; controls[`+itoa(queue[0])+`].focus() ?? true`)
			for range 3 { // what lies far is scrolled to before
				p.Press(key)
				to := browser.Eval[int](p, `controls.indexOf(document.activeElement)`)
				for _, other := range also {
					found[other] = found[other] || browser.Eval[bool](p, `document.activeElement.matches(`+quoted(other)+`)`)
				}
				if to >= 0 && !reached[to] {
					reached[to] = true
					queue = append(queue, to)
				}
				if to != queue[0] {
					break
				}
			}
		}
	}
	for i, name := range names {
		if !reached[i] {
			t.Errorf("arrow keys do not lead to %s", name)
		}
	}
	for _, other := range also {
		if !found[other] {
			t.Errorf("arrow keys do not lead out of %s to %s", selector, other)
		}
	}
}

// With a remote control alone everything can be reached: cameras, bar, panels and forms; what has the focus is seen from afar, and Back leads
// out of everything.
func TestRemoteControl(t *testing.T) {
	n := startServer(t, nil)
	h := startLasting(t, n.address, t.TempDir(), nil, 1, 2, 3, 4)
	p := own(t, browser.Start(t), h, 4, browser.Viewport(1280, 800))
	p.WaitFor(`!document.getElementById("devices-open").hidden`, patience)
	active := func(selector string) string { return `document.activeElement.matches(` + quoted(selector) + `)` }

	p.Press(kb.ArrowDown)
	p.WaitFor(active(".tile"), patience)
	walk(t, p, "#tiles", "true", "#devices-open, #bar button")
	walk(t, p, "#bar", "true", ".tile")
	browser.Eval[bool](p, `document.querySelector(".tile").focus() ?? true`)
	p.Press(kb.ArrowRight)
	p.Screenshot("tile")
	p.Press(kb.Enter)
	p.WaitFor(`document.body.dataset.full === "true"`, patience)
	p.Press(kb.BrowserBack)
	p.WaitFor(`!document.body.dataset.full && `+active(".tile"), patience)

	browser.Eval[bool](p, `document.getElementById("devices-open").focus() ?? true`)
	p.Screenshot("bar")
	p.Press(kb.Enter)
	p.WaitFor(`document.querySelector("#panel [data-device]")`, patience)
	walk(t, p, "#panel", "true")
	p.Screenshot("panel")
	browser.Eval[bool](p, `document.querySelector("#panel [data-action=invite]").focus() ?? true`)
	p.Press(kb.Enter)
	p.WaitFor(`document.querySelector("#panel [name=role]")`, patience)
	walk(t, p, "#panel", `document.querySelector("#panel [value=guest]").click()`)
	all := `document.querySelector("#panel [name=all]")`
	browser.Eval[bool](p, all+`.focus() ?? true`)
	before := browser.Eval[bool](p, all+`.checked`)
	p.Press(kb.Enter)
	if browser.Eval[bool](p, all+`.checked`) == before {
		t.Error("OK does not switch a box")
	}
	p.Screenshot("form")
	p.Press(kb.BrowserBack)
	p.WaitFor(opened("Devices"), patience)
	p.Press(kb.BrowserBack)
	p.WaitFor(closedDialog, patience)
	if !strings.HasPrefix(p.Address(), n.address) {
		t.Errorf("Back led away to %s", p.Address())
	}

	// Of display mode too.
	goTo(p, "kiosk")
	p.WaitFor(hidden, patience)
	p.Press(kb.BrowserBack)
	p.WaitFor(active("#kiosk-leave"), patience)
	p.Press(kb.Enter)
	p.WaitFor(`!document.body.dataset.kiosk`, patience)
	noExceptions(t, p)
}

// A screen's first page can be used with a remote control too.
func TestRemoteControlOnAScreen(t *testing.T) {
	n := startServer(t, nil)
	p := browser.Start(t).NewPage(browser.Viewport(1280, 800))
	p.Open(n.address)
	p.WaitText("This is a screen", patience)
	p.Press(kb.ArrowDown)
	walk(t, p, "#sheet", "true")
	browser.Eval[bool](p, `document.querySelector('#sheet-choices a[href="#display"]').focus() ?? true`)
	p.Screenshot("choices")
	p.Press(kb.Enter)
	code(t, p)
	walk(t, p, "#screen", "true")
}
