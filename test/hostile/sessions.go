package hostile

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

// sessionCases meddle with the pipe that the session with the agent runs in. Each first cuts the session of before.
func sessionCases() []Case {
	lost := []viewer.Reason{viewer.ReasonSessionLost}
	wrong := []viewer.Reason{viewer.ReasonWrongAgent}
	protocol := []viewer.Reason{viewer.ReasonProtocol}
	impostor := func(change func(*tls.Config)) func(Target) *Script {
		return func(t Target) *Script { return answering(t, func(e *End) { serveTLS(e, change) }) }
	}
	tampering := func(f func(w *Way, e *signal.Data)) func(Target) *Script {
		return func(t Target) *Script {
			return cutting(t, &Script{ToViewer: about(t.Agent, func(w *Way, e *signal.Data) bool {
				if w.conn.browser {
					f(w, e)
				}
				return w.conn.browser
			})})
		}
	}
	cases := []Case{
		{Name: "own key", Does: "ends the session's TLS itself, with a key of its own", Reasons: wrong, script: impostor(func(*tls.Config) {})},
		{
			Name: "stolen certificate", Does: "ends TLS itself and shows the agent's certificate, without having its key", Reasons: lost,
			script: func(t Target) *Script {
				return answering(t, func(e *End) { serveTLS(e, func(c *tls.Config) { c.Certificates[0] = stolen(e) }) })
			},
		},
		{
			Name: "TLS 1.2", Does: "ends TLS itself, in version 1.2", Reasons: protocol,
			script: impostor(func(c *tls.Config) {
				c.MinVersion, c.MaxVersion, c.CurvePreferences = tls.VersionTLS12, tls.VersionTLS12, nil
			}),
		},
		{
			Name: "another protocol", Does: "ends TLS itself and takes no part in ALPN", Reasons: protocol,
			script: impostor(func(c *tls.Config) { c.NextProtos = nil }),
		},
		{
			Name: "weaker key exchange", Does: "ends TLS itself and knows X25519 alone", Reasons: protocol,
			script: impostor(func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} }),
		},
		{Name: "another agent", Does: "joins the viewer to another agent than it asked for", Reasons: wrong, script: misdirected},
		{
			Name: "handshake reflected", Does: "sends back to the viewer what it says", Reasons: lost,
			script: func(t Target) *Script { return answering(t, func(e *End) { io.Copy(e, e) }) },
		},
		{Name: "handshake replayed", Does: "answers with what the agent said at the beginning of an earlier session", Reasons: lost, script: replayedHandshake},
		{
			Name: "connected before accepted", Does: "says that the agent is connected, sends frames, and lets the handshake wait", Reasons: lost,
			script: pretended,
		},
		{
			Name: "flipped bits", Does: "flips a bit in all that the agent says, in which descriptions and candidates of direct paths would be", Reasons: lost,
			script: tampering(func(w *Way, e *signal.Data) {
				b := append([]byte(nil), e.Bytes...)
				b[len(b)/2] ^= 1
				w.Deliver(&signal.Data{Pipe: e.Pipe, Bytes: b})
			}),
		},
		{
			Name: "bytes repeated", Does: "says twice what the agent says", Reasons: lost,
			script: tampering(func(w *Way, e *signal.Data) {
				w.Deliver(e)
				w.Deliver(e)
			}),
		},
		{
			Name: "crossed pipes", Does: "gives the viewer what another agent says in its session", Reasons: lost, script: crossed,
		},
		{
			Name: "more than the window", Does: "sends the viewer more than its window allows", Reasons: lost,
			script: func(t Target) *Script {
				return answering(t, func(e *End) {
					// A record of 16 KiB that never ends lets nothing be consumed.
					e.Write([]byte{22, 3, 3, 0x40, 0})
					e.Write(make([]byte, 2*signal.Window))
				})
			},
		},
		{
			Name: "unavailable", Does: "says that there is no such agent", Reasons: []viewer.Reason{viewer.ReasonAgentOffline},
			script: func(t Target) *Script {
				return cutting(t, &Script{FromViewer: about(t.Agent, func(w *Way, e *signal.Knock) bool {
					if w.conn.browser {
						w.Back().Deliver(&signal.Unavailable{Request: e.Request})
					}
					return w.conn.browser
				})})
			},
		},
	}
	for i := range cases {
		cases[i].State, cases[i].Session = viewer.Stale, Remade
	}
	return cases
}

// cutting has a script begin with the end of the session, so that the viewer makes another, and end with that of the one under way,
// which may hang.
func cutting(t Target, s *Script) *Script {
	cut := func(s *Server) { s.cutAll(t.Agent) }
	s.Begin, s.End = cut, cut
	return s
}

