//go:build !js

package headless_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"
	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport/rtp"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/headless"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	within   = 20 * time.Second
	interval = 20 * time.Millisecond
	gop      = 25
)

// film is a source whose access units can be told apart.
type film struct {
	clock *source.Clock
	title byte
}

func (f *film) Layers() []source.Layer { return []source.Layer{source.Main, source.Sub} }

// unit is the data of a picture: title, layer, number, and enough to take several packets.
func (f *film) unit(l source.Layer, number uint32) []byte {
	data := make([]byte, 3000)
	data[0], data[1] = f.title, byte(l)
	binary.BigEndian.PutUint32(data[2:], number)
	return data
}

func (f *film) Run(ctx context.Context, sink source.Sink) error {
	sink.Status(source.Status{State: source.Running})
	t := time.NewTicker(interval)
	defer t.Stop()
	for number := uint32(0); ; number++ {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		for _, l := range f.Layers() {
			sink.Deliver(l, codec.AccessUnit{
				Data: f.unit(l, number), Key: number%gop == 0, Captured: f.clock.Now(),
				Config: codec.Config{Codec: codec.H264, Width: 640, Height: 360, Profile: "avc1.42E01E"},
			})
		}
	}
}

// world is a real server with real agents.
type world struct {
	t     *testing.T
	url   string
	wg    sync.WaitGroup
	films map[identity.CameraID]*film
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, films: map[identity.CameraID]*film{}}
	s, err := server.New(server.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + s.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	w.wg.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("server: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		w.wg.Wait()
	})
	return w
}

// agent runs an agent with n cameras and returns its claim link.
func (w *world) agent(n int) pairing.Link {
	w.t.Helper()
	memory, err := store.Memory()
	if err != nil {
		w.t.Fatal(err)
	}
	links := make(chan pairing.Link, 1)
	clock := source.NewClock()
	c := camera.Config{
		Name: "home", Servers: []string{w.url}, Store: memory, Clock: clock, Loopback: true, Log: slog.New(slog.DiscardHandler),
		Link: func(l pairing.Link, _ time.Time) { links <- l },
	}
	for i := range n {
		name := fmt.Sprintf("camera %d", i)
		f := &film{clock: clock, title: byte(len(w.films) + 1)}
		id, err := memory.Camera(name)
		if err != nil {
			w.t.Fatal(err)
		}
		w.films[id] = f
		c.Cameras = append(c.Cameras, camera.Camera{Name: name, Source: f})
	}
	a, err := camera.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := a.Run(ctx); err != nil {
			w.t.Errorf("agent: %v", err)
		}
	})
	w.t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return <-links
}

// device is a viewer's device and what it remembers.
type device struct {
	w    *world
	key  identity.DeviceKey
	mu   sync.Mutex
	home map[identity.AgentID]viewer.Home
}

