//go:build js

package database

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/promise"
)

// ErrBlocked is returned where the browser keeps nothing: storage is switched off, or the window is a private one.
var ErrBlocked = errors.New("database: this browser keeps no data for this page")

// version is that of every database; none has changed so far.
const version = 1

// Database is an open database. Its methods wait for the browser, so none may be called in a js.FuncOf callback.
type Database struct{ db js.Value }

// Open opens the database with the name, and makes it with these stores the first time. The error wraps ErrBlocked, or is ctx's.
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
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBlocked, err)
	}
	return &Database{db: db}, nil
}

// await waits for an IDBRequest.
func await(ctx context.Context, request js.Value) (js.Value, error) {
	failed := make(chan error, 1)
	done := make(chan js.Value, 1)
	onSuccess := js.FuncOf(func(js.Value, []js.Value) any {
		select {
		case done <- request.Get("result"):
		default:
		}
		return nil
	})
	onError := js.FuncOf(func(js.Value, []js.Value) any {
		select {
		case failed <- promise.ErrorOf(request.Get("error")):
		default:
		}
		return nil
	})
	defer func() {
		request.Set("onsuccess", js.Null())
		request.Set("onerror", js.Null())
		onSuccess.Release()
		onError.Release()
	}()
	request.Set("onsuccess", onSuccess)
	request.Set("onerror", onError)
	select {
	case v := <-done:
		return v, nil
	case err := <-failed:
		return js.Undefined(), err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
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
		return err
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
		return js.Undefined(), err
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

// committed waits until the request's transaction is complete.
func committed(ctx context.Context, tx, request js.Value) error {
	done := make(chan error, 1)
	report := func(err error) {
		select {
		case done <- err:
		default:
		}
	}
	complete := js.FuncOf(func(js.Value, []js.Value) any {
		report(nil)
		return nil
	})
	abort := js.FuncOf(func(js.Value, []js.Value) any {
		cause := request.Get("error")
		if cause.IsNull() {
			cause = tx.Get("error")
		}
		report(promise.ErrorOf(cause))
		return nil
	})
	defer func() {
		tx.Set("oncomplete", js.Null())
		tx.Set("onabort", js.Null())
		complete.Release()
		abort.Release()
	}()
	tx.Set("oncomplete", complete)
	tx.Set("onabort", abort)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
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
