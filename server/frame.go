package server

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ErrFrame is returned for an origin that cannot embed the page.
var ErrFrame = errors.New("an origin that may embed the page is wrong")

// frameOrigin returns an origin (RFC 6454) as browsers compare it. There are no wildcards: who may embed the page is named.
func frameOrigin(s string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.ToLower(s), "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !validHost(u.Host) || u.Scheme+"://"+u.Host != u.String() {
		return "", fmt.Errorf("%w: %q; write it like https://dashboard.example or http://homeassistant.local:8123", ErrFrame, s)
	}
	if u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":443")
	} else {
		u.Host = strings.TrimSuffix(u.Host, ":80")
	}
	return u.String(), nil
}

// frames says who may embed this server's page.
type frames struct {
	origins []string
}

// secure sets the headers for browsers that know frame-ancestors (CSP Level 2), and for those that know only its predecessor, which can
// name nobody.
func (f frames) secure(h http.Header) string {
	if len(f.origins) == 0 {
		h.Set("X-Frame-Options", "DENY")
		return "frame-ancestors 'none'"
	}
	return "frame-ancestors " + strings.Join(f.origins, " ")
}

// refuses reports whether a browser asks for the page in order to embed it where it would not show it, as far as it says so (Fetch
// Metadata §2.2). embedder is the origin that wants it, if that is known.
func (f frames) refuses(r *http.Request) (embedder string, refused bool) {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "iframe", "frame", "embed", "object":
	default:
		return "", false
	}
	if u, err := url.Parse(r.Referer()); err == nil && u.Host != "" {
		embedder, _ = frameOrigin(u.Scheme + "://" + u.Host)
	}
	if len(f.origins) == 0 {
		return embedder, true
	}
	return embedder, embedder != "" && !slices.Contains(f.origins, embedder)
}

var refusal = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sealcam</title>
<body bgcolor="#f2f4f6" text="#14191e">
<h1>This page may not be embedded here</h1>
<p>Sealcam’s server does not allow {{with .}}{{.}}{{else}}this page{{end}} to embed it. Its owner can allow it: <code>sealcam server -frame-ancestors {{with .}}{{.}}{{else}}https://…{{end}}</code></p>
</html>
`))

// refuse answers a page that may not embed this one with a sentence in place of the browser's blank. It may be shown anywhere: there is
// nothing on it to click, and nothing of anybody's.
func (f frames) refuse(w http.ResponseWriter, embedder string) {
	h := w.Header()
	h.Del("X-Frame-Options")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Content-Type", mimes[".html"])
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusForbidden)
	_ = refusal.Execute(w, embedder) // the browser has gone
}
