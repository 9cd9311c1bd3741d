//go:build js

package keys

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/promise"
)

// Custody says how a browser keeps a key.
type Custody uint8

// The ways, the best first.
const (
	Unexportable Custody = iota + 1 // inside the browser, which signs with it and shows it to no script
	Wrapped                         // encrypted in the database, under such a key of the browser; in the page's memory while it is used
	Plain                           // as it is in the database, because the page has no WebCrypto
)

// String returns the way in lower case.
func (c Custody) String() string {
	switch c {
	case Unexportable:
		return "unexportable"
	case Wrapped:
		return "wrapped"
	case Plain:
		return "plain"
	}
	return "unknown"
}

const (
	wrapCipher    = "AES-GCM"
	wrapNonceSize = 12 // NIST SP 800-38D §5.2.1.1
)

var errSeed = errors.New("keys: a stored key is damaged")

// sealSeed returns a seed as it is stored: encrypted under a key of its own that no script can read, or plain where there is no WebCrypto.
// Who copies the database's files, but not the browser's memory, still has both: the browser's own protection of its profile is what
// counts then.
func sealSeed(ctx context.Context, seed []byte) (js.Value, error) {
	record := js.Global().Get("Object").New()
	s, ok := subtle()
	if !ok {
		record.Set("seed", bytesToJS(seed))
		return record, nil
	}
	key, err := call(ctx, s, "generateKey", map[string]any{"name": wrapCipher, "length": 256}, false, []any{"encrypt", "decrypt"})
	if err != nil {
		return js.Undefined(), fmt.Errorf("keys: making a wrapping key: %w", err)
	}
	nonce := js.Global().Get("Uint8Array").New(wrapNonceSize)
	js.Global().Get("crypto").Call("getRandomValues", nonce)
	sealed, err := call(ctx, s, "encrypt", map[string]any{"name": wrapCipher, "iv": nonce}, key, bytesToJS(seed))
	if err != nil {
		return js.Undefined(), fmt.Errorf("keys: wrapping a key: %w", err)
	}
	record.Set("key", key)
	record.Set("nonce", nonce)
	record.Set("wrapped", js.Global().Get("Uint8Array").New(sealed))
	return record, nil
}

// openSeed undoes sealSeed.
func openSeed(ctx context.Context, record js.Value) ([]byte, Custody, error) {
	if record.Type() != js.TypeObject {
		return nil, 0, errSeed
	}
	if seed := bytesFromJS(record.Get("seed")); seed != nil {
		return seed, Plain, nil
	}
	if !record.Get("wrapped").Truthy() {
		return nil, 0, errSeed
	}
	s, ok := subtle()
	if !ok {
		return nil, 0, errNoCrypto
	}
	seed, err := call(ctx, s, "decrypt", map[string]any{"name": wrapCipher, "iv": record.Get("nonce")}, record.Get("key"), record.Get("wrapped"))
	if err != nil {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		return nil, 0, fmt.Errorf("%w (%w)", errSeed, err)
	}
	return bytesFromJS(js.Global().Get("Uint8Array").New(seed)), Wrapped, nil
}

// call calls a method that returns a promise, and waits for it.
func call(ctx context.Context, object js.Value, method string, args ...any) (js.Value, error) {
	var p js.Value
	if err := promise.Try(func() { p = object.Call(method, args...) }); err != nil {
		return js.Undefined(), err
	}
	return promise.Await(ctx, p)
}
