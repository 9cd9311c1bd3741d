//go:build js

package keys

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/wasm/promise"
)

var (
	errDeviceKey = errors.New("keys: the stored device key is damaged")
	errNoCrypto  = errors.New("keys: the stored key needs https; open the page by its https address")
)

// webKey is an Ed25519 key of WebCrypto whose private half JavaScript cannot read either.
type webKey struct {
	subtle, private, algorithm js.Value
	public                     ed25519.PublicKey
}

// Public returns the public key.
func (k *webKey) Public() ed25519.PublicKey { return k.public }

// Sign signs through the browser. It waits for a promise, so it must not be called in a js.FuncOf callback.
func (k *webKey) Sign(message []byte) ([]byte, error) {
	var p js.Value
	if err := promise.Try(func() { p = k.subtle.Call("sign", k.algorithm, k.private, bytesToJS(message)) }); err != nil {
		return nil, fmt.Errorf("keys: sign: %w", err)
	}
	v, err := promise.Await(context.Background(), p)
	if err != nil {
		return nil, fmt.Errorf("keys: sign: %w", err)
	}
	sig := bytesFromJS(js.Global().Get("Uint8Array").New(v))
	if !ed25519.Verify(k.public, message, sig) {
		return nil, errors.New("keys: the browser made a wrong signature")
	}
	return sig, nil
}

// subtle returns crypto.subtle, which pages without a secure context do not have.
func subtle() (js.Value, bool) {
	c := js.Global().Get("crypto")
	if !c.Truthy() {
		return js.Undefined(), false
	}
	s := c.Get("subtle")
	return s, s.Truthy()
}

// newDeviceRecord makes a device key and returns it as it is stored: the browser's own key where it can make one, else a seed.
func newDeviceRecord(ctx context.Context) (js.Value, error) {
	if record, err := newWebRecord(ctx); err == nil {
		return record, nil
	} else if ctx.Err() != nil {
		return js.Undefined(), err
	}
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		return js.Undefined(), err
	}
	return sealSeed(ctx, key.Seed())
}

func newWebRecord(ctx context.Context) (js.Value, error) {
	s, ok := subtle()
	if !ok {
		return js.Undefined(), errors.New("keys: no WebCrypto")
	}
	var p js.Value
	err := promise.Try(func() {
		p = s.Call("generateKey", "Ed25519", false, []any{"sign", "verify"})
	})
	if err != nil {
		return js.Undefined(), err
	}
	pair, err := promise.Await(ctx, p)
	if err != nil {
		return js.Undefined(), err
	}
	raw, err := promise.Await(ctx, s.Call("exportKey", "raw", pair.Get("publicKey")))
	if err != nil {
		return js.Undefined(), err
	}
	record := js.Global().Get("Object").New()
	record.Set("private", pair.Get("privateKey"))
	record.Set("public", js.Global().Get("Uint8Array").New(raw))
	if _, _, err := signerOf(ctx, record); err != nil {
		return js.Undefined(), err
	}
	return record, nil
}

// signerOf reads a stored device key.
func signerOf(ctx context.Context, record js.Value) (identity.Signer, Custody, error) {
	if record.Type() != js.TypeObject {
		return nil, 0, errDeviceKey
	}
	if !record.Get("private").Truthy() {
		seed, custody, err := openSeed(ctx, record)
		if err != nil {
			return nil, 0, err
		}
		key, err := identity.DeviceFromSeed(seed)
		if err != nil {
			return nil, 0, errDeviceKey
		}
		return key.Signer(), custody, nil
	}
	s, ok := subtle()
	if !ok {
		return nil, 0, errNoCrypto
	}
	k := &webKey{subtle: s, private: record.Get("private"), algorithm: js.ValueOf("Ed25519"), public: bytesFromJS(record.Get("public"))}
	if _, err := identity.DevicePublicFromBytes(k.public); err != nil {
		return nil, 0, errDeviceKey
	}
	return k, Unexportable, nil
}

func bytesToJS(b []byte) js.Value {
	u := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(u, b)
	return u
}

// bytesFromJS returns nil for a value that is no Uint8Array.
func bytesFromJS(v js.Value) []byte {
	if !v.Truthy() || !v.InstanceOf(js.Global().Get("Uint8Array")) {
		return nil
	}
	b := make([]byte, v.Get("byteLength").Int())
	js.CopyBytesToGo(b, v)
	return b
}
