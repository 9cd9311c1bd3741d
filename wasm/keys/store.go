//go:build js

package keys

import (
	"context"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/database"
	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	recordDevice = "device"
	recordRoot   = "root"

	databaseName = "sealcam"
	storeKeys    = "keys"  // records by name
	storeHomes   = "homes" // records by agent id
)

var (
	// ErrBlocked is returned where the browser keeps nothing: storage is switched off, or the window is a private one.
	ErrBlocked = database.ErrBlocked
	// ErrFull is returned where there is no room for a key.
	ErrFull = database.ErrFull
)

func openDatabase(ctx context.Context) (*database.Database, error) {
	return database.Open(ctx, databaseName, storeKeys, storeHomes)
}

// Store is this browser's memory for this page's origin. Its methods wait for the browser, so none may be called in a
// js.FuncOf callback.
type Store struct {
	db  *database.Database
	tab js.Value // sessionStorage, or undefined
}

// Open opens the database; ErrBlocked where the browser keeps none, and ErrFull where there is no room for it.
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

// Persist asks the browser not to clear the database when space runs out (WHATWG Storage §7). It does not wait for the answer: Firefox
// asks the user first, who may never say. The browser may refuse, and the page works all the same.
func (s *Store) Persist() {
	manager := storageManager("persist")
	if !manager.Truthy() {
		return
	}
	_ = promise.Try(func() { promise.Ignore(manager.Call("persist")) })
}

// Persisted reports whether the browser has agreed to that.
func (s *Store) Persisted(ctx context.Context) bool {
	manager := storageManager("persisted")
	if !manager.Truthy() {
		return false
	}
	answer, err := call(ctx, manager, "persisted")
	return err == nil && answer.Truthy()
}

// storageManager returns the StorageManager, if it has the method: pages without a secure context have none.
func storageManager(method string) js.Value {
	manager := js.Global().Get("navigator").Get("storage")
	if !manager.Truthy() || !manager.Get(method).Truthy() {
		return js.Undefined()
	}
	return manager
}

// Device returns the device's key and how it is kept. The first call makes it.
func (s *Store) Device(ctx context.Context) (identity.Signer, Custody, error) {
	record, err := s.db.Get(ctx, storeKeys, recordDevice)
	if err != nil {
		return nil, 0, fmt.Errorf("keys: %w", err)
	}
	if !record.IsUndefined() {
		return signerOf(ctx, record)
	}
	if record, err = newDeviceRecord(ctx); err != nil {
		return nil, 0, fmt.Errorf("keys: %w", err)
	}
	if record, err = s.db.Add(ctx, storeKeys, recordDevice, record); err != nil {
		return nil, 0, fmt.Errorf("keys: %w", err)
	}
	return signerOf(ctx, record)
}

// Homes returns the remembered homes. A damaged record is left out.
func (s *Store) Homes(ctx context.Context) ([]viewer.Home, error) {
	records, err := s.db.All(ctx, storeHomes)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	var homes []viewer.Home
	for i := range records.Length() {
		if h, err := homeFromJS(records.Index(i)); err == nil {
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
	record, err := homeToJS(h)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := s.db.Put(ctx, storeHomes, h.Agent.String(), record); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

// Forget removes what is known of the agent.
func (s *Store) Forget(ctx context.Context, agent identity.AgentID) error {
	s.forgetInTab(agent)
	if err := s.db.Remove(ctx, storeHomes, agent.String()); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}
