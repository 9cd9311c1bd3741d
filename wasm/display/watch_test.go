//go:build js

package display_test

import (
	"os"
	"strconv"
	"strings"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/wasm/dom/domtest"
)

// fakeWindow is a browser's window whose clock the test turns. Storage lives on in it over a reload.
const fakeWindow = `(storage) => {
	const timers = [];
	const page = {
		now: 1e12, reloads: 0, server: 200, html: '<script id="assets">{"url":"/sealcam.1.wasm"}', frames: true, told: [],
		Date: { now: () => page.now }, Math: { random: () => 0 },
		document: { visibilityState: "visible" },
		location: { reload: () => page.reloads++ },
		setInterval: (f, every) => timers.push({ f, every, at: page.now + every }),
		setTimeout: (f, after) => timers.push({ f, at: page.now + after }),
		requestAnimationFrame: (f) => page.frames && f(page.now),
		fetch: async (path) => {
			if (!page.server) throw new TypeError("no network");
			return { status: page.server, ok: page.server === 200, text: async () => page.html };
		},
		get sessionStorage() {
			if (storage === null) throw new Error("blocked");
			return { getItem: (k) => storage[k] ?? null, setItem: (k, v) => { storage[k] = v; }, removeItem: (k) => { delete storage[k]; } };
		},
	};
	page.top = page;
	// pass turns the clock, one due timer after the other, and lets promises settle.
	page.pass = async (seconds, each) => {
		const end = page.now + 1000 * seconds;
		for (;;) {
			const due = timers.filter((x) => x.at <= end).sort((a, b) => a.at - b.at)[0];
			if (!due) break;
			page.now = Math.max(page.now, due.at);
			if (due.every) due.at += due.every; else timers.splice(timers.indexOf(due), 1);
			each();
			due.f();
			for (let i = 0; i < 8; i++) await null;
		}
		page.now = end;
	};
	return page;
}`

type watched struct {
	t           *testing.T
	page, watch js.Value
	told        []string
	storage     js.Value
	funcs       []js.Func
}

// load makes a window that has loaded the page; storage may be null.
func load(t *testing.T, storage js.Value) *watched {
	t.Helper()
	file := "../../static/watch.js"
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	js.Global().Call("eval", string(source))
	w := &watched{t: t, storage: storage}
	w.page = js.Global().Call("eval", fakeWindow).Invoke(storage)
	tell := js.FuncOf(func(_ js.Value, args []js.Value) any {
		text := args[0].String()
		if len(args) > 1 {
			text += " " + strconv.Itoa(args[1].Int())
		}
		w.told = append(w.told, text)
		return nil
	})
	w.funcs = append(w.funcs, tell)
	assets := map[string]any{"sealcam.wasm": map[string]any{"url": "/sealcam.1.wasm"}}
	w.watch = js.Global().Get("sealcamWatch").Invoke(w.page, js.ValueOf(assets), tell)
	t.Cleanup(func() {
		for _, f := range w.funcs {
			f.Release()
		}
	})
	return w
}

func memory() js.Value { return js.Global().Get("Object").New() }

// pass lets seconds go by, in which the parts beat.
func (w *watched) pass(seconds int, parts ...string) {
	w.t.Helper()
	each := js.FuncOf(func(js.Value, []js.Value) any {
		for _, p := range parts {
			w.watch.Call("beat", p)
		}
		return nil
	})
	defer each.Release()
	done := false
	finished := js.FuncOf(func(js.Value, []js.Value) any {
		done = true
		return nil
	})
	defer finished.Release()
	w.page.Call("pass", seconds, each).Call("then", finished)
	domtest.WaitFor(w.t, "the clock is turned", func() bool { return done })
}

func (w *watched) reloads() int { return w.page.Get("reloads").Int() }

// last returns why the page was loaded by itself, as the next page would say.
func (w *watched) last() string {
	next := load(w.t, w.storage)
	l := next.watch.Get("last")
	if l.IsNull() {
		return ""
	}
	return l.Get("why").String()
}

// Wherever frames stop, the page is told within seconds; only a display is loaded again, with the reason.
func TestStandsStill(t *testing.T) {
	w := load(t, memory())
	w.pass(120, "frame")
	if len(w.told) > 0 || w.reloads() > 0 {
		t.Fatalf("a living page: %v", w.told)
	}
	w.pass(4)
	if len(w.told) != 2 || w.told[0] != "still 3" {
		t.Fatalf("told %v", w.told)
	}
	w.pass(600)
	if w.reloads() > 0 {
		t.Fatal("a page that is no display was loaded again")
	}
	w.told = nil
	w.pass(3, "frame")
	if strings.Join(w.told, ",") != "still 0" {
		t.Fatalf("told %v when it goes on", w.told)
	}
	w.watch.Call("guard", 30)
	w.pass(29)
	if w.reloads() > 0 {
		t.Fatal("loaded again too soon")
	}
	w.pass(3)
	if w.reloads() != 1 || w.last() != "still" {
		t.Fatalf("%d reloads, because %q", w.reloads(), w.last())
	}
	if why := w.last(); why != "" {
		t.Errorf("the reason %q is said twice", why)
	}
}

