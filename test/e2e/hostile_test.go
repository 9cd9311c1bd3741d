//go:build e2e

package e2e

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/static"
	"github.com/sealcam/sealcam/test/barcode"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/hostile"
	"github.com/sealcam/sealcam/test/rtspcam"
	"github.com/sealcam/sealcam/viewer"
)

// attacked is how many homes are attacked at a time. One more on the same page is left alone, and must not notice anything.
const attacked = 10

// The server does its worst, to the real agent and the real page. Package hostile's table says what that is, and what comes of it.
func TestHostileServer(t *testing.T) {
	w := startBattle(t)
	var pictures, sessions, whole, reloaded []*hostile.Case
	cases := hostile.Cases()
	for i := range cases {
		switch c := &cases[i]; {
		case c.Scope == hostile.WholePage:
			whole = append(whole, c)
		case c.Scope == hostile.DirectPath:
		case c.Needs == hostile.Reloaded:
			reloaded = append(reloaded, c)
		case c.Session == hostile.Remade && c.State == viewer.Stale && c.Draws == 0:
			sessions = append(sessions, c)
		default:
			pictures = append(pictures, c)
		}
	}
	// Sessions that break again and again are made again ever more slowly; in turns with the others they start afresh.
	for len(pictures)+len(sessions) > 0 {
		sessions = w.fight(t, sessions)
		pictures = w.fight(t, pictures)
	}
	for _, c := range whole {
		w.fight(t, []*hostile.Case{c})
	}
	w.page.Reload()
	w.clean = false
	w.page.WaitTiles(len(w.cameras), patience, browser.In(browser.Live))
	w.fight(t, reloaded)
	noExceptions(t, w.page)
	if n := w.server.Lost(); n > 0 {
		t.Errorf("the hostile server itself had no room for %d envelopes", n)
	}
}

// The same for a page that takes the direct path alone, from its first connection on.
func TestHostileServerAndTheDirectPath(t *testing.T) {
	b := browser.Start(t)
	cases := hostile.Cases()
	for i := range cases {
		c := &cases[i]
		if c.Scope != hostile.DirectPath {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			w := newBattle(t)
			number := 0
			h := w.startHome(t, &number, 1)
			w.add(h)
			link := h.link(t)
			t.Cleanup(c.On(hostile.Target{Server: w.server, Agent: h.id}))
			w.page = b.NewPage(browser.Script(tileRecorder))
			w.page.Open(withQuery(link, "transport=p2p"))
			w.page.WaitTiles(1, patience, browser.In(browser.Live))
			browser.Eval[bool](w.page, "__tileRecorder.begin()")
			w.page.Sample(true)
			samples := w.page.WaitSamples(patience, browser.Frames("", 3*clearly))
			w.judgeAll(t, nil, samples)
			seen := w.look(t)
			if camera := h.cameras[0].id; seen.counter(camera, c.Counter) == 0 || seen.tiles[camera].State != browser.Live {
				t.Errorf("counter %q is %v, the tile is %s", c.Counter, seen.counter(camera, c.Counter), seen.tiles[camera].State)
			}
			noExceptions(t, w.page)
		})
	}
}

// battle is a world with a hostile server: one page with many homes.
type battle struct {
	server   *hostile.Server
	page     *browser.Page
	homes    []*battleHome // the last one is left alone
	stranger *home         // the home of somebody else
	cameras  map[string]*battleCamera
	wave     int
	clean    bool // pictures have just been seen to go on
}

type battleHome struct {
	*home
	cameras []*battleCamera
}

type battleCamera struct {
	*rtspcam.Camera
	id     string // in hex
	number int    // in the barcode
	home   *battleHome
}

// newBattle starts a hostile server.
func newBattle(t *testing.T) *battle {
	t.Helper()
	s, err := hostile.New(hostile.Config{Real: server.Config{
		Client: static.Client(), Limits: server.Limits{KnocksPerMinute: 2000, KnocksPerMinuteAddress: 2000, ConnectRate: 50},
	}})
	if err != nil {
		t.Fatal(err)
	}
	runUntil(t, "hostile server", s.Run)
	return &battle{server: s, cameras: map[string]*battleCamera{}}
}

