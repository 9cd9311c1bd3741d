//go:build js

package display

import "github.com/sealcam/sealcam/wasm/storage"

// What a display remembers, for when it is switched on with the plain address. Neither is a secret. static/boot.js reads the first.
const (
	storedOn   = "sealcam display"      // "on"
	storedLink = "sealcam display link" // the last fragment
)

func remembered() (fragment string) { return storage.Browser.Get(storedLink) }

func remember(fragment string) { // where storage is blocked, the address has to say it
	_ = storage.Browser.Set(storedOn, "on")
	_ = storage.Browser.Set(storedLink, fragment)
}

func forget() { storage.Browser.Remove(storedOn) }
