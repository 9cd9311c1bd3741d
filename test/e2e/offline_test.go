//go:build e2e

package e2e

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/static"
	"github.com/sealcam/sealcam/test/browser"
)

// The page opens without the server and says so, keeps nothing but one version of the client's own files, and is the server's version
// again as soon as that answers.
func TestOffline(t *testing.T) {
	n := startServer(t, nil)
	listen := func(c *server.Config) { c.Listen = strings.TrimPrefix(n.address, "http://") }
	h := startLasting(t, n.address, t.TempDir(), nil, 3)
	p := own(t, browser.Start(t), h, 1)
	versions := `caches.keys().then(async (names) => (await Promise.all(names.map(async (name) => (await caches.open(name)).match("/")))).filter(Boolean).length)`
	eventually(p, `await `+versions+` === 1`)

	kept := browser.Eval[[]string](p, `caches.keys().then(async (names) => (await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).map((r) => new URL(r.url).pathname)))).flat())`)
	assets := browser.Eval[[]string](p, `Object.values(sealcam.boot.assets).map((a) => a.url)`)
	known := map[string]bool{"/": true}
	for _, url := range assets {
		known[url] = true
	}
	for _, path := range kept {
		if !known[path] {
			t.Errorf("%s is kept", path)
		}
	}
	if len(kept) < 8 {
		t.Errorf("only %d files are kept", len(kept))
	}

	n.stop()
	p.Reload()
	p.WaitText("The server cannot be reached, so this page was opened from what this device keeps.", patience)
	p.WaitTiles(1, patience, func(tile browser.Tile) bool { return tile.State != browser.Live && tile.Picture.Width == 0 })
	p.Resize(390, 844)
	p.Screenshot("offline-phone")
	p.Resize(640, 360)

	// Another version of the page comes with the server, and takes the former one's place.
	next := startServer(t, func(c *server.Config) {
		listen(c)
		c.Client = retitled(t, "Sealcam, the next one")
	})
	p.WaitTiles(1, patience, browser.In(browser.Live))
	p.WaitFor(`document.getElementById("notice").hidden`, patience)
	p.Reload()
	p.WaitFor(`document.title === "Sealcam, the next one" && !document.body.dataset.offline`, patience)
	eventually(p, `await caches.match("/").then((page) => page?.text()).then((text) => text?.includes("the next one")) && await `+versions+` === 1`)
	next.stop()
	p.Reload()
	p.WaitFor(`document.title === "Sealcam, the next one" && document.body.dataset.offline`, patience)
	noExceptions(t, p)
}

// eventually waits until a JavaScript expression that awaits something is true.
func eventually(p *browser.Page, expression string) {
	browser.Eval[bool](p, `(async () => { while (!(`+expression+`)) await new Promise((turn) => setTimeout(turn, 200)); return true; })()`)
}

// retitled is the client with another page, as a new version would have.
func retitled(t *testing.T, title string) fs.FS {
	t.Helper()
	client := static.Client()
	changed := fstest.MapFS{}
	entries, err := fs.ReadDir(client, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "index.html.") || e.IsDir() {
			continue
		}
		content, err := fs.ReadFile(client, e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() == "index.html" {
			content = []byte(strings.Replace(string(content), "<title>Sealcam</title>", "<title>"+title+"</title>", 1))
		}
		changed[e.Name()] = &fstest.MapFile{Data: content}
	}
	return changed
}
