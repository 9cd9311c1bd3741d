package main

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
)

//go:embed page
var page embed.FS

// Where a front serves what it adds to the real client.
const (
	probePath = "/incident/probe.js"
	framePath = "/incident/frame.css"
)

// newFront serves the real client at an address of its own, so that two people can sit in one browser, and in a frame: the client itself
// forbids to be framed. It adds a script that reads back what was drawn, and a style that hides the bar with the menu. The rest passes
// untouched.
func newFront(server string) http.Handler {
	target, err := url.Parse(server)
	if err != nil {
		panic(err) // the server's own address
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // which logins sign
			if r.In.URL.Path == "/" {
				r.Out.Header.Set("Accept-Encoding", "identity")
				r.Out.Header.Del("Sec-Fetch-Dest") // by which the server knows that it is to be framed
			}
		},
		ModifyResponse: frameable,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+probePath, func(w http.ResponseWriter, r *http.Request) { servePage(w, "probe.js", "text/javascript") })
	mux.HandleFunc("GET /incident/strip.js", func(w http.ResponseWriter, r *http.Request) { servePage(w, "strip.js", "text/javascript") })
	mux.HandleFunc("GET "+framePath, func(w http.ResponseWriter, r *http.Request) { servePage(w, "frame.css", "text/css") })
	mux.Handle("/", proxy)
	return mux
}

// frameable lets the client be framed, and adds script and style to its document.
func frameable(r *http.Response) error {
	csp := r.Header.Get("Content-Security-Policy")
	r.Header.Set("Content-Security-Policy", strings.Replace(csp, "frame-ancestors 'none'", "frame-ancestors http://localhost:*", 1))
	r.Header.Del("Cross-Origin-Opener-Policy")
	if r.Request.URL.Path != "/" || r.StatusCode != http.StatusOK {
		return nil
	}
	document, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("the client's page: %w", err)
	}
	r.Body.Close()
	added := `<link rel="stylesheet" href="` + framePath + `"><script src="/incident/strip.js" defer></script><script src="` + probePath + `" defer></script></head>`
	document = bytes.Replace(document, []byte("</head>"), []byte(added), 1)
	r.Body = io.NopCloser(bytes.NewReader(document))
	r.ContentLength = int64(len(document))
	r.Header.Set("Content-Length", strconv.Itoa(len(document)))
	r.Header.Del("ETag")
	return nil
}

func servePage(w http.ResponseWriter, name, kind string) {
	b, err := page.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b)
}
