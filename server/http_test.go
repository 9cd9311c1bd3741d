package server

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.Bytes()
}

func testPage() fstest.MapFS {
	file := func(b []byte) *fstest.MapFile { return &fstest.MapFile{Data: b} }
	return fstest.MapFS{
		"index.html":                   file([]byte("<!doctype html>page")),
		"index.html.gz":                file(gzipped("<!doctype html>page")),
		"sealcam.0123456789ab.wasm":    file([]byte("\x00asm, the client")),
		"sealcam.0123456789ab.wasm.br": file([]byte("as br")),
		"sealcam.0123456789ab.wasm.gz": file(gzipped("\x00asm, the client")),
		"icon-180.0123456789ab.png":    file([]byte("png")),
		"sw.js":                        file([]byte("the worker")),
		"notes.txt":                    file([]byte("not for serving")),
		"app.css":                      file([]byte("without a hash")),
		".quality":                     file([]byte("fast")),
	}
}

// get asks the server's handler without a socket.
func get(t *testing.T, s *Server, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "cameras.example"
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.serveHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPage(t *testing.T) {
	s := startServer(t, Config{Client: testPage()})
	const wasm = "/sealcam.0123456789ab.wasm"
	const forever = "public, max-age=31536000, immutable"
	for _, c := range []struct {
		path, accept              string
		status                    int
		encoding, cache, mime, is string
	}{
		{"/", "", 200, "", "no-cache", "text/html; charset=utf-8", "<!doctype html>page"},
		{"/sw.js", "", 200, "", "no-cache", "text/javascript; charset=utf-8", "the worker"},
		{"/", "br", 200, "", "no-cache", "text/html; charset=utf-8", "<!doctype html>page"},
		{"/", "gzip", 200, "gzip", "no-cache", "text/html; charset=utf-8", string(gzipped("<!doctype html>page"))},
		{wasm, "gzip, deflate, br, zstd", 200, "br", forever, "application/wasm", "as br"},
		{wasm, "gzip, br;q=0", 200, "gzip", forever, "application/wasm", string(gzipped("\x00asm, the client"))},
		{wasm, "BR;Q=0.5", 200, "br", forever, "application/wasm", "as br"},
		{wasm, "*", 200, "br", forever, "application/wasm", "as br"},
		{wasm, "identity", 200, "", forever, "application/wasm", "\x00asm, the client"},
		{wasm, "", 200, "", forever, "application/wasm", "\x00asm, the client"},
		{wasm, "br;q=x", 200, "", forever, "application/wasm", "\x00asm, the client"},
		{wasm, "identity;q=0, zstd", 406, "", forever, "", ""},
		{"/icon-180.0123456789ab.png", "br, gzip", 200, "", forever, "image/png", "png"},
		{"/index.html", "", 301, "", "", "", ""},
		{"/app.css", "", 404, "", "no-store", "", ""},
		{"/notes.txt", "", 404, "", "no-store", "", ""},
		{"/.quality", "", 404, "", "no-store", "", ""},
		{"/sealcam.0123456789ab.wasm.br", "", 404, "", "no-store", "", ""},
		{"/../server.go", "", 404, "", "no-store", "", ""},
	} {
		r := get(t, s, c.path, "Accept-Encoding", c.accept)
		if r.StatusCode != c.status || r.Header.Get("Content-Encoding") != c.encoding {
			t.Errorf("%s, %q: status %d, encoding %q", c.path, c.accept, r.StatusCode, r.Header.Get("Content-Encoding"))
		}
		if c.status != 200 && c.status != 404 {
			continue
		}
		if got := r.Header.Get("Cache-Control"); got != c.cache {
			t.Errorf("%s: Cache-Control %q", c.path, got)
		}
		if c.status != 200 {
			continue
		}
		if b := body(t, r); b != c.is {
			t.Errorf("%s, %q: %q", c.path, c.accept, b)
		}
		if r.Header.Get("Content-Type") != c.mime || !strings.HasSuffix(strings.Join(r.Header.Values("Vary"), ", "), "Accept-Encoding") || r.ContentLength != int64(len(c.is)) {
			t.Errorf("%s: %v", c.path, r.Header)
		}
	}

	etag := get(t, s, "/").Header.Get("ETag")
	if r := get(t, s, "/", "If-None-Match", `"x", `+etag); r.StatusCode != http.StatusNotModified || body(t, r) != "" {
		t.Errorf("an unchanged page: status %d", r.StatusCode)
	}
	if r := get(t, s, "/", "If-None-Match", `"x"`); r.StatusCode != http.StatusOK {
		t.Errorf("a changed page: status %d", r.StatusCode)
	}
}

func TestNoPage(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{"none": nil, "only the placeholder": {".keep": &fstest.MapFile{}}} {
		c := Config{}
		if files != nil {
			c.Client = files
		}
		r := get(t, startServer(t, c), "/")
		if b := body(t, r); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(b, "./build.sh run") {
			t.Errorf("%s: status %d, %q", name, r.StatusCode, b)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := startServer(t, Config{Client: testPage()})
	for _, path := range []string{"/", "/sealcam.0123456789ab.wasm", "/nowhere", "/healthz", "/signal"} {
		h := get(t, s, path, "Host", "cameras.example:8443").Header
		want := map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; " +
				"img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; manifest-src 'self'; " +
				"connect-src 'self' ws://cameras.example:8443 wss://cameras.example:8443; frame-ancestors 'none'",
			"X-Frame-Options":              "DENY",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security":    "",
		}
		for name, value := range want {
			if got := h.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", path, name, got, value)
			}
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "geolocation=()") {
			t.Errorf("%s: Permissions-Policy is %q", path, h.Get("Permissions-Policy"))
		}
	}
	if r := get(t, s, "/healthz"); r.StatusCode != http.StatusOK || body(t, r) != "ok\n" {
		t.Errorf("healthz: %d", r.StatusCode)
	}
	post := httptest.NewRecorder()
	s.serveHTTP(post, httptest.NewRequest(http.MethodPost, "/", nil))
	if post.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", post.Code)
	}
}

