//go:build js

// Package domtest puts the product's own document into the page of a test.
package domtest

import (
	"os"
	"path/filepath"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/static/stylesheet"
	"github.com/sealcam/sealcam/wasm/dom"
)

// Load replaces the page's body by that of static/index.html with its style sheet. The working directory is the test's own, in wasm.
func Load(t *testing.T) {
	t.Helper()
	static := "static"
	for range 5 {
		if _, err := os.Stat(filepath.Join(static, "index.html")); err == nil {
			break
		}
		static = filepath.Join("..", static)
	}
	html, err := os.ReadFile(filepath.Join(static, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	css, err := stylesheet.Read(os.DirFS(static))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(html), "<body")
	_, body, _ = strings.Cut(body, ">")
	body, _, _ = strings.Cut(body, "</body>")
	js.Global().Get("document").Get("body").Set("innerHTML", body+"<style>"+string(css)+"</style>")
}

// WaitFor waits until the condition holds, which is looked at after each turn of the page's event loop.
func WaitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// Submit sends the form, as its button and Enter do.
func Submit(form dom.Node) { form.Call("requestSubmit") }
