//go:build js

package dialog

import (
	"context"
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/dom"
)

// On calls f at each event of the node, while the view is on the stack.
func (v *View) On(n dom.Node, event string, f func(event js.Value)) {
	v.scope.On(n, event, func(e js.Value) { v.d.Do(func() { f(e) }) })
}

// OnClick calls f at each click on the node.
func (v *View) OnClick(n dom.Node, f func()) { v.On(n, "click", func(js.Value) { f() }) }

// OnSubmit calls f when the view's form is sent, by its button or by Enter. Nothing is sent anywhere.
func (v *View) OnSubmit(f func()) {
	v.scope.On(v.Body, "submit", func(e js.Value) {
		e.Call("preventDefault") // at once, not when the lock is free
		v.d.Do(f)
	})
}

// OnLeave has f called once when the view is taken off the stack.
func (v *View) OnLeave(f func()) { v.left = f }

// Alive reports whether the view is still on the stack: what work ended with may have nowhere to go.
func (v *View) Alive() bool { return !v.over }

// Seen reports whether the view is the one that is seen.
func (v *View) Seen() bool { return v.d.Shown() == v }

// Say has a sentence read aloud.
func (v *View) Say(text string) { v.d.Say(text) }

// Title changes the view's title.
func (v *View) Title(text string) {
	v.title = text
	if v.Seen() {
		v.d.title.SetText(text)
	}
}

// Leave goes back to the view below this one, also from views above it.
func (v *View) Leave() {
	for v.Alive() && !v.Seen() {
		v.d.drop()
	}
	if v.Alive() {
		v.d.Back()
	}
}

// Go runs work without the lock, its context ending with the view, and then, if the view is still there, done under the lock.
func (v *View) Go(work func(ctx context.Context) error, done func(err error)) {
	ctx, cancel := context.WithCancel(context.Background())
	v.scope.Defer(cancel)
	v.d.start(ctx, work, func(err error) {
		cancel()
		if v.Alive() {
			done(err)
		}
	})
}
