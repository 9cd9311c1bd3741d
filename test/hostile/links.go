package hostile

import (
	"math/rand/v2"
	"net"
	"time"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

// linkCases concern a page's whole connection to the server, and the direct path that it leads to.
func linkCases() []Case {
	server := []viewer.Reason{viewer.ReasonServer}
	return []Case{
		{
			Name: "silence", Does: "passes nothing on to the page any more, and in the end everything at once", Scope: WholePage,
			State: viewer.Blank, Reasons: []viewer.Reason{viewer.ReasonOffline, viewer.ReasonServer}, Session: Either,
			script: func(Target) *Script {
				return &Script{ToViewer: page(func(w *Way, e signal.Envelope) { w.Later(30*time.Second, e) }), End: hurryAll}
			},
		},
		{
			Name: "nonsense", Does: "sends bytes that are no envelope", Scope: WholePage, State: viewer.Stale, Reasons: server, Session: Remade,
			script: func(Target) *Script { return says(func(w *Way) { w.Raw(noise(100)) }) },
		},
		{
			Name: "oversize", Does: "sends messages longer than any envelope", Scope: WholePage, State: viewer.Stale,
			Reasons: []viewer.Reason{viewer.ReasonServerRestart, viewer.ReasonServer}, Session: Remade,
			script: func(Target) *Script { return says(func(w *Way) { w.Raw(make([]byte, signal.MaxEnvelope+1)) }) },
		},
		{
			Name: "refusal", Does: "refuses the page, for every reason that there is in turn", Scope: WholePage, State: viewer.Stale,
			Reasons: []viewer.Reason{viewer.ReasonServerRefuses, viewer.ReasonServerRestart}, Session: Remade,
			script: func(Target) *Script {
				code := signal.Code(0)
				return says(func(w *Way) {
					code = code%signal.CodeTooSlow + 1
					w.Deliver(&signal.Refusal{Code: code})
				})
			},
		},
		{
			Name: "slow", Does: "lets through 30 kB a second, for all cameras together", Scope: WholePage, State: viewer.Stale,
			Reasons: []viewer.Reason{
				viewer.ReasonNoFrames, viewer.ReasonLate, viewer.ReasonOffline, viewer.ReasonServer, viewer.ReasonAgentSilent, viewer.ReasonSessionLost,
			}, Session: Either,
			script: func(Target) *Script { return throttled(30_000) },
		},
		{
			Name: "own STUN and TURN", Does: "names STUN and TURN servers of its own, with credentials of its own, which answer noise", Scope: DirectPath,
			State: viewer.Live, Counter: "direct", script: func(Target) *Script { return ownICE() },
		},
	}
}

// page is a hook that takes everything that comes to a page.
func page(f func(*Way, signal.Envelope)) Hook {
	return func(w *Way, e signal.Envelope) bool {
		if w.conn.browser {
			f(w, e)
		}
		return w.conn.browser
	}
}

// says is a script that puts something before what comes to a page, at once and then twice a second.
func says(f func(*Way)) *Script {
	const every = 500 * time.Millisecond
	last := map[*Conn]time.Time{}
	return &Script{ToViewer: page(func(w *Way, e signal.Envelope) {
		if now := time.Now(); now.Sub(last[w.conn]) > every {
			last[w.conn] = now
			f(w)
		}
		w.Deliver(e)
	})}
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

func throttled(rate int) *Script {
	set := func(rate int) func(*Server) {
		return func(s *Server) {
			for c := range s.conns {
				if c.browser {
					c.toClient.Throttle(rate)
				}
			}
		}
	}
	// A page that connects again meets the same.
	hook := func(w *Way, _ signal.Envelope) bool {
		if w.conn.browser {
			w.Throttle(rate)
		}
		return false
	}
	return &Script{ToViewer: hook, Begin: set(rate), End: set(0)}
}

// ownICE is a script that rewrites what the server may say about direct paths. Descriptions and candidates it cannot see: they are in the
// session.
func ownICE() *Script {
	var socket net.PacketConn
	turn := signal.TURN{Username: "mallory", Password: "mallory", Expires: time.Now().Add(time.Hour).Truncate(time.Second)}
	rewrite := func(w *Way, e signal.Envelope) bool {
		switch e := e.(type) {
		case *signal.Welcome:
			if socket != nil {
				a := socket.LocalAddr().String()
				w.Deliver(&signal.Welcome{ICE: []string{"stun:" + a, "turn:" + a + "?transport=udp"}})
				return true
			}
		case *signal.Opened:
			w.Deliver(&signal.Opened{Request: e.Request, Pipe: e.Pipe, TURN: turn})
			return true
		case *signal.Incoming:
			w.Deliver(&signal.Incoming{Pipe: e.Pipe, Hash: e.Hash, TURN: turn})
			return true
		}
		return false
	}
	return &Script{
		ToViewer: rewrite, ToAgent: rewrite,
		Begin: func(s *Server) {
			var err error
			if socket, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
				s.log.Error("no socket for noise", "error", err)
				return
			}
			s.tasks.Go(func() { answerNoise(socket) })
		},
		End: func(*Server) {
			if socket != nil {
				socket.Close()
			}
		},
	}
}

// answerNoise answers each datagram with noise, until the socket is closed.
func answerNoise(socket net.PacketConn) {
	b := make([]byte, 1500)
	for n := 0; ; n++ {
		_, from, err := socket.ReadFrom(b)
		if err != nil {
			return
		}
		socket.WriteTo(noise(20+n%1000), from)
	}
}
