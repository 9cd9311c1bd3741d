//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/static/catalogue"
	"github.com/sealcam/sealcam/test/axe"
	"github.com/sealcam/sealcam/test/browser"
)

// tour leads through the views of the page in one language.
type tour struct {
	t         *testing.T
	p         *browser.Page
	sentences map[string]string // nil: English
	at        func(p *browser.Page, name string)
}

// catalogues returns the sentences of each language.
func catalogues(t *testing.T) map[string]map[string]string {
	t.Helper()
	areas, err := catalogue.Read(os.DirFS("../../static/words"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for language, a := range areas {
		all[language] = catalogue.Merge(a)
	}
	return all
}

func (o *tour) say(english string, args ...any) string {
	if s := o.sentences[english]; s != "" {
		english = s
	}
	if len(args) == 0 {
		return english
	}
	return fmt.Sprintf(english, args...)
}

// into presses a button of the dialog and waits for the view that it leads to.
func (o *tour) into(action, title, name string) {
	press(o.p, `[data-action="`+action+`"]`)
	o.p.WaitFor(opened(o.say(title)), patience)
	o.at(o.p, name)
}

func (o *tour) back(title string) {
	o.p.Click("#panel-back")
	o.p.WaitFor(opened(o.say(title)), patience)
}

// owner visits what an owner's page has; two cameras play on it.
func (o *tour) owner() {
	p := o.p
	p.WaitTiles(2, patience, browser.In(browser.Live))
	o.at(p, "grid")
	p.Click(".tile")
	p.WaitFor(`document.body.hasAttribute("data-full")`, patience)
	o.at(p, "full")
	p.Press("\x1b")
	p.WaitFor(`!document.body.hasAttribute("data-full")`, patience)

	openDevices(p)
	o.at(p, "devices")
	o.into("invite", "Invite someone", "invite")
	write(p, "name", "Ann")
	press(p, `[data-action="confirm"]`)
	p.WaitFor(opened(o.say("Invitation for %s", "Ann")), patience)
	o.at(p, "link")
	press(p, `[data-action="done"]`)
	p.WaitFor(opened(o.say("Devices")), patience)
	o.into("withdraw", "Take the invitation back?", "confirm")
	press(p, `[data-action="confirm"]`)
	p.WaitFor(opened(o.say("Devices"))+` && !document.querySelector("#panel [data-invite]")`, patience)
	o.into("rename", "Rename", "rename")
	o.back("Devices")
	o.into("screen", "Add a screen", "screen")
	write(p, "code", "12")
	press(p, `[data-action="confirm"]`)
	p.WaitFor(`!document.querySelector("#panel [data-part=error]").hidden`, patience)
	o.at(p, "screen-mistyped")
	o.back("Devices")
	o.into("journal", "Who watched when", "journal")
	o.back("Devices")
	o.into("custody", "This device’s key", "custody")
	o.back("Devices")
	o.into("phrase", "Recovery phrase", "words")
	o.into("written", "Check your paper", "check")
	o.back("Recovery phrase")
	p.Click("#panel-close")
	p.WaitFor(closedDialog, patience)

	p.Click("#settings-open")
	p.WaitFor(opened(o.say("Settings")), patience)
	o.at(p, "settings")
	p.Press("\x1b")
	p.WaitFor(closedDialog, patience)
}

// stranger visits the pages of a device without cameras.
func (o *tour) stranger(p *browser.Page, address string) {
	p.Open(address)
	p.WaitText(o.say("Welcome to Sealcam"), patience)
	o.at(p, "welcome")
	p.Open(address + "/#display")
	p.WaitText(o.say("Let this screen in"), patience)
	o.at(p, "display")
	p.Open(address + "/#recover")
	p.Reload()
	p.Open(address + "/#recover")
	p.WaitFor(opened(o.say("Restore with 24 words")), patience)
	o.at(p, "restore")
}

// TestAccessible has axe look at each view, light and dark: nothing is seriously wrong.
func TestAccessible(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1, 2)
	o := tour{t: t, at: func(p *browser.Page, name string) {
		for _, appearance := range []string{"light", "dark"} {
			browser.Eval[bool](p, `sealcam.appearance.choose(`+quoted(appearance)+`)`)
			found, err := axe.Check(p)
			if err != nil {
				t.Errorf("%s, %s: %v", name, appearance, err)
			}
			for _, v := range found {
				t.Errorf("%s, %s: %v", name, appearance, v)
			}
		}
	}}
	o.stranger(b.NewPage(browser.Viewport(1280, 800)), n.address)
	o.p = own(t, b, h, 2, browser.Viewport(1280, 800))
	o.owner()
	noExceptions(t, o.p)
}

// english lists what a page says that is English still: sentences that the catalogue knows, and such as hold words that no other of the
// languages has. Names of cameras and devices are as people gave them.
const english = `((known) => {
	const words = /\b(the|this|that|your|with|which|cannot|does|have|from|its)\b/i;
	const found = [];
	for (const e of document.querySelectorAll("body *")) {
		if (e.closest("script, style, noscript, svg, template, [translate=no]") || !e.checkVisibility({ visibilityProperty: true })) continue;
		const texts = [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data);
		for (const a of ["aria-label", "title", "placeholder", "alt"]) texts.push(e.getAttribute(a) || "");
		for (const text of texts.map((s) => s.replace(/\s+/g, " ").trim())) {
			if (known.includes(text) || words.test(text)) found.push(text);
		}
	}
	return [...new Set(found)];
})`

// alikeButtons lists what several buttons of a row say, such as those that do and those that leave.
const alikeButtons = `[...document.querySelectorAll("#panel[open] .buttons")].flatMap((row) => {
	const texts = [...row.children].filter((e) => e.checkVisibility()).map((e) => e.textContent.trim());
	return texts.filter((text, i) => texts.indexOf(text) !== i);
})`

// TestLanguages visits every view in every language, in one of the browsers: no English is left, nothing sticks out, and buttons side by side
// differ, on a phone and on a small display.
func TestLanguages(t *testing.T) {
	all := catalogues(t)
	spoken := map[string][]string{"chromium": {"de", "zh-Hant"}, "firefox": {"fr", "zh-Hans"}}
	if n := len(slices.Concat(slices.Collect(maps.Values(spoken))...)); n != len(all) {
		t.Fatalf("%d of %d languages are visited", n, len(all))
	}
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			n := startServer(t, nil)
			b := engine.start(t)
			h := startLasting(t, n.address, t.TempDir(), nil, 1, 2)
			owner := own(t, b, h, 2, browser.Viewport(1280, 800))
			stranger := b.NewPage(browser.Viewport(1280, 800))
			for _, language := range spoken[engine.name] {
				t.Run(language, func(t *testing.T) {
					for _, p := range []*browser.Page{owner, stranger} {
						if p == stranger {
							p.Open(n.address)
						}
						browser.Eval[bool](p, `sealcam.words.choose(`+quoted(language)+`)`)
					}
					owner.Open(n.address)
					o := tour{t: t, p: owner, sentences: all[language], at: inLanguage(t, language, all[language])}
					o.owner()
					o.stranger(stranger, n.address)
					noExceptions(t, owner)
					noExceptions(t, stranger)
				})
			}
		})
	}
}

