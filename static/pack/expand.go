package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sealcam/sealcam/static/stylesheet"
)

const (
	index = "index.html"
	// worker keeps its name: browsers know it by its address.
	worker = "sw.js"
)

// kinds lists what belongs to the page, and which of it may hold placeholders. The rest of the source folder is not touched.
var kinds = map[string]struct{ text bool }{
	".html": {true}, ".css": {true}, ".js": {true}, ".webmanifest": {true}, ".json": {true},
	".svg": {}, ".png": {}, ".ico": {}, ".wasm": {},
}

// readSources reads the folder's own files, not those of folders in it, the extra ones, the style sheet with its parts, and the languages'
// sentences, by name.
func readSources(dir string, extra map[string]string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for _, e := range entries {
		if _, ok := kinds[path.Ext(e.Name())]; ok && e.Type().IsRegular() {
			files[e.Name()] = filepath.Join(dir, e.Name())
		}
	}
	for name, file := range extra {
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("%s: that name is taken by %s", files[name], file)
		}
		files[name] = file
	}
	if files[index] == "" {
		return nil, fmt.Errorf("%s: there is no %s", dir, index)
	}
	sources := make(map[string][]byte, len(files))
	for name, file := range files {
		if sources[name], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	if _, ok := sources[stylesheet.Name]; ok {
		if sources[stylesheet.Name], err = stylesheet.Read(os.DirFS(dir)); err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
	}
	languages, err := readWords(dir)
	if err != nil {
		return nil, err
	}
	if err := addWords(sources, languages); err != nil {
		return nil, err
	}
	return sources, nil
}

// asset is a file as it is served.
type asset struct {
	name    string // as served
	content []byte
}

// entry is what the page learns of a file. Keep it in step with boot.js.
type entry struct {
	URL   string `json:"url"`
	Bytes int    `json:"bytes"`
}

var (
	placeholder = regexp.MustCompile(`\{\{\s*asset\s+"([^"]*)"\s*\}\}`)
	manifest    = regexp.MustCompile(`\{\{\s*assets\s*\}\}`)
	unexpanded  = regexp.MustCompile(`\{\{\s*(?:asset|say|language\b)[^}]*\}\}`)
)

// expander fills in the placeholders, those of the files that a file refers to first.
type expander struct {
	sources map[string][]byte
	done    map[string]asset
	pending []string // the files under way, outermost first
}

func expand(sources map[string][]byte) (map[string]asset, error) {
	x := &expander{sources: sources, done: make(map[string]asset)}
	for name := range sources {
		if name == index {
			continue
		}
		if _, err := x.asset(name); err != nil {
			return nil, err
		}
	}
	if _, err := x.asset(index); err != nil {
		return nil, err
	}
	return x.done, nil
}

func (x *expander) asset(name string) (asset, error) {
	if a, ok := x.done[name]; ok {
		return a, nil
	}
	content, ok := x.sources[name]
	if !ok {
		return asset{}, fmt.Errorf("there is no such file")
	}
	for _, p := range x.pending {
		if p == name {
			return asset{}, fmt.Errorf("it refers back: %s", strings.Join(append(x.pending, name), " → "))
		}
	}
	x.pending = append(x.pending, name)
	defer func() { x.pending = x.pending[:len(x.pending)-1] }()

	var err error
	if kinds[path.Ext(name)].text {
		if content, err = x.fill(name, content); err != nil {
			return asset{}, err
		}
	}
	a := asset{name: servedName(name, content), content: content}
	x.done[name] = a
	return a, nil
}

// fill replaces the placeholders of one file.
func (x *expander) fill(name string, content []byte) ([]byte, error) {
	var failed error
	content = placeholder.ReplaceAllFunc(content, func(match []byte) []byte {
		to := string(placeholder.FindSubmatch(match)[1])
		a, err := x.asset(to)
		if err != nil {
			if failed == nil {
				failed = fmt.Errorf("%s: {{asset %q}}: %w", name, to, err)
			}
			return match
		}
		return []byte("/" + a.name)
	})
	if failed != nil {
		return nil, failed
	}
	if name == index {
		list, err := x.list()
		if err != nil {
			return nil, err
		}
		content = manifest.ReplaceAllLiteral(content, list)
	}
	if left := unexpanded.Find(content); left != nil {
		return nil, fmt.Errorf("%s: %s is no placeholder here", name, left)
	}
	return content, nil
}

// list writes the manifest: every file but the index. encoding/json sorts the names, and escapes what could end a script element.
func (x *expander) list() ([]byte, error) {
	entries := make(map[string]entry, len(x.done))
	for name, a := range x.done {
		if name == worker {
			continue
		}
		entries[name] = entry{URL: "/" + a.name, Bytes: len(a.content)}
	}
	return json.Marshal(entries)
}

func servedName(name string, content []byte) string {
	if name == index || name == worker {
		return name
	}
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}
