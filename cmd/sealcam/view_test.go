package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
)

var page = fstest.MapFS{
	"index.html":                {Data: []byte("<!doctype html>\n<html><head><script>alert(1)</script>\n<title>Sealcam</title></head></html>")},
	"boot.3aa591453013.js":      {Data: []byte("boot")},
	"sealcam.8751bd6abbc5.wasm": {Data: []byte("wasm")},
	".quality":                  {Data: []byte("5")},
}

// startView serves the page for a server, and returns the loopback's address.
func startView(t *testing.T, server string) (l *loopback, address string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = newLoopback(page, server, port); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.serve(ctx, listener) }()
	var once sync.Once
	stop = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-done
		})
		return err
	}
	t.Cleanup(func() { stop() })
	return l, address, stop
}

func TestViewServesThePage(t *testing.T) {
	l, address, _ := startView(t, `https://cams.example/"><script>`)
	get := func(method, host, path, origin string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	index := get("GET", l.host, "/", "")
	body, err := io.ReadAll(index.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := `<meta name="sealcam-server" content="https://cams.example/&#34;&gt;&lt;script&gt;">`; !strings.Contains(string(body), want) {
		t.Errorf("the page is\n%s", body)
	}
	if csp := index.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src 'self' ws://"+l.host) || strings.Contains(csp, "cams.example") ||
		!strings.Contains(csp, "script-src 'self' 'wasm-unsafe-eval' 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='; ") {
		t.Errorf("policy %q", csp)
	}
	for _, test := range []struct {
		method, host, path, origin string
		status                     int
		kind                       string
	}{
		{"GET", l.host, "/boot.3aa591453013.js", "", 200, "text/javascript; charset=utf-8"},
		{"HEAD", l.host, "/sealcam.8751bd6abbc5.wasm", "", 200, "application/wasm"},
		{"GET", l.host, "/index.html", "", 404, ""},
		{"GET", l.host, "/.quality", "", 404, ""},
		{"GET", l.host, "/../console.key", "", 404, ""},
		{"POST", l.host, "/", "", 405, ""},
		{"GET", "evil.example", "/", "", 421, ""},                   // a name that resolves to this machine
		{"GET", address, "/", "", 421, ""},                          // one name, one set of keys
		{"GET", l.host, "/signal", "", 403, ""},                     // no page
		{"GET", l.host, "/signal", "https://evil.example", 403, ""}, // another page
		{"GET", "evil.example", "/signal", "http://evil.example", 421, ""},
	} {
		got := get(test.method, test.host, test.path, test.origin)
		if got.StatusCode != test.status || test.kind != "" && got.Header.Get("Content-Type") != test.kind {
			t.Errorf("%s %s%s from %q: %d %s", test.method, test.host, test.path, test.origin, got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
	if _, err := newLoopback(fstest.MapFS{}, "https://cams.example", "1"); err == nil {
		t.Error("a page that was not built is served")
	}
	if _, err := newLoopback(fstest.MapFS{"index.html": {Data: []byte("<html>")}}, "https://cams.example", "1"); err == nil {
		t.Error("a page without the server's name is served")
	}
}

// A page's login passes through for the server that it is meant for, and for no other; the connection ends with the program.
func TestViewCarriesTheConnection(t *testing.T) {
	s, err := server.New(server.Config{Listen: "127.0.0.1:0", KnockDelay: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(context.Background()) })
	t.Cleanup(func() {
		s.Close()
		running.Wait()
	})
	upstream := "http://" + s.Addr().String()
	l, address, stop := startView(t, upstream)
	// Native clients send no Origin: this adds the page's.
	target, err := url.Parse("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	browser := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = l.host
		r.Out.Header.Set("Origin", "http://"+l.host)
		r.Out.Header.Set("Cookie", "a=b")
	}})
	defer browser.Close()
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	options := signal.Options{URL: browser.URL, For: upstream, Role: signal.RoleViewer, Signer: key.Signer()}
	c, err := signal.Dial(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, err := c.Knock(ctx, [32]byte{1}, [16]byte{2}); !errors.Is(err, signal.ErrUnavailable) {
		t.Errorf("knocking: %v", err)
	}
	var refused *signal.Refusal
	for _, server := range []string{"", "https://other.example"} {
		options.For = server
		if _, err := signal.Dial(ctx, options); !errors.As(err, &refused) || refused.Code != signal.CodeBadLogin {
			t.Errorf("a login for %q: %v", server, err)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	select {
	case <-c.Done():
	case <-ctx.Done():
		t.Error("the connection outlives the program")
	}
}

func TestViewCommand(t *testing.T) {
	h := newHouse(t)
	for _, test := range []struct {
		args []string
		says string
	}{
		{nil, "Which server?"},
		{[]string{"-server", "cams.example"}, "Which server?"},
		{[]string{"ftp://cams.example/#invite=x"}, "Which server?"},
		{[]string{"-server", "http://user@cams.example"}, "Which server?"},
	} {
		code, out, problems := ask(t, "", append([]string{"view"}, test.args...)...)
		checkFailure(t, code, out, problems, test.says)
	}
	none := httptest.NewServer(http.NotFoundHandler())
	defer none.Close()
	code, out, problems := ask(t, "", "view", "-server", none.URL, "-port", "0")
	checkFailure(t, code, out, problems, "no Sealcam server")
	port := h.server[strings.LastIndex(h.server, ":")+1:]
	busy, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	_, taken, err := net.SplitHostPort(busy.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	code, out, problems = ask(t, "", "view", "-server", "http://127.0.0.1:"+port, "-port", taken)
	checkFailure(t, code, out, problems, "choose another with -port")
}

// With -lan the agent is its own server; nothing outside is needed.
func TestAgentInTheLAN(t *testing.T) {
	h := newHouse(t)
	h.stopAgent()
	h.server = ""
	h.write("[[camera]]\nname = \"Porch\"\ntestcard = true\n")
	h.fails("", "-lan :8080", "run")
	code, out, problems := ask(t, "", "agent", "-config", h.config, "-lan", "8080")
	checkFailure(t, code, out, problems, "write the address like :8080")

	h.agent = start(t, "agent", "-config", h.config, "-lan", "127.0.0.1:0")
	h.server = h.agent.stdout.find(t, 0, `In the local network open (http://127\.0\.0\.1:\d+)`)
	if link := h.claimLink(); !strings.HasPrefix(link, h.server+"/#claim=") {
		t.Errorf("the link is %s", link)
	}
	response, err := http.Get(h.server + "/healthz")
	if err != nil || response.StatusCode != 200 {
		t.Fatal(err)
	}
	response.Body.Close()
	place := strings.TrimPrefix(h.server, "http://")
	claim := start(t, "agent", "claim", "-config", h.config, "-lan", place, h.claimLink())
	answerWords(t, claim, shownWords(t, claim))
	if claim.wait() != 0 {
		t.Fatalf("%s%s", claim.stdout, claim.stderr)
	}
	if out := h.must("", "invite", "-lan", place, "Ann"); !strings.Contains(out, h.server+"/#invite=") {
		t.Errorf("invites by\n%s", out)
	}
	h.agent.stop()
	if code := h.agent.wait(); code != 0 {
		t.Errorf("exit code %d: %s", code, h.agent.stderr)
	}
}