// inLanguage returns what looks at the views of a tour in a language, and takes pictures of them.
func inLanguage(t *testing.T, language string, sentences map[string]string) func(p *browser.Page, name string) {
	t.Helper()
	var keys []string
	for key, translation := range sentences {
		if key != translation {
			keys = append(keys, key)
		}
	}
	known, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	sizes := [][2]int{{390, 844}, {1280, 800}}
	if strings.HasPrefix(language, "zh") { // whose sentences are short
		sizes = sizes[:1]
	}
	return func(p *browser.Page, name string) {
		for _, size := range sizes {
			p.Resize(size[0], size[1])
			p.WaitFor(`innerWidth === `+itoa(size[0]), patience)
			p.Screenshot(language + "-" + name + "-" + itoa(size[0]))
			if cut := browser.Eval[[]string](p, cutOff); len(cut) > 0 {
				t.Errorf("%s, %d wide: sticks out: %q", name, size[0], cut)
			}
		}
		if alike := browser.Eval[[]string](p, alikeButtons); len(alike) > 0 {
			t.Errorf("%s: several buttons say %q", name, alike)
		}
		if left := browser.Eval[[]string](p, english+"("+string(known)+")"); len(left) > 0 {
			t.Errorf("%s: still English: %q", name, left)
		}
	}
}
