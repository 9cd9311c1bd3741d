//go:build js

package display

import (
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/promise"
)

// What a display remembers, for when it is switched on with the plain address. Neither is a secret. static/boot.js reads the first.
const (
	storedOn   = "sealcam display"      // "on"
	storedLink = "sealcam display link" // the last fragment
)

func stored(f func(storage js.Value)) {
	storage, err := promise.Get(js.Global(), "localStorage")
	if err != nil || !storage.Truthy() {
		return // it is blocked: the address has to say it
	}
	_ = promise.Try(func() { f(storage) })
}

func remembered() (fragment string) {
	stored(func(s js.Value) {
		if v := s.Call("getItem", storedLink); v.Type() == js.TypeString {
			fragment = v.String()
		}
	})
	return fragment
}

func remember(fragment string) {
	stored(func(s js.Value) {
		s.Call("setItem", storedOn, "on")
		s.Call("setItem", storedLink, fragment)
	})
}

func forget() {
	stored(func(s js.Value) { s.Call("removeItem", storedOn) })
}
