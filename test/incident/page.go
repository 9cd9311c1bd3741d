package main

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
)

var document = template.Must(template.ParseFS(page, "page/index.html"))

// row is one person on the page.
type row struct {
	Home         int
	Person, Room string
	Frame        string // address of Sealcam's client
}

// handler serves the page itself, the naive viewer's pictures, and the network's switch.
func (r *replay) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.servePage)
	mux.HandleFunc("GET /app.css", func(w http.ResponseWriter, _ *http.Request) { servePage(w, "app.css", "text/css") })
	mux.HandleFunc("GET /app.js", func(w http.ResponseWriter, _ *http.Request) { servePage(w, "app.js", "text/javascript") })
	mux.HandleFunc("GET /strip.js", func(w http.ResponseWriter, _ *http.Request) { servePage(w, "strip.js", "text/javascript") })
	mux.HandleFunc("GET /clear/{home}", r.serveClear)
	mux.HandleFunc("GET /network", r.serveNetwork)
	mux.HandleFunc("POST /network/{state}", r.setNetwork)
	return mux
}

func (r *replay) servePage(w http.ResponseWriter, _ *http.Request) {
	s, err := r.show()
	if err != nil {
		http.Error(w, "the replay cannot start: "+err.Error(), http.StatusInternalServerError)
		return
	}
	r.network.set(false)
	rows := make([]row, homes)
	for h := range rows {
		rows[h] = row{h, persons[h], rooms[h], s.frames[h]}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src http://localhost:*; base-uri 'none'; form-action 'none'")
	_ = document.Execute(w, rows)
}

// serveClear is the naive server: it holds pictures in the clear and hands out what its cache takes for the viewer's.
func (r *replay) serveClear(w http.ResponseWriter, req *http.Request) {
	home, err := strconv.Atoi(req.PathValue("home"))
	if err != nil || home < 0 || home >= homes {
		http.NotFound(w, req)
		return
	}
	picture, ok := r.clear.get(home)
	if !ok {
		http.Error(w, "no picture yet", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(picture)
}

func (r *replay) serveNetwork(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]bool{"bad": r.network.isBad(), "mixed": r.network.mixesUp()})
}

func (r *replay) setNetwork(w http.ResponseWriter, req *http.Request) {
	if req.Header.Get("Sec-Fetch-Site") == "cross-site" {
		http.Error(w, "not from another site", http.StatusForbidden)
		return
	}
	r.network.set(req.PathValue("state") == "bad")
	r.serveNetwork(w, req)
}
