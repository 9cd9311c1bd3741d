package session

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/sealcam/sealcam/e2ee/identity"
)

func mustCertificate(t *testing.T, s identity.Signer) tls.Certificate {
	t.Helper()
	c, err := certificate(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ecdsaCertificate is a good certificate of the wrong kind.
func ecdsaCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: notBefore, NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// stolenCertificate shows the certificate of one key and signs with another.
func stolenCertificate(t *testing.T, shown, held identity.Signer) tls.Certificate {
	c := mustCertificate(t, shown)
	c.PrivateKey = impostor{identity.CryptoSigner(held), identity.CryptoSigner(shown).Public()}
	return c
}

type impostor struct {
	crypto.Signer
	claimed crypto.PublicKey
}

func (i impostor) Public() crypto.PublicKey { return i.claimed }

// changes are what an end may do otherwise than agreed. Each must end the session on the other side.
func changes(t *testing.T) map[string]func(*tls.Config) {
	return map[string]func(*tls.Config){
		"TLS 1.2": func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
			c.CurvePreferences = nil
		},
		"X25519 alone":      func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} },
		"P-256 alone":       func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP256} },
		"another hybrid":    func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.SecP256r1MLKEM768} },
		"no protocol":       func(c *tls.Config) { c.NextProtos = nil },
		"later protocol":    func(c *tls.Config) { c.NextProtos = []string{"sealcam/2"} },
		"HTTP":              func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} },
		"no certificate":    func(c *tls.Config) { c.Certificates = nil },
		"ECDSA certificate": func(c *tls.Config) { c.Certificates = []tls.Certificate{ecdsaCertificate(t)} },
		"two certificates":  func(c *tls.Config) { twice(c) },
		"certificate of another": func(c *tls.Config) {
			c.Certificates[0] = stolenCertificate(t, newDevice(t).Signer(), newDevice(t).Signer())
		},
	}
}

func twice(c *tls.Config) {
	cert := c.Certificates[0]
	cert.Certificate = [][]byte{cert.Certificate[0], cert.Certificate[0]}
	c.Certificates = []tls.Certificate{cert}
}

func TestAgentRefusesOtherClients(t *testing.T) {
	for name, change := range changes(t) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent := newAgent(t)
				near, far := net.Pipe()
				config, err := clientConfig(newDevice(t).Signer(), protocol, isAgent(agent.Public().ID()))
				if err != nil {
					t.Fatal(err)
				}
				config.VerifyConnection = nil
				change(config)
				var asked atomic.Bool
				done := start(func() (*Conn, error) {
					return Server(t.Context(), far, agent, func(identity.DevicePublic) error {
						asked.Store(true)
						return nil
					})
				})
				client := tls.Client(near, config)
				// What a client could get to read at most is TLS's alert, never a verdict.
				got, err := io.ReadAll(client)
				if len(got) != 0 || err == nil {
					t.Errorf("the client reads %x, %v", got, err)
				}
				near.Close()
				if r := <-done; r.err == nil {
					t.Error("admitted")
				}
				if asked.Load() {
					t.Error("admit was asked")
				}
			})
		})
	}
}

func TestClientRefusesOtherAgents(t *testing.T) {
	agent := newAgent(t)
	all := changes(t)
	all["another agent"] = func(c *tls.Config) { c.Certificates[0] = mustCertificate(t, newAgent(t).Signer()) }
	all["the agent's certificate, another key"] = func(c *tls.Config) {
		c.Certificates[0] = stolenCertificate(t, agent.Signer(), newAgent(t).Signer())
	}
	for name, change := range all {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				config, err := serverConfig(agent.Signer(), protocol)
				if err != nil {
					t.Fatal(err)
				}
				var shown atomic.Bool
				config.VerifyConnection = func(tls.ConnectionState) error {
					shown.Store(true)
					return nil
				}
				change(config)
				done := start(func() (*Conn, error) {
					server := newConn(far, tls.Server, config)
					err := server.tls.Handshake()
					if err == nil {
						err = server.WriteMessage([]byte{verdictAdmitted})
					}
					far.Close()
					return nil, err
				})
				if c, err := Client(t.Context(), near, newDevice(t).Signer(), agent.Public().ID()); err == nil || c != nil {
					t.Error("the client is content")
				}
				if r := <-done; r.err == nil {
					t.Error("the server is through")
				}
				if shown.Load() {
					t.Error("the device showed its certificate to another than its agent")
				}
			})
		})
	}
}

func TestErrorsAreTyped(t *testing.T) {
	open := func(t *testing.T, change func(*tls.Config), want error) {
		synctest.Test(t, func(t *testing.T) {
			agent := newAgent(t)
			near, far := net.Pipe()
			config, err := serverConfig(agent.Signer(), protocol)
			if err != nil {
				t.Fatal(err)
			}
			change(config)
			done := start(func() (*Conn, error) { return nil, tls.Server(far, config).Handshake() })
			if _, err := Client(t.Context(), near, newDevice(t).Signer(), agent.Public().ID()); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			far.Close()
			<-done
		})
	}
	all := changes(t)
	open(t, func(c *tls.Config) { c.Certificates[0] = mustCertificate(t, newAgent(t).Signer()) }, ErrAgentKey)
	for _, name := range []string{"X25519 alone", "later protocol", "no protocol", "two certificates"} {
		open(t, all[name], ErrParameters)
	}
}

func TestOtherVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"refused":     {[]byte{0, 0, 0, 1, 2}, ErrRefused},
		"zero":        {[]byte{0, 0, 0, 1, 0}, ErrParameters},
		"unknown":     {[]byte{0, 0, 0, 1, 3}, ErrParameters},
		"two bytes":   {[]byte{0, 0, 0, 2, 1, 1}, ErrParameters},
		"a message":   {[]byte{0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'}, ErrParameters},
		"no bytes":    {[]byte{0, 0, 0, 0}, ErrMessage},
		"long":        {[]byte{1, 0, 0, 0}, ErrMessage},
		"end instead": {nil, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				agent := newAgent(t)
				near, far := net.Pipe()
				config, err := serverConfig(agent.Signer(), protocol)
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
				if conn, err := Client(t.Context(), near, newDevice(t).Signer(), agent.Public().ID()); !errors.Is(err, c.want) || conn != nil {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if r := <-done; r.err != nil {
					t.Error(r.err)
				}
			})
		})
	}
}

// tamperer passes bytes on and flips one bit on the way.
type tamperer struct {
	net.Conn
	at      int // of the bytes written
	flipped bool
}

func (w *tamperer) Write(b []byte) (int, error) {
	if w.at >= 0 && w.at < len(b) {
		b = bytes.Clone(b)
		b[w.at] ^= 1
		w.flipped = true
	}
	w.at -= len(b)
	return w.Conn.Write(b)
}

// The server that carries the pipe can change it. Whatever bit it flips of handshake or verdict, the session does not come about; but
// for the few that have no meaning in TLS, such as a record's legacy version, and then it is a true one.
func TestTamperedPipe(t *testing.T) {
	agent, device := newAgent(t), newDevice(t)
	secret := []byte("told after admission")
	for _, side := range []string{"client", "server"} {
		var flipped, survived int
		for at := 0; at < 2600; at += 23 {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				change := &tamperer{Conn: near, at: at}
				if side == "client" {
					near = change
				} else {
					change.Conn, far = far, change
				}
				done := start(func() (*Conn, error) {
					c, err := Server(t.Context(), far, agent, admitAll)
					if err == nil {
						err = c.WriteMessage(secret)
						far.Close()
					}
					return c, err
				})
				c, err := Client(t.Context(), near, device.Signer(), agent.Public().ID())
				intact := false
				if err == nil {
					b, err := c.ReadMessage()
					if intact = err == nil; intact && !bytes.Equal(b, secret) {
						t.Errorf("%s's byte %d: reads %q", side, at, b)
					}
					near.Close()
				}
				<-done
				if change.flipped {
					flipped++
					if intact {
						survived++
					}
				} else if !intact {
					t.Errorf("%s's byte %d does not exist, and yet: %v", side, at, err)
				}
			})
		}
		if flipped < 50 || survived > 2 {
			t.Errorf("%s: %d bits flipped, %d sessions all the same", side, flipped, survived)
		}
	}
}

// ticketTrap is a session cache that must stay empty.
type ticketTrap struct{ t *testing.T }

func (ticketTrap) Get(string) (*tls.ClientSessionState, bool) { return nil, false }

func (c ticketTrap) Put(_ string, s *tls.ClientSessionState) {
	if s != nil {
		c.t.Error("the agent handed out a ticket")
	}
}

func TestNoTickets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := newAgent(t)
		near, far := net.Pipe()
		config, err := clientConfig(newDevice(t).Signer(), protocol, isAgent(agent.Public().ID()))
		if err != nil {
			t.Fatal(err)
		}
		config.ClientSessionCache = ticketTrap{t}
		config.ServerName = "agent"
		config.SessionTicketsDisabled = false
		done := start(func() (*Conn, error) { return Server(t.Context(), far, agent, admitAll) })
		client := newConn(near, tls.Client, config)
		if err := client.awaitVerdict(); err != nil {
			t.Fatal(err)
		}
		r := <-done
		if r.err != nil {
			t.Fatal(r.err)
		}
		go r.conn.Close()
		if _, err := client.ReadMessage(); err != io.EOF {
			t.Error(err)
		}
		client.Close()
	})
}

func TestCertificateSaysNothingButTheKey(t *testing.T) {
	device := newDevice(t)
	a, b := mustCertificate(t, device.Signer()), mustCertificate(t, device.Signer())
	if !bytes.Equal(a.Certificate[0], b.Certificate[0]) {
		t.Error("two certificates of a key differ")
	}
	c, err := x509.ParseCertificate(a.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject.String() != "" || len(c.DNSNames)+len(c.IPAddresses)+len(c.URIs) != 0 || c.NotBefore.Year() != 1970 || c.NotAfter.Year() != 9999 {
		t.Errorf("subject %q, from %v to %v", c.Subject, c.NotBefore, c.NotAfter)
	}
}
