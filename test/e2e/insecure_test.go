//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
)

// insecureName is a host name that browsers do not take for this machine's own, as that of a server on the LAN.
const insecureName = "cameras.test"

// insecureBrowser resolves insecureName to this machine.
func insecureBrowser(t *testing.T) *browser.Browser {
	t.Helper()
	return browser.Start(t, chromedp.Flag("host-resolver-rules", "MAP "+insecureName+" 127.0.0.1"))
}

// A page by plain http from another machine's name has neither WebCodecs nor WebCrypto. Everything works all the same: the device's key,
// claim, session, sealed pictures, and the way back in after a reload.
func TestInsecureOrigin(t *testing.T) {
	for _, query := range []string{"", "transport=relay"} {
		t.Run("query "+query, func(t *testing.T) { insecureOrigin(t, insecureBrowser(t), query) })
	}
	t.Run("firefox", func(t *testing.T) { insecureOrigin(t, browser.StartFirefox(t, nil), "") }) // any name is this machine
}

func insecureOrigin(t *testing.T, b *browser.Browser, query string) {
	n := startServer(t, func(c *server.Config) { c.Listen = "127.0.0.1:0" })
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 7, clock, nil)
	h := startAgent(t, n.address, nil, clock, cam)
	p := b.NewPage()
	link := withQuery(h.link(t), query)
	if !strings.Contains(link, "localhost") {
		t.Fatal("the link names no localhost")
	}
	p.Open(strings.Replace(link, "localhost", insecureName, 1))
	p.WaitTiles(1, patience, browser.In(browser.Live))
	lacks := browser.Eval[[]bool](p, `[!isSecureContext, !crypto.subtle, !globalThis.VideoDecoder, location.hostname === "`+insecureName+`"]`)
	for i, lack := range lacks {
		if !lack {
			t.Fatalf("condition %d does not hold: the test is worth nothing", i)
		}
	}
	p.Sample(true)
	wantPictures(t, p.WaitSamples(patience, browser.Frames("", 45)), 7)
	if d := decoding(p, "go", "H.264"); d.Width != 640 || d.Refused != 0 || d.GateRefused != 0 {
		t.Errorf("%+v", d)
	}
	if text := p.Text(); !strings.Contains(text, "without https") {
		t.Errorf("the page does not say what is missing: %q", text)
	}
	p.Screenshot("insecure")

	p.Reload()
	p.WaitTiles(1, patience, browser.In(browser.Live))
	p.Sample(true)
	wantPictures(t, p.WaitSamples(patience, browser.Frames("", 15)), 7)
	noExceptions(t, p)
}

// The agent's own server in the local network, in the released binary: the page that it serves by plain http shows the cameras, H.264 and
// JPEG, with nothing else running.
func TestAgentServesTheLAN(t *testing.T) {
	cam := play(t, clips.Camera(9), nil)
	folder := t.TempDir()
	config := filepath.Join(folder, "sealcam.toml")
	text := fmt.Sprintf("name = \"Home\"\nstate = %q\n\n[[camera]]\nname = \"Porch\"\nmain = %q\nsub = %q\n\n[[camera]]\nname = \"Card\"\ntestcard = true\n",
		filepath.Join(folder, "state"), cam.MainURL(), cam.SubURL())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	link := startProgram(t, "agent", "--config", config, "--lan", "127.0.0.1:0")
	if !strings.HasPrefix(link, "http://127.0.0.1:") {
		t.Fatal("the link names another address")
	}
	p := insecureBrowser(t).NewPage()
	p.Open(strings.Replace(link, "127.0.0.1", insecureName, 1))
	tiles := p.WaitTiles(2, patience, browser.In(browser.Live))
	if browser.Eval[bool](p, "isSecureContext") {
		t.Fatal("a secure context: the test is worth nothing")
	}
	p.Sample(true)
	wantPictures(t, browser.Of(p.WaitSamples(patience, browser.Frames(tiles[0].Camera, 20)), tiles[0].Camera), 9)
	if got := browser.Eval[[]string](p, "sealcam.stats().tiles.map((t) => t.codec + ' ' + t.decoder)"); !slices.Equal(got, []string{"H.264 go", "JPEG image"}) {
		t.Errorf("decoded as %q", got)
	}
	noExceptions(t, p)
}
