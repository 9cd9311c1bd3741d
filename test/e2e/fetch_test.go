//go:build e2e

package e2e

import (
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/static"
	"github.com/sealcam/sealcam/test/browser"
)

// openings counts what a server reads of the page's files, by the name before its hash.
type openings struct {
	fs.FS
	mu    sync.Mutex
	count map[string]int
}

func (o *openings) Open(name string) (fs.File, error) {
	kind, _, _ := strings.Cut(name, ".")
	o.mu.Lock()
	o.count[kind]++
	o.mu.Unlock()
	return o.FS.Open(name)
}

// ReadFile and Stat are what the server asks for at its start, and no fetch.
func (o *openings) ReadFile(name string) ([]byte, error)       { return fs.ReadFile(o.FS, name) }
func (o *openings) Stat(name string) (fs.FileInfo, error)      { return fs.Stat(o.FS, name) }
func (o *openings) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(o.FS, name) }

func (o *openings) take(kind string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count[kind]
}

// The page fetches the one program that it runs, once, and before the script is here that starts it.
func TestClientIsFetchedOnceAndEarly(t *testing.T) {
	for _, b := range engines {
		for _, page := range []struct{ fragment, program, other, ready string }{
			{"", "sealcam", "camera", `document.getElementById("sheet").dataset.kind === "message"`},
			{"#camera", "camera", "sealcam", `document.getElementById("camera")?.dataset.state`},
		} {
			t.Run(b.name+" "+page.program, func(t *testing.T) {
				files := &openings{FS: static.Client(), count: make(map[string]int)}
				n := startServer(t, func(c *server.Config) { c.Client = files })
				p := b.start(t).NewPage()
				p.Open(n.address + "/" + page.fragment)
				p.WaitFor(page.ready, patience)
				if fetched, other := files.take(page.program), files.take(page.other); fetched != 1 || other != 0 {
					t.Errorf("%s was fetched %d times, %s %d times", page.program, fetched, page.other, other)
				}
				early := browser.Eval[bool](p, `(() => {
					const of = (name) => performance.getEntriesByType("resource").find((e) => new URL(e.name).pathname.startsWith("/" + name + "."));
					return of("`+page.program+`").startTime < of("boot").responseEnd;
				})()`)
				if !early {
					t.Error("it was asked for only when boot.js was there")
				}
				noExceptions(t, p)
			})
		}
	}
}
