//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/test/browser"
)

// Names that people type, or somebody types who means harm.
var oddNames = []string{
	`<img src=x onerror="document.title='hit'">&amp;<b>Hof</b>`,
	"👶🏽🚪 Kinderzimmer 👨‍👩‍👧‍👦",
	"حديقة المنزل الأمامية",
	"\u202egnorw \u2066",
	strings.Repeat("W", 128),
}

// spills lists elements with one of the names that reach out of the window, or out of the tile that they stand in.
const spills = `(names) => [...document.querySelectorAll("body *")].filter((e) => {
	const own = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && names.some((name) => n.data.includes(name)));
	const inner = e.getBoundingClientRect();
	if (!own || inner.width === 0 || !e.checkVisibility({ visibilityProperty: true }) || e.closest(".visually-hidden")) return false;
	const outer = e.closest("[data-tile], dialog")?.getBoundingClientRect() ?? { left: 0, right: innerWidth };
	return inner.left < outer.left - 1 || inner.right > outer.right + 1;
}).map((e) => e.className + ": " + e.textContent)`

// Names with markup, emoji, from right to left, of turned letters and without an end are shown as what they are: on tiles, in the dialogs, in
// the sentences, in a file's name. None is run, and none reaches out of its place.
func TestOddNames(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	var cameras []camera.Camera
	for i, name := range oddNames {
		c, _ := rtspCamera(t, i+1, clock, nil)
		c.Name = name
		cameras = append(cameras, c)
	}
	h := startAgentWith(t, func(c *camera.Config) {
		c.Name, c.Servers, c.Clock, c.Cameras = oddNames[0], []string{n.address}, clock, cameras
	})
	p := claim(t, browser.Start(t), h, len(oddNames), "", browser.Viewport(1280, 800))
	folder := t.TempDir()
	p.KeepDownloads(folder)
	press(p, `[data-action="later"]`)
	look := func(where string) {
		t.Helper()
		p.Screenshot(where)
		if got := browser.Eval[[]string](p, `(`+spills+`)(`+quotedList(oddNames)+`)`); len(got) > 0 {
			t.Errorf("%s: too wide: %q", where, got)
		}
		// A picture of a name that was taken for markup would stand somewhere.
		if hit := browser.Eval[bool](p, `document.title !== "Sealcam" || document.querySelector("img[src=x]") !== null`); hit {
			t.Fatalf("%s: a name was run", where)
		}
	}
	shown := func(selector string) []string {
		return browser.Eval[[]string](p, `[...document.querySelectorAll(`+quoted(selector)+`)].map((e) => e.textContent)`)
	}
	want := func(where string, got []string) {
		t.Helper()
		for _, name := range oddNames {
			if !strings.Contains(strings.Join(got, "\n"), name) {
				t.Errorf("%s: %q is missing in %q", where, name, got)
			}
		}
	}
	want("tiles", shown("[data-tile] .name"))
	look("grid")
	p.Resize(390, 844)
	p.WaitTiles(len(oddNames), patience, browser.In(browser.Live))
	look("phone")
	p.Resize(1280, 800)

	p.Press("i")
	p.WaitFor(opened("Diagnostics"), patience)
	p.WaitFor(`document.querySelectorAll("#panel h3").length > `+itoa(len(oddNames)), patience)
	want("diagnostics", shown("#panel h3"))
	look("diagnostics")
	p.Press(kb.Escape)
	p.WaitFor(closedDialog, patience)
	openDevices(p)
	look("devices")
	press(p, `[data-action="invite"]`)
	p.WaitFor(opened("Invite someone"), patience)
	p.Click(`#panel [name="all"]`)
	want("invite", shown("#panel label"))
	look("invite")
	p.Press(kb.Escape)
	p.WaitFor(closedDialog, patience)

	var saved []string
	for i, begins := range []string{"-img src=x onerror=-document.title='hit'--&amp;-b-Hof--b- ", "👶🏽🚪 Kinderzimmer 👨👩👧👦 ", "حديقة المنزل الأمامية ", "gnorw "} {
		p.Press(itoa(i + 1))
		p.WaitFor(`document.body.dataset.full && sealcam.stats().tiles.some((tile) => tile.camera === `+fullTile+`.dataset.camera && tile.state === "live")`, patience)
		p.Press("s")
		path := p.WaitDownload(folder, patience, saved...)
		saved = append(saved, path)
		if got := filepath.Base(path); !strings.HasPrefix(got, begins+"20") {
			t.Errorf("the picture of %q is the file %q", oddNames[i], got)
		}
		look("full-" + itoa(i+1))
		p.Press("n")
		p.WaitFor(opened("Name of the camera"), patience)
		look("naming-" + itoa(i+1))
		p.Press(kb.Escape)
		p.WaitFor(closedDialog, patience)
		p.Press(kb.Escape)
		p.WaitFor(`!document.body.dataset.full`, patience)
	}
	h.stop()
	p.WaitTiles(len(oddNames), patience, browser.In(browser.Blank))
	look("blank")
	noExceptions(t, p)
}

// quotedList is a list of strings for JavaScript.
func quotedList(list []string) string {
	var quotes []string
	for _, s := range list {
		quotes = append(quotes, quoted(s))
	}
	return "[" + strings.Join(quotes, ", ") + "]"
}

// A device without cameras says what to do, whatever its link asks for.
func TestNoCameras(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	for _, fragment := range []string{"", "#kiosk", "#kiosk=Porch", "#devices"} {
		p := b.NewPage(browser.Viewport(390, 844))
		p.Open(n.address + fragment)
		p.WaitText("This device knows no cameras yet", patience)
		p.WaitFor(`document.querySelectorAll("[data-tile]").length === 0`, patience)
		p.Screenshot("without-cameras" + strings.NewReplacer("#", "-", "=", "-").Replace(fragment))
		noExceptions(t, p)
	}
}
