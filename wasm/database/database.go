//go:build js

package database

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/promise"
)

var (
	// ErrBlocked is returned where the browser keeps nothing: storage is switched off, or the window is a private one.
	ErrBlocked = errors.New("database: this browser keeps no data for this page")
	// ErrFull is returned where there is no room for what is to be kept.
	ErrFull = errors.New("database: there is no room for this page's data")
)

// full names what the browser refuses for want of room (W3C IndexedDB §3.1).
func full(err error) error {
	var refused *promise.Error
	if errors.As(err, &refused) && refused.Name == "QuotaExceededError" {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// version is that of every database; none has changed so far.
const version = 1

// Database is an open database. Its methods wait for the browser, so none may be called in a js.FuncOf callback.
type Database struct{ db js.Value }

// Open opens the database with the name, and makes it with these stores the first time. The error wraps ErrBlocked or ErrFull, or is ctx's.
func Open(ctx context.Context, name string, stores ...string) (*Database, error) {
	factory, err := promise.Get(js.Global(), "indexedDB")
	var request js.Value
	if err == nil {
		err = promise.Try(func() { request = factory.Call("open", name, version) })
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBlocked, err)
	}
	upgrade := js.FuncOf(func(js.Value, []js.Value) any {
		db := request.Get("result")
		for _, store := range stores {
			db.Call("createObjectStore", store)
		}
		return nil
	})
	defer upgrade.Release()
	request.Set("onupgradeneeded", upgrade)
	db, err := await(ctx, request)
	if err := full(err); errors.Is(err, ErrFull) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBlocked, err)
	}
	return &Database{db: db}, nil
}

// await waits for an IDBRequest.
func await(ctx context.Context, request js.Value) (js.Value, error) {
	err := settled(ctx, request, "onsuccess", "onerror", func() error { return promise.ErrorOf(request.Get("error")) })
	if err != nil {
		return js.Undefined(), err
	}
	return request.Get("result"), nil
}

// committed waits until the request's transaction is complete.
func committed(ctx context.Context, tx, request js.Value) error {
	return settled(ctx, tx, "oncomplete", "onabort", func() error {
		cause := request.Get("error")
		if cause.IsNull() {
			cause = tx.Get("error")
		}
		return full(promise.ErrorOf(cause))
	})
}

// settled waits for either event of a target. The cause of the bad one is asked for while it is told.
func settled(ctx context.Context, target js.Value, good, bad string, cause func() error) error {
	done := make(chan error, 1)
	listen := func(event string, result func() error) (release func()) {
		f := js.FuncOf(func(js.Value, []js.Value) any {
			select {
			case done <- result():
			default:
			}
			return nil
		})
		target.Set(event, f)
		return func() {
			target.Set(event, js.Null())
			f.Release()
		}
	}
	defer listen(good, func() error { return nil })()
	defer listen(bad, cause)()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// store opens a transaction of one request on one object store.
func (d *Database) store(name, mode string) (s js.Value, err error) {
	err = promise.Try(func() {
		// "strict" waits until the record is on the disk: a key that is used must not be lost with the power.
		tx := d.db.Call("transaction", name, mode, map[string]any{"durability": "strict"})
		s = tx.Call("objectStore", name)
	})
	return s, err
}

// Get returns the record, or undefined.
func (d *Database) Get(ctx context.Context, store, key string) (js.Value, error) {
	s, err := d.store(store, "readonly")
	if err != nil {
		return js.Undefined(), err
	}
	return await(ctx, s.Call("get", key))
}

// All returns a JavaScript array of a store's records.
func (d *Database) All(ctx context.Context, store string) (js.Value, error) {
	s, err := d.store(store, "readonly")
	if err != nil {
		return js.Undefined(), err
	}
	return await(ctx, s.Call("getAll"))
}

// Put writes the record over what is there, and returns once it is written.
func (d *Database) Put(ctx context.Context, store, key string, record js.Value) error {
	s, err := d.store(store, "readwrite")
	if err != nil {
		return err
	}
	var request js.Value
	if err := promise.Try(func() { request = s.Call("put", record, key) }); err != nil {
		return full(err)
	}
	return committed(ctx, s.Get("transaction"), request)
}

// Add writes the record if there is none under the key, and returns the one that then stands there: of two tabs that make
// a key at the same time, one wins in both.
func (d *Database) Add(ctx context.Context, store, key string, record js.Value) (js.Value, error) {
	s, err := d.store(store, "readwrite")
	if err != nil {
		return js.Undefined(), err
	}
	var request js.Value
	if err := promise.Try(func() { request = s.Call("add", record, key) }); err != nil {
		return js.Undefined(), full(err)
	}
	err = committed(ctx, s.Get("transaction"), request)
	var refused *promise.Error
	if err != nil && (!errors.As(err, &refused) || refused.Name != "ConstraintError") {
		return js.Undefined(), err
	}
	return d.Get(ctx, store, key)
}

// Remove deletes the record, if there is one.
func (d *Database) Remove(ctx context.Context, store, key string) error {
	s, err := d.store(store, "readwrite")
	if err != nil {
		return err
	}
	_, err = await(ctx, s.Call("delete", key))
	return err
}

// Close lets the database be deleted.
func (d *Database) Close() { d.db.Call("close") }

// Delete deletes the database with the name, if there is one.
func Delete(ctx context.Context, name string) error {
	factory, err := promise.Get(js.Global(), "indexedDB")
	var request js.Value
	if err == nil {
		err = promise.Try(func() { request = factory.Call("deleteDatabase", name) })
	}
	if err == nil {
		_, err = await(ctx, request)
	}
	return err
}
