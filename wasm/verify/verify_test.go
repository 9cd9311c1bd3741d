//go:build js

package verify

import (
	"context"
	"crypto/ed25519"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const patience = 20 * time.Second

// verdict is what came of a check.
type verdict struct {
	genuine bool
	err     error
}

// ask waits until v takes the check, and for its verdict.
func ask(t *testing.T, v *Verifier, key identity.AgentPublic, message, sig []byte) verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	verdicts := make(chan verdict, 1)
	for !v.Verify(key, message, sig, func(genuine bool, err error) { verdicts <- verdict{genuine, err} }) {
		select { // the key is not imported yet
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the check is not taken")
		}
	}
	select {
	case got := <-verdicts:
		return got
	case <-ctx.Done():
		t.Fatal("no verdict")
		return verdict{}
	}
}

// tested returns a Verifier whose self-test is over.
func tested(t *testing.T) *Verifier {
	t.Helper()
	v := New()
	select {
	case <-v.probed:
	case <-time.After(patience):
		t.Fatal("the self-test does not end")
	}
	return v
}

func signed(t *testing.T) (key identity.AgentKey, message, sig []byte) {
	t.Helper()
	key, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	message = []byte("what is signed")
	if sig, err = key.Signer().Sign(message); err != nil {
		t.Fatal(err)
	}
	return key, message, sig
}

func needEd25519(t *testing.T) *Verifier {
	t.Helper()
	v := tested(t)
	if !v.trusted {
		t.Skip("this browser's WebCrypto has no Ed25519")
	}
	return v
}

func TestKnownAnswer(t *testing.T) {
	if !ed25519.Verify([]byte(knownKey), []byte(knownMessage), []byte(knownSignature)) {
		t.Error("the known answer is none")
	}
}

// The browser and Go agree, bit for bit.
func TestVerify(t *testing.T) {
	v := needEd25519(t)
	key, message, sig := signed(t)
	if got := ask(t, v, key.Public(), message, sig); !got.genuine || got.err != nil {
		t.Fatalf("right: %v", got)
	}
	for i := range 8 * len(sig) {
		sig[i/8] ^= 1 << (i % 8)
		if got := ask(t, v, key.Public(), message, sig); got.genuine || got.err != nil {
			t.Errorf("bit %d of the signature: %v", i, got)
		}
		sig[i/8] ^= 1 << (i % 8)
	}
	message[0] ^= 1
	if got := ask(t, v, key.Public(), message, sig); got.genuine || got.err != nil {
		t.Errorf("another message: %v", got)
	}
	message[0] ^= 1
	other, _, _ := signed(t)
	if got := ask(t, v, other.Public(), message, sig); got.genuine || got.err != nil {
		t.Errorf("another key: %v", got)
	}
	if v.Verify(key.Public(), message, sig[1:], nil) || v.Verify(key.Public(), message, nil, nil) {
		t.Error("what is no signature is taken")
	}
	if v.busy != 0 || v.Checked() == 0 {
		t.Errorf("%d under way, %d checked", v.busy, v.Checked())
	}
}

// Many checks at a time each get their own verdict, though they share what is handed over, and no more are taken than may be under way.
func TestManyAtOnce(t *testing.T) {
	v := needEd25519(t)
	key, message, sig := signed(t)
	ask(t, v, key.Public(), message, sig)
	type answer struct {
		number  int
		genuine bool
	}
	answers := make(chan answer, maxBusy)
	for i := range maxBusy {
		s := append([]byte(nil), sig...)
		s[0] ^= byte(i % 2)
		if !v.Verify(key.Public(), message, s, func(genuine bool, _ error) { answers <- answer{i, genuine} }) {
			t.Fatalf("check %d is not taken", i)
		}
	}
	if v.Verify(key.Public(), message, sig, nil) {
		t.Error("more are taken than may be under way")
	}
	for range maxBusy {
		select {
		case a := <-answers:
			if a.genuine != (a.number%2 == 0) {
				t.Errorf("check %d: %v", a.number, a.genuine)
			}
		case <-time.After(patience):
			t.Fatal("a verdict is missing")
		}
	}
}

// replaceVerify puts another function in the browser's place until the test is over.
func replaceVerify(t *testing.T, source string) {
	t.Helper()
	subtle := js.Global().Get("crypto").Get("subtle")
	if !subtle.Truthy() {
		t.Skip("no WebCrypto")
	}
	subtle.Set("verify", js.Global().Get("Function").New("original", source).Invoke(subtle.Get("verify")))
	t.Cleanup(func() { subtle.Delete("verify") })
}

// A browser that does not find the known answer is never asked again.
func TestSelfTest(t *testing.T) {
	for name, source := range map[string]string{
		"always right": "return async () => true",
		"always wrong": "return async () => false",
		"a word":       "return async function (...a) { return (await original.apply(this, a)) ? 'true' : ''; }",
		"rejects":      "return async () => { throw new DOMException('no', 'NotSupportedError'); }",
		"throws":       "return () => { throw new TypeError('no'); }",
		"no promise":   "return () => true",
		"copies late":  "return async function (...a) { await null; return original.apply(this, a); }",
	} {
		t.Run(name, func(t *testing.T) {
			replaceVerify(t, source)
			v := tested(t)
			key, message, sig := signed(t)
			if v.trusted || v.Verify(key.Public(), message, sig, nil) {
				t.Error("the browser is trusted")
			}
		})
	}
}

// One that fails later says so, and is not asked any more.
func TestFailure(t *testing.T) {
	v := needEd25519(t)
	key, message, sig := signed(t)
	ask(t, v, key.Public(), message, sig)
	replaceVerify(t, "return async () => { throw new DOMException('no', 'OperationError'); }")
	if got := ask(t, v, key.Public(), message, sig); got.genuine || got.err == nil {
		t.Errorf("got %v", got)
	}
	if v.Verify(key.Public(), message, sig, nil) {
		t.Error("it is asked again")
	}
}

func TestThrows(t *testing.T) {
	v := needEd25519(t)
	key, message, sig := signed(t)
	ask(t, v, key.Public(), message, sig)
	replaceVerify(t, "return () => { throw new TypeError('no'); }")
	if v.Verify(key.Public(), message, sig, nil) || v.trusted || v.busy != 0 {
		t.Errorf("trusted: %v, %d under way", v.trusted, v.busy)
	}
}