// startBattle opens the page with all of its homes.
func startBattle(t *testing.T) *battle {
	t.Helper()
	w := newBattle(t)
	number := 0
	for i := range attacked + 1 {
		h := w.startHome(t, &number, map[bool]int{true: 2, false: 1}[i == 0])
		w.add(h)
	}
	stranger := w.startHome(t, &number, 1)
	w.stranger = stranger.home
	watchAlone(t, w.server.Address(), stranger.link(t))

	w.page = browser.Start(t).NewPage(browser.Viewport(640, 360), browser.Script(tileRecorder))
	seen := 0
	for i, h := range w.homes {
		link := h.link(t)
		if i == 0 {
			w.page.Open(withQuery(link, "transport=relay"))
		} else {
			_, fragment, _ := strings.Cut(link, "#")
			browser.Eval[bool](w.page, fmt.Sprintf("!!(location.hash = %q)", fragment))
		}
		seen += len(h.cameras)
		w.page.WaitTiles(seen, patience, nil)
		w.page.WaitTile(h.cameras[0].id, patience, browser.In(browser.Live))
	}
	// The main stream of the first home's first camera: the server keeps what it saw.
	first := w.homes[0].cameras[0].id
	w.page.Click(fmt.Sprintf("[data-tile][data-camera=%q]", first))
	w.page.WaitFor(fmt.Sprintf(`sealcam.stats().tiles.some((t) => t.camera === %q && t.stream === 0 && t.state === "live")`, first), patience)
	w.page.Press(kb.Escape)
	return w
}

// add takes a home among those of the page.
func (w *battle) add(h *battleHome) {
	w.homes = append(w.homes, h)
	for _, c := range h.cameras {
		w.cameras[c.id] = c
	}
}

// startHome starts an agent with n cameras, whose barcodes count on from number.
func (w *battle) startHome(t *testing.T, number *int, n int) *battleHome {
	t.Helper()
	memory, err := store.Memory()
	if err != nil {
		t.Fatal(err)
	}
	h := &battleHome{}
	clock := source.NewClock()
	var cameras []camera.Camera
	for range n {
		cam := play(t, battleClip(*number), nil)
		name := fmt.Sprintf("%s %d", cameraName, *number)
		id, err := memory.Camera(name)
		if err != nil {
			t.Fatal(err)
		}
		h.cameras = append(h.cameras, &battleCamera{Camera: cam, id: id.String(), number: *number, home: h})
		cameras = append(cameras, reached(t, name, rtsp.Config{Main: cam.MainURL(), Sub: cam.SubURL(), Clock: clock}))
		*number++
	}
	// The homes are ephemeral, because the page asks the owner of one that lasts to write the recovery phrase down.
	h.home = startAgentWith(t, func(c *camera.Config) {
		c.Servers, c.Store, c.Clock, c.Cameras, c.Ephemeral = []string{w.server.Address()}, memory, clock, cameras, true
	})
	return h
}

// battleClip is small, and longer than any delay, so that no picture looks like one of a round before.
func battleClip(camera int) clips.Spec {
	return clips.Spec{
		Name: fmt.Sprintf("battle-%02d", camera), Width: 480, Height: 270, Bitrate: 300_000, Seconds: 40,
		Camera: camera, Offset: camera * barcode.Numbers / barcode.Cameras, Codec: codec.H264,
	}
}

// target aims at a home; the one left alone and the stranger's lend their frames.
func (w *battle) target(home int) hostile.Target {
	return hostile.Target{Server: w.server, Agent: w.homes[home].id, Other: w.homes[attacked].id, Stranger: w.stranger.id}
}

// watchAlone claims a home as somebody else, and watches it through the relay until the test ends.
func watchAlone(t *testing.T, address, link string) {
	t.Helper()
	self, err := identity.GenerateDevice(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	runUntil(t, "the stranger's viewer", strangerViewer(t, address, link, self).Run)
}
