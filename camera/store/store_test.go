package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStoreRemembers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := open(t, dir)
	id := s.Key().Public().ID()
	porch, err := s.Camera("porch")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range []string{"one", "two"} {
		if err := s.Append([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, dir)
	if s.Key().Public().ID() != id {
		t.Error("another key after a restart")
	}
	if again, err := s.Camera("porch"); err != nil || again != porch {
		t.Errorf("the camera is %v after a restart, was %v (%v)", again, porch, err)
	}
	if other, err := s.Camera("garage"); err != nil || other == porch {
		t.Errorf("two cameras share an id (%v)", err)
	}
	if got := s.Entries(); len(got) != 2 || string(got[0]) != "one" || string(got[1]) != "two" {
		t.Errorf("log is %q", got)
	}
	for _, name := range []string{keyFile, camerasFile, logFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestTwoAgentsCannotShareAFolder(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "another agent") {
		t.Errorf("second agent: %v", err)
	}
}

// A crash while an entry is written leaves a torn record at the end. It was never acknowledged: it goes aside, the rest stays.
func TestTornRecord(t *testing.T) {
	whole := func(t *testing.T) (dir string, log []byte) {
		dir = t.TempDir()
		s := open(t, dir)
		for _, entry := range []string{"first entry", "second entry"} {
			if err := s.Append([]byte(entry)); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		log, err := os.ReadFile(filepath.Join(dir, logFile))
		if err != nil {
			t.Fatal(err)
		}
		return dir, log
	}
	_, log := whole(t)
	first := 4 + len("first entry")
	for cut := first + 1; cut < len(log); cut++ {
		dir, log := whole(t)
		if err := os.WriteFile(filepath.Join(dir, logFile), log[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		if got := s.Entries(); len(got) != 1 || string(got[0]) != "first entry" {
			t.Fatalf("cut at %d: log is %q", cut, got)
		}
		if aside, err := os.ReadFile(filepath.Join(dir, logFile+".torn")); err != nil || !bytes.Equal(aside, log[:cut]) {
			t.Fatalf("cut at %d: the torn file is not kept (%v)", cut, err)
		}
		if err := s.Append([]byte("third")); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = open(t, dir)
		if got := s.Entries(); len(got) != 2 || string(got[1]) != "third" {
			t.Fatalf("cut at %d: after another entry the log is %q", cut, got)
		}
		s.Close()
	}
}

func TestDamagedFiles(t *testing.T) {
	tests := []struct {
		name, file string
		content    []byte
		says       string
	}{
		{"key", keyFile, []byte("short"), "claim the agent anew"},
		{"long key", keyFile, make([]byte, 100), "damaged"},
		{"cameras", camerasFile, []byte("{"), "damaged"},
		{"camera id", camerasFile, []byte(`{"porch":"xyz"}`), `camera "porch"`},
		{"log length", logFile, []byte{0xff, 0, 0, 0, 1}, "damaged at byte 0"},
		{"log zero", logFile, []byte{0, 0, 0, 0}, "damaged at byte 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			open(t, dir).Close()
			path := filepath.Join(dir, test.file)
			if err := os.WriteFile(path, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
			if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, test.content) {
				t.Error("the damaged file was changed")
			}
		})
	}
}

func TestMemoryLeavesNothing(t *testing.T) {
	s, err := Memory()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append([]byte("entry")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Camera("porch"); err != nil || len(s.Entries()) != 1 {
		t.Errorf("%d entries, %v", len(s.Entries()), err)
	}
	if err := s.Append(make([]byte, MaxEntry+1)); err == nil {
		t.Error("an entry over the bound was taken")
	}
}
