package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
)

var sources = map[string]string{
	"index.html": `<link href="{{asset "app.css"}}"><script src="{{asset "boot.js"}}"></script>` +
		`<link rel="preload" href="{{asset "sealcam.wasm"}}"><script type="application/json" id="assets">{{assets}}</script>`,
	"app.css":         `body { background: url({{asset "icon.svg"}}) } ` + strings.Repeat("a", 1000),
	"boot.js":         `worker("{{asset "worker.js"}}") // {{other}} braces stay`,
	"worker.js":       strings.Repeat("work();", 100),
	"sw.js":           "keep();",
	"app.webmanifest": `{"lang": "{{language}}", "name": "{{say "Open"}}", "icon": "{{asset "icon.svg"}}", "text": "{{ say "Close" }}"}`,

	"icon.svg":     "<svg/>",
	"icon-180.png": strings.Repeat("p", 500),
	"embed.go":     "package static",
	"README.md":    "not for serving",

	"words/de/page.json": `{"Close": "<Schließen> \"x\""}`, "words/de/agent.json": `{"Open": "Öffnen"}`, "words/fr/page.json": `{}`,
	"words/zh-Hans/page.json": `{}`, "words/zh-Hant/page.json": `{}`,
}

// tree writes the sources and the two files from elsewhere, and returns the arguments that pack them.
func tree(t *testing.T, change map[string]string) (args []string, out string) {
	t.Helper()
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	out = filepath.Join(dir, "dist")
	for _, d := range []string{src, filepath.Join(src, "pack"), out} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	files := maps.Clone(sources)
	maps.Copy(files, change)
	write := func(name, content string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		if content != "-" {
			write(filepath.Join(src, name), content)
		}
	}
	write(filepath.Join(out, ".keep"), "")
	write(filepath.Join(dir, "client.wasm"), "\x00asm"+strings.Repeat("code", 5000))
	write(filepath.Join(dir, "camera.wasm"), "\x00asm"+strings.Repeat("film", 500))
	write(filepath.Join(dir, "scanner.wasm"), "\x00asm"+strings.Repeat("scan", 500))
	write(filepath.Join(dir, "loader.js"), "// Go's")
	return []string{
		"-wasm", filepath.Join(dir, "client.wasm"), "-scanner", filepath.Join(dir, "scanner.wasm"), "-camera", filepath.Join(dir, "camera.wasm"),
		"-wasm-exec", filepath.Join(dir, "loader.js"), "-src", src, "-out", out,
	}, out
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		got[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestPack(t *testing.T) {
	args, out := tree(t, nil)
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}
	got := contents(t, out)
	index := got["index.html"]
	var assets map[string]struct {
		URL   string
		Bytes int
	}
	_, block, _ := strings.Cut(index, `id="assets">`)
	block, _, _ = strings.Cut(block, "</script>")
	if err := json.Unmarshal([]byte(block), &assets); err != nil {
		t.Fatalf("%v in %q", err, block)
	}
	names := slices.Sorted(maps.Keys(assets))
	if want := "app-de.webmanifest app-fr.webmanifest app-zh-Hans.webmanifest app-zh-Hant.webmanifest app.css app.webmanifest boot.js camera.wasm icon-180.png icon.svg scanner.wasm sealcam.wasm wasm_exec.js " +
		"words-de.json words-fr.json words-zh-Hans.json words-zh-Hant.json worker.js"; strings.Join(names, " ") != want {
		t.Errorf("the manifest names %q", names)
	}
	hashed := regexp.MustCompile(`^/[A-Za-z0-9_-]+\.[0-9a-f]{12}\.[a-z]+$`)
	for name, a := range assets {
		served := strings.TrimPrefix(a.URL, "/")
		content, ok := got[served]
		if !ok || !hashed.MatchString(a.URL) || a.Bytes != len(content) {
			t.Errorf("%s: %+v, a file of %d bytes", name, a, len(content))
		}
		if servedName(name, []byte(content)) != served {
			t.Errorf("%s is not the hash's name of its content", served)
		}
	}
	if got["sw.js"] != "keep();" {
		t.Error("the service worker lost its name")
	}
	for _, name := range []string{"app.css", "boot.js", "sealcam.wasm"} {
		if !strings.Contains(index, `"`+assets[name].URL+`"`) {
			t.Errorf("index.html does not refer to %s", name)
		}
	}
	if js := got[assets["boot.js"].URL[1:]]; js != `worker("`+assets["worker.js"].URL+`") // {{other}} braces stay` {
		t.Errorf("boot.js is %q", js)
	}
	if css := got[assets["app.css"].URL[1:]]; !strings.Contains(css, "url("+assets["icon.svg"].URL+")") {
		t.Errorf("app.css is %q", css)
	}

	if de := got[assets["words-de.json"].URL[1:]]; de != `{"Close":"<Schließen> \"x\"","Open":"Öffnen"}`+"\n" {
		t.Errorf("the German sentences are %q", de)
	}

	for name, want := range map[string]string{
		"app.webmanifest":    `{"lang": "en", "name": "Open", "icon": "` + assets["icon.svg"].URL + `", "text": "Close"}`,
		"app-de.webmanifest": `{"lang": "de", "name": "Öffnen", "icon": "` + assets["icon.svg"].URL + `", "text": "<Schließen> \"x\""}`,
		"app-fr.webmanifest": `{"lang": "fr", "name": "Open", "icon": "` + assets["icon.svg"].URL + `", "text": "Close"}`, // it lacks the sentences
	} {
		if got := got[assets[name].URL[1:]]; got != want {
			t.Errorf("%s is %s", name, got)
		}
	}

	compressed := 0
	for name, content := range got {
		var r io.Reader
		switch filepath.Ext(name) {
		case ".br":
			r = brotli.NewReader(strings.NewReader(content))
		case ".gz":
			z, err := gzip.NewReader(strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			r = z
		default:
			continue
		}
		compressed++
		plain, err := io.ReadAll(r)
		original := got[strings.TrimSuffix(name, filepath.Ext(name))]
		if err != nil || string(plain) != original || len(content) >= len(original) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(content), len(original), err)
		}
		if strings.Contains(name, ".png.") {
			t.Errorf("%s was compressed twice", name)
		}
	}
	if compressed < 8 {
		t.Errorf("%d compressed files", compressed)
	}
	if _, ok := got[".keep"]; !ok {
		t.Error(".keep is gone")
	}
}

