//go:build js

package folder

import (
	"bytes"
	"errors"
	"io/fs"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/wasm/database"
)

func open(t *testing.T) *Folder {
	t.Helper()
	f, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func clean(t *testing.T) {
	t.Helper()
	if err := database.Delete(t.Context(), databaseName); err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	clean(t)
	f := open(t)
	if _, err := f.Read("a", 100); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := f.Extend("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("extending no file: %v", err)
	}
	if err := f.Replace("a", []byte("head")); err != nil {
		t.Fatal(err)
	}
	file, err := f.Extend("a")
	if err != nil {
		t.Fatal(err)
	}
	file.Write([]byte(" and tail"))
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	file.Write([]byte(" that is cut"))
	if err := errors.Join(file.Truncate(13), file.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	f = open(t)
	if b, err := f.Read("a", 100); err != nil || string(b) != "head and tail" {
		t.Errorf("read %q, %v", b, err)
	}
	if b, err := f.Read("a", 5); err == nil {
		t.Errorf("over the limit: %q", b)
	}
	as, err := f.SetAside("a")
	if err != nil || as == "a" {
		t.Errorf("set aside as %q: %v", as, err)
	}
	if _, err := f.Read("a", 100); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// What is stored holds nothing in the clear, and no record can stand for another.
func TestSealed(t *testing.T) {
	clean(t)
	f := open(t)
	secret := bytes.Repeat([]byte("secret seed "), 4)
	if err := errors.Join(f.Replace("agent.key", secret), f.Replace("other", []byte("x"))); err != nil {
		t.Fatal(err)
	}
	record, err := f.db.Get(t.Context(), storeFiles, "agent.key")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, record.Get("sealed").Get("length").Int())
	js.CopyBytesToGo(b, record.Get("sealed"))
	if len(b) != len(secret)+16 || bytes.Contains(b, secret[:6]) {
		t.Errorf("stored: %q", b)
	}
	if f.key.Get("extractable").Bool() {
		t.Error("scripts can read the key")
	}
	if err := f.db.Put(t.Context(), storeFiles, "other", record); err != nil {
		t.Fatal(err)
	}
	if b, err := f.Read("other", 100); err == nil {
		t.Errorf("a record under another name gives %q", b)
	}
	b[0] ^= 1
	js.CopyBytesToJS(record.Get("sealed"), b)
	if err := f.db.Put(t.Context(), storeFiles, "agent.key", record); err != nil {
		t.Fatal(err)
	}
	if b, err := f.Read("agent.key", 100); err == nil {
		t.Errorf("a changed record gives %q", b)
	}
}

// Two tabs cannot be one camera.
func TestOneAtATime(t *testing.T) {
	clean(t)
	f := open(t)
	if _, err := Open(t.Context()); !errors.Is(err, ErrTaken) {
		t.Errorf("a second tab: %v", err)
	}
	f.Close()
	open(t)
}

// An agent's store opens in it again as it was.
func TestStore(t *testing.T) {
	clean(t)
	s, err := store.OpenFolder(open(t))
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Camera("camera")
	key := s.Key().Public()
	if err = errors.Join(err, s.Append([]byte("an entry")), s.Journal().Begin([32]byte{1}, identity.CameraID{2}, s.ClockMark()), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = store.OpenFolder(open(t)); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	again, err := s.Camera("camera")
	if err != nil || again != id || !s.Key().Public().Equal(key) || len(s.Warnings()) != 0 {
		t.Errorf("camera %v, then %v (%v); the agent's key is the same: %v; %q", id, again, err, s.Key().Public().Equal(key), s.Warnings())
	}
	if e := s.Entries(); len(e) != 1 || string(e[0]) != "an entry" {
		t.Errorf("entries %q", e)
	}
	if v, _ := s.Journal().Visits(0, 10); len(v) != 1 {
		t.Errorf("visits %+v", v)
	}
}