// A page that nobody can see, or that the browser does not draw in its frame, is not to blame for drawing nothing; nor is one whose device
// slept.
func TestNotToBlame(t *testing.T) {
	for name, prepare := range map[string]func(*watched){
		"hidden": func(w *watched) { w.page.Get("document").Set("visibilityState", "hidden") },
		"in a frame that is scrolled away": func(w *watched) {
			w.page.Set("frames", false)
			w.page.Set("top", js.Null())
		},
	} {
		w := load(t, memory())
		w.watch.Call("guard", 10)
		w.pass(5, "frame")
		prepare(w)
		w.pass(3600)
		if w.reloads() > 0 {
			t.Errorf("%s: it was loaded again", name)
		}
	}
	w := load(t, memory())
	w.watch.Call("guard", 10)
	w.pass(5, "frame")
	w.page.Set("now", w.page.Get("now").Float()+8*3600*1000) // the lid was closed; timers come late, all at once
	w.pass(1, "frame")
	w.pass(60, "frame")
	if w.reloads() > 0 {
		t.Error("a device that slept was taken for a page that stands still")
	}
}

// The reason tells which part it was; loading has more time, and may end without frames, as where there is only a message.
func TestParts(t *testing.T) {
	w := load(t, memory())
	w.watch.Call("guard", 10)
	w.pass(50)
	w.pass(50, "start")
	if w.reloads() > 0 {
		t.Fatal("a page that loads was loaded again")
	}
	w.pass(61)
	if w.reloads() != 1 || w.last() != "load" {
		t.Errorf("it does not load: %d reloads", w.reloads())
	}
	w = load(t, memory())
	w.watch.Call("guard", 10)
	w.watch.Call("rest", "start")
	w.pass(3600)
	if w.reloads() > 0 {
		t.Error("a page with a message was loaded again")
	}
	w.pass(5, "frame", "pictures")
	w.pass(12, "frame")
	if w.reloads() != 1 || w.last() != "pictures" {
		t.Errorf("no picture can be drawn: %d reloads", w.reloads())
	}
}

// Failures that follow each other are met more and more rarely.
func TestBackoff(t *testing.T) {
	storage := memory()
	for i, wait := range []int{0, 5, 30, 120, 600, 600} {
		w := load(t, storage)
		w.watch.Call("guard", 30)
		if !w.watch.Call("restart", "crash").Bool() {
			t.Fatal("a display asks a person")
		}
		if wait > 0 {
			w.pass(wait - 1)
			if w.reloads() > 0 {
				t.Errorf("restart %d came too soon", i)
			}
		}
		w.pass(2)
		if w.reloads() != 1 {
			t.Errorf("restart %d: %d reloads after %d s, told %v", i, w.reloads(), wait+1, w.told)
		}
	}
	w := load(t, js.Null())
	w.watch.Call("guard", 30)
	w.watch.Call("restart", "crash")
	w.pass(599)
	if w.reloads() > 0 {
		t.Error("without storage it could load in a circle")
	}
	w.pass(2)
	if w.reloads() != 1 {
		t.Error("without storage it never starts again")
	}
}

// The clock may jump by a day meanwhile, and the storage hold anything.
func TestOddMemory(t *testing.T) {
	for _, text := range []string{"nonsense", "{}", "[1,null,{}]", `[{"at":"x","why":1}]`, `[{"at":1e15,"why":"crash"}]`} {
		storage := memory()
		storage.Set("sealcam restarts", text)
		w := load(t, storage)
		w.watch.Call("guard", 30)
		w.watch.Call("restart", "crash")
		w.pass(601)
		if w.reloads() != 1 {
			t.Errorf("%s: %d reloads", text, w.reloads())
		}
	}
}

// A server that is away is waited for: without it the browser's own error page would stay for ever.
func TestWaitsForTheServer(t *testing.T) {
	w := load(t, memory())
	w.watch.Call("guard", 30)
	w.page.Set("server", 0)
	w.watch.Call("restart", "crash")
	w.pass(3600)
	w.page.Set("server", 502)
	w.pass(60)
	if w.reloads() > 0 || len(w.told) == 0 || w.told[0] != "server" {
		t.Fatalf("%d reloads, told %.3q", w.reloads(), w.told)
	}
	w.page.Set("server", 200)
	w.pass(11)
	if w.reloads() != 1 {
		t.Errorf("%d reloads when the server is back", w.reloads())
	}
}

// Elsewhere than on a display only lost graphics are met by themselves, and not for ever.
func TestOrdinaryPage(t *testing.T) {
	storage := memory()
	for i := range 4 {
		w := load(t, storage)
		if w.watch.Call("restart", "crash").Bool() {
			t.Error("it starts again by itself after a crash")
		}
		if by := w.watch.Call("restart", "graphics").Bool(); by != (i < 3) {
			t.Errorf("lost graphics, time %d: by itself %v", i+1, by)
		}
		w.pass(1)
	}
	if load(t, js.Null()).watch.Call("restart", "graphics").Bool() {
		t.Error("without storage it may load in a circle")
	}
}

// A display follows a new version of the server, at most once an hour; what is no page of ours is no version.
func TestNewVersion(t *testing.T) {
	storage := memory()
	w := load(t, storage)
	w.watch.Call("guard", 30)
	w.pass(1300, "frame")
	w.page.Set("html", "<h1>Bad gateway</h1>")
	w.pass(1300, "frame")
	if w.reloads() > 0 {
		t.Fatal("it was loaded again without a new version")
	}
	w.page.Set("html", `<script id="assets">{"url":"/sealcam.2.wasm"}`)
	w.pass(610, "frame")
	if w.reloads() != 1 || w.last() != "version" {
		t.Fatalf("%d reloads, because %q", w.reloads(), w.last())
	}
	again := load(t, storage)
	again.page.Set("now", w.page.Get("now"))
	again.page.Set("html", `<script id="assets">{"url":"/sealcam.3.wasm"}`)
	again.watch.Call("guard", 30)
	again.pass(1300, "frame")
	if again.reloads() > 0 {
		t.Error("two versions behind one name make it blink")
	}
}