// answering has the server itself answer a page's knocks at an agent.
func answering(t Target, serve func(*End)) *Script {
	return cutting(t, &Script{
		FromViewer: about(t.Agent, func(w *Way, k *signal.Knock) bool {
			if w.conn.browser {
				end := w.conn.answer(k)
				w.conn.server.tasks.Go(func() {
					defer end.Close()
					serve(end)
				})
			}
			return w.conn.browser
		}),
	})
}

// serveTLS is an agent as it should be, but for its key and what change makes of it.
func serveTLS(e *End, change func(*tls.Config)) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return
	}
	c := &tls.Config{
		Certificates: []tls.Certificate{certificate(key.Public(), key)}, ClientAuth: tls.RequireAnyClientCert,
		MinVersion: tls.VersionTLS13, NextProtos: []string{"sealcam/1"}, SessionTicketsDisabled: true,
		CurvePreferences: []tls.CurveID{tls.X25519MLKEM768},
	}
	change(c)
	conn := tls.Server(e, c)
	if conn.Handshake() != nil {
		return
	}
	conn.Write([]byte{0, 0, 0, 1, 1}) // "admitted": whoever took it for the agent's would now say hello
	io.Copy(io.Discard, conn)
}

// certificate makes a certificate such as session's for a public key, which need not be signer's.
func certificate(public crypto.PublicKey, signer crypto.Signer) tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, signer)
	if err != nil {
		panic(err) // only for kinds of keys that there are none of here
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: signer}
}

// stolen makes a certificate of the agent's public key, which every server knows from the agent's login, and signs with another.
func stolen(e *End) tls.Certificate {
	public, ok := e.agentKey()
	_, own, err := ed25519.GenerateKey(nil)
	if !ok || err != nil {
		return tls.Certificate{}
	}
	c := certificate(public, own)
	c.PrivateKey = masked{own, public}
	return c
}

// masked signs with one key and shows another.
type masked struct {
	crypto.Signer
	shown ed25519.PublicKey
}

// Public implements crypto.Signer.
func (m masked) Public() crypto.PublicKey { return m.shown }

// misdirected joins the page to another agent, by a knock hash that that one gave the server.
func misdirected(t Target) *Script {
	return cutting(t, &Script{
		FromViewer: about(t.Agent, func(w *Way, k *signal.Knock) bool {
			s := w.conn.server
			agent, hashes := s.agentConn(t.Other), s.ledger.hashes[t.Other]
			if !w.conn.browser || agent == nil || len(hashes) == 0 {
				return false
			}
			near, far := w.conn.answer(k), agent.enterAs(hashes[0])
			s.join(near, far)
			return true
		}),
	})
}

// join carries bytes between two pipes that end here.
func (s *Server) join(a, b *End) {
	for _, way := range [][2]*End{{a, b}, {b, a}} {
		s.tasks.Go(func() {
			defer way[0].Close()
			defer way[1].Close()
			io.Copy(way[0], way[1])
		})
	}
}

func replayedHandshake(t Target) *Script {
	var said []byte
	s := answering(t, func(e *End) {
		// The viewer's first words, then the agent's of another day.
		if _, err := e.Read(make([]byte, 1)); err == nil {
			e.Write(said)
			io.Copy(io.Discard, e)
		}
	})
	begin := s.Begin
	s.Begin = func(s *Server) {
		said = s.ledger.opened[t.Agent]
		begin(s)
	}
	return s
}

func pretended(t Target) *Script {
	s := answering(t, func(e *End) { io.Copy(io.Discard, e) })
	// What is published meanwhile for others, and what was before, comes although nobody subscribed to it.
	answer := s.FromViewer
	s.FromViewer = func(w *Way, e signal.Envelope) bool {
		taken := answer(w, e)
		if taken {
			for _, p := range w.conn.server.ledger.frames(t.Agent, 1) {
				w.Back().Deliver(&signal.RelayFrame{Topic: p.Topic, Sequence: p.Sequence, Key: p.Key, Cached: true, Sealed: p.Sealed})
			}
		}
		return taken
	}
	return s
}

func crossed(t Target) *Script {
	var other []byte
	return cutting(t, &Script{ToViewer: func(w *Way, e signal.Envelope) bool {
		d, ok := e.(*signal.Data)
		if !ok || !w.conn.browser {
			return false
		}
		switch id, _ := w.agentOf(e); id {
		case t.Other:
			other = d.Bytes
		case t.Agent:
			if other != nil {
				w.Deliver(&signal.Data{Pipe: d.Pipe, Bytes: other})
				return true
			}
			d.Bytes[0] ^= 1 // until the other one said something
		}
		return false
	}})
}

// agentConn returns an agent's connection, or nil.
func (s *Server) agentConn(id identity.AgentID) *Conn {
	for c := range s.conns {
		if c.role == signal.RoleAgent && c.agent == id {
			return c
		}
	}
	return nil
}
