package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
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
	for _, name := range []string{keyFile, camerasFile, logName, journalFile} {
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

func TestDamagedKeyAndCameras(t *testing.T) {
	id := identity.CameraID{1}.String()
	tests := []struct{ name, file, content, says string }{
		{"key", keyFile, "short", "sealcam agent reset"},
		{"long key", keyFile, strings.Repeat("x", 100), "damaged"},
		{"cameras", camerasFile, "{", "damaged"},
		{"camera id", camerasFile, `{"porch":"xyz"}`, `camera "porch"`},
		{"two cameras", camerasFile, `{"porch":"` + id + `","garage":"` + id + `"}`, `"garage" and "porch" have the same id`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			open(t, dir).Close()
			path := filepath.Join(dir, test.file)
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
			if left, err := os.ReadFile(path); err != nil || string(left) != test.content {
				t.Error("the damaged file was changed")
			}
		})
	}
}
