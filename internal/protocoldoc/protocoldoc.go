// Package protocoldoc reads the examples out of docs/PROTOCOL.md for the tests of the packages that they are about, so that neither
// document nor code can change without the other. It is for tests only.
package protocoldoc

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Example is what stands between "```example NAME" and "```", a "key = value" a line.
type Example struct {
	t      *testing.T
	name   string
	values map[string]string
}

// Load reads the example with that name. The test fails if there is none.
func Load(t *testing.T, name string) Example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), "docs", "PROTOCOL.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n```example "+name+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("docs/PROTOCOL.md has no example %q", name)
	}
	e := Example{t, name, map[string]string{}}
	for line := range strings.Lines(block) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " = ")
		if !ok {
			t.Fatalf("example %q: malformed line %q", name, line)
		}
		e.values[key] = value
	}
	return e
}

// Text returns a value as it stands there.
func (e Example) Text(key string) string {
	e.t.Helper()
	v, ok := e.values[key]
	if !ok {
		e.t.Fatalf("example %q has no %q", e.name, key)
	}
	return v
}

// Bytes returns a value written in hexadecimal.
func (e Example) Bytes(key string) []byte {
	e.t.Helper()
	b, err := hex.DecodeString(e.Text(key))
	if err != nil {
		e.t.Fatalf("example %q, %q: %v", e.name, key, err)
	}
	return b
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("go.mod not found above the test's folder")
		}
		dir = parent
	}
}