// A script in the page itself runs by its hash, whatever stands in files, and no other does.
func TestInlineScripts(t *testing.T) {
	files := testPage()
	index := "<!doctype html><script type=\"application/json\">{}</script><script src=\"/boot.js\"></script><script>alert(1)</script>"
	files[indexFile] = &fstest.MapFile{Data: []byte(index)}
	delete(files, indexFile+".gz")
	got := get(t, startServer(t, Config{Client: files}), "/").Header.Get("Content-Security-Policy")
	// printf 'alert(1)' | openssl dgst -sha256 -binary | base64
	want := "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='; worker-src 'self'; "
	if !strings.HasPrefix(got, want) {
		t.Errorf("Content-Security-Policy is %q, want %q …", got, want)
	}
}

func TestHosts(t *testing.T) {
	open := startServer(t, Config{Client: testPage()})
	for host, ok := range map[string]bool{
		"cameras.example": true, "localhost:8080": true, "127.0.0.1:8080": true, "[::1]:8080": true, "[2001:db8::1]": true, "a_b.example": true,
		"": false, "a b": false, "a;script-src *": false, "a'": false, "a/b": false, "[::1": false, "::1": false, "a:b": false, "[fe80::1%25eth0]:80": false,
		"[::1]:80;": false, "a:123456": false, "a,b": false, "-a": false, strings.Repeat("a", 300): false,
	} {
		if got := get(t, open, "/", "Host", host).StatusCode == http.StatusOK; got != ok {
			t.Errorf("host %q: answered %v", host, got)
		}
	}
	one := startServer(t, Config{Client: testPage(), Hosts: []string{"Cameras.Example", "localhost:8080"}})
	for host, ok := range map[string]bool{
		"cameras.example": true, "cameras.example:443": true, "localhost:8080": true, "localhost": false, "rebound.example": false, "127.0.0.1": false,
	} {
		if got := get(t, one, "/", "Host", host).StatusCode == http.StatusOK; got != ok {
			t.Errorf("host %q of a server with names: answered %v", host, got)
		}
	}
	if _, err := New(Config{Listen: "127.0.0.1:0", Hosts: []string{"https://x"}}); !errors.Is(err, ErrHost) {
		t.Errorf("a url in place of a host: %v", err)
	}
}