func (w *world) device() *device {
	key, err := identity.GenerateDevice(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return &device{w: w, key: key, home: map[identity.AgentID]viewer.Home{}}
}

func (d *device) config(route viewer.RouteChoice) viewer.Config {
	cfg := viewer.Config{
		Dial: func(ctx context.Context) (*signal.Client, error) {
			return signal.Dial(ctx, signal.Options{URL: d.w.url, Role: signal.RoleViewer, Signer: d.key.Signer()})
		},
		Self: d.key.Signer(), DeviceName: "test", Route: route, NewPeer: newPeer,
		Remember: func(h viewer.Home) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.home[h.Agent] = h
		},
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range d.home {
		cfg.Homes = append(cfg.Homes, h)
	}
	return cfg
}

// newPeer is a viewer.PeerFactory of native peer connections on this machine.
func newPeer(events viewer.PeerEvents, ice []viewer.ICEServer) (viewer.Peer, error) {
	states := map[rtp.State]viewer.PeerState{
		rtp.StateConnected: viewer.PeerConnected, rtp.StateDisconnected: viewer.PeerDisconnected,
		rtp.StateFailed: viewer.PeerFailed, rtp.StateClosed: viewer.PeerClosed,
	}
	var servers []webrtc.ICEServer
	for _, s := range ice {
		servers = append(servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return rtp.NewReceiver(rtp.ReceiverConfig{
		ICEServers: servers, Loopback: true, OnCandidate: events.Candidate, OnFrame: events.Frame,
		OnState: func(s rtp.State) { events.State(states[s]) },
	})
}

// watch runs a viewer until done says so, and checks every picture against the film of its camera.
func (d *device) watch(cfg viewer.Config, done func(map[viewer.TileKey]headless.Report) bool) map[viewer.TileKey]headless.Report {
	t := d.w.t
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	last := map[viewer.TileKey]uint32{}
	var met map[viewer.TileKey]headless.Report // as it was when done said so: a viewer that ends says that all is gone
	var c *headless.Client
	c = headless.New(cfg, headless.Options{
		Stream: seal.Sub,
		Picture: func(tile viewer.Tile) {
			number, ok := d.w.number(tile)
			if !ok {
				t.Errorf("%s shows something that its camera did not film", tile.Name)
			}
			if number <= last[tile.Key] && last[tile.Key] != 0 {
				t.Errorf("picture %d after %d", number, last[tile.Key])
			}
			last[tile.Key] = number
			if tile.State == viewer.Live && tile.Age > 2*time.Second {
				t.Errorf("live at the age of %v", tile.Age)
			}
		},
		Snapshot: func(viewer.Snapshot) {
			if reports := c.Reports(); met == nil && done(reports) {
				met = reports
				cancel()
			}
		},
	})
	if err := c.Run(ctx); err != nil {
		t.Errorf("viewer: %v", err)
	}
	if met == nil {
		for _, r := range c.Reports() {
			t.Errorf("after %v: %s is %v (%v, %q), seen %d by route %d: %+v", within, r.Tile.Name, r.Tile.State, r.Tile.Reason, r.Tile.Progress, r.Seen, r.Tile.Route, r.Tile.Stats)
		}
		t.Fatal("gave up")
	}
	return met
}

// number finds out which picture a tile shows.
func (w *world) number(tile viewer.Tile) (uint32, bool) {
	f := w.films[tile.Key.Camera]
	if f == nil {
		return 0, false
	}
	shown := [16]byte(tile.Picture.Bytes())
	for n := range uint32(within/interval) * 2 {
		if headless.Print(f.unit(source.Sub, n)) == shown {
			return n, true
		}
	}
	return 0, false
}

// claim makes the device the owner of an agent.
func (d *device) claim(link pairing.Link) *viewer.Claim {
	root, err := identity.GenerateRoot(rand.Reader)
	if err != nil {
		d.w.t.Fatal(err)
	}
	genesis, err := grant.Genesis(root, d.key.Public(), "test", time.Now())
	if err != nil {
		d.w.t.Fatal(err)
	}
	return &viewer.Claim{Agent: link.Agent, Secret: link.Secret, Genesis: genesis}
}

func seen(n uint64, route control.Route, cameras int) func(map[viewer.TileKey]headless.Report) bool {
	return func(reports map[viewer.TileKey]headless.Report) bool {
		enough := 0
		for _, r := range reports {
			if r.Seen >= n && r.Tile.State == viewer.Live && r.Tile.Route == route {
				enough++
			}
		}
		return enough == cameras
	}
}

// Claimed by its link, an agent's cameras are seen by the relay; remembered, they are seen again, then directly.
func TestRealServerAndAgent(t *testing.T) {
	w := newWorld(t)
	link := w.agent(2)
	d := w.device()
	cfg := d.config(viewer.RelayOnly)
	cfg.Claim = d.claim(link)
	for _, r := range d.watch(cfg, seen(60, control.Relay, 2)) {
		if n := r.Tile.Stats.Opening.RefusedTotal() + r.Tile.Stats.Gate.Refused(); n != 0 {
			t.Errorf("%d frames refused: %+v", n, r.Tile.Stats)
		}
	}
	if len(d.home) != 1 || len(d.home[link.Agent].Cameras) != 2 {
		t.Fatalf("remembered %v", d.home)
	}
	for _, r := range d.watch(d.config(viewer.RouteAuto), seen(60, control.Peer, 2)) {
		if r.Tile.Stats.Relayed == 0 || r.Tile.Stats.Direct == 0 {
			t.Errorf("relayed %d, direct %d", r.Tile.Stats.Relayed, r.Tile.Stats.Direct)
		}
		if n := r.Tile.Stats.Gate.Refused(); n != 0 {
			t.Errorf("%d pictures refused: %+v", n, r.Tile.Stats.Gate)
		}
	}
	d.watch(d.config(viewer.PeerOnly), seen(20, control.Peer, 2))
}

// Two homes on one server, watched by one device, and one of them by another as well whose key changes come in between.
func TestTwoHomesOneServer(t *testing.T) {
	w := newWorld(t)
	first, second := w.agent(1), w.agent(1)
	d := w.device()
	for _, link := range []pairing.Link{first, second} {
		cfg := d.config(viewer.RelayOnly)
		cfg.Claim = d.claim(link)
		d.watch(cfg, seen(1, control.Relay, len(cfg.Homes)+1))
	}
	d.watch(d.config(viewer.RelayOnly), seen(60, control.Relay, 2))

	stranger := w.device()
	cfg := stranger.config(viewer.RelayOnly)
	cfg.Claim = stranger.claim(first)
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var refused viewer.Link
	c := headless.New(cfg, headless.Options{Snapshot: func(s viewer.Snapshot) {
		if s.Link.State == viewer.LinkRefused || s.Link.Reason == viewer.ReasonClaimSilent {
			refused = s.Link
			cancel()
		}
	}})
	if err := c.Run(ctx); err != nil {
		t.Error(err)
	}
	usual := []viewer.Reason{viewer.ReasonClaimUsed, viewer.ReasonClaimExpired, viewer.ReasonClaimed, viewer.ReasonClaimSilent}
	if !slices.Contains(usual, refused.Reason) || refused.Sentence == "" {
		t.Errorf("a used link leads to %+v", refused)
	}
	if len(c.Reports()) != 0 {
		t.Error("a stranger has tiles")
	}
}
