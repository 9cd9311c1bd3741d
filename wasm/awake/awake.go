//go:build js

// Package awake keeps the screen on (W3C Screen Wake Lock), for as long as somebody wishes and the page can be seen: the browser takes the
// lock back whenever the page is hidden, and may refuse it.
//
// It imports the DOM's and promises' packages only.
package awake

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/promise"
)

// Lock is the page's lock. Its methods are called from the browser's event loop.
type Lock struct {
	refused func(sentence string)
	scope   dom.Scope
	handler *promise.Handler
	wanted  bool
	asking  bool
	held    js.Value
	told    bool // that it was refused, since it was last held
}

// New returns a lock that is not held. refused is called, from the event loop, with what to do where the browser does not keep the screen
// on; once, until it did.
func New(refused func(sentence string)) *Lock {
	l := &Lock{refused: refused}
	l.handler = promise.NewHandler(l.got, l.denied)
	document := dom.Node{Value: js.Global().Get("document")}
	l.scope.On(document, "visibilitychange", func(js.Value) { l.Try() })
	return l
}

// Want says whether the screen is to stay on.
func (l *Lock) Want(on bool) {
	if l.wanted == on {
		return
	}
	l.wanted, l.told = on, false
	if !on {
		l.release()
		return
	}
	l.Try()
}

// Try asks again where the lock is wanted and not held.
func (l *Lock) Try() {
	document := js.Global().Get("document")
	if !l.wanted || l.asking || l.Held() || document.Get("visibilityState").String() != "visible" {
		return
	}
	wake := js.Global().Get("navigator").Get("wakeLock")
	if !wake.Truthy() {
		l.tell(words.Say("This browser cannot keep the screen on here. Set the device’s own display time-out to “never”, or open this page by an https address in a current browser."))
		return
	}
	var p js.Value
	if err := promise.Try(func() { p = wake.Call("request", "screen") }); err != nil {
		l.denied(err)
		return
	}
	l.asking = true
	l.handler.Then(p)
}

// Held reports whether the screen is kept on.
func (l *Lock) Held() bool { return l.held.Truthy() && !l.held.Get("released").Truthy() }

func (l *Lock) got(sentinel js.Value) {
	l.asking = false
	l.held, l.told = sentinel, false
	if !l.wanted {
		l.release()
	}
}

func (l *Lock) denied(error) {
	l.asking = false
	if l.wanted && js.Global().Get("document").Get("visibilityState").String() == "visible" {
		l.tell(words.Say("The browser refuses to keep the screen on, perhaps because the battery is low or the page that embeds this one does not allow it. Plug the device in, or set its display time-out to “never”."))
	}
}

func (l *Lock) tell(sentence string) {
	if !l.told {
		l.told = true
		l.refused(sentence)
	}
}

func (l *Lock) release() {
	if l.held.Truthy() {
		_ = promise.Try(func() { l.held.Call("release") }) // it may be gone
	}
	l.held = js.Undefined()
}

// Close lets the screen go dark and the document go.
func (l *Lock) Close() {
	l.wanted = false
	l.release()
	l.scope.Close()
}