func TestOrigin(t *testing.T) {
	s := startServer(t, Config{})
	for origin, ok := range map[string]bool{
		"":                            true,
		"http://cameras.example":      true,
		"https://cameras.example":     true, // through a proxy that ends TLS
		"https://Cameras.Example":     true,
		"http://evil.example":         false,
		"null":                        false,
		"http://cameras.example:81":   false,
		"http://cameras.example/":     false,
		"file://cameras.example":      false,
		"http://cameras.example@evil": false,
		"http://cameras.example.evil": false,
	} {
		h := []string{}
		if origin != "" {
			h = append(h, "Origin", origin)
		}
		refused := get(t, s, "/signal", h...).StatusCode == http.StatusForbidden
		if refused == ok {
			t.Errorf("origin %q: refused %v", origin, refused)
		}
	}
	if get(t, s, "/signal", "Origin", "http://cameras.example", "Origin", "http://cameras.example").StatusCode != http.StatusForbidden {
		t.Error("two origins were taken")
	}
	r := httptest.NewRequest(http.MethodGet, "https://cameras.example/signal", nil) // with r.TLS
	r.Header.Set("Origin", "http://cameras.example")
	if sameOrigin(r) {
		t.Error("a page without TLS may open a WebSocket with TLS")
	}
}

// certificate writes a self-signed one for 127.0.0.1.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(name, kind string, der []byte) {
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(cert, "CERTIFICATE", der)
	write(key, "PRIVATE KEY", pkcs8)
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert, key, roots
}

func TestTLS(t *testing.T) {
	cert, key, roots := certificate(t)
	s := startServer(t, Config{Client: testPage(), TLSCert: cert, TLSKey: key})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	r, err := client.Get("https://" + s.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK || r.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("status %d, %v", r.StatusCode, r.Header)
	}
}

// TestErrorsSayWhatToDo holds every way in which a server cannot start to a sentence with advice.
func TestErrorsSayWhatToDo(t *testing.T) {
	taken := startServer(t, Config{UDP: "127.0.0.1:0"})
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.pem")
	if err := os.WriteFile(garbage, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	small := startNATSOnLoopback(t, 1<<20)
	for name, c := range map[string]struct {
		config Config
		kind   error
		says   string
	}{
		"port in use":     {Config{Listen: taken.Addr().String()}, ErrListen, "is in use: stop the program"},
		"UDP port in use": {Config{UDP: taken.UDPAddr().String()}, ErrUDP, "is in use: stop the program"},
		"no address":      {Config{Listen: "8080"}, ErrListen, "write it like"},
		"foreign address": {Config{Listen: "192.0.2.1:0"}, ErrListen, "is not one of this machine"},
		"no certificate":  {Config{TLSCert: filepath.Join(dir, "none"), TLSKey: garbage}, ErrTLS, "none cannot be read"},
		"bad certificate": {Config{TLSCert: garbage, TLSKey: garbage}, ErrTLS, "must be a PEM certificate"},
		"half of TLS":     {Config{TLSCert: garbage}, ErrTLS, "or neither"},
		"no NATS":         {Config{NATSURL: "nats://user:password@127.0.0.1:1"}, ErrNATS, "check its address"},
		"small NATS":      {Config{NATSURL: small}, ErrNATS, "max_payload"},
		"relay ports":     {Config{UDP: "127.0.0.1:0", RelayPorts: [2]uint16{9, 8}}, ErrUDP, "first relay port"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.config.Listen == "" {
				c.config.Listen = "127.0.0.1:0"
			}
			s, err := New(c.config)
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "password") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		remote, forwarded, want string
	}{
		{"192.0.2.1:99", "", "192.0.2.1"},
		{"192.0.2.1:99", "198.51.100.1", "192.0.2.1"}, // no proxy of ours: anybody can write that
		{"10.0.0.1:99", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:99", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"10.0.0.1:99", "garbage", "10.0.0.1"},
		{"10.0.0.1:99", "", "10.0.0.1"},
		{"[2001:db8:1:2:3:4:5:6]:99", "", "2001:db8:1:2::"},
		{"[::ffff:192.0.2.1]:99", "", "192.0.2.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := clientAddress(r, proxies).String(); got != c.want {
			t.Errorf("%s, forwarded for %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestAddressBookForgets(t *testing.T) {
	b := newAddressBook(Limits{ConnectRate: 1, ConnectBurst: 1, ConnectionsPerAddress: 1, KnocksPerMinuteAddress: 2})
	now := time.Now()
	a := netip.MustParseAddr("192.0.2.1")
	if b.admit(a, now) != admitted || b.admit(a, now) != tooFast || b.admit(a, now.Add(time.Second)) != tooMany {
		t.Error("the first is admitted, the second too fast, the third too many")
	}
	b.leave(a, now)
	b.sweep(now.Add(addressMemory))
	if len(b.entries) != 1 {
		t.Error("forgotten too soon: its limits would be fresh")
	}
	b.sweep(now.Add(2 * addressMemory))
	if len(b.entries) != 0 {
		t.Error("an address is remembered for ever")
	}
}
