package camera

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// folder is a state folder whose log has an owner and some viewers.
type folder struct {
	t       testing.TB
	dir     string
	root    identity.RootKey
	owner   identity.DeviceKey
	agent   identity.AgentKey
	entries [][]byte
}

const viewersInFolder = 6

func newFolder(t testing.TB) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir(), owner: newDevice(t)}
	var err error
	if f.root, err = identity.GenerateRoot(nil); err != nil {
		t.Fatal(err)
	}
	s := f.open()
	defer s.Close()
	f.agent = s.Key()
	a, err := f.start(s)
	if err != nil {
		t.Fatal(err)
	}
	genesis, err := grant.Genesis(f.root, f.owner.Public(), "owner", morning)
	if err != nil {
		t.Fatal(err)
	}
	f.extend(a, genesis)
	for range viewersInFolder {
		e := a.grants.Next(grant.Add, newDevice(t).Public())
		e.Issued, e.Terms = morning, viewerTerms()
		f.extend(a, f.sign(e))
	}
	a.saveCheckpoint()
	f.entries = s.Entries()
	return f
}

func (f *folder) sign(e grant.Entry) []byte {
	f.t.Helper()
	if err := e.Sign(f.owner.Signer(), f.agent.Public().ID()); err != nil {
		f.t.Fatal(err)
	}
	b, err := e.MarshalBinary()
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

func (f *folder) extend(a *Agent, entry []byte) {
	f.t.Helper()
	if _, reason := a.extend(entry, func(*grant.Entry) bool { return true }); reason != 0 {
		f.t.Fatalf("not appended: %d", reason)
	}
}

func (f *folder) open() *store.Store {
	f.t.Helper()
	s, err := store.Open(f.dir)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *folder) start(s *store.Store) (*Agent, error) {
	return New(Config{
		Name: "Home", Servers: []string{"http://localhost"}, Store: s, Clock: source.NewClock(), Log: newLogger(&lines{}),
		Cameras: []Camera{{Name: "porch", Source: idle{}}},
	})
}

// restart starts an agent on the folder and ends it; the error is that of its start.
func (f *folder) restart() (*Agent, error) {
	f.t.Helper()
	s := f.open()
	defer s.Close()
	return f.start(s)
}

// write replaces the log's entries, frames and all.
func (f *folder) write(entries ...[]byte) {
	f.t.Helper()
	path := filepath.Join(f.dir, "grants.log")
	old, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	b := old[:bytes.IndexByte(old, '\n')+1+len(identity.AgentID{})]
	for _, e := range entries {
		b = binary.BigEndian.AppendUint32(b, uint32(len(e)))
		b = binary.BigEndian.AppendUint32(b, ^uint32(len(e)))
		b = append(b, e...)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) remove(name string) {
	f.t.Helper()
	if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) read(name string) []byte {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

func TestStartsAgain(t *testing.T) {
	f := newFolder(t)
	a, err := f.restart()
	if err != nil || a.grants.Len() != 1+viewersInFolder {
		t.Fatalf("%v", err)
	}
}

// A log that is not the one the agent wrote stops the start with a sentence, and is left as it is: without it the agent could be claimed.
func TestDamagedLog(t *testing.T) {
	last := viewersInFolder
	for name, test := range map[string]struct {
		damage func(*folder) [][]byte
		says   string
	}{
		"signature": {func(f *folder) [][]byte {
			e := bytes.Clone(f.entries[last])
			e[len(e)-1] ^= 1
			return append(f.entries[:last:last], e)
		}, "is damaged (entry 6"},
		"bit": {func(f *folder) [][]byte {
			e := bytes.Clone(f.entries[2])
			e[100] ^= 1
			return append(append(f.entries[:2:2], e), f.entries[3:]...)
		}, "is damaged (entry"},
		"reordered": {func(f *folder) [][]byte {
			return append(append(f.entries[:2:2], f.entries[3], f.entries[2]), f.entries[4:]...)
		}, "is damaged (entry 2"},
		"left out":  {func(f *folder) [][]byte { return append(f.entries[:2:2], f.entries[3:]...) }, "is damaged (entry 2"},
		"twice":     {func(f *folder) [][]byte { return append(f.entries[:3:3], f.entries[2:]...) }, "is damaged (entry 3"},
		"cut short": {func(f *folder) [][]byte { return f.entries[:4] }, "has 4 entries, but had 7"},
		"empty":     {func(f *folder) [][]byte { return nil }, "has 0 entries, but had 7"},
		"another's": {func(f *folder) [][]byte { return newFolder(t).entries }, "is damaged (entry 1"},
		"forked": {func(f *folder) [][]byte {
			l := grant.NewLog(f.agent.Public().ID())
			for _, e := range f.entries[:last] {
				if err := l.AppendBytes(e); err != nil {
					t.Fatal(err)
				}
			}
			e := l.Next(grant.Add, newDevice(t).Public())
			e.Issued, e.Terms = morning, viewerTerms()
			return append(f.entries[:last:last], f.sign(e))
		}, "is not the one that was there before"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			f.write(test.damage(f)...)
			before := f.read("grants.log")
			_, err := f.restart()
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "nothing of it was used") || !strings.Contains(err.Error(), "sealcam agent reset") {
				t.Errorf("%v", err)
			}
			if !bytes.Equal(f.read("grants.log"), before) {
				t.Error("the log was changed")
			}
			f.write(f.entries...)
			if _, err := f.restart(); err != nil {
				t.Errorf("put back: %v", err)
			}
		})
	}
}

// Without its checkpoint a log is checked from the start; a shorter one is then sound, and the owners' devices miss the rest.
func TestNoCheckpoint(t *testing.T) {
	f := newFolder(t)
	f.remove("grants.checkpoint")
	f.write(f.entries[:4]...)
	if a, err := f.restart(); err != nil || a.grants.Len() != 4 {
		t.Errorf("%v", err)
	}
}

// Only the agent's own checkpoint spares it the check of a signature: another's, which vouches for a forged entry, does not.
func TestForeignCheckpointHidesNothing(t *testing.T) {
	forge := func(f *folder) (head [32]byte) {
		e := bytes.Clone(f.entries[viewersInFolder])
		e[len(e)-1] ^= 1
		forged, err := grant.ParseEntry(e)
		if err != nil {
			t.Fatal(err)
		}
		f.write(append(f.entries[:viewersInFolder:viewersInFolder], e)...)
		return forged.Hash()
	}
	f := newFolder(t)
	other, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	c := store.Checkpoint{Length: 1 + viewersInFolder, Head: forge(f)}
	if err := other.SaveCheckpoint(c); err != nil {
		t.Fatal(err)
	}
	foreign, err := os.ReadFile(other.CheckpointPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "grants.checkpoint"), foreign, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.restart(); err == nil || !strings.Contains(err.Error(), "is damaged (entry 6") {
		t.Errorf("%v", err)
	}
	if !bytes.Equal(f.read("grants.checkpoint.damaged"), foreign) {
		t.Error("the foreign checkpoint is not kept aside")
	}

	// The agent's own is believed, or this test would prove nothing.
	s := f.open()
	defer s.Close()
	if err := s.SaveCheckpoint(c); err != nil {
		t.Fatal(err)
	}
	if _, err := f.start(s); err != nil {
		t.Errorf("its own: %v", err)
	}
}
