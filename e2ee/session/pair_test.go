package session

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// pairUp opens a session between two devices over conn.
func pairUp(t *testing.T, clientEnd, serverEnd net.Conn, approver, screen identity.Signer, pin func(identity.DevicePublic) error) (client, server result) {
	t.Helper()
	done := start(func() (*Conn, error) { return PairServer(t.Context(), serverEnd, screen) })
	c, err := PairClient(t.Context(), clientEnd, approver, pin)
	server = <-done
	for _, conn := range []*Conn{c, server.conn} {
		if conn != nil {
			t.Cleanup(func() { conn.Close() })
		}
	}
	return result{c, err}, server
}

func TestPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		approver, screen := newDevice(t), newDevice(t)
		near, far := net.Pipe()
		asked := 0
		client, server := pairUp(t, near, far, approver.Signer(), screen.Signer(), func(d identity.DevicePublic) error {
			if asked++; !d.Equal(screen.Public()) {
				t.Error("asked about another device")
			}
			return nil
		})
		if client.err != nil || server.err != nil {
			t.Fatal(client.err, server.err)
		}
		if asked != 1 || !client.conn.Device().Equal(screen.Public()) || !server.conn.Device().Equal(approver.Public()) {
			t.Error("the ends do not know each other")
		}
		if !client.conn.AgentKey().IsZero() || !server.conn.AgentKey().IsZero() {
			t.Error("a device passes for an agent")
		}
		for _, c := range []*Conn{client.conn, server.conn} {
			cs := c.tls.ConnectionState()
			if cs.Version != tls.VersionTLS13 || cs.CurveID != tls.X25519MLKEM768 || cs.NegotiatedProtocol != "sealcam-pair/1" || cs.DidResume {
				t.Errorf("version %x, key exchange %v, protocol %q, resumed %v", cs.Version, cs.CurveID, cs.NegotiatedProtocol, cs.DidResume)
			}
		}
		if export(t, client.conn) != export(t, server.conn) {
			t.Error("the ends export different bytes")
		}
		message := []byte("commitment")
		sent := start(func() (*Conn, error) { return nil, client.conn.WriteMessage(message) })
		if got, err := server.conn.ReadMessage(); err != nil || !bytes.Equal(got, message) {
			t.Errorf("%q came, %v", got, err)
		}
		if r := <-sent; r.err != nil {
			t.Error(r.err)
		}
	})
}

func export(t *testing.T, c *Conn) string {
	t.Helper()
	b, err := c.Export("pair v1", 32)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPairWithoutPin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		approver, screen := newDevice(t), newDevice(t)
		near, far := net.Pipe()
		client, server := pairUp(t, near, far, approver.Signer(), screen.Signer(), nil)
		if client.err != nil || server.err != nil || !client.conn.Device().Equal(screen.Public()) {
			t.Error(client.err, server.err)
		}
	})
}

// Whoever is not the screen that was scanned learns nothing of the approver.
func TestPairPinRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errPin := errors.New("another screen")
		var learned atomic.Bool
		near, far := net.Pipe()
		config, err := serverConfig(newDevice(t).Signer(), pairProtocol)
		if err != nil {
			t.Fatal(err)
		}
		config.VerifyConnection = func(tls.ConnectionState) error {
			learned.Store(true)
			return nil
		}
		done := start(func() (*Conn, error) { defer far.Close(); return nil, tls.Server(far, config).Handshake() })
		c, err := PairClient(t.Context(), near, newDevice(t).Signer(), func(identity.DevicePublic) error { return errPin })
		if !errors.Is(err, errPin) || !errors.Is(err, ErrDeviceKey) || c != nil {
			t.Errorf("got %v", err)
		}
		if r := <-done; r.err == nil {
			t.Error("the other end is through")
		}
		if learned.Load() {
			t.Error("the approver showed its certificate")
		}
		if _, err := near.Write([]byte{0}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the pipe is still open: %v", err)
		}
	})
}

// Without a pin somebody in the middle can have a session with each, but not the same one: the exporters, and so the digits, differ.
func TestPairMeddler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		approver, screen, meddler := newDevice(t), newDevice(t), newDevice(t)
		a1, a2 := net.Pipe()
		b1, b2 := net.Pipe()
		approverEnd, toApprover := pairUp(t, a1, a2, approver.Signer(), meddler.Signer(), nil)
		toScreen, screenEnd := pairUp(t, b1, b2, meddler.Signer(), screen.Signer(), nil)
		for _, r := range []result{approverEnd, toApprover, toScreen, screenEnd} {
			if r.err != nil {
				t.Fatal(r.err)
			}
		}
		if export(t, approverEnd.conn) == export(t, screenEnd.conn) {
			t.Error("approver and screen export the same bytes though they are in different sessions")
		}
		if !approverEnd.conn.Device().Equal(meddler.Public()) || !screenEnd.conn.Device().Equal(meddler.Public()) {
			t.Error("the meddler passes for another")
		}
	})
}

