//go:build js

package storage_test

import (
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/wasm/storage"
)

// standIn puts a property of the page's own in a store's place.
func standIn(t *testing.T, name, getter string) {
	t.Helper()
	object := js.Global().Get("Object")
	former := object.Call("getOwnPropertyDescriptor", js.Global(), name)
	object.Call("defineProperty", js.Global(), name, map[string]any{"configurable": true, "get": js.Global().Get("Function").New(getter)})
	t.Cleanup(func() { object.Call("defineProperty", js.Global(), name, former) })
}

// What is kept is there until it is removed, in its own store alone.
func TestKeeps(t *testing.T) {
	for _, area := range []storage.Area{storage.Browser, storage.Tab} {
		name := "storage test"
		if got := area.Get(name); got != "" {
			t.Errorf("%s: %q before anything was kept", area, got)
		}
		if err := area.Set(name, "門口"); err != nil {
			t.Errorf("%s: %v", area, err)
		}
		if got := area.Get(name); got != "門口" {
			t.Errorf("%s: %q", area, got)
		}
		area.Remove(name)
		if got := area.Get(name); got != "" {
			t.Errorf("%s: %q after it was removed", area, got)
		}
	}
}

// A store that is blocked, absent or full ends nothing.
func TestCannotKeep(t *testing.T) {
	for name, getter := range map[string]string{
		"blocked": `throw new DOMException("blocked", "SecurityError")`,
		"absent":  `return null`,
		"full":    `return { getItem: () => null, setItem() { throw new DOMException("full", "QuotaExceededError") }, removeItem() { throw new Error() } }`,
	} {
		t.Run(name, func(t *testing.T) {
			standIn(t, "localStorage", getter)
			if err := storage.Browser.Set("name", "text"); err == nil {
				t.Error("it was kept")
			}
			if got := storage.Browser.Get("name"); got != "" {
				t.Errorf("%q", got)
			}
			storage.Browser.Remove("name")
		})
	}
}
