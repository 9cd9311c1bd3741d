package adversary

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/headless"
)

// film is a camera whose pictures say their number.
type film struct{ clock *source.Clock }

func (*film) Layers() []source.Layer { return []source.Layer{source.Main} }

func (f *film) Run(ctx context.Context, sink source.Sink) error {
	sink.Status(source.Status{State: source.Running})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for number := uint32(0); ; number++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		sink.Deliver(source.Main, codec.AccessUnit{
			Data: binary.BigEndian.AppendUint32(make([]byte, 2000), number), Key: number%25 == 0, Captured: f.clock.Now(),
			Config: codec.Config{Codec: codec.H264, Width: 640, Height: 360, Profile: "avc1.42E01E"},
		})
	}
}

// home is a real agent with an owner who watches it.
type home struct {
	t      *testing.T
	node   *running
	agent  identity.AgentID
	device identity.DeviceKey // the owner's
	token  [16]byte           // which the owner knocks with
	seen   chan struct{}      // a token for a picture
}

func newHome(t *testing.T, n *running) *home {
	t.Helper()
	memory, err := store.Memory()
	if err != nil {
		t.Fatal(err)
	}
	clock := source.NewClock()
	links := make(chan pairing.Link, 1)
	a, err := camera.New(camera.Config{
		Name: "home", Servers: []string{n.url()}, Store: memory, Clock: clock, Log: slog.New(slog.DiscardHandler),
		Cameras: []camera.Camera{{Name: "camera", Source: &film{clock}}},
		Link: func(l pairing.Link, _ time.Time) {
			select {
			case links <- l:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	device, err1 := identity.GenerateDevice(nil)
	root, err2 := identity.GenerateRoot(nil)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	genesis, err := grant.Genesis(root, device.Public(), "Owner", time.Now().Truncate(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	h := &home{t: t, node: n, agent: a.ID(), device: device, seen: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	var living sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		living.Wait()
	})
	living.Go(func() {
		if err := a.Run(ctx); err != nil {
			t.Errorf("agent: %v", err)
		}
	})
	var link pairing.Link
	select {
	case link = <-links:
	case <-time.After(patience):
		t.Fatal("no claim link")
	}
	known := make(chan viewer.Home, 1)
	client := headless.New(viewer.Config{
		Dial: func(ctx context.Context) (*signal.Client, error) {
			return signal.Dial(ctx, signal.Options{URL: n.url(), Role: signal.RoleViewer, Signer: device.Signer()})
		},
		Self: device.Signer(), DeviceName: "Owner", Route: viewer.RelayOnly,
		Claim: &viewer.Claim{Agent: a.ID(), Secret: link.Secret, Genesis: genesis},
		Remember: func(k viewer.Home) {
			select {
			case known <- k:
			default:
			}
		},
	}, headless.Options{Stream: seal.Main, Picture: func(tile viewer.Tile) {
		if tile.State != viewer.Live {
			return
		}
		select {
		case h.seen <- struct{}{}:
		default:
		}
	}})
	living.Go(func() {
		if err := client.Run(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("owner: %v", err)
		}
	})
	select {
	case k := <-known:
		h.token = k.Knock
	case <-time.After(patience):
		t.Fatal("the owner was not let in")
	}
	h.works("before")
	return h
}

// works waits for ten live pictures on the owner's screen.
func (h *home) works(when string) {
	h.t.Helper()
	deadline := time.After(patience)
	for range 10 {
		select {
		case <-h.seen:
		case <-deadline:
			h.t.Fatalf("%s: the owner sees nothing live", when)
		}
	}
}

// pipe opens a pipe to the agent with the owner's token, which the attacker has got somehow.
func (h *home) pipe(c *signal.Client) *signal.Pipe {
	h.t.Helper()
	p, _, err := c.Knock(within(h.t), h.agent, h.token)
	if err != nil {
		h.t.Fatalf("knocking: %v", err)
	}
	return p
}

// Pipes that say nothing, speak nonsense, or come from strangers cost the agent bounded memory and the owner no picture; when they are
// gone others can come in.
func TestFloodOfPipesAtTheAgent(t *testing.T) {
	n := startServer(t, server.Config{Limits: server.Limits{
		ConnectionsPerAddress: 100, ConnectRate: 1e6, ConnectBurst: 1e6, KnocksPerMinute: 1e6, KnocksPerMinuteAddress: 1e6,
	}})
	h := newHome(t, n)
	rose := peak()
	garbage := make([]byte, 16<<10)
	rand.Read(garbage)
	hello := append([]byte{22, 3, 1, 0x40, 0}, make([]byte, 1000)...) // a TLS record of 16 KiB, begun and never ended
	for name, attack := range map[string]func(*signal.Pipe){
		"silent":    func(*signal.Pipe) {},
		"nonsense":  func(p *signal.Pipe) { _, _ = p.Write(garbage) },
		"half said": func(p *signal.Pipe) { _, _ = p.Write(hello) },
		"a stranger": func(p *signal.Pipe) {
			device, err := identity.GenerateDevice(nil)
			if err != nil {
				t.Error(err)
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			if c, err := session.Client(ctx, p, device.Signer(), h.agent); err == nil {
				c.Close()
				t.Error("a stranger was let in")
			}
		},
	} {
		device, err := identity.GenerateDevice(nil)
		if err != nil {
			t.Fatal(err)
		}
		c := n.dial(signal.RoleViewer, device.Signer())
		var attacks sync.WaitGroup
		for range 24 {
			p := h.pipe(c)
			attacks.Go(func() { attack(p) })
		}
		h.works(name)
		c.Close()
		attacks.Wait()
	}
	if mib := rose(); mib > 64 {
		t.Errorf("the memory rose by %d MiB", mib)
	}
	h.enter().Close()
}

// enter opens one more session of the owner's device.
func (h *home) enter() *session.Conn {
	h.t.Helper()
	c := h.node.dial(signal.RoleViewer, h.device.Signer())
	h.t.Cleanup(func() { c.Close() })
	s, err := session.Client(within(h.t), h.pipe(c), h.device.Signer(), h.agent)
	if err != nil {
		h.t.Fatalf("one more session: %v", err)
	}
	return s
}

// A device that was let in and then sends without end, or never reads, loses its session at the most; the agent's memory stays bounded.
func TestFloodOfMessagesAtTheAgent(t *testing.T) {
	n := startServer(t, server.Config{Limits: server.Limits{KnocksPerMinute: 1e6, KnocksPerMinuteAddress: 1e6, ViewerBytes: 64 << 20}})
	h := newHome(t, n)
	rose := peak()
	for name, message := range map[string]control.Message{
		"pings without reading an answer": &control.Ping{ID: 1},
		"the same wish again and again":   &control.Watch{Camera: 0, Stream: seal.Main, Route: control.Relay, Again: true},
		"what only agents say":            &control.Pong{ID: 1},
		"a camera that is not there":      &control.Watch{Camera: 200, Stream: seal.Main, Route: control.Relay},
	} {
		s := h.enter()
		hello, err := control.Encode(&control.Hello{Version: control.Version, DeviceName: "Owner, again"})
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := control.Encode(message)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.WriteMessage(hello); err != nil {
			t.Fatal(err)
		}
		if err := s.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for range 5_000 {
			if s.WriteMessage(encoded) != nil {
				break // the agent has had enough, or does not read any more
			}
		}
		h.works(name)
		s.Close()
	}
	// The longest message there can be, and one beyond, which the session's own end refuses to send.
	s := h.enter()
	if err := s.WriteMessage(make([]byte, session.MaxMessage)); err != nil {
		t.Fatal(err)
	}
	if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReadMessage(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a message of zeros did not end the session: %v", err)
	}
	h.works("after the longest message")
	if mib := rose(); mib > 64 {
		t.Errorf("the memory rose by %d MiB", mib)
	}
}
