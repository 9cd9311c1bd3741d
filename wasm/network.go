//go:build js

package main

import (
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/promise"
)

// watchNetwork tells the viewer when this device's network comes, goes or is another one. Browsers say so in different events, or not at
// all; then time-outs find out.
func (s *screen) watchNetwork() {
	navigator := js.Global().Get("navigator")
	handler := js.FuncOf(func(js.Value, []js.Value) any {
		online := navigator.Get("onLine")
		if v := s.app.current(); v != nil {
			go v.Network(online.Type() != js.TypeBoolean || online.Bool())
		}
		return nil
	})
	s.handlers = append(s.handlers, handler)
	for _, event := range []string{"online", "offline"} {
		js.Global().Call("addEventListener", event, handler)
	}
	// Network Information API: where there is none, the two above are all.
	if connection := navigator.Get("connection"); connection.Truthy() {
		_ = promise.Try(func() { connection.Call("addEventListener", "change", handler) })
	}
}
