package session

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

func admitAll(identity.DevicePublic) error { return nil }

func newAgent(t testing.TB) identity.AgentKey {
	t.Helper()
	k, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newDevice(t testing.TB) identity.DeviceKey {
	t.Helper()
	k, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type result struct {
	conn *Conn
	err  error
}

// start runs f beside the test.
func start(f func() (*Conn, error)) <-chan result {
	done := make(chan result, 1)
	go func() {
		c, err := f()
		done <- result{c, err}
	}()
	return done
}

// join opens a session over an unbuffered pipe. The caller runs in a synctest bubble, where the five seconds that an unread
// close_notify may take cost nothing.
func join(t *testing.T) (client, server *Conn) {
	t.Helper()
	near, far := net.Pipe()
	return joinOver(t, near, far)
}

func joinOver(t *testing.T, clientEnd, serverEnd net.Conn) (client, server *Conn) {
	t.Helper()
	agent, device := newAgent(t), newDevice(t)
	done := start(func() (*Conn, error) { return Server(t.Context(), serverEnd, agent, admitAll) })
	client, err := Client(t.Context(), clientEnd, device.Signer(), agent.Public().ID())
	if err != nil {
		t.Fatal(err)
	}
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	if !client.AgentKey().Equal(agent.Public()) || !r.conn.Device().Equal(device.Public()) {
		t.Error("the ends do not know each other")
	}
	if !client.Device().IsZero() || !r.conn.AgentKey().IsZero() {
		t.Error("an end knows itself as the other")
	}
	t.Cleanup(func() {
		client.Close()
		r.conn.Close()
	})
	return client, r.conn
}

func TestParametersAgreedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := join(t)
		for _, c := range []*Conn{client, server} {
			cs := c.tls.ConnectionState()
			if cs.Version != tls.VersionTLS13 || cs.CurveID != tls.X25519MLKEM768 || cs.NegotiatedProtocol != "sealcam/1" || cs.DidResume {
				t.Errorf("version %x, key exchange %v, protocol %q, resumed %v", cs.Version, cs.CurveID, cs.NegotiatedProtocol, cs.DidResume)
			}
		}
	})
}

func TestMessagesGoBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := join(t)
		for _, ends := range [][2]*Conn{{client, server}, {server, client}} {
			for _, n := range []int{1, 2, 16 << 10, 100_000, MaxMessage} {
				message := bytes.Repeat([]byte{byte(n)}, n)
				sent := start(func() (*Conn, error) { return nil, ends[0].WriteMessage(message) })
				got, err := ends[1].ReadMessage()
				if err != nil || !bytes.Equal(got, message) {
					t.Errorf("%d bytes: %d came, %v", n, len(got), err)
				}
				if r := <-sent; r.err != nil {
					t.Error(r.err)
				}
			}
			for _, n := range []int{0, MaxMessage + 1} {
				if err := ends[0].WriteMessage(make([]byte, n)); !errors.Is(err, ErrMessage) {
					t.Errorf("writing %d bytes: %v", n, err)
				}
			}
		}
		if cap(client.buffer) > keepBuffer {
			t.Errorf("%d bytes kept for writing", cap(client.buffer))
		}
	})
}

func TestConcurrentWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := join(t)
		const writers, each = 8, 25
		var wg sync.WaitGroup
		for w := range byte(writers) {
			wg.Go(func() {
				for range each {
					if err := client.WriteMessage(bytes.Repeat([]byte{w}, 100+int(w))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		counts := map[byte]int{}
		for range writers * each {
			b, err := server.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b, bytes.Repeat(b[:1], 100+int(b[0]))) {
				t.Fatalf("mixed message %x", b)
			}
			counts[b[0]]++
		}
		for w, n := range counts {
			if n != each {
				t.Errorf("%d messages of writer %d", n, w)
			}
		}
		wg.Wait()
	})
}

// The ACCEPT rule: TLS lets the client through before the server knows it. Client must not.
func TestClientWaitsForAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent, device := newAgent(t), newDevice(t)
		clientEnd, serverEnd := net.Pipe()
		asked, answer := make(chan identity.DevicePublic, 1), make(chan error)
		serverDone := start(func() (*Conn, error) {
			return Server(t.Context(), serverEnd, agent, func(d identity.DevicePublic) error {
				asked <- d
				return <-answer
			})
		})
		clientDone := start(func() (*Conn, error) {
			return Client(t.Context(), clientEnd, device.Signer(), agent.Public().ID())
		})
		if d := <-asked; !d.Equal(device.Public()) {
			t.Error("asked about another device")
		}
		synctest.Wait() // every goroutine is blocked: the client has done all that it can
		select {
		case r := <-clientDone:
			t.Fatalf("Client returned (%v) while the agent was still deciding", r.err)
		default:
		}
		answer <- nil
		client, server := <-clientDone, <-serverDone
		if client.err != nil || server.err != nil {
			t.Fatal(client.err, server.err)
		}
		client.conn.Close()
		server.conn.Close()
	})
}

func TestRefusedDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent, device := newAgent(t), newDevice(t)
		clientEnd, serverEnd := net.Pipe()
		why := errors.New("its access has ended, secret detail")
		serverDone := start(func() (*Conn, error) {
			return Server(t.Context(), serverEnd, agent, func(identity.DevicePublic) error { return why })
		})
		c, err := Client(t.Context(), clientEnd, device.Signer(), agent.Public().ID())
		if !errors.Is(err, ErrRefused) || c != nil {
			t.Errorf("client: %v", err)
		}
		if errors.Is(err, why) {
			t.Error("the device learns why")
		}
		if r := <-serverDone; !errors.Is(r.err, why) || r.conn != nil {
			t.Errorf("server: %v", r.err)
		}
		if _, err := serverEnd.Write([]byte{0}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the pipe is still open: %v", err)
		}
	})
}

func TestExport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := join(t)
		other, _ := join(t)
		export := func(c *Conn, label string) string {
			b, err := c.Export(label, 32)
			if err != nil || len(b) != 32 {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
			return string(b)
		}
		if export(client, "claim v1") != export(server, "claim v1") {
			t.Error("the ends export different bytes")
		}
		if export(client, "claim v1") == export(client, "claim v2") {
			t.Error("two labels export the same bytes")
		}
		if export(client, "claim v1") == export(other, "claim v1") {
			t.Error("two sessions export the same bytes")
		}
		for _, n := range []int{-1, 0, maxExport + 1} {
			if _, err := client.Export("claim v1", n); !errors.Is(err, ErrExport) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	})
}

func TestEndOfSession(t *testing.T) {
	t.Run("closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, server := join(t)
			go server.Close()
			for range 2 {
				if _, err := client.ReadMessage(); err != io.EOF {
					t.Errorf("got %v", err)
				}
			}
		})
	})
	t.Run("cut between messages", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			clientEnd, serverEnd := net.Pipe()
			client, _ := joinOver(t, clientEnd, serverEnd)
			go serverEnd.Close()
			if _, err := client.ReadMessage(); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("a cut passes for an end: %v", err)
			}
		})
	})
	t.Run("closed in a message", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, server := join(t)
			go func() {
				server.tls.Write([]byte{0, 0, 0, 10, 1, 2, 3})
				server.Close()
			}()
			if _, err := client.ReadMessage(); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("closed while reading", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, server := join(t)
			done := start(func() (*Conn, error) { _, err := client.ReadMessage(); return nil, err })
			synctest.Wait()
			go io.Copy(io.Discard, server.tls)
			client.Close()
			if r := <-done; r.err == nil {
				t.Error("ReadMessage goes on after Close")
			}
		})
	})
	t.Run("deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, _ := join(t)
			if err := client.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			var timeout net.Error
			if _, err := client.ReadMessage(); !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestBadLengthEndsTheSession(t *testing.T) {
	for name, length := range map[string][]byte{"empty": {0, 0, 0, 0}, "too long": {0, 4, 0, 1}, "longest": {255, 255, 255, 255}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := join(t)
				done := start(func() (*Conn, error) {
					_, err := server.tls.Write(append(bytes.Clone(length), 0, 0, 0, 1, 'x'))
					return nil, err
				})
				for range 2 { // what follows is not taken for a message
					if b, err := client.ReadMessage(); !errors.Is(err, ErrMessage) {
						t.Errorf("%x, %v", b, err)
					}
				}
				if r := <-done; r.err != nil {
					t.Error(r.err)
				}
			})
		})
	}
}

func TestContextEndsTheHandshake(t *testing.T) {
	agent, device := newAgent(t), newDevice(t)
	ends := map[string]func(context.Context, net.Conn) (*Conn, error){
		"client": func(ctx context.Context, c net.Conn) (*Conn, error) {
			return Client(ctx, c, device.Signer(), agent.Public().ID())
		},
		"server": func(ctx context.Context, c net.Conn) (*Conn, error) { return Server(ctx, c, agent, admitAll) },
	}
	for name, open := range ends {
		t.Run(name+", cancelled", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				ctx, cancel := context.WithCancel(t.Context())
				done := start(func() (*Conn, error) { return open(ctx, near) })
				synctest.Wait()
				cancel()
				if r := <-done; !errors.Is(r.err, context.Canceled) || r.conn != nil {
					t.Errorf("got %v", r.err)
				}
				if _, err := far.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the pipe is still open: %v", err)
				}
			})
		})
		t.Run(name+", silence", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, _ := net.Pipe()
				began := time.Now()
				if _, err := open(t.Context(), near); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != HandshakeTimeout {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			})
		})
	}
	t.Run("no verdict", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			config, err := serverConfig(agent.Signer(), protocol)
			if err != nil {
				t.Fatal(err)
			}
			server := tls.Server(far, config)
			done := start(func() (*Conn, error) { return nil, server.Handshake() })
			if _, err := Client(t.Context(), near, device.Signer(), agent.Public().ID()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if r := <-done; r.err != nil {
				t.Error(r.err)
			}
		})
	})
}

type brokenSigner struct{ identity.Signer }

var errKeyAway = errors.New("the key is away")

func (brokenSigner) Sign([]byte) ([]byte, error) { return nil, errKeyAway }

func TestSignerFails(t *testing.T) {
	near, far := net.Pipe()
	if _, err := Client(t.Context(), near, brokenSigner{newDevice(t).Signer()}, newAgent(t).Public().ID()); !errors.Is(err, errKeyAway) {
		t.Errorf("got %v", err)
	}
	if _, err := far.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the pipe is still open: %v", err)
	}
}
