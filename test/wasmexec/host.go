package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

var (
	//go:embed page.html
	pageHTML []byte
	//go:embed files.js
	filesJS []byte
	//go:embed run.js
	runJS []byte
)

// errorHeader carries the code of an error of the file system.
const errorHeader = "File-Error"

// tempDir is the writable folder inside the page. No module lies there: one under /tmp would be hidden by it.
const tempDir = "/wasmexec-temp"

// host serves the page, the program and the module's files to one browser, and takes the program's output and exit code. Its
// address holds a random token, because other users of the machine can reach loopback ports too.
type host struct {
	stdout, stderr io.Writer

	exit   chan int
	failed chan error

	root     *os.Root // the module, or the working folder outside modules
	dir      string   // root's path
	config   []byte   // JSON for run.js
	token    string
	listener net.Listener
	server   *http.Server
}

func newHost(argv []string, stdout, stderr io.Writer) (_ *host, err error) {
	runtimeJS, err := runtimeScript()
	if err != nil {
		return nil, err
	}
	working, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	h := &host{
		stdout: stdout, stderr: stderr, exit: make(chan int, 1), failed: make(chan error, 1),
		dir: moduleRoot(working), token: "/" + rand.Text(),
	}
	h.config, err = json.Marshal(map[string]any{
		"argv": argv, "env": environment(os.Environ()), "root": h.dir, "cwd": working, "temp": tempDir,
	})
	if err != nil {
		return nil, err
	}
	if h.root, err = os.OpenRoot(h.dir); err != nil {
		return nil, err
	}
	if h.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, h.root.Close())
	}
	mux := http.NewServeMux()
	static := func(path, kind string, body []byte) {
		mux.HandleFunc("GET "+h.token+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(body)
		})
	}
	static("/{$}", "text/html; charset=utf-8", pageHTML)
	static("/files.js", "text/javascript", filesJS)
	static("/run.js", "text/javascript", runJS)
	static("/config.json", "application/json", h.config)
	mux.HandleFunc("GET "+h.token+"/wasm_exec.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, runtimeJS) })
	mux.HandleFunc("GET "+h.token+"/program.wasm", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/wasm")
		http.ServeFile(w, r, argv[0])
	})
	mux.HandleFunc("GET "+h.token+"/stat", h.stat)
	mux.HandleFunc("GET "+h.token+"/list", h.list)
	mux.HandleFunc("GET "+h.token+"/read", h.read)
	mux.HandleFunc("POST "+h.token+"/output", h.output)
	mux.HandleFunc("POST "+h.token+"/exit", h.exited)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := h.server.Serve(h.listener); !errors.Is(err, http.ErrServerClosed) {
			h.failed <- err
		}
	}()
	return h, nil
}

// url is the page's address. Browsers take localhost for a secure context, as the programs need for WebCrypto and WebCodecs.
func (h *host) url() string {
	return fmt.Sprintf("http://localhost:%d%s/", h.listener.Addr().(*net.TCPAddr).Port, h.token)
}

func (h *host) close() {
	_ = h.server.Close()
	_ = h.root.Close()
}

// runtimeScript finds the JavaScript part of Go's runtime, which must be of the compiler's version.
func runtimeScript() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm", "wasm_exec.js"), nil
}

// moduleRoot returns the nearest folder at or above dir that holds a go.mod, or else dir.
func moduleRoot(dir string) string {
	for up := dir; ; up = filepath.Dir(up) {
		if _, err := os.Stat(filepath.Join(up, "go.mod")); err == nil {
			return up
		}
		if up == filepath.Dir(up) {
			return dir
		}
	}
}

// name returns the requested file's path relative to the root; os.Root refuses what leads out of it.
func name(r *http.Request) string {
	if path := strings.Trim(r.URL.Query().Get("path"), "/"); path != "" {
		return path
	}
	return "."
}

func (h *host) stat(w http.ResponseWriter, r *http.Request) {
	info, err := h.root.Stat(name(r))
	if err != nil {
		refuse(w, err)
		return
	}
	reply(w, map[string]any{"dir": info.IsDir(), "size": info.Size(), "mode": uint32(info.Mode().Perm()), "time": info.ModTime().UnixMilli()})
}

func (h *host) list(w http.ResponseWriter, r *http.Request) {
	dir, err := h.root.Open(name(r))
	if err != nil {
		refuse(w, err)
		return
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		refuse(w, err)
		return
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	reply(w, names)
}

func (h *host) read(w http.ResponseWriter, r *http.Request) {
	body, err := h.root.ReadFile(name(r))
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(body)
}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// refuse tells the page which error of Node.js's file system to raise: Go's js port knows no others. The status is no failure,
// because browsers print those to the console.
func refuse(w http.ResponseWriter, err error) {
	code := "EIO"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code = "ENOENT"
	case errors.Is(err, fs.ErrPermission):
		code = "EACCES"
	}
	w.Header().Set(errorHeader, code)
	w.WriteHeader(http.StatusNoContent)
}

func (h *host) output(w http.ResponseWriter, r *http.Request) {
	out := h.stdout
	if r.URL.Query().Get("fd") == "2" {
		out = h.stderr
	}
	if _, err := io.Copy(out, r.Body); err != nil {
		http.Error(w, "output", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *host) exited(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.URL.Query().Get("code"))
	if err != nil {
		http.Error(w, "code", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	select {
	case h.exit <- code:
	default: // only the first counts
	}
}
