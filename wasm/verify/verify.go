//go:build js

package verify

import (
	"context"
	"errors"
	"sync"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/wasm/promise"
)

// Bounds.
const (
	maxBusy = 128 // checks under way
	maxKeys = 64
)

const signatureSize = 64 // RFC 8032 §5.1.6

// algorithm is what WebCrypto calls Ed25519; older browsers refuse it.
const algorithm = "Ed25519"

// The known answer that the browser has to find: RFC 8032 §7.1, test 2.
const (
	knownKey       = "\x3d\x40\x17\xc3\xe8\x43\x89\x5a\x92\xb7\x0a\xa7\x4d\x1b\x7e\xbc\x9c\x98\x2c\xcf\x2e\xc4\x96\x8c\xc0\xcd\x55\xf1\x2a\xf4\x66\x0c"
	knownMessage   = "\x72"
	knownSignature = "\x92\xa0\x09\xa9\xf0\xd4\xca\xb8\x72\x0e\x82\x0b\x5f\x64\x25\x40\xa2\xb2\x7b\x54\x16\x50\x3f\x8f\xb3\x76\x22\x23\xeb\xdb\x69\xda\x08\x5a\xc1\xe4\x3e\x15\x99\x6e\x45\x8f\x36\x13\xd0\xf1\x1d\x8c\x38\x7b\x2e\xae\xb4\x30\x2a\xee\xb0\x0d\x29\x16\x12\xbb\x0c\x00"
)

var (
	errNone   = errors.New("verify: no WebCrypto")
	errAnswer = errors.New("verify: the browser takes a wrong signature for a right one, or the other way round")
)

// Verifier is a [seal.Verifier] of the browser's.
type Verifier struct {
	mu      sync.Mutex
	subtle  js.Value
	trusted bool // it has found the known answer, and has not failed since
	keys    map[identity.AgentPublic]js.Value
	idle    []*check
	busy    int
	checked uint64
	probed  chan struct{} // closed when it has shown that, or not

	// What is signed, and what is handed over of it. WebCrypto copies at once, so one of each will do.
	bytes     []byte
	array     js.Value
	signature js.Value
	message   js.Value
	size      int // of array
}

// check is one under way. Its callbacks serve many.
type check struct {
	v       *Verifier
	handler *promise.Handler
	done    func(bool, error)
}

// New returns a Verifier that takes nothing until the browser has found the known answer; then all but what is more than it can hold.
func New() *Verifier {
	v := &Verifier{keys: map[identity.AgentPublic]js.Value{}, probed: make(chan struct{})}
	crypto := js.Global().Get("crypto")
	if crypto.Truthy() {
		v.subtle = crypto.Get("subtle") // of secure contexts alone
	}
	go func() {
		defer close(v.probed)
		err := v.probe()
		v.mu.Lock()
		defer v.mu.Unlock()
		v.trusted = err == nil
	}()
	return v
}

// probe lets the browser check a right signature and wrong ones.
func (v *Verifier) probe() error {
	if !v.subtle.Truthy() {
		return errNone
	}
	raw, message, sig := []byte(knownKey), []byte(knownMessage), []byte(knownSignature)
	key, err := v.importKey(raw)
	if err != nil {
		return err
	}
	for _, flip := range []struct{ sig, message byte }{{0, 0}, {1, 0}, {0, 1}} {
		s, m := toJS(sig), toJS(message)
		s.SetIndex(0, sig[0]^flip.sig)
		m.SetIndex(0, message[0]^flip.message)
		p, err := v.call("verify", algorithm, key, s, m)
		if err != nil {
			return err
		}
		s.Call("fill", 0) // it has to have copied
		m.Call("fill", 0)
		answer, err := promise.Await(context.Background(), p)
		if err != nil {
			return err
		}
		if !answer.Equal(js.ValueOf(flip.sig|flip.message == 0)) {
			return errAnswer
		}
	}
	return nil
}

func (v *Verifier) importKey(raw []byte) (js.Value, error) {
	p, err := v.call("importKey", "raw", toJS(raw), algorithm, false, []any{"verify"})
	if err != nil {
		return p, err
	}
	return promise.Await(context.Background(), p)
}

// call calls a method of WebCrypto's and returns its promise.
func (v *Verifier) call(method string, args ...any) (p js.Value, err error) {
	err = promise.Try(func() { p = js.Global().Get("Promise").Call("resolve", v.subtle.Call(method, args...)) })
	return p, err
}

// Checked returns how many signatures the browser has looked at.
func (v *Verifier) Checked() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.checked
}

// Verify implements seal.Verifier.
func (v *Verifier) Verify(key identity.AgentPublic, message, sig []byte, done func(genuine bool, err error)) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.trusted || len(sig) != signatureSize || v.busy >= maxBusy {
		return false
	}
	k := v.key(key)
	if !k.Truthy() {
		return false
	}
	v.fill(message, sig)
	c := v.take(done)
	if err := promise.Try(func() { c.handler.Then(v.subtle.Call("verify", algorithm, k, v.signature, v.message)) }); err != nil {
		v.trusted = false
		v.give(c)
		return false
	}
	return true
}

// key returns the browser's form of a key; undefined while it is being made.
func (v *Verifier) key(key identity.AgentPublic) js.Value {
	k, known := v.keys[key]
	if known || len(v.keys) >= maxKeys {
		return k
	}
	v.keys[key] = js.Undefined()
	go func() {
		imported, err := v.importKey(key.Bytes())
		v.mu.Lock()
		defer v.mu.Unlock()
		if err == nil {
			v.keys[key] = imported
		}
	}()
	return js.Undefined()
}

// fill puts both into the browser's memory, in one call.
func (v *Verifier) fill(message, sig []byte) {
	v.bytes = append(append(v.bytes[:0], sig...), message...)
	if v.size != len(v.bytes) {
		v.size = len(v.bytes)
		v.array = uint8Array.New(v.size)
		v.signature = v.array.Call("subarray", 0, signatureSize)
		v.message = v.array.Call("subarray", signatureSize)
	}
	js.CopyBytesToJS(v.array, v.bytes)
}

// take returns an idle check.
func (v *Verifier) take(done func(bool, error)) *check {
	var c *check
	if n := len(v.idle); n > 0 {
		c, v.idle = v.idle[n-1], v.idle[:n-1]
	} else {
		c = &check{v: v}
		c.handler = promise.NewHandler(
			func(answer js.Value) { c.end(answer.Type() == js.TypeBoolean && answer.Bool(), nil) },
			func(err error) { c.end(false, err) },
		)
	}
	c.done = done
	v.busy++
	return c
}

// give makes a check idle.
func (v *Verifier) give(c *check) {
	c.done = nil
	v.busy--
	v.idle = append(v.idle, c)
}

func (c *check) end(genuine bool, err error) {
	v := c.v
	v.mu.Lock()
	done := c.done
	v.give(c)
	v.checked++
	if err != nil {
		v.trusted = false
	}
	v.mu.Unlock()
	done(genuine, err)
}

var uint8Array = js.Global().Get("Uint8Array")

func toJS(b []byte) js.Value {
	array := uint8Array.New(len(b))
	js.CopyBytesToJS(array, b)
	return array
}
