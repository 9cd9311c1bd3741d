package server

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestFrameOrigins(t *testing.T) {
	for origin, want := range map[string]string{
		"https://dash.example":            "https://dash.example",
		"https://Dash.Example/":           "https://dash.example",
		"https://dash.example:443":        "https://dash.example",
		"http://dash.example:443":         "http://dash.example:443",
		"http://homeassistant.local:8123": "http://homeassistant.local:8123",
		"http://192.0.2.7:80":             "http://192.0.2.7",
		"https://[2001:db8::1]:8443":      "https://[2001:db8::1]:8443",
	} {
		if got, err := frameOrigin(origin); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", origin, got, err, want)
		}
	}
	for _, origin := range []string{
		"", "*", "dash.example", "//dash.example", "https://", "https://*", "https://*.example", "https://dash.example/board", "https://dash.example?x",
		"https://dash.example#x", "https://user@dash.example", "https://dash.example; script-src *", "https://dash.example,https://b.example",
		"https://a b", "ftp://dash.example", "file:///etc/passwd", "data:text/html,x", "null", "'self'", "https://dash.example\r\nX: y",
		"https://dash.example//", "javascript://dash.example",
	} {
		if got, err := frameOrigin(origin); !errors.Is(err, ErrFrame) {
			t.Errorf("%q: %q, %v", origin, got, err)
		}
	}
	if _, err := New(Config{Listen: "127.0.0.1:0", FrameAncestors: []string{"*"}}); !errors.Is(err, ErrFrame) {
		t.Errorf("a server that everybody may embed: %v", err)
	}
}

func TestFrameHeaders(t *testing.T) {
	s := startServer(t, Config{Client: testPage(), FrameAncestors: []string{"https://dash.example", "http://ha.local:8123/"}})
	for _, path := range []string{"/", "/sealcam.0123456789ab.wasm", "/healthz"} {
		h := get(t, s, path).Header
		if csp := h.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "; frame-ancestors https://dash.example http://ha.local:8123") ||
			strings.Count(csp, "frame-ancestors") != 1 {
			t.Errorf("%s: Content-Security-Policy is %q", path, csp)
		}
		if x := h.Values("X-Frame-Options"); len(x) > 0 {
			t.Errorf("%s: X-Frame-Options is %q, which refuses those that are allowed", path, x)
		}
	}
}

// Who embeds the page without leave reads a sentence, as far as the server can know; the page itself is sent to nobody in a frame that
// may not show it.
func TestFrameRefused(t *testing.T) {
	closed := startServer(t, Config{Client: testPage()})
	open := startServer(t, Config{Client: testPage(), FrameAncestors: []string{"https://dash.example"}})
	for _, c := range []struct {
		name, dest, referer string
		server              *Server
		refused             bool
		says                string
	}{
		{"a tab", "document", "https://evil.example/", closed, false, ""},
		{"an old browser", "", "https://evil.example/", closed, false, ""},
		{"no leave for anybody", "iframe", "https://evil.example/x", closed, true, "allow https://evil.example to embed"},
		{"nobody known", "iframe", "", closed, true, "allow this page to embed"},
		{"an object", "object", "", closed, true, "-frame-ancestors"},
		{"leave", "iframe", "https://dash.example/board", open, false, ""},
		{"leave, perhaps", "iframe", "", open, false, ""},
		{"leave for another", "iframe", "https://evil.example/", open, true, "-frame-ancestors https://evil.example<"},
		{"markup", "iframe", "https://<b>x</b>/", closed, true, "allow this page to embed"},
	} {
		r := get(t, c.server, "/", "Sec-Fetch-Dest", c.dest, "Referer", c.referer)
		text := body(t, r)
		refused := r.StatusCode == http.StatusForbidden
		if refused != c.refused || !strings.Contains(text, c.says) {
			t.Errorf("%s: status %d, %q", c.name, r.StatusCode, text)
		}
		if !strings.Contains(strings.Join(r.Header.Values("Vary"), ","), "Sec-Fetch-Dest") {
			if !refused {
				t.Errorf("%s: a cache may give the page to a frame", c.name)
			}
		}
		csp := r.Header.Get("Content-Security-Policy")
		if refused && (strings.Contains(csp, "script-src") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox") || strings.Contains(text, "<script")) {
			t.Errorf("%s: what anybody may embed is %q with %q", c.name, text, csp)
		}
		if !refused && !strings.Contains(csp, "frame-ancestors") {
			t.Errorf("%s: the page itself may be embedded: %q", c.name, csp)
		}
	}
}
