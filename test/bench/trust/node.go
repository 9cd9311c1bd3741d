package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/test/bench/trust/measure"
	"github.com/sealcam/sealcam/test/browser"
)

// doorkeeper is a real server with an agent that admits every device and says nothing more: the least that a session needs.
type doorkeeper struct {
	url   string
	agent identity.AgentID
	token [16]byte
}

// withDoorkeeper runs f beside a doorkeeper.
func withDoorkeeper(ctx context.Context, f func(doorkeeper) error) error {
	s, err := server.New(server.Config{
		Listen: "localhost:0", Limits: server.Limits{KnocksPerMinute: 1e6, KnocksPerMinuteAddress: 1e6},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	failed := make(chan error, 2)
	running.Go(func() { failed <- s.Run(ctx) })
	defer running.Wait()
	defer cancel()

	key, err := identity.GenerateAgent(nil)
	if err != nil {
		return err
	}
	d := doorkeeper{
		url: fmt.Sprintf("http://localhost:%d", s.Addr().(*net.TCPAddr).Port), agent: key.Public().ID(), token: [16]byte{1, 2, 3},
	}
	c, err := signal.Dial(ctx, signal.Options{URL: d.url, Role: signal.RoleAgent, Signer: key.Signer()})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetKnocks([][32]byte{identity.KnockHash(d.agent, d.token)}); err != nil {
		return err
	}
	running.Go(func() {
		for {
			pipe, _, err := c.AcceptPipe(ctx)
			if err != nil {
				return
			}
			running.Go(func() {
				conn, err := session.Server(ctx, pipe, key, func(identity.DevicePublic) error { return nil })
				if err != nil {
					return
				}
				_, _ = conn.ReadMessage() // until the viewer closes
				_ = conn.Close()
			})
		}
	})
	err = f(d)
	cancel()
	return err
}

// network measures sessions of native viewers through the server.
func network(ctx context.Context, _ *slog.Logger, _ options) (results []measure.Result, err error) {
	err = withDoorkeeper(ctx, func(d doorkeeper) error {
		r, err := measure.Network(ctx, d.url, "native", d.agent, d.token)
		results = []measure.Result{r}
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

const inPageDocument = `<!doctype html><meta charset="utf-8"><title>bench trust</title><script src="/wasm_exec.js"></script>
<script>const go = new Go(); WebAssembly.instantiateStreaming(fetch("/measure.wasm"), go.importObject).then((p) => go.run(p.instance));</script>`

// inPage measures the same in Chromium.
func inPage(ctx context.Context, log *slog.Logger, _ options) (results []measure.Result, err error) {
	dir, err := os.MkdirTemp("", "sealcam-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	wasm := filepath.Join(dir, "measure.wasm")
	build := exec.CommandContext(ctx, "go", "build", "-o", wasm, "./test/bench/trust/inpage")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the page's program: %w\n%s", err, out)
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	glue := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")
	err = withDoorkeeper(ctx, func(d doorkeeper) error {
		address, stop, err := serveInPage(d, wasm, glue)
		if err != nil {
			return err
		}
		defer stop()
		return browser.Run(ctx, "trust-page", log, func(tb browser.TB) {
			page := browser.Start(tb).NewPage()
			page.Open(address + "/#" + d.agent.String() + "." + base64.RawURLEncoding.EncodeToString(d.token[:]))
			page.WaitFor("!!globalThis.trust", 5*time.Minute)
			answer := browser.Eval[struct{ Results, Error string }](page, "trust")
			if answer.Error != "" {
				tb.Fatalf("in the page: %s", answer.Error)
			}
			if err := json.Unmarshal([]byte(answer.Results), &results); err != nil {
				tb.Fatalf("in the page: %v", err)
			}
		})
	})
	return results, err
}

// serveInPage serves the program's page at an address of its own, and passes its WebSocket on to the server.
func serveInPage(d doorkeeper, wasm, glue string) (address string, stop func(), err error) {
	target, err := url.Parse(d.url)
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(inPageDocument))
	})
	mux.HandleFunc("GET /measure.wasm", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, wasm) })
	mux.HandleFunc("GET /wasm_exec.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, glue) })
	mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which the login signs
	}})
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", nil, err
	}
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("the page's server", "error", err)
		}
	})
	stop = func() {
		web.Close()
		serving.Wait()
	}
	return fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port), stop, nil
}
