//go:build js

package keys

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	recordDevice = "device"
	recordRoot   = "root"
)

// Store is this browser's memory for this page's origin. Its methods wait for the browser, so none may be called in a
// js.FuncOf callback.
type Store struct {
	db  *database
	tab js.Value // sessionStorage, or undefined
}

// Open opens the database; ErrBlocked where the browser keeps none.
func Open(ctx context.Context) (*Store, error) {
	db, err := openDatabase(ctx)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db}
	if tab, err := promise.Get(js.Global(), "sessionStorage"); err == nil {
		s.tab = tab
	}
	return s, nil
}

// Persist asks the browser not to clear the database when space runs out. It may refuse, and the page works all the same.
func (s *Store) Persist(ctx context.Context) {
	_ = promise.Try(func() {
		p := js.Global().Get("navigator").Get("storage").Call("persist")
		_, _ = promise.Await(ctx, p)
	})
}

// Device returns the device's key. The first call makes it.
func (s *Store) Device(ctx context.Context) (identity.Signer, error) {
	record, err := s.db.get(ctx, storeKeys, recordDevice)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if !record.IsUndefined() {
		return signerOf(record)
	}
	if record, err = newDeviceRecord(ctx); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if record, err = s.db.add(ctx, storeKeys, recordDevice, record); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return signerOf(record)
}

// Root returns the home's root key. The first call makes it; it is on the disk before the call returns, so that no home is
// founded on a key that is lost.
func (s *Store) Root(ctx context.Context) (identity.RootKey, error) {
	record, err := s.db.get(ctx, storeKeys, recordRoot)
	if err != nil {
		return identity.RootKey{}, fmt.Errorf("keys: %w", err)
	}
	if record.IsUndefined() {
		key, err := identity.GenerateRoot(nil)
		if err != nil {
			return identity.RootKey{}, err
		}
		record = js.Global().Get("Object").New()
		record.Set("seed", bytesToJS(key.Seed()))
		if record, err = s.db.add(ctx, storeKeys, recordRoot, record); err != nil {
			return identity.RootKey{}, fmt.Errorf("keys: %w", err)
		}
	}
	if record.Type() != js.TypeObject {
		return identity.RootKey{}, errors.New("keys: the stored root key is damaged")
	}
	return identity.RootFromSeed(bytesFromJS(record.Get("seed")))
}

// Homes returns the remembered homes. A damaged record is left out.
func (s *Store) Homes(ctx context.Context) ([]viewer.Home, error) {
	records, err := s.db.all(ctx, storeHomes)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	var homes []viewer.Home
	for i := range records.Length() {
		if h, err := decodeHome(records.Index(i)); err == nil {
			homes = append(homes, h)
		}
	}
	return append(homes, s.tabHomes()...), nil
}

// Remember writes the home over what is known of its agent.
func (s *Store) Remember(ctx context.Context, h viewer.Home) error {
	if h.Ephemeral {
		return s.rememberInTab(h)
	}
	text, err := encodeHome(h)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := s.db.put(ctx, storeHomes, h.Agent.String(), js.ValueOf(text)); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

// Forget removes what is known of the agent.
func (s *Store) Forget(ctx context.Context, agent identity.AgentID) error {
	s.forgetInTab(agent)
	if err := s.db.remove(ctx, storeHomes, agent.String()); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}
