//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/test/browser"
)

// dashboard serves a page of another site that embeds an address, which may be set later.
type dashboard struct {
	address string
	embeds  string
}

func startDashboard(t *testing.T) *dashboard {
	t.Helper()
	d := &dashboard{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>Dashboard</title><style>body { margin: 0; background: #234 } iframe { border: 0; width: 100%%; height: 340px }</style>`+
			`<p style="color: #fff; margin: 20px">Dashboard</p><iframe src=%q allow="fullscreen; screen-wake-lock" onload="globalThis.loaded = true"></iframe>`, d.embeds)
	}))
	t.Cleanup(s.Close)
	d.address = s.URL // http://127.0.0.1:port, to which localhost is another site
	return d
}

// framed has each embedded document tell the one around it what it shows, since a test sees the outer one alone.
const framed = `(() => {
	if (self === top) {
		addEventListener("message", (event) => { globalThis.inner = event.data; });
		return;
	}
	setInterval(() => top.postMessage({
		text: document.body?.innerText ?? "", live: document.querySelectorAll('[data-tile][data-state="live"]').length,
		kiosk: document.body?.dataset.kiosk ?? "", code: document.getElementById("screen-short")?.textContent ?? "",
		secure: isSecureContext, states: document.getElementById("screen")?.dataset.state ?? "",
	}, "*"), 100);
	addEventListener("message", (event) => { if (event.data === "ok") document.getElementById("screen-ok").click(); });
})()`

// A dashboard whose origin the server's owner has named embeds a display, which is let in once, with a key of its own; no other page can.
func TestFrame(t *testing.T) {
	d, other := startDashboard(t), startDashboard(t)
	n := startServer(t, func(c *server.Config) { c.FrameAncestors = []string{d.address} })
	h := startLasting(t, n.address, t.TempDir(), nil, 1)
	b := browser.Start(t, chromedp.Flag("disable-site-isolation-trials", true), chromedp.Flag("disable-features", "IsolateOrigins,site-per-process,Translate"))
	owner := own(t, b, h, 1, browser.Viewport(1280, 800))

	d.embeds, other.embeds = n.address+"/#display", n.address+"/#display"
	stranger := b.NewPage(browser.Script(framed))
	stranger.Open(other.address)
	stranger.WaitFor("globalThis.loaded", patience)
	stranger.Screenshot("refused")

	screen := b.NewPage(browser.Script(framed), browser.Viewport(1280, 800))
	screen.Open(d.address)
	screen.WaitFor(`/^[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(globalThis.inner?.code)`, patience)
	if !browser.Eval[bool](screen, "inner.secure") {
		t.Error("the frame is no secure context")
	}
	openDevices(owner)
	press(owner, `[data-action="screen"]`)
	write(owner, "code", browser.Eval[string](screen, "inner.code"))
	press(owner, `[data-action="confirm"]`)
	owner.WaitFor(opened("Compare the numbers"), patience)
	press(owner, `[data-action="confirm"]`)
	screen.WaitFor(`inner.states === "comparing"`, patience)
	browser.Eval[bool](screen, `document.querySelector("iframe").contentWindow.postMessage("ok", "*") ?? true`)
	owner.WaitFor(opened("What may it show?"), patience)
	press(owner, `[data-action="confirm"]`)
	screen.WaitFor(`inner.live === 1 && inner.kiosk === "true"`, patience)
	d.embeds = n.address + "/#kiosk"
	screen.Reload()
	screen.WaitFor(`globalThis.inner?.live === 1 && inner.kiosk === "true"`, patience)
	screen.Screenshot("embedded")

	if browser.Eval[bool](stranger, "Boolean(globalThis.inner?.code || globalThis.inner?.live)") {
		t.Error("a page embeds the viewer that may not")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Dest", "iframe")
	r.Header.Set("Referer", other.address+"/")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("a page that may not embed the viewer gets it with status %d", response.StatusCode)
	}
	noExceptions(t, owner)
}
