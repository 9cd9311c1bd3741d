package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/socket"
	"github.com/sealcam/sealcam/static"
)

type viewCmd struct {
	Link   string `arg:"" optional:"" help:"A link that you were given, to be opened here instead of at its server."`
	Server string `help:"Address of the server, such as https://cams.example." env:"SEALCAM_SERVER" placeholder:"URL"`
	Port   int    `help:"Port on localhost." default:"8478" env:"SEALCAM_VIEW_PORT"`
}

// Run serves the page from this program on localhost, so that the server need not be trusted to serve an honest one, and carries the
// page's connection to the server.
func (c *viewCmd) Run(ctx context.Context, env environment) error {
	address, opened, _ := strings.Cut(c.Link, "#")
	if c.Server != "" {
		address = c.Server
	}
	address, err := serverAddress(address)
	if err != nil {
		return err
	}
	if err := c.knows(ctx, env, address); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("localhost", strconv.Itoa(c.Port)))
	if err != nil {
		return fmt.Errorf("port %d on localhost cannot be used: %w; choose another with -port", c.Port, err)
	}
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	page, err := newLoopback(static.Client(), address, port)
	if err != nil {
		listener.Close()
		return err
	}
	link := "http://" + page.host + "/"
	if opened != "" {
		link += "#" + opened
	}
	fmt.Fprintf(env.stdout, "\nOpen this in a browser on this machine:\n\n  %s\n\nThe page comes from this program; %s only carries what it cannot read. Stop with Ctrl-C.\n", link, address)
	return page.serve(ctx, listener)
}

// knows asks the server whether it is one. One that is merely down may come back while the page waits.
func (c *viewCmd) knows(ctx context.Context, env environment, address string) error {
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		return err
	}
	client, err := signal.Dial(ctx, signal.Options{URL: address, Role: signal.RoleViewer, Signer: key.Signer(), Log: env.log})
	var refusal *signal.Refusal
	switch {
	case err == nil:
		return client.Close()
	case errors.Is(err, signal.ErrNotSealcam), errors.As(err, &refusal) && !refusal.Temporary():
		return unreachable(err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	fmt.Fprintf(env.stderr, "%s The page tries again by itself.\n", unreachable(err))
	return nil
}

// loopback serves the page to browsers on this machine alone.
type loopback struct {
	host   string // the only one that is answered: a page of another name that resolves to this machine gets nothing
	files  fs.FS
	index  []byte
	policy string
	signal http.Handler

	carrying sync.WaitGroup
}

// pageServer is the name under which the page finds the address of the server in its head. Its login then is for that server.
const pageServer = "sealcam-server"

func newLoopback(files fs.FS, address, port string) (*loopback, error) {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, errors.New("this program was built without the page: build it with ./build.sh release")
	}
	meta := fmt.Sprintf("<head>\n<meta name=%q content=\"%s\">", pageServer, html.EscapeString(address))
	marked := bytes.Replace(index, []byte("<head>"), []byte(meta), 1)
	if bytes.Equal(marked, index) {
		return nil, errors.New("the page in this program has no head to name the server in: build it anew with ./build.sh release")
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	host := "localhost:" + port
	return &loopback{
		host: host, files: files, index: marked, policy: scriptPolicy + server.InlineSources(index) + policy + host, signal: carrier(u),
	}, nil
}

// carrier passes a WebSocket on. The server sees a native client: no origin, no cookies, nothing else of the browser.
func carrier(server *url.URL) http.Handler {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, DisableKeepAlives: true, Protocols: new(http.Protocols),
	}
	transport.Protocols.SetHTTP1(true) // an upgrade is HTTP/1.1's
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			keep := http.Header{}
			for _, name := range []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol"} {
				if v := r.Out.Header[name]; v != nil {
					keep[name] = v
				}
			}
			keep["User-Agent"] = nil // else net/http names itself
			target := *server
			if target.Path == "" {
				target.Path = socket.Path
			}
			r.Out.URL, r.Out.Host, r.Out.Header = &target, "", keep
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "the server cannot be reached", http.StatusBadGateway)
		},
		ErrorLog: nil,
	}
}

func (l *loopback) serve(ctx context.Context, listener net.Listener) error {
	s := &http.Server{
		Handler: l, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	var serving sync.WaitGroup
	serving.Go(func() { failed <- s.Serve(listener) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.Close()
	serving.Wait()
	l.carrying.Wait() // their connections are not the http.Server's any more, and end with ctx
	return err
}

// What the page may do, as the server's own: run what came with it, and talk to this program alone.
const (
	scriptPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
	policy       = "; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
		"frame-ancestors 'none'; base-uri 'none'; form-action 'none'; manifest-src 'self'; connect-src 'self' ws://"
)

// ServeHTTP implements http.Handler.
func (l *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", l.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// What another program served on this port before must not be taken for this page, nor the other way round.
	h.Set("Cache-Control", "no-store")
	switch {
	case r.Host != l.host:
		http.Error(w, "open http://"+l.host+"/ instead", http.StatusMisdirectedRequest)
	case r.URL.Path == socket.Path:
		if origin := r.Header.Values("Origin"); len(origin) != 1 || origin[0] != "http://"+l.host {
			http.Error(w, "this address takes connections from its own page only", http.StatusForbidden)
			return
		}
		l.carrying.Add(1)
		defer l.carrying.Done()
		l.signal.ServeHTTP(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
	default:
		l.file(w, r)
	}
}

// kinds are the content types of the page's files; nothing else is served.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".wasm": "application/wasm", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png",
}

func (l *loopback) file(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		w.Header().Set("Content-Type", kinds[".html"])
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(l.index))
		return
	}
	kind := kinds[path.Ext(name)]
	data, err := fs.ReadFile(l.files, name)
	if err != nil || kind == "" || name == "index.html" {
		http.Error(w, "there is nothing here", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", kind)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
