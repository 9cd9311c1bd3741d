//go:build js

package keys

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

var errRoot = errors.New("keys: the stored root key is damaged")

// Genesis returns the first entry of the logs of the homes that this device founds, which names it as their first owner. The first call
// makes a root key and has sign make the entry with it; both are on the disk before it returns, so that no home is founded on a key
// that is lost. The entry stays when the root key is gone (ForgetRoot): all agents that this device claims belong to one home.
func (s *Store) Genesis(ctx context.Context, sign func(identity.RootKey) ([]byte, error)) ([]byte, error) {
	record, err := s.db.Get(ctx, storeKeys, recordRoot)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if record.IsUndefined() {
		key, err := identity.GenerateRoot(nil)
		if err != nil {
			return nil, err
		}
		genesis, err := sign(key)
		if err != nil {
			return nil, err
		}
		if record, err = sealSeed(ctx, key.Seed()); err != nil {
			return nil, err
		}
		record.Set("genesis", bytesToJS(genesis))
		if record, err = s.db.Add(ctx, storeKeys, recordRoot, record); err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
	}
	genesis := genesisOf(record)
	if genesis == nil {
		return nil, errRoot
	}
	return genesis, nil
}

// Root returns the root key and its home while the key is still stored: until its phrase was written down and checked. ok is false if
// there is none.
func (s *Store) Root(ctx context.Context) (key identity.RootKey, ok bool, err error) {
	record, err := s.db.Get(ctx, storeKeys, recordRoot)
	if err != nil {
		return key, false, fmt.Errorf("keys: %w", err)
	}
	if record.IsUndefined() || record.Type() == js.TypeObject && record.Get("seed").IsUndefined() && record.Get("wrapped").IsUndefined() {
		return key, false, nil
	}
	seed, _, err := openSeed(ctx, record)
	if err != nil {
		return key, false, err
	}
	if key, err = identity.RootFromSeed(seed); err != nil {
		return key, false, errRoot
	}
	return key, true, nil
}

// ForgetRoot removes the root key; the entry that founded its home stays.
func (s *Store) ForgetRoot(ctx context.Context) error {
	record, err := s.db.Get(ctx, storeKeys, recordRoot)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if record.IsUndefined() {
		return nil
	}
	return s.Adopt(ctx, genesisOf(record))
}

// Adopt has this device found further homes under an entry that was made elsewhere, without its root key: after a restoration.
func (s *Store) Adopt(ctx context.Context, genesis []byte) error {
	if _, err := grant.ParseEntry(genesis); err != nil {
		return errRoot
	}
	record := js.Global().Get("Object").New()
	record.Set("genesis", bytesToJS(genesis))
	if err := s.db.Put(ctx, storeKeys, recordRoot, record); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

func genesisOf(record js.Value) []byte {
	if record.Type() != js.TypeObject {
		return nil
	}
	return bytesFromJS(record.Get("genesis"))
}
