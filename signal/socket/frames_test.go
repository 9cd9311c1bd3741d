//go:build !js

//lint:file-ignore SA1019 The project was asked to use this library; its successor takes its place here and nowhere else.

package socket

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"nhooyr.io/websocket"
)

// wait bounds a failure; nothing fails sooner on a slow machine.
const wait = 20 * time.Second

// pair connects a server's Conn with the library's of a client.
func pair(t *testing.T, tls bool) (*Conn, *websocket.Conn) {
	t.Helper()
	c, _, client := pairOver(t, tls)
	return c, client
}

// pairOver also returns the TCP connection, tuned as a server's are.
func pairOver(t *testing.T, overTLS bool) (*Conn, net.Conn, *websocket.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	t.Cleanup(cancel)
	accepted, over := make(chan *Conn, 1), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, 1<<20)
		if err != nil {
			t.Error(err)
		}
		accepted <- c
		<-over
	})
	server := httptest.NewUnstartedServer(handler)
	server.Listener = Listener{server.Listener}
	below := make(chan net.Conn, 1)
	server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if over, ok := conn.(*tls.Conn); ok {
			conn = over.NetConn()
		}
		below <- conn
		return ctx
	}
	if overTLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	client, _, err := websocket.Dial(ctx, server.URL, &websocket.DialOptions{HTTPClient: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	client.SetReadLimit(-1)
	t.Cleanup(func() { client.CloseNow() })
	c := <-accepted
	if c == nil {
		t.Fatal("not accepted")
	}
	t.Cleanup(c.CloseNow)
	return c, <-below, client
}

// TestMessagesArrive sends every form of length (RFC 6455 §5.2) to another implementation, which pings all the while, so that pongs go
// between the messages.
func TestMessagesArrive(t *testing.T) {
	for name, tls := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			c, client := pair(t, tls)
			ctx, cancel := context.WithTimeout(context.Background(), wait)
			defer cancel()
			var sent [][]byte
			random := rand.NewChaCha8([32]byte{})
			for _, size := range []int{0, 1, 125, 126, 127, joinedLength - 4, joinedLength - 3, joinedLength, 65535, 65536, 65537, 4 << 20} {
				for range 10 {
					m := make([]byte, size)
					random.Read(m)
					sent = append(sent, m)
				}
			}
			var others sync.WaitGroup
			defer others.Wait()
			defer cancel()
			others.Go(func() {
				for client.Ping(ctx) == nil {
				}
			})
			others.Go(func() { // answers the pings
				if _, err := c.Read(ctx); err == nil {
					t.Error("a message came from a client that sends none")
				}
			})
			others.Go(func() {
				for _, m := range sent {
					if err := c.Write(context.Background(), m); err != nil {
						t.Errorf("%d bytes: %v", len(m), err)
						return
					}
				}
			})
			for i, want := range sent {
				kind, got, err := client.Read(ctx)
				if err != nil || kind != websocket.MessageBinary || !bytes.Equal(got, want) {
					t.Fatalf("message %d of %d bytes: kind %v, %d bytes, %v", i, len(want), kind, len(got), err)
				}
			}
		})
	}
}

// TestWriteEnds has a client that reads nothing: its server's write ends with the context, or when the connection is closed.
func TestWriteEnds(t *testing.T) {
	for name, tls := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			for by, end := range map[string]func(c *Conn, cancel func()){
				"context": func(_ *Conn, cancel func()) { cancel() },
				"close":   func(c *Conn, _ func()) { c.CloseNow() },
			} {
				c, _ := pair(t, tls)
				ctx, cancel := context.WithCancel(context.Background())
				written := make(chan error, 1)
				var wrote counter
				go func() {
					for {
						if err := c.Write(ctx, make([]byte, 1<<20)); err != nil {
							written <- err
							return
						}
						wrote.add()
					}
				}()
				wrote.settle(t)
				end(c, cancel)
				select {
				case err := <-written:
					if by == "context" && !errors.Is(err, context.Canceled) {
						t.Errorf("by the context: %v", err)
					}
				case <-time.After(wait):
					t.Errorf("a write goes on after its end by %s", by)
				}
				if err := c.Write(context.Background(), []byte("x")); err == nil {
					t.Errorf("a write after the end by %s", by)
				}
				cancel()
			}
		})
	}
}

// counter counts, and tells when that does not go on.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *counter) settle(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for last, same := -1, 0; same < 3; {
		<-tick.C
		c.mu.Lock()
		if c.n == last {
			same++
		} else {
			last, same = c.n, 0
		}
		c.mu.Unlock()
	}
}

// stump is a connection that takes so many bytes and then fails once.
type stump struct {
	net.Conn
	room  int
	after int // bytes written after the failure
}

func (s *stump) Write(b []byte) (int, error) {
	if s.room < 0 {
		s.after += len(b)
		return len(b), nil
	}
	n := min(len(b), s.room)
	if s.room -= n; n < len(b) {
		s.room = -1
		return n, io.ErrShortWrite
	}
	return n, nil
}

// TestNothingFollowsABrokenFrame: what came after a frame that was cut off would be read as its rest.
func TestNothingFollowsABrokenFrame(t *testing.T) {
	s := &stump{room: 10}
	f := &frames{Conn: s}
	if err := f.message(context.Background(), make([]byte, 100)); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("the failure: %v", err)
	}
	if _, err := f.Write([]byte{0x8a, 0}); !errors.Is(err, errBroken) {
		t.Errorf("a pong after it: %v", err)
	}
	if err := f.message(context.Background(), []byte("x")); !errors.Is(err, errBroken) {
		t.Errorf("a message after it: %v", err)
	}
	if s.after > 0 {
		t.Errorf("%d bytes were written after it", s.after)
	}
}

// TestWritesAreWhole counts the calls: one for a message that fits a TLS record.
func TestWritesAreWhole(t *testing.T) {
	s := &stump{room: 1 << 30}
	calls := &calls{Conn: s}
	f := &frames{Conn: calls}
	for _, size := range []int{1, 1000, joinedLength - 4} {
		calls.n = 0
		if err := f.message(context.Background(), make([]byte, size)); err != nil || calls.n != 1 {
			t.Errorf("%d bytes: %d calls, %v", size, calls.n, err)
		}
	}
}

type calls struct {
	net.Conn
	n int
}

func (c *calls) Write(b []byte) (int, error) {
	c.n++
	return c.Conn.Write(b)
}

// BenchmarkWrite sends frames of a 3 Mbit/s stream to a client that drops them.
func BenchmarkWrite(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	var reader sync.WaitGroup
	defer reader.Wait()
	reader.Go(func() { io.Copy(io.Discard, struct{ io.Reader }{client}) })
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	f := &frames{Conn: conn}
	message := make([]byte, 12_500)
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if err := f.message(context.Background(), message); err != nil {
			b.Fatal(err)
		}
	}
}
