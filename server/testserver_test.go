package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wait is how long a test waits for what must happen; nothing fails sooner on a slow machine.
const wait = 20 * time.Second

// logBook gathers what a server logs.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// startServer runs a server on loopback until the test ends.
func startServer(t *testing.T, c Config) *Server {
	t.Helper()
	return startChanged(t, c, func(*Server) {})
}

// startChanged runs a server as change leaves it.
func startChanged(t *testing.T, c Config, change func(*Server)) *Server {
	t.Helper()
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Limits.ViewerQueueAge == 0 {
		c.Limits.ViewerQueueAge = time.Hour // a slow machine may keep every viewer waiting
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	change(s)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	waitUntil(t, s.ready.Load)
	return s
}

func (s *Server) testURL() string { return "http://" + s.Addr().String() }

func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	t.Cleanup(cancel)
	return ctx
}

func newAgentKey(t *testing.T) identity.AgentKey {
	t.Helper()
	k, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newDeviceKey(t *testing.T) identity.DeviceKey {
	t.Helper()
	k, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func dial(t *testing.T, s *Server, role signal.Role, signer identity.Signer) *signal.Client {
	t.Helper()
	c, err := signal.Dial(timeout(t), signal.Options{URL: s.testURL(), Role: role, Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func dialAgent(t *testing.T, s *Server) (*signal.Client, identity.AgentID) {
	t.Helper()
	k := newAgentKey(t)
	return dial(t, s, signal.RoleAgent, k.Signer()), k.Public().ID()
}

func dialViewer(t *testing.T, s *Server) *signal.Client {
	t.Helper()
	return dial(t, s, signal.RoleViewer, newDeviceKey(t).Signer())
}

// door lets an agent accept a token, and returns once the server knows: knocks are handled in order with what the agent sent before.
func door(t *testing.T, agent *signal.Client, id identity.AgentID, tokens ...[16]byte) {
	t.Helper()
	var hashes [][32]byte
	for _, token := range tokens {
		hashes = append(hashes, identity.KnockHash(id, token))
	}
	if err := agent.SetKnocks(hashes); err != nil {
		t.Fatal(err)
	}
}

// openPipe knocks until the agent's knocks are known to the server, and returns both ends.
func openPipe(t *testing.T, viewer, agent *signal.Client, id identity.AgentID, token [16]byte) (v, a *signal.Pipe) {
	t.Helper()
	ctx := timeout(t)
	for {
		var err error
		v, _, err = viewer.Knock(ctx, id, token)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	a, in, err := agent.AcceptPipe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := identity.KnockHash(id, token); in.Hash != want {
		t.Fatalf("opened by %x, want %x", in.Hash, want)
	}
	return v, a
}

func fmtBytes(b []byte) string { return hex.EncodeToString(b) }
