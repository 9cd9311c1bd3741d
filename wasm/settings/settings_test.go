//go:build js

package settings_test

import (
	"os"
	"syscall/js"
	"testing"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
	"github.com/sealcam/sealcam/wasm/settings"
)

// The runtime has a goroutine of its own for the browser's events.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}

// open opens the panel of a page that has nothing saved.
func open(t *testing.T, sections ...settings.Section) {
	t.Helper()
	domtest.Load(t)
	storage := js.Global().Get("localStorage")
	storage.Call("clear")
	for _, script := range []string{"words.js", "appearance.js"} {
		source, err := os.ReadFile("../../static/" + script)
		if err != nil {
			t.Fatal(err)
		}
		js.Global().Call("eval", string(source))
	}
	d := dialog.New()
	t.Cleanup(func() {
		d.Release()
		storage.Call("clear")
	})
	p := settings.Panel{Dialog: d, Sections: sections}
	d.Do(p.Open)
	d.Do(p.Open) // once is enough
}

func saved(name string) string {
	v := js.Global().Get("localStorage").Call("getItem", name)
	if v.IsNull() {
		return ""
	}
	return v.String()
}

// choose picks a value of a radio group or a list, as a click does.
func choose(selector, value string) {
	n := dom.ByID("panel").Find(selector)
	if n.Get("type").String() == "radio" {
		n.SetChecked(true)
	} else {
		n.SetContent(value)
	}
	n.Call("dispatchEvent", js.Global().Get("Event").New("change", map[string]any{"bubbles": true}))
}

func TestAppearance(t *testing.T) {
	open(t, settings.Appearance())
	root := js.Global().Get("document").Get("documentElement")
	if n := len(dom.ByID("panel").All(`input[name="appearance"]`)); n != 3 {
		t.Fatalf("%d choices", n)
	}
	for _, c := range []struct{ value, scheme string }{{"light", "light"}, {"dark", "dark"}} {
		choose(`input[value="`+c.value+`"]`, c.value)
		scheme := js.Global().Call("getComputedStyle", root).Get("colorScheme").String()
		if saved("sealcam.appearance") != c.value || scheme != c.scheme {
			t.Errorf("%s: kept %q, shown %q", c.value, saved("sealcam.appearance"), scheme)
		}
	}
	choose(`input[value=""]`, "")
	if kept, shown := saved("sealcam.appearance"), root.Get("dataset").Get("appearance"); kept != "" || shown.Truthy() {
		t.Errorf("left to the device: kept %q, shown %v", kept, shown)
	}
}

func TestLanguage(t *testing.T) {
	reloads := 0
	open(t, settings.Language(func() { reloads++ }))
	if now := dom.ByID("panel").Field("language").Content(); now != "" {
		t.Errorf("nothing was chosen, and %q is shown", now)
	}
	choose(`[name="language"]`, "zh-Hant")
	if saved("sealcam.language") != "zh-Hant" || reloads != 1 {
		t.Errorf("kept %q, loaded again %d times", saved("sealcam.language"), reloads)
	}
	choose(`[name="language"]`, "")
	if saved("sealcam.language") != "" || reloads != 2 {
		t.Errorf("left to the browser: kept %q, loaded again %d times", saved("sealcam.language"), reloads)
	}
}

// Where storage is blocked a choice cannot last, and the panel says so.
func TestNothingIsKept(t *testing.T) {
	reloads := 0
	open(t, settings.Language(func() { reloads++ }), settings.Appearance())
	prototype := js.Global().Get("Storage").Get("prototype")
	original := prototype.Get("setItem")
	prototype.Set("setItem", js.Global().Call("eval", `(() => { throw new Error("blocked"); })`))
	defer prototype.Set("setItem", original)
	note := dom.ByID("panel").Part("note")
	choose(`input[value="dark"]`, "dark")
	if note.Get("hidden").Bool() || js.Global().Get("document").Get("documentElement").Get("dataset").Get("appearance").String() != "dark" {
		t.Error("the appearance is not shown, or nothing is said")
	}
	note.Write("")
	choose(`[name="language"]`, "fr")
	if note.Get("hidden").Bool() || reloads != 0 {
		t.Errorf("loaded again %d times, or nothing is said", reloads)
	}
}
