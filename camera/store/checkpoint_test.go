package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckpointRemembers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if c, err := s.Checkpoint(); err != nil || c != (Checkpoint{}) {
		t.Errorf("%v (%v) before the first", c, err)
	}
	want := Checkpoint{Length: 7, Head: [32]byte{1, 2}}
	for _, c := range []Checkpoint{{Length: 3}, want} {
		if err := s.SaveCheckpoint(c); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	if c, err := open(t, dir).Checkpoint(); err != nil || c != want {
		t.Errorf("%v (%v)", c, err)
	}
}

// No statement but the agent's own, whole, makes it trust entries unchecked; what else lies there is kept aside.
func TestForeignCheckpoint(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	good := appendCheckpoint(nil, Checkpoint{Length: 7, Head: [32]byte{1, 2}}, s.Key())
	s.Close()
	foreign := appendCheckpoint(nil, Checkpoint{Length: 7, Head: [32]byte{1, 2}}, fuzzKey(t))
	bad := map[string][]byte{"foreign": foreign, "empty": {}, "short": good[:len(good)-1], "long": append(bytes.Clone(good), 0), "huge": make([]byte, 4096)}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x10
		bad[string(rune('a'+i))] = b
	}
	for name, b := range bad {
		path := filepath.Join(dir, checkpointFile)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		c, err := s.Checkpoint()
		if err != nil || c != (Checkpoint{}) {
			t.Errorf("%s: %v (%v)", name, c, err)
		}
		if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "checked anew") {
			t.Errorf("%s: said %q", name, w)
		}
		aside, err := os.ReadFile(path + ".damaged")
		if err != nil || !bytes.Equal(aside, b) {
			t.Errorf("%s: not kept aside (%v)", name, err)
		}
		if err := os.Remove(path + ".damaged"); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
}

func FuzzCheckpoint(f *testing.F) {
	key := fuzzKey(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCheckpoint(b, key)
		if err != nil {
			if c != (Checkpoint{}) {
				t.Error("a bad checkpoint says something")
			}
			return
		}
		if !bytes.Equal(appendCheckpoint(nil, c, key), b) {
			t.Errorf("%x is not what was written", b)
		}
	})
}
