// Package imports holds the rules of docs/ARCHITECTURE.md about who may import whom, so that the code cannot drift from them.
package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sealcam/sealcam"

// rule forbids a package (and those below it, with /...) to reach others.
type rule struct {
	target string // "native" or "js"
	from   string
	never  []string // an import path, or a prefix ending in "/..."
	why    string
}

var rules = []rule{
	{"native", "server", []string{"e2ee/seal", "e2ee/sframe", "e2ee/session", "e2ee/grant", "control", "codec/...", "camera/...", "viewer/..."}, "the server is blind"},
	{"native", "e2ee/...", []string{"net/http", "syscall/js", "github.com/pion/...", "nhooyr.io/...", "camera/...", "viewer/...", "server", "signal"}, "keys stay in a pure core"},
	{"native", "codec/...", []string{"net", "net/http", "e2ee/...", "camera/...", "github.com/..."}, "parsers stand alone"},
	{"native", "control", []string{"net/http", "github.com/pion/...", "signal", "camera/...", "viewer/...", "server"}, "messages are only bytes"},
	{"native", "viewer/...", []string{"syscall/js", "github.com/hajimehoshi/...", "camera/...", "server"}, "the viewer runs natively in tests"},
	{"native", "camera/...", []string{"viewer/...", "server", "github.com/hajimehoshi/..."}, "the agent needs neither"},
	{"js", "wasm/camera/...", []string{"camera/rtsp", "camera/file", "camera/testcard", "server", "github.com/nats-io/...", "github.com/bluenviron/...", "github.com/pion/...", "github.com/hajimehoshi/..."}, "a browser's agent has the browser's camera, and the relay"},
	{"js", "wasm", []string{"camera/...", "server", "github.com/nats-io/...", "github.com/bluenviron/..."}, "the client is small and holds no agent"},
}

func TestImports(t *testing.T) {
	for _, r := range rules {
		t.Run(r.target+" "+r.from, func(t *testing.T) {
			packages := list(t, r.target, r.from)
			if len(packages) == 0 {
				t.Fatalf("no package matches %s", r.from)
			}
			for path, deps := range packages {
				for _, dep := range deps {
					if matches(r.from, dep) {
						continue
					}
					if i := slices.IndexFunc(r.never, func(pattern string) bool { return matches(pattern, dep) }); i >= 0 {
						t.Errorf("%s reaches %s (%s): %s", path, dep, r.never[i], r.why)
					}
				}
			}
		})
	}
}

// The websocket library names net/http's types, of which the linker drops nearly all; whatever else imported it would make the client
// larger by a quarter.
func TestClientUsesNoHTTP(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./wasm", "./wasm/camera/program")
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if strings.HasPrefix(fields[0], module) {
			ours++
		}
		if slices.Contains(fields[1:], "net/http") && fields[0] != "nhooyr.io/websocket" && strings.Contains(fields[0], ".") {
			t.Errorf("%s imports net/http", fields[0])
		}
	}
	if ours < 10 {
		t.Errorf("only %d packages of the client are looked at", ours)
	}
}

// matches compares an import path, or its part within this module, with a pattern.
func matches(pattern, dep string) bool {
	ours := strings.TrimPrefix(dep, module+"/")
	prefix, tree := strings.CutSuffix(pattern, "/...")
	for _, path := range []string{dep, ours} {
		if path == pattern || tree && (path == prefix || strings.HasPrefix(path, prefix+"/")) {
			return true
		}
	}
	return false
}

// list returns the packages that match from, each with all that it reaches.
func list(t *testing.T, target, from string) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Deps", "./"+from)
	cmd.Dir = root(t)
	cmd.Env = os.Environ()
	if target == "js" {
		cmd.Env = append(cmd.Env, "GOOS=js", "GOARCH=wasm")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	packages := map[string][]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Deps       []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p.Deps
	}
}

// syscall/js stands only where DESIGN allows it: in wasm/ and in files for js.
func TestSyscallJSStaysInItsPlace(t *testing.T) {
	dir, found := root(t), 0
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == ".git" || e.Name() == "build" || e.Name() == "tools" || e.Name() == "testdata") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Contains(data, []byte("\t\"syscall/js\"\n")) {
			return nil
		}
		found++
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(rel, "wasm"+string(filepath.Separator)) && !strings.HasSuffix(strings.TrimSuffix(rel, "_test.go"), "_js") && !strings.HasSuffix(rel, "_js.go") {
			t.Errorf("%s imports syscall/js", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no file imports syscall/js: this test looks in the wrong place")
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}
