//go:build e2e

package e2e

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// Cameras that cannot be shown each say why in their tile, with what to do, while their neighbour goes on.
func TestBadCameras(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	good, _ := rtspCamera(t, 1, clock, nil)
	locked, _ := rtspCamera(t, 2, clock, func(c *rtspcam.Config, use *rtsp.Config) {
		c.Address = freeAddress(t)
		use.Main = "rtsp://viewer:wrong-" + password + "@" + c.Address + rtspcam.MainPath
	})
	absent := reached(t, "absent", rtsp.Config{Main: "rtsp://viewer:" + password + "@" + freeAddress(t) + "/main", Clock: clock})
	modern := reached(t, "modern", rtsp.Config{Main: play(t, clips.H265(4), nil).MainURL(), Clock: clock})
	h := startAgent(t, n.address, nil, clock, good, locked, absent, modern)

	p := browser.Start(t).NewPage(browser.Viewport(960, 540))
	p.Open(h.link(t))
	tiles := p.WaitTiles(4, patience, nil)
	p.WaitTile(tiles[0].Camera, patience, browser.In(browser.Live))
	for i, words := range map[int]string{1: "password", 2: "connection", 3: "H.264"} {
		p.WaitTile(tiles[i].Camera, patience, func(tile browser.Tile) bool {
			return tile.State == browser.Blank && strings.Contains(tile.Text, words)
		})
	}
	p.Sample(true)
	wantPictures(t, p.WaitSamples(patience, browser.Frames(tiles[0].Camera, 60)), 1)
	p.Screenshot("bad-cameras")
	noExceptions(t, p)
	if strings.Contains(h.log.String(), password) {
		t.Error("the agent's log holds a password")
	}
}

// A camera that sends garbage and cut pictures for a while blanks or freezes nothing for good, and harms no neighbour.
func TestBrokenBitstream(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	good, _ := rtspCamera(t, 1, clock, nil)
	bad, cam := rtspCamera(t, 2, clock, nil)
	h := startAgent(t, n.address, nil, clock, good, bad)
	p := claim(t, browser.Start(t), h, 2, "")
	tiles := p.Tiles()
	for _, fault := range []rtspcam.Fault{rtspcam.Garbage, rtspcam.Truncated, rtspcam.Noise, rtspcam.Empty} {
		cam.Inject(fault, 45)
		p.Sample(true)
		neighbour := p.WaitSamples(patience, browser.Frames(tiles[0].Camera, 60))
		wantPictures(t, browser.Of(neighbour, tiles[0].Camera), 1)
		p.Sample(true)
		p.WaitSamples(patience, browser.Frames(tiles[1].Camera, 30))
		p.WaitTile(tiles[1].Camera, patience, browser.In(browser.Live))
	}
	noExceptions(t, p)
}

// While the server is away nothing old is shown as live; when it is back, so are the pictures, without a click.
func TestServerGoneAndBack(t *testing.T) {
	for _, query := range []string{"transport=relay", "transport=p2p"} {
		t.Run(query, func(t *testing.T) { serverGoneAndBack(t, browser.Start(t), query) })
	}
	t.Run("firefox", func(t *testing.T) { serverGoneAndBack(t, browser.StartFirefox(t, nil), "") })
}

func serverGoneAndBack(t *testing.T, b *browser.Browser, query string) {
	address := freeAddress(t)
	n := startServer(t, func(c *server.Config) { c.Listen = address })
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 6, clock, nil)
	h := startAgent(t, n.address, nil, clock, cam)
	p := claim(t, b, h, 1, query)
	program.DeclineWords(p)
	n.stop()
	p.WaitTile("", patience, browser.In(browser.Stale, browser.Blank))
	blank := p.WaitTile("", patience, browser.In(browser.Blank))
	if !strings.Contains(blank.Text, "server") {
		t.Errorf("the tile says %q", blank.Text)
	}
	p.Screenshot("server-gone")
	p.Sample(true)
	startServer(t, func(c *server.Config) { c.Listen = address })
	p.WaitTile("", patience, browser.In(browser.Live))
	for _, s := range p.WaitSamples(patience, browser.Frames("", 30)) {
		if s.Err == nil && s.State == browser.Blank {
			t.Error("a picture is drawn in a blank tile")
		}
	}
	noExceptions(t, p)
}

