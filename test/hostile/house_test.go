package hostile

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/headless"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// within bounds how long a test waits for what must come; it measures nothing.
const within = 60 * time.Second

// town is a hostile server with everybody who uses it.
type town struct {
	t      *testing.T
	server *Server
	log    *lines // of the real server, everything that it can say
	films  *films
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{t: t, log: &lines{}, films: &films{takes: map[[16]byte]take{}}}
	s, err := New(Config{Real: server.Config{
		Log: w.log.logger(), KnockDelay: 300 * time.Millisecond,
		Limits: server.Limits{KnocksPerMinute: 2000, KnocksPerMinuteAddress: 2000, ConnectRate: 100, ConnectBurst: 200},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.server = s
	w.runUntil("server", s.Run)
	return w
}

// runUntil runs f until the test ends or the function returned is called.
func (w *town) runUntil(what string, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f(ctx); err != nil {
			w.t.Errorf("%s: %v", what, err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
	})
	w.t.Cleanup(stop)
	return stop
}

// lines gathers a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// films know every picture that was ever taken, by what a headless viewer makes of it.
type films struct {
	mu    sync.Mutex
	takes map[[16]byte]take
}

type take struct {
	camera string // its name
	at     time.Time
}

// film is a camera whose pictures can be told apart.
type film struct {
	all   *films
	name  string
	clock *source.Clock
}

const filmEvery = 40 * time.Millisecond

// Layers implements source.Source.
func (f *film) Layers() []source.Layer { return []source.Layer{source.Main, source.Sub} }

// Run implements source.Source.
func (f *film) Run(ctx context.Context, sink source.Sink) error {
	sink.Status(source.Status{State: source.Running})
	t := time.NewTicker(filmEvery)
	defer t.Stop()
	for number := uint32(0); ; number++ {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		for _, l := range f.Layers() {
			data := append(make([]byte, 0, 600), f.name...)
			data = binary.BigEndian.AppendUint32(append(data, byte(l)), number)
			rand.Read(data[len(data) : len(data)+64])
			data = data[:600]
			f.all.mu.Lock()
			f.all.takes[headless.Print(data)] = take{f.name, time.Now()}
			f.all.mu.Unlock()
			sink.Deliver(l, codec.AccessUnit{
				Data: data, Key: number%25 == 0, Captured: f.clock.Now(),
				Config: codec.Config{Codec: codec.H264, Width: 640, Height: 360, Profile: "avc1.42E01E"},
			})
		}
	}
}

// residence is an agent.
type residence struct {
	id      identity.AgentID
	cameras []string // names
	links   chan pairing.Link
	log     *lines
	stop    func()
}

// agent starts an agent with cameras of these names. change may be nil; without a store everything is forgotten in the end.
func (w *town) agent(change func(*camera.Config), cameras ...string) *residence {
	w.t.Helper()
	r := &residence{cameras: cameras, links: make(chan pairing.Link, 16), log: &lines{}}
	clock := source.NewClock()
	c := camera.Config{
		Name: "Home", Servers: []string{w.server.Address()}, Clock: clock, Log: r.log.logger(),
		Link: func(l pairing.Link, _ time.Time) {
			select {
			case r.links <- l:
			default:
			}
		},
	}
	if change != nil {
		change(&c)
	}
	if c.Store == nil {
		memory, err := store.Memory()
		if err != nil {
			w.t.Fatal(err)
		}
		c.Store = memory
	}
	for _, name := range cameras {
		c.Cameras = append(c.Cameras, camera.Camera{Name: name, Source: &film{w.films, name, clock}})
	}
	a, err := camera.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	r.id = a.ID()
	memory := c.Store
	stop := w.runUntil("agent", a.Run)
	r.stop = sync.OnceFunc(func() {
		stop()
		if err := memory.Close(); err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(r.stop)
	return r
}

func (w *town) link(r *residence) pairing.Link {
	w.t.Helper()
	select {
	case l := <-r.links:
		return l
	case <-time.After(within):
		w.t.Fatalf("no claim link; the agent says:\n%s", r.log)
		return pairing.Link{}
	}
}

// wall is an agent's clock that a test sets.
type wall struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *wall) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

func (c *wall) shift(off time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = off
}

// claimed starts an agent and makes a new person its owner, who watches.
func (w *town) claimed(change func(*camera.Config), cameras ...string) (*residence, *person) {
	w.t.Helper()
	r := w.agent(change, cameras...)
	owner := w.person("Owner")
	l := w.link(r)
	owner.come(func(c *viewer.Config) { c.Claim = owner.claim(l) })
	owner.sees(r, cameras...)
	owner.until("is in step with the list", func(*viewer.Snapshot) bool {
		t, ok := owner.trust(r)
		return ok && t.InStep
	})
	return r, owner
}

// live are a viewer's terms, for some cameras or for all.
func live(role grant.Role, name string, cameras ...identity.CameraID) grant.Terms {
	slices.SortFunc(cameras, func(a, b identity.CameraID) int { return bytes.Compare(a[:], b[:]) })
	t := grant.Terms{Name: name, Role: role, Rights: grant.Live, Cameras: cameras}
	switch role {
	case grant.Owner:
		t.Rights, t.Cameras = grant.AllRights, nil
	case grant.Guest, grant.Display:
		t.NotBefore = time.Now().Add(-time.Minute).Truncate(time.Second)
		t.Expires = t.NotBefore.Add(time.Hour)
	}
	return t
}
