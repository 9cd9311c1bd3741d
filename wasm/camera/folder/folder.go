//go:build js

package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall/js"

	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/database"
	"github.com/sealcam/sealcam/wasm/promise"
)

// What Open refuses, and Replace for want of room, each a sentence for the person at the device.
var (
	ErrBlocked = errors.New(words.Later("This browser does not let the page keep anything. Leave the private window, or allow this site to store data."))
	ErrFull    = errors.New(words.Later("This browser has no room left for what the page must keep. Free some space on this device, or clear what other sites keep, then reload."))
	ErrTaken   = errors.New(words.Later("Another tab of this browser is the camera already. Use that tab, or close it and reload this page."))
	ErrCrypto  = errors.New(words.Later("Browsers lend their key store to https pages only. Open this page by an https address."))
)

const (
	databaseName = "sealcam camera"
	lockName     = "sealcam camera"
	storeFiles   = "files"
	storeKeys    = "keys"
	keyName      = "files"

	cipher    = "AES-GCM"
	nonceSize = 12 // NIST SP 800-38D §5.2.1.1

	maxFile  = 8 << 20 // bytes
	maxAside = 10      // damaged files of one name that are kept
)

// Folder is a store.Folder. Its methods wait for the browser, so none may be called in a js.FuncOf callback.
type Folder struct {
	db      *database.Database
	subtle  js.Value
	key     js.Value
	release func()

	writing sync.Mutex // held while a record is written, so that the last one written is the last one said
}

// Open opens the folder of this page's origin.
func Open(ctx context.Context) (*Folder, error) {
	subtle := js.Global().Get("crypto").Get("subtle")
	if !subtle.Truthy() {
		return nil, ErrCrypto
	}
	release, err := lock(ctx)
	if err != nil {
		return nil, err
	}
	f := &Folder{subtle: subtle, release: release}
	if f.db, err = database.Open(ctx, databaseName, storeFiles, storeKeys); err == nil {
		err = f.makeKey(ctx)
	}
	if err != nil {
		f.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, database.ErrFull) {
			return nil, fmt.Errorf("%w (%w)", ErrFull, err)
		}
		return nil, fmt.Errorf("%w (%w)", ErrBlocked, err)
	}
	return f, nil
}

// makeKey takes the key that all files are encrypted under, and makes it the first time.
func (f *Folder) makeKey(ctx context.Context) error {
	key, err := f.db.Get(ctx, storeKeys, keyName)
	if err != nil {
		return err
	}
	if key.IsUndefined() {
		if key, err = call(ctx, f.subtle, "generateKey", map[string]any{"name": cipher, "length": 256}, false, []any{"encrypt", "decrypt"}); err != nil {
			return err
		}
		if key, err = f.db.Add(ctx, storeKeys, keyName, key); err != nil {
			return err
		}
	}
	f.key = key
	return nil
}

// Path implements store.Folder. Files lie nowhere that a person could look.
func (f *Folder) Path(name string) string { return name }

