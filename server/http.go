package server

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/socket"
)

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	embed := frames{s.config.FrameAncestors}
	if !s.knows(r.Host) {
		secure(h, "", r.TLS != nil, "", frames{})
		http.Error(w, "this server does not answer under that name", http.StatusMisdirectedRequest)
		return
	}
	secure(h, r.Host, r.TLS != nil, s.page.inline, embed)
	if r.URL.Path == socket.Path {
		s.serveSignal(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "/healthz" {
		s.serveHealth(w)
		return
	}
	if r.URL.Path == "/" {
		h.Set("Vary", "Sec-Fetch-Dest")
		if embedder, refused := embed.refuses(r); refused {
			embed.refuse(w, embedder)
			return
		}
	}
	s.page.serve(w, r)
}

// serveHealth answers 200 while this node can do its work.
func (s *Server) serveHealth(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if !s.ready.Load() || !s.bus.IsConnected() {
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "not ready\n")
		return
	}
	io.WriteString(w, "ok\n")
}

// knows says whether a Host header names this server.
func (s *Server) knows(host string) bool {
	if !validHost(host) {
		return false
	}
	return len(s.config.Hosts) == 0 || slices.Contains(s.config.Hosts, signal.Domain(host))
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?\.?(:[0-9]{1,5})?$`)

// validHost says whether a Host header is a name or an address with an optional port, and nothing that could mean anything else in
// another header.
func validHost(host string) bool {
	if hostName.MatchString(host) {
		return true
	}
	name := host
	if h, port, err := net.SplitHostPort(host); err == nil {
		if strings.Trim(port, "0123456789") != "" {
			return false
		}
		name = "[" + h + "]"
	}
	if !strings.HasPrefix(name, "[") || !strings.HasSuffix(name, "]") {
		return false
	}
	a, err := netip.ParseAddr(name[1 : len(name)-1])
	return err == nil && a.Is6() && a.Zone() == ""
}

// sameOrigin says whether a WebSocket comes from this server's own page, or from no page at all. A page fetched over TLS may have come
// through a proxy that speaks plain HTTP to this server, never the other way round.
func sameOrigin(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true
	}
	if len(values) > 1 {
		return false
	}
	u, err := url.Parse(values[0])
	if err != nil || u.Scheme+"://"+u.Host != values[0] {
		return false
	}
	if u.Scheme != "https" && (u.Scheme != "http" || r.TLS != nil) {
		return false
	}
	return strings.EqualFold(u.Host, r.Host)
}

// What of the Content-Security-Policy depends neither on the page nor on the host. The page runs its own scripts, styles and WASM, and
// talks to nobody but this server.
const (
	scriptPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
	policy       = "; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
		"base-uri 'none'; form-action 'none'; manifest-src 'self'; connect-src 'self'"
)

// secure sets the headers that every answer has. host must be valid, or empty; inline is that of the page.
func secure(h http.Header, host string, tls bool, inline string, embed frames) {
	csp := scriptPolicy + inline + policy
	if host != "" {
		csp += " ws://" + host + " wss://" + host // which 'self' does not mean in every browser
	}
	h.Set("Content-Security-Policy", csp+"; "+embed.secure(h))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), fullscreen=(self), screen-wake-lock=(self), "+
		"geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=(), display-capture=()")
	if tls {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
