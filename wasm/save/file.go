//go:build js

package save

import (
	"context"
	"errors"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/wasm/promise"
)

// keepFor is how long a file's address works after its download began.
const keepFor = time.Minute

// File is something for a person to keep.
type File struct {
	Name string
	Type string // MIME type
	Data []byte
}

func (f *File) object() js.Value {
	return js.Global().Get("File").New([]any{bytes(f.Data)}, f.Name, map[string]any{"type": f.Type})
}

// Download puts the file where the browser puts downloads.
func (f *File) Download() error {
	return promise.Try(func() {
		url := js.Global().Get("URL")
		address := url.Call("createObjectURL", f.object())
		document := js.Global().Get("document")
		link := document.Call("createElement", "a")
		link.Set("href", address)
		link.Set("download", f.Name)
		link.Set("hidden", true)
		document.Get("body").Call("append", link)
		link.Call("click")
		link.Call("remove")
		time.AfterFunc(keepFor, func() { url.Call("revokeObjectURL", address) })
	})
}

// CanShare reports whether this is a device with a touch screen that hands files to its other programs (Web Share §2.1.2).
func (f *File) CanShare() bool {
	navigator := js.Global().Get("navigator")
	if navigator.Get("canShare").Type() != js.TypeFunction || !js.Global().Call("matchMedia", "(pointer: coarse)").Get("matches").Bool() {
		return false
	}
	can := false
	err := promise.Try(func() { can = navigator.Call("canShare", f.sharing()).Bool() })
	return err == nil && can
}

func (f *File) sharing() map[string]any { return map[string]any{"files": []any{f.object()}} }

// Share opens the device's own dialog. It must be called while a click or a key is handled; the error comes later, and is nil if the
// person thought better of it.
func (f *File) Share(failed func(error)) {
	var h *promise.Handler
	h = promise.NewHandler(func(js.Value) { h.Release() }, func(err error) {
		h.Release()
		var e *promise.Error
		if errors.As(err, &e) && e.Name == "AbortError" {
			return
		}
		failed(err)
	})
	h.Then(js.Global().Get("navigator").Call("share", f.sharing()))
}

// Copy puts text on the clipboard, where the browser allows that: on secure origins, after a click or a key.
func Copy(ctx context.Context, text string) error {
	clipboard := js.Global().Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		return errors.New("save: no clipboard")
	}
	var promised js.Value
	if err := promise.Try(func() { promised = clipboard.Call("writeText", text) }); err != nil {
		return err
	}
	_, err := promise.Await(ctx, promised)
	return err
}
