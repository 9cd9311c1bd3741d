//go:build e2e

package e2e

import (
	"testing"

	"github.com/sealcam/sealcam/test/browser"
)

// speaking opens pages of a browser whose person prefers these languages, as JavaScript: ["de-AT", "en"].
func speaking(languages string) browser.Option {
	return browser.Script(`Object.defineProperty(navigator, "languages", { get: () => ` + languages + ` });`)
}

// TestWordsAreChosen opens pages that can show no pictures, since they say so without an agent.
func TestWordsAreChosen(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	const (
		english = "This browser cannot draw the pictures"
		german  = "Dieser Browser kann die Bilder nicht zeichnen"
		french  = "Ce navigateur ne peut pas afficher les images"
		hant    = "這個瀏覽器無法繪製畫面"
		hans    = "此浏览器无法绘制画面"
	)
	for _, c := range []struct{ languages, script, lang, says string }{
		{`["en-GB", "de"]`, "", "en", english},
		{`["it", "de-AT", "en"]`, "", "de", german},
		{`["fr-CA"]`, "", "fr", french},
		{`["zh-TW"]`, "", "zh-Hant", hant},
		{`["zh-HK", "en"]`, "", "zh-Hant", hant},
		{`["zh-Hant-SG"]`, "", "zh-Hant", hant},
		{`["zh-Hans-HK"]`, "", "zh-Hans", hans},
		{`["zh-CN"]`, "", "zh-Hans", hans},
		{`["zh"]`, "", "zh-Hans", hans},
		{`["pt-BR", "ja"]`, "", "en", english},
		{`[]`, "", "en", english},
		{`["de"]`, `localStorage.setItem("sealcam.language", "fr")`, "fr", french},
		{`["de"]`, `localStorage.setItem("sealcam.language", "tlh")`, "de", german},
		{`["fr"]`, `Object.defineProperty(globalThis, "localStorage", { get() { throw new Error("blocked"); } })`, "fr", french},
		{`["de"]`, `(() => { const f = fetch; globalThis.fetch = (url, o) => /words-/.test(url) ? Promise.reject(new Error("offline")) : f(url, o); })()`, "en", english},
	} {
		options := []browser.Option{browser.WithoutWebGL(), speaking(c.languages)}
		if c.script != "" {
			options = append(options, browser.Script(c.script))
		}
		p := b.NewPage(options...)
		p.Open(n.address)
		p.WaitText(c.says, patience)
		if lang := browser.Eval[string](p, `document.documentElement.lang`); lang != c.lang {
			t.Errorf("%s %s: the page's language is %q", c.languages, c.script, lang)
		}
		if lang := browser.Eval[string](p, `fetch(document.querySelector("link[rel=manifest]").href).then((r) => r.json()).then((m) => m.lang)`); lang != c.lang {
			t.Errorf("%s %s: the language of the app's manifest is %q", c.languages, c.script, lang)
		}
		p.Close()
	}
}

// TestSettings changes language and appearance where there are no cameras yet, and finds both kept.
func TestSettings(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	p := b.NewPage(browser.Viewport(1280, 800), speaking(`["en"]`))
	p.Open(n.address)
	p.WaitText("This device knows no cameras yet", patience)
	p.Click("#sheet-settings")
	p.WaitFor(opened("Settings"), patience)
	p.Click(`#panel input[name="appearance"][value="light"]`)
	p.WaitFor(`getComputedStyle(document.documentElement).colorScheme === "light"`, patience)
	look(t, p, "english")
	browser.Eval[bool](p, `(() => {
		const list = document.querySelector("#panel [name=language]");
		list.value = "fr";
		return list.dispatchEvent(new Event("change", { bubbles: true }));
	})()`)
	p.WaitFor(opened("Réglages"), patience)
	if now := browser.Eval[string](p, `document.documentElement.lang + " " + getComputedStyle(document.documentElement).colorScheme`); now != "fr light" {
		t.Errorf("after the reload the page is %q", now)
	}
	look(t, p, "french")
	p.Press("\x1b")
	p.WaitFor(closedDialog+` && document.activeElement.tagName === "BODY"`, patience)
	p.Click("#sheet-settings")
	p.WaitFor(opened("Réglages"), patience)
	p.Press("\x1b")
	p.WaitFor(closedDialog+` && document.activeElement.id === "sheet-settings"`, patience) // the focus is given back
	noExceptions(t, p)
}

// What the page has to say is not lost when it says something else: the latest is shown, then what was said before.
func TestNoticesWait(t *testing.T) {
	n := startServer(t, nil)
	p := browser.Start(t).NewPage(browser.Viewport(390, 844))
	p.Open(n.address)
	p.WaitText("Welcome to Sealcam", patience)
	says := func(want string) {
		t.Helper()
		p.WaitFor(`!document.getElementById("notice").hidden && document.getElementById("notice-text").textContent === `+quoted(want), patience)
	}
	browser.Eval[bool](p, `(() => {
		const { notice } = sealcam.boot;
		notice("First.", "Do it", () => { globalThis.done = true; });
		globalThis.takeBack = notice("Second.");
		notice("Third.");
		notice("Fourth.");
		notice("Third."); // said again
		return true;
	})()`)
	says("Third.")
	p.Click("#notice-close")
	says("Fourth.")
	p.Click("#notice-close")
	says("Second.")
	browser.Eval[bool](p, `takeBack() ?? true`)
	says("First.")
	p.Click("#notice-action")
	p.WaitFor(`globalThis.done && document.getElementById("notice").hidden`, patience)
	noExceptions(t, p)
}
