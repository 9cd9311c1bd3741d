package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// page serves the client's files: index.html under "/" and the service worker, never kept without asking; everything else under names that hold the content's
// hash, kept for ever. Compressed forms lie beside the files, so that nothing is compressed while serving.
type page struct {
	files  fs.FS
	assets map[string]asset // by file name
	inline string           // the sources of scripts in index.html itself, for the Content-Security-Policy: " 'sha256-…'"
}

type asset struct {
	mime string
	etag string           // weak, since it stands for all encodings; empty if the name says it
	size map[string]int64 // by encoding: "", "br", "gzip"
}

// encodings in the order in which they are preferred, with the suffix of their files.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}}

const (
	indexFile = "index.html"
	// workerFile is the page's service worker, which browsers know by its address.
	workerFile = "sw.js"
)

// hashed is what a name looks like whose content never changes.
var hashed = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[0-9a-f]{12}\.[a-z0-9]+$`)

var mimes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".wasm": "application/wasm", ".json": "application/json", ".webmanifest": "application/manifest+json",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
}

// lasting says whether a file keeps its name while its content changes.
func lasting(name string) bool { return name == indexFile || name == workerFile }

// loadPage lists the files. Without an index.html the page says how to make one.
func loadPage(files fs.FS) (*page, error) {
	p := &page{files: files, assets: make(map[string]asset)}
	if files == nil {
		return p, nil
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("server: reading the page's files: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		mime := mimes[path.Ext(name)]
		if mime == "" || !e.Type().IsRegular() || !lasting(name) && !hashed.MatchString(name) {
			continue
		}
		a := asset{mime: mime, size: make(map[string]int64)}
		for _, enc := range encodings {
			info, err := fs.Stat(files, name+enc.suffix)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("server: reading the page's files: %w", err)
			}
			a.size[enc.name] = info.Size()
		}
		if lasting(name) {
			if a.etag, err = hashFile(files, name); err != nil {
				return nil, err
			}
		}
		p.assets[name] = a
	}
	if _, ok := p.assets[indexFile]; ok {
		index, err := fs.ReadFile(files, indexFile)
		if err != nil {
			return nil, fmt.Errorf("server: reading the page's files: %w", err)
		}
		p.inline = InlineSources(index)
	}
	return p, nil
}

// inlineScript is a script without attributes: one with a type that is none is data, and one with a src is a file.
var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// InlineSources returns the hashes by which a browser knows the scripts in a page itself, and runs no other, as what follows the other
// sources of script-src in a Content-Security-Policy (W3C CSP Level 3 §2.3.1).
func InlineSources(index []byte) string {
	sources := ""
	for _, script := range inlineScript.FindAllSubmatch(index, -1) {
		sum := sha256.Sum256(script[1])
		sources += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return sources
}

func hashFile(files fs.FS, name string) (string, error) {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return "", fmt.Errorf("server: reading the page's files: %w", err)
	}
	sum := sha256.Sum256(b)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`, nil
}

const noPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sealcam</title>
<h1>The page was not built</h1>
<p>This server runs, but it was built without the page. Run <code>./build.sh run</code> in Sealcam's folder.</p>
</html>
`

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = indexFile
	} else if name == indexFile {
		http.Redirect(w, r, "/", http.StatusMovedPermanently)
		return
	}
	a, ok := p.assets[name]
	switch {
	case !ok && name == indexFile:
		w.Header().Set("Content-Type", mimes[".html"])
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, noPage)
		return
	case !ok:
		w.Header().Set("Cache-Control", "no-store") // of another version, perhaps: it must not stick
		http.Error(w, "there is nothing here", http.StatusNotFound)
		return
	}
	p.send(w, r, name, a)
}

func (p *page) send(w http.ResponseWriter, r *http.Request, name string, a asset) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	h.Set("Content-Type", a.mime)
	if a.etag == "" {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", a.etag)
		if noneMatch(r.Header.Get("If-None-Match"), a.etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	encoding, suffix, ok := choose(r.Header.Values("Accept-Encoding"), a)
	if !ok {
		http.Error(w, "none of the encodings that this program takes is here", http.StatusNotAcceptable)
		return
	}
	f, err := p.files.Open(name + suffix)
	if err != nil {
		h.Set("Cache-Control", "no-store")
		http.Error(w, "the page's files are gone", http.StatusInternalServerError)
		return
	}
	defer f.Close()
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Content-Length", strconv.FormatInt(a.size[encoding], 10))
	if r.Method == http.MethodHead {
		return
	}
	io.Copy(w, f)
}

// noneMatch compares weakly, as RFC 9110 §13.1.2 asks.
func noneMatch(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// choose picks the smallest encoding that the client takes (RFC 9110 §12.5.3). Without the header, and for files that have no
// other, that is the file itself.
func choose(header []string, a asset) (encoding, suffix string, ok bool) {
	accepted := acceptable(strings.Join(header, ","))
	for _, e := range encodings {
		if _, there := a.size[e.name]; there && accepted(e.name) {
			return e.name, e.suffix, true
		}
	}
	return "", "", false
}

// acceptable reads an Accept-Encoding header.
func acceptable(header string) func(encoding string) bool {
	weights := make(map[string]bool)
	for item := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(item, ";")
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			weights[name] = positive(parameters)
		}
	}
	return func(encoding string) bool {
		name := encoding
		if name == "" {
			name = "identity"
		}
		if takes, named := weights[name]; named {
			return takes
		}
		if takes, named := weights["*"]; named {
			return takes
		}
		return encoding == ""
	}
}

// positive says whether the parameters of an encoding leave it a weight above zero.
func positive(parameters string) bool {
	for p := range strings.SplitSeq(parameters, ";") {
		key, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(key), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return err == nil && q > 0
		}
	}
	return true
}
