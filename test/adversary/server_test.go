package adversary

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/socket"
)

// patience bounds how long a test waits for what must come; it measures nothing.
const patience = time.Minute

// running is a real server on loopback.
type running struct {
	t      testing.TB
	server *server.Server
	host   string
}

func startServer(t testing.TB, c server.Config) *running {
	t.Helper()
	c.Listen = "127.0.0.1:0"
	c.Log = slog.New(slog.DiscardHandler)
	s, err := server.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("server: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		serving.Wait()
	})
	return &running{t, s, s.Addr().String()}
}

func (n *running) url() string { return "http://" + n.host }

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// dial logs a well-behaved client in. Whoever calls it closes it.
func (n *running) dial(role signal.Role, signer identity.Signer) *signal.Client {
	n.t.Helper()
	c, err := signal.Dial(within(n.t), signal.Options{URL: n.url(), Role: role, Signer: signer})
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

// peer is a client that keeps to no rules but those of the login.
type peer struct {
	*socket.Conn
	t testing.TB
}

func (n *running) peer(role signal.Role) *peer {
	n.t.Helper()
	ctx := within(n.t)
	ws, err := socket.Dial(ctx, "ws://"+n.host+socket.Path, signal.MaxEnvelope)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(ws.CloseNow)
	p := &peer{ws, n.t}
	challenge, ok := p.next(ctx).(*signal.Challenge)
	if !ok {
		n.t.Fatal("no challenge")
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		n.t.Fatal(err)
	}
	l := &signal.Login{Role: role, Key: [32]byte(key.Public().(ed25519.PublicKey)), Expiry: time.Now().Add(time.Minute).Unix()}
	message, err := signal.LoginMessage(n.host, "", challenge.Nonce, l.Role, l.Key, l.Expiry)
	if err != nil {
		n.t.Fatal(err)
	}
	copy(l.Signature[:], ed25519.Sign(key, message))
	p.send(ctx, l)
	if _, ok := p.next(ctx).(*signal.Welcome); !ok {
		n.t.Fatal("no welcome")
	}
	return p
}

func (p *peer) send(ctx context.Context, e signal.Envelope) bool {
	return p.Write(ctx, e.Append(nil)) == nil
}

// next returns the next envelope, or nil at the connection's end.
func (p *peer) next(ctx context.Context) signal.Envelope {
	b, err := p.Read(ctx)
	if err != nil {
		return nil
	}
	e, err := signal.Parse(b)
	if err != nil {
		p.t.Errorf("the server sent something malformed: %v", err)
	}
	return e
}

// ending reads until the server ends the connection and returns the code that it gave.
func (p *peer) ending(ctx context.Context) (code signal.Code) {
	for e := p.next(ctx); e != nil; e = p.next(ctx) {
		if refusal, ok := e.(*signal.Refusal); ok {
			code = refusal.Code
			p.CloseNow()
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		p.t.Error("the server did not end the connection")
	}
	return code
}

// heap returns the bytes in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// peak watches the memory in use until the function that it returns is called, which says how far it rose above what it was.
func peak() (rose func() (mib uint64)) {
	base := heap()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var top uint64
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				most <- top
				return
			case <-tick.C:
				top = max(top, heap())
			}
		}
	}()
	return func() uint64 {
		close(stop)
		top := max(<-most, base)
		return (top - base) >> 20
	}
}

// isLoopback keeps the tests' own mistakes from reaching another machine.
func isLoopback(t testing.TB, address net.Addr) string {
	t.Helper()
	if !strings.HasPrefix(address.String(), "127.0.0.1:") {
		t.Fatalf("%v is not on loopback", address)
	}
	return address.String()
}
