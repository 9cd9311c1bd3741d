//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/static"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// patience is how long a test waits for what must come. It bounds a failure, it measures nothing.
const patience = 60 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(browser.Sharing(m)) }

// node is a server in this process.
type node struct {
	t       *testing.T
	address string // http://localhost:port
	log     *safeBuffer
	stop    func()
}

// startServer starts a server that listens on listen, or on any port of localhost.
func startServer(t *testing.T, change func(*server.Config)) *node {
	t.Helper()
	n := &node{t: t, log: &safeBuffer{}}
	c := server.Config{Listen: "localhost:0", Client: static.Client(), Log: slog.New(slog.NewTextHandler(n.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&c)
	}
	s, err := server.New(c)
	if err != nil {
		t.Fatal(err)
	}
	n.address = fmt.Sprintf("http://localhost:%d", s.Addr().(*net.TCPAddr).Port)
	n.stop = runUntil(t, "server", s.Run)
	return n
}

// runUntil runs f until the test ends or the function returned is called.
func runUntil(t *testing.T, what string, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f(ctx); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	})
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			wg.Wait()
		})
	}
	t.Cleanup(stop)
	return stop
}

// home is an agent in this process.
type home struct {
	id    identity.AgentID
	log   *safeBuffer
	links chan string
	stop  func()
}

// startAgent starts an agent with these cameras; without a store it forgets everything at its end.
func startAgent(t *testing.T, address string, memory *store.Store, clock *source.Clock, cameras ...camera.Camera) *home {
	t.Helper()
	return startAgentWith(t, func(c *camera.Config) {
		c.Servers, c.Store, c.Clock, c.Cameras = []string{address}, memory, clock, cameras
	})
}

func startAgentWith(t *testing.T, change func(*camera.Config)) *home {
	t.Helper()
	h := &home{log: &safeBuffer{}, links: make(chan string, 4)}
	c := camera.Config{
		Name: "Home", Loopback: true,
		Link: func(l pairing.Link, _ time.Time) {
			select {
			case h.links <- l.String():
			default:
			}
		},
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	change(&c)
	if c.Store == nil {
		var err error
		if c.Store, err = store.Memory(); err != nil {
			t.Fatal(err)
		}
	}
	a, err := camera.New(c)
	if err != nil {
		t.Fatal(err)
	}
	h.id = a.ID()
	h.stop = runUntil(t, "agent", a.Run)
	return h
}

// link returns the agent's claim link.
func (h *home) link(t *testing.T) string {
	t.Helper()
	select {
	case l := <-h.links:
		return l
	case <-time.After(patience):
		t.Fatalf("no claim link; the agent says:\n%s", h.log)
		return ""
	}
}

// rtspCamera is a barcode camera with a password, and what the agent needs to use it.
func rtspCamera(t *testing.T, number int, clock *source.Clock, change func(*rtspcam.Config, *rtsp.Config)) (camera.Camera, *rtspcam.Camera) {
	t.Helper()
	use := rtsp.Config{Clock: clock}
	cam := play(t, clips.Camera(number), func(c *rtspcam.Config) {
		c.Auth, c.User, c.Password = rtspcam.Digest, "viewer", password
		if change != nil {
			change(c, &use)
		}
	})
	if use.Main == "" {
		use.Main, use.Sub = cam.MainURL(), cam.SubURL()
	}
	return reached(t, fmt.Sprintf("%s %d", cameraName, number), use), cam
}

// play starts a camera that plays a clip, and anybody may watch if change says nothing else.
func play(t *testing.T, clip clips.Spec, change func(*rtspcam.Config)) *rtspcam.Camera {
	t.Helper()
	conf, err := clips.Make(t.Context(), clip)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&conf)
	}
	cam, err := rtspcam.Start(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cam.Close)
	return cam
}

// reached is a camera at these addresses as the agent knows it.
func reached(t *testing.T, name string, use rtsp.Config) camera.Camera {
	t.Helper()
	use.Log = slog.New(slog.DiscardHandler)
	src, err := rtsp.New(use)
	if err != nil {
		t.Fatal(err)
	}
	return camera.Camera{Name: name, Source: src}
}

// Words that must never leave the agent in the clear.
const (
	password   = "correct-horse-battery"
	cameraName = "Nursery window camera"
)

// claim opens an agent's link in a new page and waits for its cameras' pictures.
func claim(t *testing.T, b *browser.Browser, h *home, cameras int, query string, options ...browser.Option) *browser.Page {
	t.Helper()
	p := b.NewPage(options...)
	p.Open(withQuery(h.link(t), query))
	p.WaitTiles(cameras, patience, browser.In(browser.Live))
	return p
}

// withQuery puts a query before a link's fragment.
func withQuery(link, query string) string {
	if query == "" {
		return link
	}
	before, fragment, _ := strings.Cut(link, "#")
	return before + "?" + query + "#" + fragment
}

// safeBuffer collects a log from several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
