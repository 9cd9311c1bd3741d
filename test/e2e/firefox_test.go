//go:build e2e

package e2e

import (
	"testing"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/program"
)

// engines are the browsers that a test runs in when it says so; the others run in Chromium.
var engines = []struct {
	name  string
	start func(t *testing.T) *browser.Browser
	lends func(t *testing.T) *browser.Browser // offers a camera, and lends it without a question
}{
	{"chromium", func(t *testing.T) *browser.Browser { return browser.Start(t) }, lendsCamera},
	{"firefox", startFirefox, startFirefox},
}

func startFirefox(t *testing.T) *browser.Browser { return browser.StartFirefox(t, nil) }

// A phone and a display show the camera in each browser, by the direct path and by the relay: this camera's pictures, seconds old. A page that
// is loaded again knows its home.
func TestScreens(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			for _, screen := range []struct {
				name, query string
				route       control.Route
				way         string // in the diagnostics
				option      browser.Option
			}{
				{"phone", "transport=p2p", control.Peer, "/^direct, this end (host|peer-reflexive), the other (host|peer-reflexive)$/", browser.Phone()},
				{"display", "transport=relay", control.Relay, "/^relayed$/", browser.Viewport(1280, 800)},
			} {
				t.Run(screen.name, func(t *testing.T) {
					n := startServer(t, nil)
					clock := source.NewClock()
					cam, played := rtspCamera(t, 3, clock, nil)
					h := startAgent(t, n.address, nil, clock, cam)
					p := claim(t, engine.start(t), h, 1, screen.query, screen.option)
					program.DeclineWords(p)
					p.Screenshot("claimed")
					p.Reload()
					p.WaitTiles(1, patience, browser.In(browser.Live))
					p.Sample(true)
					samples := p.WaitSamples(patience, browser.Frames("", 45))
					wantPictures(t, samples, 3)
					wantYoung(t, samples, played)
					if route := browser.Eval[control.Route](p, "sealcam.stats().tiles[0].route"); route != screen.route {
						t.Errorf("the pictures come by way %d, want %d", route, screen.route)
					}
					if d := decoding(p, "webcodecs", "H.264"); d.Refused != 0 || d.GateRefused != 0 {
						t.Errorf("%+v", d)
					}
					p.Screenshot("live")
					p.Press("i")
					p.WaitFor(opened("Diagnostics"), patience)
					p.WaitFor(`[...document.querySelectorAll("#panel dd")].some((e) => `+screen.way+`.test(e.textContent))`, patience)
					p.Screenshot("diagnostics")
					noExceptions(t, p)
				})
			}
		})
	}
}

// A screen in one browser is let in by an owner in the other.
func TestScreenOfAnotherBrowser(t *testing.T) {
	for i, engine := range engines {
		t.Run("owner in "+engine.name, func(t *testing.T) {
			n := startServer(t, nil)
			h := startLasting(t, n.address, t.TempDir(), nil, 4)
			owner := own(t, engine.start(t), h, 1, browser.Phone())
			screen, code := display(t, engines[1-i].start(t), n.address, browser.Viewport(1280, 800))
			screen.Screenshot("screen-code")
			openDevices(owner)
			press(owner, `[data-action="screen"]`)
			write(owner, "code", code)
			press(owner, `[data-action="confirm"]`)
			compare(t, owner, screen)
			owner.Screenshot("owner-digits")
			screen.Screenshot("screen-digits")
			press(owner, `[data-action="confirm"]`)
			screen.Click("#screen-ok")
			owner.WaitFor(opened("What may it show?"), patience)
			press(owner, `[data-action="confirm"]`)
			screen.WaitTiles(1, patience, browser.In(browser.Live))
			owner.WaitFor(opened("The screen is in"), patience)
			owner.Screenshot("owner-in")
			press(owner, `[data-action="done"]`)
			owner.Screenshot("owner-devices")
			screen.Sample(true)
			wantPictures(t, screen.WaitSamples(patience, browser.Frames("", 20)), 4)
			screen.Screenshot("screen-in")
			noExceptions(t, owner)
			noExceptions(t, screen)
		})
	}
}
