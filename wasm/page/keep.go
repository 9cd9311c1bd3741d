//go:build js

package page

import (
	"encoding/json"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
	"github.com/sealcam/sealcam/wasm/storage"
)

// What the page keeps in this browser. Storage may be blocked, full, or written by another version of the page: then things are as if nothing
// had been kept.
const (
	keptOrder = "sealcam.order"
	keptInset = "sealcam.inset"
	// mostKept bounds what is read, in bytes.
	mostKept = 1 << 17
)

// recall reads what was kept into v, and reports whether there was something.
func recall(name string, v any) bool {
	text := storage.Browser.Get(name)
	return text != "" && len(text) <= mostKept && json.Unmarshal([]byte(text), v) == nil
}

// keep keeps v.
func keep(name string, v any) {
	if text, err := json.Marshal(v); err == nil {
		_ = storage.Browser.Set(name, string(text)) // it holds until the page ends, at least
	}
}

// keptKey is a camera's name in storage.
type keptKey struct {
	Home   string `json:"home"`
	Camera string `json:"camera"`
}

func keptKeyOf(k viewer.TileKey) keptKey { return keptKey{k.Agent.String(), k.Camera.String()} }

func (k keptKey) key() (key viewer.TileKey, ok bool) {
	errAgent := key.Agent.UnmarshalText([]byte(k.Home))
	errCamera := key.Camera.UnmarshalText([]byte(k.Camera))
	return key, errAgent == nil && errCamera == nil
}

func recallOrder() layout.Order[viewer.TileKey] {
	var kept []keptKey
	recall(keptOrder, &kept)
	keys := make([]viewer.TileKey, 0, len(kept))
	for _, k := range kept {
		if key, ok := k.key(); ok {
			keys = append(keys, key)
		}
	}
	return layout.NewOrder(keys)
}

func keepOrder(o *layout.Order[viewer.TileKey]) {
	kept := make([]keptKey, len(o.Keys()))
	for i, k := range o.Keys() {
		kept[i] = keptKeyOf(k)
	}
	keep(keptOrder, kept)
}
