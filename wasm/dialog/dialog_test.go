//go:build js

package dialog_test

import (
	"context"
	"errors"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
)

func open(t *testing.T) *dialog.Dialog {
	t.Helper()
	domtest.Load(t)
	d := dialog.New()
	t.Cleanup(d.Release)
	return d
}

func body(name string) dom.Node {
	n := dom.Make("div")
	n.SetText(name)
	return n
}

func shown() (title, text string, open bool) {
	return dom.ByID("panel-title").Get("textContent").String(), dom.ByID("panel-body").Get("textContent").String(), dom.ByID("panel").Get("open").Bool()
}

func want(t *testing.T, title, text string, isOpen bool) {
	t.Helper()
	gotTitle, gotText, gotOpen := shown()
	if gotOpen != isOpen || isOpen && (gotTitle != title || gotText != text) {
		t.Errorf("title %q, text %q, open %v; want %q, %q, %v", gotTitle, gotText, gotOpen, title, text, isOpen)
	}
}

func TestViewsLieOnEachOther(t *testing.T) {
	d := open(t)
	var left []string
	push := func(name string) *dialog.View {
		var v *dialog.View
		d.Do(func() {
			v = d.Push(name, body(name+" body"))
			v.OnLeave(func() { left = append(left, name) })
		})
		return v
	}
	push("one")
	want(t, "one", "one body", true)
	if !dom.ByID("panel-back").Get("hidden").Bool() {
		t.Error("the first view has a way back")
	}
	two := push("two")
	push("three")
	want(t, "three", "three body", true)
	dom.ByID("panel-back").Call("click")
	want(t, "two", "two body", true)
	push("four")
	d.Do(two.Leave)
	want(t, "one", "one body", true)
	if two.Alive() {
		t.Error("a view that was left is alive")
	}
	dom.ByID("panel-close").Call("click")
	want(t, "", "", false)
	if len(left) != 4 || left[0] != "three" || left[1] != "four" || left[2] != "two" || left[3] != "one" {
		t.Errorf("left in the order %v", left)
	}
}

// The event that the dialog was closed comes when it may be open again.
func TestOpenedAgainAtOnce(t *testing.T) {
	d := open(t)
	d.Do(func() {
		d.Push("one", body("one"))
		d.Close()
		d.Push("two", body("two"))
	})
	turn := make(chan struct{})
	f := js.FuncOf(func(js.Value, []js.Value) any {
		close(turn)
		return nil
	})
	defer f.Release()
	js.Global().Call("setTimeout", f, 50)
	<-turn
	want(t, "two", "two", true)
}

func TestBrowserClosesIt(t *testing.T) {
	d := open(t)
	closed := 0
	d.Do(func() {
		d.OnClose(func() { closed++ })
		d.Push("one", body("one"))
		d.Push("two", body("two"))
	})
	dom.ByID("panel").Call("close") // as Escape does
	domtest.WaitFor(t, "the views are left", func() (done bool) {
		d.Do(func() { done = !d.IsOpen() })
		return done
	})
	if closed != 1 {
		t.Errorf("told %d times", closed)
	}
}

func TestFocusStaysInside(t *testing.T) {
	d := open(t)
	d.Do(func() { d.Push("one", body("one")) })
	focused := js.Global().Get("document").Get("activeElement")
	if !dom.ByID("panel").Call("contains", focused).Bool() {
		t.Errorf("the focus is on %s", focused.Get("outerHTML"))
	}
}

func TestForm(t *testing.T) {
	d := open(t)
	result, began := make(chan error), make(chan struct{}, 2)
	done := make(chan struct{})
	var f *dialog.Form
	d.Do(func() {
		v := d.Push("form", dom.Clone("view-rename"))
		f = dialog.NewForm(v)
		v.OnSubmit(func() {
			f.Work("Working", func(context.Context) error {
				began <- struct{}{}
				return <-result
			}, func() { close(done) })
		})
	})
	part := func(name string) dom.Node { return f.Body.Part(name) }
	domtest.Submit(f.Body)
	domtest.Submit(f.Body) // is ignored while the first is under way
	<-began
	if part("busy").Get("textContent").String() != "Working" || part("busy").Get("hidden").Bool() {
		t.Error("the form does not say that it works")
	}
	result <- errors.New("pkg: it went wrong")
	domtest.WaitFor(t, "the error is said", func() bool { return part("error").Get("textContent").String() == "It went wrong." })
	if len(began) != 0 {
		t.Error("the work was begun twice")
	}
	domtest.Submit(f.Body)
	<-began
	if !part("error").Get("hidden").Bool() {
		t.Error("the former error is still shown")
	}
	result <- nil
	<-done
}

// Work ends with its view; what it ended with is then told to nobody.
func TestWorkEndsWithItsView(t *testing.T) {
	d := open(t)
	ended := make(chan error, 1)
	d.Do(func() {
		v := d.Push("one", body("one"))
		v.Go(func(ctx context.Context) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}, func(error) { t.Error("told a view that is gone") })
		d.Close()
	})
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSentence(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{context.Canceled, ""},
		{errors.New("pairing: the code is wrong"), "The code is wrong."},
		{errors.New("grant: denied: ask an owner"), "Ask an owner."},
		{errors.New("The agent: is it on?"), "The agent: is it on?"},
	} {
		if got := dialog.Sentence(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
