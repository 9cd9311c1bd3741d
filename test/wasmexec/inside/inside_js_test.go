package inside

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall/js"
	"testing"
)

const seedFile = "testdata/fuzz/FuzzSeedsLoad/file"

func TestReadsFilesOfTheModule(t *testing.T) {
	got, err := os.ReadFile(seedFile)
	if err != nil {
		t.Fatal(err)
	}
	if want := "go test fuzz v1\n[]byte(\"seed from the file\")\n"; string(got) != want {
		t.Errorf("read %q, want %q", got, want)
	}
	if mod, err := os.ReadFile("../../../go.mod"); err != nil || !bytes.HasPrefix(mod, []byte("module github.com/sealcam/sealcam\n")) {
		t.Errorf("the module's go.mod: %.40q, %v", mod, err)
	}
	f, err := os.Open(seedFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() != int64(len(got)) || info.IsDir() {
		t.Errorf("stat: size %d, dir %v, %v", info.Size(), info.IsDir(), err)
	}
	if _, err := f.Seek(8, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(f); err != nil || !bytes.Equal(rest, got[8:]) {
		t.Errorf("after a seek: %q, %v", rest, err)
	}
}

func TestListsFolders(t *testing.T) {
	entries, err := os.ReadDir("testdata/fuzz")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "FuzzSeedsLoad" || !entries[0].IsDir() {
		t.Errorf("entries: %v", entries)
	}
	var files []string
	err = filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) != 1 || files[0] != seedFile {
		t.Errorf("walk: %v, %v", files, err)
	}
}

func TestRefusesOtherFiles(t *testing.T) {
	for _, path := range []string{"testdata/none", "/etc/passwd", "../../../../../../etc/passwd"} {
		if _, err := os.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := os.WriteFile("testdata/new", nil, 0o600); err == nil {
		t.Error("wrote below the module")
	}
	if _, err := os.ReadFile("testdata"); err == nil {
		t.Error("read a folder as a file")
	}
}

func TestTemporaryFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("one, two"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(", three"); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	moved := path + ".moved"
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(moved); err != nil || string(got) != "one, two, three" {
		t.Errorf("read back %q, %v", got, err)
	}
	if err := os.WriteFile(moved, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(moved); err != nil || string(got) != "short" {
		t.Errorf("after truncation %q, %v", got, err)
	}
}

func TestPageIsASecureContext(t *testing.T) {
	if !js.Global().Get("isSecureContext").Bool() {
		t.Error("no secure context: WebCrypto and WebCodecs are missing")
	}
	if js.Global().Get("VideoDecoder").IsUndefined() {
		t.Error("no WebCodecs")
	}
}

// FuzzSeedsLoad fails unless the page serves the seed folder.
func FuzzSeedsLoad(f *testing.F) {
	var seen bool
	f.Cleanup(func() {
		if !seen {
			f.Error("the seed in testdata was not run")
		}
	})
	f.Fuzz(func(_ *testing.T, b []byte) {
		seen = seen || string(b) == "seed from the file"
	})
}
