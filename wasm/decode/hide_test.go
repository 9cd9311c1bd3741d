//go:build js

package decode

import (
	"syscall/js"
	"testing"
)

// hide makes the page lack a feature for the test's time.
func hide(t *testing.T, name string) {
	t.Helper()
	object := js.Global().Get("Object")
	former := object.Call("getOwnPropertyDescriptor", js.Global(), name)
	object.Call("defineProperty", js.Global(), name, map[string]any{"value": js.Undefined(), "configurable": true, "writable": true})
	t.Cleanup(func() { object.Call("defineProperty", js.Global(), name, former) })
}