// Read implements store.Folder.
func (f *Folder) Read(name string, limit int64) ([]byte, error) {
	ctx := context.Background()
	record, err := f.db.Get(ctx, storeFiles, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if record.IsUndefined() {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	damaged := fmt.Errorf("%s is damaged", name)
	if record.Type() != js.TypeObject || !record.Get("sealed").Truthy() {
		return nil, damaged
	}
	opened, err := call(ctx, f.subtle, "decrypt", f.algorithm(name, record.Get("nonce")), f.key, record.Get("sealed"))
	if err != nil {
		return nil, damaged
	}
	content := uint8Array.New(opened)
	if int64(content.Get("length").Int()) > limit {
		return nil, damaged
	}
	b := make([]byte, content.Get("length").Int())
	js.CopyBytesToGo(b, content)
	return b, nil
}

// Replace implements store.Folder.
func (f *Folder) Replace(name string, data []byte) error {
	if len(data) > maxFile {
		return fmt.Errorf("%s: too large", name)
	}
	f.writing.Lock()
	defer f.writing.Unlock()
	ctx := context.Background()
	nonce := uint8Array.New(nonceSize)
	js.Global().Get("crypto").Call("getRandomValues", nonce)
	content := uint8Array.New(len(data))
	js.CopyBytesToJS(content, data)
	sealed, err := call(ctx, f.subtle, "encrypt", f.algorithm(name, nonce), f.key, content)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	record := js.Global().Get("Object").New()
	record.Set("nonce", nonce)
	record.Set("sealed", uint8Array.New(sealed))
	if err := f.db.Put(ctx, storeFiles, name, record); err != nil {
		if errors.Is(err, database.ErrFull) {
			err = fmt.Errorf("%w (%w)", ErrFull, err)
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// algorithm binds a file's name to its content, so that one cannot stand for another.
func (f *Folder) algorithm(name string, nonce js.Value) map[string]any {
	label := uint8Array.New(len(name))
	js.CopyBytesToJS(label, []byte(name))
	return map[string]any{"name": cipher, "iv": nonce, "additionalData": label}
}

// SetAside implements store.Folder.
func (f *Folder) SetAside(name string) (string, error) {
	ctx := context.Background()
	record, err := f.db.Get(ctx, storeFiles, name)
	if err != nil {
		return "", err
	}
	for n := range maxAside {
		as := fmt.Sprintf("%s.damaged.%d", name, n+1)
		if there, err := f.db.Get(ctx, storeFiles, as); err != nil || !there.IsUndefined() {
			continue
		}
		if err := f.db.Put(ctx, storeFiles, as, record); err != nil {
			return "", err
		}
		return as, f.db.Remove(ctx, storeFiles, name)
	}
	return "", fmt.Errorf("%s: there are %d damaged ones already", name, maxAside)
}

// Extend implements store.Folder.
func (f *Folder) Extend(name string) (store.File, error) {
	content, err := f.Read(name, maxFile)
	if err != nil {
		return nil, err
	}
	return &file{folder: f, name: name, content: content}, nil
}

// Close implements store.Folder.
func (f *Folder) Close() error {
	if f.db != nil {
		f.db.Close()
	}
	f.release()
	return nil
}

// file is a store.File: the content is in memory, and all of it is written at each Sync. An agent's files are small: some kilobytes for who
// may watch, and 90 bytes for each visit.
type file struct {
	folder *Folder
	name   string

	mu      sync.Mutex
	content []byte
	written bool // everything is on the disk
	writing bool // a goroutine is at it
}

// Write appends. What no Sync follows is on the disk soon after.
func (f *file) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.content)+len(b) > maxFile {
		return 0, fmt.Errorf("%s: too large", f.name)
	}
	f.content, f.written = append(f.content, b...), false
	if !f.writing {
		f.writing = true
		go f.writeSoon()
	}
	return len(b), nil
}

// writeSoon writes until everything is written. An error shows at the next Sync.
func (f *file) writeSoon() {
	for {
		f.mu.Lock()
		if f.written {
			f.writing = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		if f.Sync() != nil {
			f.mu.Lock()
			f.writing = false
			f.mu.Unlock()
			return
		}
	}
}

func (f *file) Sync() error {
	f.mu.Lock()
	content := slices.Clone(f.content)
	f.mu.Unlock()
	if err := f.folder.Replace(f.name, content); err != nil {
		return err
	}
	f.mu.Lock()
	f.written = len(content) == len(f.content)
	f.mu.Unlock()
	return nil
}

func (f *file) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if size < 0 || size > int64(len(f.content)) {
		return fmt.Errorf("%s: no such size", f.name)
	}
	f.content, f.written = f.content[:size], false
	return nil
}

func (f *file) Close() error { return f.Sync() }

var uint8Array = js.Global().Get("Uint8Array")

// call calls a method that returns a promise, and waits for it.
func call(ctx context.Context, object js.Value, method string, args ...any) (js.Value, error) {
	var p js.Value
	if err := promise.Try(func() { p = object.Call(method, args...) }); err != nil {
		return js.Undefined(), err
	}
	return promise.Await(ctx, p)
}