// A session of either kind cannot be had from an end that speaks the other, even if the same key stands behind both.
func TestKindsOfSessionAreNotConfused(t *testing.T) {
	both := newAgent(t)
	asDevice, err := identity.DeviceFromSeed(both.Seed())
	if err != nil {
		t.Fatal(err)
	}
	self := newDevice(t).Signer()
	pairClient := func(ctx context.Context, c net.Conn) (*Conn, error) { return PairClient(ctx, c, self, nil) }
	viewer := func(ctx context.Context, c net.Conn) (*Conn, error) { return Client(ctx, c, self, both.Public().ID()) }
	pairServer := func(ctx context.Context, c net.Conn) (*Conn, error) { return PairServer(ctx, c, asDevice.Signer()) }
	var asked atomic.Bool
	agent := func(ctx context.Context, c net.Conn) (*Conn, error) {
		return Server(ctx, c, both, func(identity.DevicePublic) error { asked.Store(true); return nil })
	}
	for name, c := range map[string]struct {
		client, server func(context.Context, net.Conn) (*Conn, error)
		fits           bool
	}{
		"viewer at a screen":   {viewer, pairServer, false},
		"approver at an agent": {pairClient, agent, false},
		"viewer at an agent":   {viewer, agent, true},
		"approver at a screen": {pairClient, pairServer, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked.Store(false)
				near, far := net.Pipe()
				done := start(func() (*Conn, error) { return c.server(t.Context(), far) })
				client, clientErr := c.client(t.Context(), near)
				server := <-done
				for _, conn := range []*Conn{client, server.conn} {
					if conn != nil {
						defer conn.Close()
					}
				}
				if c.fits != (clientErr == nil && server.err == nil) || c.fits != (client != nil && server.conn != nil) {
					t.Errorf("client: %v, server: %v", clientErr, server.err)
				}
				if !c.fits && (asked.Load() || !errors.Is(clientErr, ErrParameters)) {
					t.Errorf("admit was asked: %v; client: %v", asked.Load(), clientErr)
				}
			})
		})
	}
	// Whoever offers both names gets the one that the other end speaks.
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		config, err := clientConfig(self, protocol, isAgent(both.Public().ID()))
		if err != nil {
			t.Fatal(err)
		}
		config.NextProtos = []string{pairProtocol, protocol}
		config.VerifyConnection = nil
		done := start(func() (*Conn, error) { _, err := io.Copy(io.Discard, tls.Client(near, config)); return nil, err })
		server, err := PairServer(t.Context(), far, asDevice.Signer())
		if err != nil {
			t.Fatal(err)
		}
		if got := server.tls.ConnectionState().NegotiatedProtocol; got != pairProtocol {
			t.Errorf("agreed on %q", got)
		}
		server.Close()
		if r := <-done; r.err != nil {
			t.Error(r.err)
		}
	})
}

func TestPairRefusesOtherEnds(t *testing.T) {
	for name, change := range changes(t) {
		t.Run("client, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				config, err := clientConfig(newDevice(t).Signer(), pairProtocol, nil)
				if err != nil {
					t.Fatal(err)
				}
				config.VerifyConnection = nil
				change(config)
				done := start(func() (*Conn, error) { return PairServer(t.Context(), far, newDevice(t).Signer()) })
				if got, err := io.ReadAll(tls.Client(near, config)); len(got) != 0 || err == nil {
					t.Errorf("the client reads %x, %v", got, err)
				}
				near.Close()
				if r := <-done; r.err == nil || r.conn != nil {
					t.Error("let in")
				}
			})
		})
		t.Run("server, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				config, err := serverConfig(newDevice(t).Signer(), pairProtocol)
				if err != nil {
					t.Fatal(err)
				}
				config.VerifyConnection = nil
				change(config)
				done := start(func() (*Conn, error) {
					defer far.Close()
					return nil, tls.Server(far, config).Handshake()
				})
				if c, err := PairClient(t.Context(), near, newDevice(t).Signer(), nil); err == nil || c != nil {
					t.Error("the client is content")
				}
				if r := <-done; r.err == nil {
					t.Error("the server is through")
				}
			})
		})
	}
}

// The client waits for the other end to have its certificate: else it would count as let in by one that refused it.
func TestPairClientWaits(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"refused":     {[]byte{0, 0, 0, 1, 2}, ErrRefused},
		"a message":   {[]byte{0, 0, 0, 2, 1, 1}, ErrParameters},
		"end instead": {nil, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				config, err := serverConfig(newDevice(t).Signer(), pairProtocol)
				if err != nil {
					t.Fatal(err)
				}
				done := start(func() (*Conn, error) {
					server := tls.Server(far, config)
					defer server.Close()
					if err := server.Handshake(); err != nil || c.raw == nil {
						return nil, err
					}
					_, err := server.Write(c.raw)
					return nil, err
				})
				if conn, err := PairClient(t.Context(), near, newDevice(t).Signer(), nil); !errors.Is(err, c.want) || conn != nil {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if r := <-done; r.err != nil {
					t.Error(r.err)
				}
			})
		})
	}
}

func TestPairContext(t *testing.T) {
	self := newDevice(t).Signer()
	for name, open := range map[string]func(context.Context, net.Conn) (*Conn, error){
		"client": func(ctx context.Context, c net.Conn) (*Conn, error) { return PairClient(ctx, c, self, nil) },
		"server": func(ctx context.Context, c net.Conn) (*Conn, error) { return PairServer(ctx, c, self) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				began := time.Now()
				if c, err := open(t.Context(), near); !errors.Is(err, context.DeadlineExceeded) || c != nil || time.Since(began) != HandshakeTimeout {
					t.Errorf("%v after %v", err, time.Since(began))
				}
				if _, err := far.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("the pipe is still open: %v", err)
				}
			})
		})
		t.Run(name+", key away", func(t *testing.T) {
			near, far := net.Pipe()
			broken := brokenSigner{self}
			var err error
			if name == "client" {
				_, err = PairClient(t.Context(), near, broken, nil)
			} else {
				_, err = PairServer(t.Context(), near, broken)
			}
			if !errors.Is(err, errKeyAway) {
				t.Errorf("got %v", err)
			}
			if _, err := far.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the pipe is still open: %v", err)
			}
		})
	}
}
