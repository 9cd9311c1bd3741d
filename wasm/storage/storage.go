//go:build js

// Package storage keeps texts in the browser's small stores (WHATWG HTML §12.2): small things that are no secrets, in this browser or in this
// tab. The person may have blocked them, or they may be full; nothing here ends the program then. It imports wasm/promise and syscall/js.
package storage

import (
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/promise"
)

// Area is one of the stores.
type Area string

// The stores.
const (
	Browser Area = "localStorage"   // stays when the page is closed
	Tab     Area = "sessionStorage" // goes with the tab
)

// use calls f with the store. It is read by promise.Get, because its getter throws where storage is blocked.
func (a Area) use(f func(js.Value)) error {
	s, err := promise.Get(js.Global(), string(a))
	if err != nil {
		return err
	}
	return promise.Try(func() { f(s) })
}

// Get returns what is kept under a name; empty if there is nothing, or nothing can be read.
func (a Area) Get(name string) (text string) {
	_ = a.use(func(s js.Value) {
		if v := s.Call("getItem", name); v.Type() == js.TypeString {
			text = v.String()
		}
	})
	return text
}

// Set keeps a text under a name, or says why it cannot be kept.
func (a Area) Set(name, text string) error {
	return a.use(func(s js.Value) { s.Call("setItem", name, text) })
}

// Remove forgets what is kept under a name.
func (a Area) Remove(name string) { _ = a.use(func(s js.Value) { s.Call("removeItem", name) }) }
