package camera

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

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
	"github.com/sealcam/sealcam/transport/relay"
)

// patience bounds a failure, it measures nothing.
const patience = 20 * time.Second

// reel is a source with a picture every 20 ms.
type reel struct{ clock *source.Clock }

func (reel) Layers() []source.Layer { return []source.Layer{source.Main} }

func (r reel) Run(ctx context.Context, sink source.Sink) error {
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
			sink.Deliver(source.Main, codec.AccessUnit{
				Data: fmt.Appendf(nil, "picture %d", n), Key: n%10 == 0, Captured: r.clock.Now(), Config: testConfig,
			})
		}
	}
}

// run runs f until the test ends, or the function returned is called.
func run(t *testing.T, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// relayed is a device that watches a camera through one server.
type relayed struct {
	t      *testing.T
	conn   *session.Conn
	accept *control.Accept
	frames chan uint64 // picture numbers
}

// through opens a session through a server, with what to knock and to say, and watches the first camera.
func through(t *testing.T, url string, agent identity.AgentPublic, d identity.DeviceKey, knock [16]byte, hello func(*session.Conn) *control.Hello) *relayed {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := signal.Dial(ctx, signal.Options{URL: url, Role: signal.RoleViewer, Signer: d.Signer()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	var pipe *signal.Pipe
	for {
		if pipe, _, err = c.Knock(ctx, agent.ID(), knock); !errors.Is(err, signal.ErrUnavailable) {
			break // else the agent has not come to this server yet
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	conn, err := session.Client(ctx, pipe, d.Signer(), agent.ID())
	if err != nil {
		t.Fatal(err)
	}
	accept, ok := say(t, conn, hello(conn)).(*control.Accept)
	if !ok {
		t.Fatal("not accepted")
	}
	r := &relayed{t: t, conn: conn, accept: accept, frames: make(chan uint64, 1024)}
	opener := seal.NewOpener(seal.Source{Agent: agent, Camera: accept.Cameras[0].ID})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			b, err := conn.ReadMessage()
			if err != nil {
				return
			}
			m, err := control.Decode(b)
			if err != nil {
				t.Error(err)
				return
			}
			e, ok := m.(*control.Epoch)
			if !ok {
				continue
			}
			if err := opener.AddEpoch(seal.Epoch{Number: e.Number, ID: e.ID, Key: e.Key}); err != nil {
				t.Error(err)
			}
			err = c.Subscribe(relay.Topic(e.Topic, seal.Main), true, func(f signal.RelayFrame) {
				if o, err := opener.Open(seal.Main, f.Sealed); err == nil {
					var n uint64
					if _, err := fmt.Sscanf(string(o.Data()), "picture %d", &n); err != nil {
						t.Error(err)
					}
					select {
					case r.frames <- n:
					default:
					}
				}
			})
			if err != nil && !errors.Is(err, signal.ErrLost) && !errors.Is(err, signal.ErrClosed) {
				t.Error(err)
			}
		}
	})
	t.Cleanup(func() {
		conn.Close()
		wg.Wait()
	})
	b, err := control.Encode(&control.Watch{Camera: 0, Stream: seal.Main, Route: control.Relay})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(b); err != nil {
		t.Fatal(err)
	}
	return r
}

// see waits for n pictures.
func (r *relayed) see(n int) {
	r.t.Helper()
	late := time.After(patience)
	for range n {
		select {
		case <-r.frames:
		case <-late:
			r.t.Fatal("no picture")
		}
	}
}

// One agent at two servers: each viewer gets its pictures by the server that it came through, and what happens to one server is nothing to
// the other's viewers.
func TestTwoServers(t *testing.T) {
	var urls []string
	var stops []func()
	for range 2 {
		s, err := server.New(server.Config{Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		urls = append(urls, "http://"+s.Addr().String())
		stops = append(stops, run(t, s.Run))
	}
	memory, err := store.Memory()
	if err != nil {
		t.Fatal(err)
	}
	clock, links, log := source.NewClock(), make(chan pairing.Link, 1), &lines{}
	a, err := New(Config{
		Name: "Home", Servers: urls, Store: memory, Clock: clock, Log: newLogger(log),
		Cameras: []Camera{{Name: "porch", Source: reel{clock}}},
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
	run(t, a.Run)

	link := <-links
	if link.Server != urls[0] {
		t.Errorf("the link names %s", link.Server)
	}
	owner := newDevice(t)
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	genesis, err := grant.Genesis(root, owner.Public(), "owner", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	agent := a.key.Public()
	first := through(t, urls[0], agent, owner, link.Secret.Token(), func(conn *session.Conn) *control.Hello {
		exporter, err := conn.Export(pairing.ExporterLabel, pairing.ExporterSize)
		if err != nil {
			t.Fatal(err)
		}
		return &control.Hello{Version: control.Version, Claim: &control.Claim{
			Proof: pairing.ViewerProof(link.Secret, exporter, owner.Public(), agent), Genesis: genesis,
		}}
	})
	first.see(5)
	plain := func(*session.Conn) *control.Hello { return &control.Hello{Version: control.Version} }
	second := through(t, urls[1], agent, owner, first.accept.Knock, plain)
	second.see(5)
	first.see(5)

	stops[0]()
	second.see(50)
	third := through(t, urls[1], agent, owner, first.accept.Knock, plain)
	third.see(5)
	second.see(5)
	for _, url := range urls {
		if log.count(url[len("http://"):]) > 0 {
			t.Error("a server's address is in the log")
		}
	}
}