// An agent that starts again knows its owner: the picture comes back without a second claim.
func TestAgentGoneAndBack(t *testing.T) {
	n := startServer(t, nil)
	dir := t.TempDir()
	start := func() *home {
		memory, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { memory.Close() })
		clock := source.NewClock()
		cam, _ := rtspCamera(t, 11, clock, nil)
		h := startAgent(t, n.address, memory, clock, cam)
		stop := h.stop
		h.stop = func() {
			stop()
			if err := memory.Close(); err != nil {
				t.Error(err)
			}
		}
		return h
	}
	h := start()
	p := claim(t, browser.Start(t), h, 1, "")
	h.stop()
	p.WaitTile("", patience, browser.In(browser.Stale, browser.Blank))
	again := start()
	p.WaitTile("", patience, browser.In(browser.Live))
	if again.id != h.id {
		t.Error("the agent has another key after its restart")
	}
	select {
	case <-again.links:
		t.Error("an agent with an owner prints a claim link")
	default:
	}
}

// A camera that is switched off goes stale, then blank; when it is back, so is the picture.
func TestCameraGoneAndBack(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	ours, cam := rtspCamera(t, 7, clock, nil)
	h := startAgent(t, n.address, nil, clock, ours)
	p := claim(t, browser.Start(t), h, 1, "")
	cam.Stop()
	p.WaitTile("", patience, browser.In(browser.Stale))
	p.WaitTile("", patience, browser.In(browser.Blank))
	if err := cam.Restart(); err != nil {
		t.Fatal(err)
	}
	p.WaitTile("", patience, browser.In(browser.Live))
	p.Sample(true)
	wantPictures(t, p.WaitSamples(patience, browser.Frames("", 30)), 7)
}

// Links that cannot be used say why, and what to do.
func TestLinks(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 8, clock, nil)
	h := startAgent(t, n.address, nil, clock, cam)
	link := h.link(t)

	t.Run("mistyped", func(t *testing.T) {
		p := b.NewPage()
		middle := len(link) - 12
		other := byte('A')
		if link[middle] == other {
			other = 'B'
		}
		p.Open(link[:middle] + string(other) + link[middle+1:])
		p.WaitText("This link is incomplete", patience)
		p.Screenshot("mistyped")
	})
	t.Run("used", func(t *testing.T) {
		first := b.NewPage()
		first.Open(link)
		first.WaitTiles(1, patience, browser.In(browser.Live))
		if strings.Contains(first.Address(), "claim") {
			t.Errorf("the link stays in the address bar: %s", first.Address())
		}
		second := b.NewPage()
		second.Open(link)
		second.WaitText("This link was used before", patience)
		second.Screenshot("used")
		again := b.NewPage(browser.SameProfile(first))
		again.Open(link) // whoever used it may open it again
		again.WaitTiles(1, patience, browser.In(browser.Live))
	})
	t.Run("expired", func(t *testing.T) {
		h := startShortLink(t, n.address)
		link := h.link(t)
		h.link(t) // the next one is printed when the first has expired
		p := b.NewPage()
		p.Open(link)
		p.WaitText("This link has expired", patience)
	})
	t.Run("none", func(t *testing.T) {
		p := b.NewPage()
		p.Open(n.address)
		p.WaitText("This device knows no cameras yet", patience)
		p.Screenshot("welcome")
	})
}

// Browsers that lack something are told what.
func TestPoorBrowsers(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 9, clock, nil)
	h := startAgent(t, n.address, nil, clock, cam)
	link := h.link(t)
	p := b.NewPage(browser.WithoutWebGL())
	p.Open(link)
	p.WaitText("WebGL", patience)
	p.Screenshot("no-webgl")
	p = b.NewPage(browser.WithoutWebSocket())
	p.Open(link)
	p.WaitText("WebSocket", patience)
	p.Screenshot("no-websocket")
	p = b.NewPage(browser.WithoutPeers())
	p.Open(link)
	p.WaitTiles(1, patience, browser.In(browser.Live)) // by the relay
}

// freeAddress returns an address on localhost that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startShortLink starts an agent whose links expire at once.
func startShortLink(t *testing.T, address string) *home {
	t.Helper()
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 9, clock, nil)
	return startAgentWith(t, func(c *camera.Config) {
		c.Servers, c.Clock, c.Cameras, c.LinkLife = []string{address}, clock, []camera.Camera{cam}, time.Second
	})
}