func TestPackIsDeterministic(t *testing.T) {
	for _, quality := range []string{"fast", "best"} {
		one, out1 := tree(t, nil)
		two, out2 := tree(t, nil)
		for _, args := range [][]string{one, two} {
			if err := run(append(args, "-quality", quality), io.Discard); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := contents(t, out1), contents(t, out2); !maps.Equal(a, b) {
			t.Errorf("%s: two runs differ", quality)
		}
	}
}

func TestPackAgain(t *testing.T) {
	args, out := tree(t, nil)
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}
	first := contents(t, out)
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	age := func() {
		for name := range contents(t, out) {
			if err := os.Chtimes(filepath.Join(out, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	fresh := func() (names []string) {
		for name := range contents(t, out) {
			info, err := os.Stat(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			if !info.ModTime().Equal(old) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}

	age()
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}
	if names := fresh(); len(names) != 1 || names[0] != stateFile {
		t.Errorf("nothing changed, and %q were written", names)
	}

	// One file changes: it and what refers to it are new, the old ones are gone, the client is left alone.
	age()
	src := args[slices.Index(args, "-src")+1]
	if err := os.WriteFile(filepath.Join(src, "worker.js"), []byte(strings.Repeat("rest();", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, name := range fresh() {
		if strings.HasPrefix(name, "sealcam.") || strings.HasPrefix(name, "app.") {
			t.Errorf("%s was written again", name)
		}
	}
	second := contents(t, out)
	if second["index.html"] == first["index.html"] {
		t.Error("index.html refers to the old files")
	}
	for name := range first {
		changed := strings.HasPrefix(name, "worker.") || strings.HasPrefix(name, "boot.")
		if _, ok := second[name]; ok == changed {
			t.Errorf("%s: still there %v", name, ok)
		}
	}

	// Another quality writes all again.
	age()
	if err := run(append(args, "-quality", "best"), io.Discard); err != nil {
		t.Fatal(err)
	}
	if written, all := len(fresh()), len(contents(t, out)); written != all-1 {
		t.Errorf("%d of %d files are of the new quality", written, all-1)
	}
}

func TestPackRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		args   []string
		says   string
	}{
		"a file that is none":   {map[string]string{"boot.js": `{{asset "gone.js"}}`}, nil, `boot.js: {{asset "gone.js"}}`},
		"a circle":              {map[string]string{"boot.js": `{{asset "worker.js"}}`, "worker.js": `{{asset "boot.js"}}`}, nil, "refers back"},
		"a part of the style":   {map[string]string{"app.css": `@import "style/none.css";` + "\n"}, nil, "style/none.css"},
		"the manifest in css":   {map[string]string{"app.css": `{{assets}}`}, nil, "no placeholder here"},
		"a broken placeholder":  {map[string]string{"boot.js": `{{asset worker.js}}`}, nil, "no placeholder here"},
		"no page":               {map[string]string{"index.html": "-"}, nil, "there is no index.html"},
		"a name that is taken":  {map[string]string{"wasm_exec.js": "mine"}, nil, "is taken"},
		"no such quality":       {nil, []string{"-quality", "worst"}, "fast or best"},
		"no client":             {nil, []string{"-wasm", ""}, "-wasm"},
		"a client that is none": {nil, []string{"-wasm", "/nowhere/client.wasm"}, "no such file"},
		"no scanner":            {nil, []string{"-scanner", ""}, "-scanner"},
		"no camera":             {nil, []string{"-camera", ""}, "-camera"},
		"a broken catalogue":    {map[string]string{"words/de/page.json": "{"}, nil, "de/page.json"},
		"a stray argument":      {nil, []string{"stray"}, "stray"},
	} {
		args, out := tree(t, c.change)
		if err := run(append(args, c.args...), io.Discard); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if got := contents(t, out); len(got) != 1 {
			t.Errorf("%s: %d files were written all the same", name, len(got))
		}
	}
}

// TestThisGoHasALoader guards the default of -wasm-exec.
func TestThisGoHasALoader(t *testing.T) {
	name, err := findLoader()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil || !bytes.Contains(b, []byte("class")) {
		t.Errorf("%s: %d bytes, %v", name, len(b), err)
	}
}
