//go:build js

package keys

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"sync"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/database"
	"github.com/sealcam/sealcam/wasm/promise"
)

// clean returns a Store over an empty database.
func clean(t *testing.T) *Store {
	t.Helper()
	if err := database.Delete(t.Context(), databaseName); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.db.Close()
		s.tab.Call("clear")
	})
	return s
}

func TestDeviceKeyStaysAndSigns(t *testing.T) {
	s := clean(t)
	first, _, err := s.Device(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := s.Device(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !first.Public().Equal(again.Public()) {
		t.Error("the second call made another key")
	}
	public, err := identity.DevicePublicOf(first)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("message")
	sig, err := again.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	if !public.Verify(message, sig) {
		t.Error("wrong signature")
	}
	if public.Verify([]byte("another"), sig) {
		t.Error("the signature is good for another message")
	}
}

func TestDeviceKeyCannotBeExported(t *testing.T) {
	s := clean(t)
	if _, _, err := s.Device(t.Context()); err != nil {
		t.Fatal(err)
	}
	record, err := s.db.Get(t.Context(), storeKeys, recordDevice)
	if err != nil {
		t.Fatal(err)
	}
	if !record.Get("private").Truthy() {
		t.Skip("this browser has no Ed25519 in WebCrypto")
	}
	if record.Get("private").Get("extractable").Bool() || !record.Get("seed").IsUndefined() {
		t.Error("the private key can be read by scripts")
	}
}

func TestSeedWhereWebCryptoIsMissing(t *testing.T) {
	hide(t, "crypto", map[string]any{"getRandomValues": js.Global().Get("crypto").Get("getRandomValues").Call("bind", js.Global().Get("crypto"))})
	s := clean(t)
	first, custody, err := s.Device(t.Context())
	if err != nil || custody != Plain {
		t.Fatalf("custody %v, %v", custody, err)
	}
	again, _, err := s.Device(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !first.Public().Equal(again.Public()) {
		t.Error("the second call made another key")
	}
}

// hide puts another value in the place of a property of the page for the test's time.
func hide(t *testing.T, name string, value any) {
	t.Helper()
	object := js.Global().Get("Object")
	former := object.Call("getOwnPropertyDescriptor", js.Global(), name)
	object.Call("defineProperty", js.Global(), name, map[string]any{"value": value, "configurable": true, "writable": true})
	t.Cleanup(func() { object.Call("defineProperty", js.Global(), name, former) })
}

func TestBlockedStorage(t *testing.T) {
	hide(t, "indexedDB", js.Undefined())
	if _, err := Open(t.Context()); !errors.Is(err, ErrBlocked) {
		t.Errorf("got %v", err)
	}
}

// forbid makes reading a property of the page throw, as browsers do with storage that the owner blocked.
func forbid(t *testing.T, name string) {
	t.Helper()
	object := js.Global().Get("Object")
	former := object.Call("getOwnPropertyDescriptor", js.Global(), name)
	getter := js.Global().Get("Function").New("throw new DOMException('blocked', 'SecurityError')")
	object.Call("defineProperty", js.Global(), name, map[string]any{"get": getter, "configurable": true})
	t.Cleanup(func() { object.Call("defineProperty", js.Global(), name, former) })
}

func TestForbiddenStorage(t *testing.T) {
	forbid(t, "indexedDB")
	if _, err := Open(t.Context()); !errors.Is(err, ErrBlocked) {
		t.Errorf("got %v", err)
	}
}

func TestForbiddenTabStorage(t *testing.T) {
	forbid(t, "sessionStorage")
	s, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.db.Close()
	if _, err := s.Homes(t.Context()); err != nil {
		t.Errorf("homes: %v", err)
	}
	h := testHome(4)
	h.Ephemeral = true
	if err := s.Remember(t.Context(), h); !errors.Is(err, ErrBlocked) {
		t.Errorf("remembering a home of the tab: %v", err)
	}
}

func TestTabsAgreeOnOneKey(t *testing.T) {
	a := clean(t)
	b, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.db.Close()
	var signers [2]identity.Signer
	var founded [2][]byte
	var wg sync.WaitGroup
	for i, s := range []*Store{a, b} {
		wg.Go(func() {
			var err error
			if signers[i], _, err = s.Device(t.Context()); err != nil {
				t.Error(err)
			}
			if founded[i], err = s.Genesis(t.Context(), genesis(t)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if !signers[0].Public().Equal(signers[1].Public()) {
		t.Error("two device keys")
	}
	if len(founded[0]) == 0 || !bytes.Equal(founded[0], founded[1]) {
		t.Error("two root keys")
	}
}

// genesis signs with the root key, naming some device as owner.
func genesis(t *testing.T) func(identity.RootKey) ([]byte, error) {
	t.Helper()
	owner, err := identity.DeviceFromSeed(bytes.Repeat([]byte{7}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return func(root identity.RootKey) ([]byte, error) {
		return grant.Genesis(root, owner.Public(), "owner", time.Unix(1_800_000_000, 0))
	}
}

// The root key is there until its phrase is checked; then only what it founded.
func TestRootIsForgotten(t *testing.T) {
	s := clean(t)
	ctx := t.Context()
	if _, ok, err := s.Root(ctx); ok || err != nil {
		t.Fatalf("before any home: %v, %v", ok, err)
	}
	if err := s.ForgetRoot(ctx); err != nil {
		t.Errorf("forgetting nothing: %v", err)
	}
	founded, err := s.Genesis(ctx, genesis(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := grant.ParseEntry(founded)
	if err != nil {
		t.Fatal(err)
	}
	key, ok, err := s.Root(ctx)
	if err != nil || !ok || key.Public().ID() != e.Home {
		t.Fatalf("%v, %v, of home %v, want %v", ok, err, key.Public().ID(), e.Home)
	}
	again, err := identity.ParsePhrase(key.Phrase())
	if err != nil || !again.Public().Equal(key.Public()) {
		t.Errorf("the phrase stands for another key: %v", err)
	}
	if err := s.ForgetRoot(ctx); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.Root(ctx); ok || err != nil {
		t.Errorf("afterwards: %v, %v", ok, err)
	}
	record, err := s.db.Get(ctx, storeKeys, recordRoot)
	if err != nil {
		t.Fatal(err)
	}
	if names := js.Global().Get("Object").Call("keys", record); names.Length() != 1 || names.Index(0).String() != "genesis" {
		t.Errorf("the record has %v", names.Call("join"))
	}
	later, err := s.Genesis(ctx, func(identity.RootKey) ([]byte, error) {
		t.Error("another root key was made")
		return nil, errRoot
	})
	if err != nil || !bytes.Equal(later, founded) {
		t.Errorf("a further agent is founded on something else: %v", err)
	}
}

func TestAdopt(t *testing.T) {
	s := clean(t)
	ctx := t.Context()
	if err := s.Adopt(ctx, []byte("no entry")); err == nil {
		t.Error("anything is adopted")
	}
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	founded, err := genesis(t)(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Adopt(ctx, founded); err != nil {
		t.Fatal(err)
	}
	got, err := s.Genesis(ctx, genesis(t))
	if err != nil || !bytes.Equal(got, founded) {
		t.Errorf("another home is founded: %v", err)
	}
	if _, ok, err := s.Root(ctx); ok || err != nil {
		t.Errorf("there is a root key: %v, %v", ok, err)
	}
}

// Where WebCrypto has no Ed25519, the seed is encrypted.
func TestWrappedSeed(t *testing.T) {
	subtle := js.Global().Get("crypto").Get("subtle")
	if !subtle.Truthy() {
		t.Skip("no WebCrypto")
	}
	original := subtle.Get("generateKey")
	poor := js.Global().Get("Function").New("original", "return function (a, ...rest) { if (a === 'Ed25519') throw new DOMException('no', 'NotSupportedError'); return original.call(this, a, ...rest); }").Invoke(original)
	subtle.Set("generateKey", poor)
	defer subtle.Delete("generateKey")
	s := clean(t)
	first, custody, err := s.Device(t.Context())
	if err != nil || custody != Wrapped {
		t.Fatalf("custody %v, %v", custody, err)
	}
	again, _, err := s.Device(t.Context())
	if err != nil || !first.Public().Equal(again.Public()) {
		t.Fatalf("the second call made another key: %v", err)
	}
	record, err := s.db.Get(t.Context(), storeKeys, recordDevice)
	if err != nil {
		t.Fatal(err)
	}
	if record.Get("key").Get("extractable").Bool() || !record.Get("seed").IsUndefined() {
		t.Error("the seed can be read by scripts")
	}
	wrapped := bytesFromJS(record.Get("wrapped"))
	wrapped[0] ^= 1
	record.Set("wrapped", bytesToJS(wrapped))
	if err := s.db.Put(t.Context(), storeKeys, recordDevice, record); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Device(t.Context()); !errors.Is(err, errSeed) {
		t.Errorf("a damaged key: %v", err)
	}
}

func testHome(n byte) viewer.Home {
	h := viewer.Home{Name: "Küche", LogLength: 1 << 60, Knock: [16]byte{n}, LogHead: [32]byte{31: n}, ID: identity.HomeID{n}}
	h.Agent[0] = n
	h.Role, h.Log = grant.Owner, []byte{n, 0, 255}
	h.Cameras = []viewer.KnownCamera{{ID: identity.CameraID{n}, Name: "Tür 🚪"}}
	return h
}

func TestHomes(t *testing.T) {
	s := clean(t)
	ctx := t.Context()
	stays, tab := testHome(1), testHome(2)
	tab.Ephemeral = true
	for _, h := range []viewer.Home{stays, tab} {
		if err := s.Remember(ctx, h); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, s, stays, tab)
	stays.Name, stays.LogLength = "Another", 1<<60+1
	if err := s.Remember(ctx, stays); err != nil {
		t.Fatal(err)
	}
	expect(t, s, stays, tab)
	if record, err := s.db.Get(ctx, storeHomes, tab.Agent.String()); err != nil || !record.IsUndefined() {
		t.Errorf("the tab's home is in the database: %v", err)
	}
	if err := s.Forget(ctx, tab.Agent); err != nil {
		t.Fatal(err)
	}
	expect(t, s, stays)
	if err := s.Forget(ctx, stays.Agent); err != nil {
		t.Fatal(err)
	}
	expect(t, s)
}

func expect(t *testing.T, s *Store, want ...viewer.Home) {
	t.Helper()
	got, err := s.Homes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("got %d homes, want %d, or they differ", len(got), len(want))
	}
}

func TestDamagedHomesAreLeftOut(t *testing.T) {
	s := clean(t)
	whole, err := homeToJS(testHome(3))
	if err != nil {
		t.Fatal(err)
	}
	good := whole.Get("home").String()
	record := func(text any) js.Value { return js.ValueOf(map[string]any{"home": text}) }
	for name, record := range map[string]js.Value{
		"good": whole, "number of home": record(5), "cut home": record(good[:len(good)/2]), "empty home": record("{}"), "number": js.ValueOf(5), "cut": js.ValueOf(good[:len(good)/2]), "empty": js.ValueOf("{}"),
		"text": js.ValueOf(good), "short": record(`{"version":1,"agent":"` + testHome(3).Agent.String() + `","knock":"AAAA","logHead":""}`),
	} {
		if err := s.db.Put(t.Context(), storeHomes, name, record); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, s, testHome(3))
}

func TestEndedContext(t *testing.T) {
	s := clean(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Homes(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTryTurnsExceptionsIntoErrors(t *testing.T) {
	err := promise.Try(func() { js.Global().Get("structuredClone").Invoke(js.Global().Get("Symbol").Invoke("s")) })
	var e *promise.Error
	if !errors.As(err, &e) || e.Name != "DataCloneError" {
		t.Errorf("got %v", err)
	}
}

// A browser that asks its user whether data may stay may wait for the answer for ever; the page does not.
func TestPersistWaitsForNobody(t *testing.T) {
	asked := 0
	persist := js.FuncOf(func(js.Value, []js.Value) any {
		asked++
		return js.Global().Get("Promise").New(js.Global().Get("Function").New("")) // it never settles
	})
	t.Cleanup(persist.Release)
	hide(t, "navigator", map[string]any{"storage": map[string]any{"persist": persist}})
	s := clean(t)
	s.Persist()
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}
