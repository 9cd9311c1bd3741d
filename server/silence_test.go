package server

import (
	"context"
	"testing"
	"time"

	"github.com/sealcam/sealcam/signal"
)

// A client that asks whether the server is there gets an answer, whatever its role.
func TestPing(t *testing.T) {
	s := startServer(t, Config{})
	for _, role := range []signal.Role{signal.RoleAgent, signal.RoleViewer} {
		c := dialRaw(t, s)
		c.enter(role)
		c.send(&signal.Ping{})
		if e, ok := c.next().(*signal.Pong); !ok {
			t.Errorf("%v got %T", role, e)
		}
	}
}

// TestSilentClientEnds has a client that stays connected and says nothing, as one does whose path is dead.
func TestSilentClientEnds(t *testing.T) {
	s, err := New(Config{Listen: "127.0.0.1:0", KnockDelay: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s.pingEvery, s.silentAfter = 200*time.Millisecond, 2*time.Second
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	silent := dialRaw(t, s)
	silent.enter(signal.RoleViewer)
	live := dialViewer(t, s)
	silent.expectEnd(0)
	for range 10 {
		if _, _, err := live.Knock(timeout(t), [32]byte{}, [16]byte{}); live.Err() != nil {
			t.Fatalf("a client that answers was sent away: %v", err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
