//go:build js

package main

import (
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/promise"
)

// awake keeps the screen on (W3C Screen Wake Lock), because a device whose screen goes dark stops its camera. Browsers take the lock away
// from a page that is hidden, so it is asked for again when the page is seen again.
type awake struct {
	wanted  bool
	asking  bool
	lock    js.Value // held; undefined if none is
	handler *promise.Handler
}

func newAwake() *awake {
	w := &awake{}
	w.handler = promise.NewHandler(func(lock js.Value) {
		w.asking, w.lock = false, lock
		w.keep(w.wanted)
	}, func(error) { w.asking = false }) // refused, as on low battery: the next change asks again
	document := js.Global().Get("document")
	document.Call("addEventListener", "visibilitychange", js.FuncOf(func(js.Value, []js.Value) any {
		w.keep(w.wanted)
		return nil
	}))
	return w
}

// keep has the screen stay on, or not.
func (w *awake) keep(on bool) {
	w.wanted = on
	manager := js.Global().Get("navigator").Get("wakeLock")
	if !manager.Truthy() || w.asking {
		return
	}
	held := w.lock.Truthy() && !w.lock.Get("released").Truthy()
	switch {
	case on && !held && js.Global().Get("document").Get("visibilityState").String() == "visible":
		w.asking = promise.Try(func() { w.handler.Then(manager.Call("request", "screen")) }) == nil
	case !on && held:
		w.lock.Call("release")
		w.lock = js.Undefined()
	}
}
