package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReset(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	old, err := ReadID(dir)
	if err != nil || old != s.Key().Public().ID() {
		t.Errorf("ReadID says %v (%v)", old, err)
	}
	if _, err := s.Camera("porch"); err != nil {
		t.Fatal(err)
	}
	if err := s.Append([]byte("entry")); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveClockMark(noon); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveCheckpoint(Checkpoint{Length: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := Reset(dir, noon); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("while the agent runs: %v", err)
	}
	s.Close()
	for _, name := range []string{"console.key", "sealcam.toml", "agent.key.txt", journalFile + ".damaged.2", logName + ".torn"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	moved, err := Reset(dir, noon, "console.key", "absent")
	if err != nil || moved != filepath.Join(dir, "reset-20261121-120000") {
		t.Fatalf("moved to %q (%v)", moved, err)
	}
	if info, err := os.Stat(moved); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v (%v)", info.Mode(), err)
	}
	list := func(dir string) (names []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	if got, want := list(dir), []string{"agent.key.txt", lockFile, "reset-20261121-120000", "sealcam.toml"}; !slices.Equal(got, want) {
		t.Errorf("left are %v", got)
	}
	want := []string{keyFile, camerasFile, clockFile, "console.key", checkpointFile, logName, logName + ".torn", journalFile, journalFile + ".damaged.2"}
	if got := list(moved); !slices.Equal(got, want) {
		t.Errorf("moved were %v", got)
	}

	if _, err := ReadID(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadID without a key: %v", err)
	}
	if again, err := Reset(dir, noon); err != nil || again != "" {
		t.Errorf("nothing to move, and yet %q (%v)", again, err)
	}
	s = open(t, dir)
	if s.Key().Public().ID() == old || len(s.Entries()) != 0 {
		t.Error("the agent is not a new one")
	}
	s.Close()
	if again, err := Reset(dir, noon); err != nil || again != moved+"-2" {
		t.Errorf("a second reset in the same second: %q (%v)", again, err)
	}
	if _, err := Reset(filepath.Join(dir, "absent"), noon); err == nil || !strings.Contains(err.Error(), "-state") {
		t.Errorf("no folder: %v", err)
	}
}

// A folder that does not open can be reset, also one whose reset was interrupted.
func TestResetOfADamagedFolder(t *testing.T) {
	dir, _ := written(t, "entry")
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil { // as an interrupted reset leaves it
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "sealcam agent reset") {
		t.Fatalf("%v", err)
	}
	// Open made a key before it met the log; both go.
	if _, err := Reset(dir, noon); err != nil {
		t.Fatal(err)
	}
	if s := open(t, dir); len(s.Entries()) != 0 {
		t.Error("the log is still there")
	}
}
