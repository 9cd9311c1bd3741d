//go:build js

package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/camera/capture"
	"github.com/sealcam/sealcam/wasm/camera/folder"
	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	settingsFile = "settings.json"
	maxSettings  = 4 << 10
)

// settings are what the person at the device chose.
type settings struct {
	Name string `json:"name"` // empty: this device is no camera yet
	On   bool   `json:"on"`   // the camera is to run when the page opens
	capture.Settings
}

func loadSettings(f *folder.Folder) (settings, error) {
	var s settings
	b, err := f.Read(settingsFile, maxSettings)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return settings{}, err
	}
	return s, nil
}

func (s settings) save(f *folder.Folder) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return f.Replace(settingsFile, b)
}

// persist asks the browser not to clear what the page keeps when space runs out. It may refuse, and the camera works all the same.
// The answer is not waited for: Firefox asks the user first, who may never say.
func persist() {
	manager := js.Global().Get("navigator").Get("storage")
	if manager.Truthy() && manager.Get("persist").Truthy() {
		_ = promise.Try(func() { promise.Ignore(manager.Call("persist")) })
	}
}
