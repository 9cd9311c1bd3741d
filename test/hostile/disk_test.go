package hostile

import (
	"os"
	"testing"

	"github.com/sealcam/sealcam/camera/store"
)

func openStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// copyDir copies an agent's folder, as a backup does.
func copyDir(t *testing.T, from string) (to string) {
	t.Helper()
	to = t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	// The agent insists on modes that keep others out.
	entries, err := os.ReadDir(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Chmod(to+"/"+e.Name(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
