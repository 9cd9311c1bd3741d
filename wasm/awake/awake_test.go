//go:build js

package awake_test

import (
	"strings"
	"syscall/js"
	"testing"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/wasm/awake"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
)

// The runtime has a goroutine of its own for the browser's events.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}

// fake gives the browser a wake lock that refuses, or one that grants and counts.
const fake = `(kind) => {
	const lock = { asked: 0, open: [] };
	const wake = kind === "missing" ? undefined : { request: async () => {
		lock.asked++;
		if (lock.refuse) throw new DOMException("low battery", "NotAllowedError");
		const sentinel = { released: false, release: async () => { sentinel.released = true; } };
		lock.open.push(sentinel);
		return sentinel;
	} };
	lock.refuse = kind === "refused";
	Object.defineProperty(navigator, "wakeLock", { value: wake, configurable: true });
	return lock;
}`

type fixture struct {
	*awake.Lock
	browser js.Value
	said    []string
}

func newFixture(t *testing.T, kind string) *fixture {
	t.Helper()
	f := &fixture{browser: js.Global().Call("eval", fake).Invoke(kind)}
	f.Lock = awake.New(func(sentence string) { f.said = append(f.said, sentence) })
	t.Cleanup(func() {
		f.Close()
		js.Global().Call("eval", "delete navigator.wakeLock")
	})
	return f
}

func (f *fixture) asked() int { return f.browser.Get("asked").Int() }

// A lock that the browser takes back, as it does whenever the page is hidden, is asked for again.
func TestHeld(t *testing.T) {
	f := newFixture(t, "granted")
	f.Try()
	if f.asked() > 0 {
		t.Fatal("the screen is kept on though nobody wants it")
	}
	f.Want(true)
	f.Want(true)
	domtest.WaitFor(t, "it is held", f.Held)
	f.Try()
	if f.asked() != 1 {
		t.Errorf("asked %d times for what is held", f.asked())
	}
	f.browser.Get("open").Index(0).Set("released", true)
	js.Global().Get("document").Call("dispatchEvent", js.Global().Get("Event").New("visibilitychange"))
	domtest.WaitFor(t, "it is held again", f.Held)
	f.Want(false)
	domtest.WaitFor(t, "the screen may go dark", func() bool { return f.browser.Get("open").Index(1).Get("released").Bool() })
	if f.Held() || len(f.said) > 0 {
		t.Errorf("held %v, said %q", f.Held(), f.said)
	}
}

// Where it is refused people are told what to do, once, and it is asked for again.
func TestRefused(t *testing.T) {
	f := newFixture(t, "refused")
	f.Want(true)
	domtest.WaitFor(t, "it is said", func() bool { return len(f.said) == 1 })
	f.Try()
	domtest.WaitFor(t, "it is asked for again", func() bool { return f.asked() == 2 })
	f.browser.Set("refuse", false)
	domtest.WaitFor(t, "it is held at last", func() bool {
		f.Try()
		return f.Held()
	})
	if len(f.said) != 1 || !strings.Contains(f.said[0], "battery") {
		t.Errorf("said %q", f.said)
	}
}

func TestMissing(t *testing.T) {
	f := newFixture(t, "missing")
	f.Want(true)
	f.Try()
	if len(f.said) != 1 || !strings.Contains(f.said[0], "https") {
		t.Errorf("said %q", f.said)
	}
}
