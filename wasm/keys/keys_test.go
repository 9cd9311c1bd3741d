//go:build js

package keys

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/promise"
)

// clean returns a Store over an empty database.
func clean(t *testing.T) *Store {
	t.Helper()
	if _, err := await(t.Context(), js.Global().Get("indexedDB").Call("deleteDatabase", databaseName)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.db.db.Call("close")
		s.tab.Call("clear")
	})
	return s
}

func TestDeviceKeyStaysAndSigns(t *testing.T) {
	s := clean(t)
	first, err := s.Device(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Device(t.Context())
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
	if _, err := s.Device(t.Context()); err != nil {
		t.Fatal(err)
	}
	record, err := s.db.get(t.Context(), storeKeys, recordDevice)
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
	first, err := s.Device(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Device(t.Context())
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
	defer s.db.db.Call("close")
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
	defer b.db.db.Call("close")
	var signers [2]identity.Signer
	var roots [2]identity.RootKey
	var wg sync.WaitGroup
	for i, s := range []*Store{a, b} {
		wg.Go(func() {
			var err error
			if signers[i], err = s.Device(t.Context()); err != nil {
				t.Error(err)
			}
			if roots[i], err = s.Root(t.Context()); err != nil {
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
	if roots[0].IsZero() || !roots[0].Public().Equal(roots[1].Public()) {
		t.Error("two root keys")
	}
}

func testHome(n byte) viewer.Home {
	h := viewer.Home{Name: "Küche", LogLength: 1 << 60, Knock: [16]byte{n}, LogHead: [32]byte{31: n}, ID: identity.HomeID{n}}
	h.Agent[0] = n
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
	if record, err := s.db.get(ctx, storeHomes, tab.Agent.String()); err != nil || !record.IsUndefined() {
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
	good, err := encodeHome(testHome(3))
	if err != nil {
		t.Fatal(err)
	}
	for name, record := range map[string]js.Value{
		"good": js.ValueOf(good), "number": js.ValueOf(5), "cut": js.ValueOf(good[:len(good)/2]), "empty": js.ValueOf("{}"),
		"short": js.ValueOf(`{"version":1,"agent":"` + testHome(3).Agent.String() + `","knock":"AAAA","logHead":""}`),
	} {
		if err := s.db.put(t.Context(), storeHomes, name, record); err != nil {
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
