//lint:file-ignore SA1019 The project was asked to use this library. Only here is the Host of a request another than that of its address.

package hostile

import (
	"context"
	"net/http"
	"sync"

	"nhooyr.io/websocket"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/socket"
)

// Conn is one client's connection, both legs of it. The server's mutex guards its fields from role on.
type Conn struct {
	server             *Server
	browser            bool // it came from a page
	cancel             context.CancelFunc
	toServer, toClient *Way

	role     signal.Role // 0 before the login
	key      [32]byte
	agent    identity.AgentID            // of an agent
	requests map[uint32]identity.AgentID // a viewer's knocks
	pipes    map[uint32]identity.AgentID // a viewer's pipes
	ends     map[uint32]*End             // pipes that end here
	nextEnd  uint32
}

// firstEnd numbers the pipes that end in the front, far from those of the real server.
const firstEnd = 1 << 31

// serveSignal carries one client. The login's signature covers the name in Host, which the real server therefore has to see as it came.
func (s *Server) serveSignal(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &Conn{
		server: s, browser: r.Header.Get("Origin") != "", cancel: cancel,
		requests: make(map[uint32]identity.AgentID), pipes: make(map[uint32]identity.AgentID), ends: make(map[uint32]*End), nextEnd: firstEnd,
	}
	c.toServer, c.toClient = newWay(c, true), newWay(c, false)
	if !s.enter(c) {
		http.Error(w, "going down", http.StatusServiceUnavailable)
		return
	}
	defer s.leave(c)
	header := http.Header{}
	if origin := r.Header.Get("Origin"); origin != "" {
		header.Set("Origin", origin)
	}
	far, response, err := websocket.Dial(ctx, "ws://"+s.backend+socket.Path, &websocket.DialOptions{
		Host: r.Host, HTTPHeader: header, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		status := http.StatusBadGateway
		if response != nil {
			status = response.StatusCode
		}
		http.Error(w, "the real server does not take it", status)
		return
	}
	defer far.CloseNow()
	far.SetReadLimit(signal.MaxEnvelope)
	near, err := socket.Accept(w, r, signal.MaxEnvelope)
	if err != nil {
		return // the library answered
	}
	defer near.CloseNow()
	c.carry(ctx, near, far)
}

// carry runs both directions until one leg ends. What was on its way to the other leg still goes out.
func (c *Conn) carry(ctx context.Context, near *socket.Conn, far *websocket.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var readers, writers sync.WaitGroup
	readers.Go(func() {
		defer c.toServer.finish()
		c.read(ctx, c.toServer, near.Read)
	})
	readers.Go(func() {
		defer c.toClient.finish()
		c.read(ctx, c.toClient, func(ctx context.Context) ([]byte, error) {
			_, b, err := far.Read(ctx)
			return b, err
		})
	})
	writers.Go(func() {
		defer near.CloseNow()
		defer far.CloseNow()
		c.toClient.write(ctx, near.Write)
	})
	writers.Go(func() {
		defer far.CloseNow()
		defer near.CloseNow()
		c.toServer.write(ctx, func(ctx context.Context, b []byte) error { return far.Write(ctx, websocket.MessageBinary, b) })
	})
	writers.Wait()
	cancel()
	readers.Wait()
}

// read passes on what comes until the leg ends.
func (c *Conn) read(ctx context.Context, to *Way, next func(context.Context) ([]byte, error)) {
	for {
		b, err := next(ctx)
		if err != nil {
			return
		}
		e, err := signal.Parse(b)
		if err != nil {
			to.push(b) // whoever gets it refuses it
			continue
		}
		c.server.pass(to, e, b)
		if to.await(ctx) != nil {
			return
		}
	}
}

// login notes who a client says that it is; what follows a login that the real server refuses is of no account.
func (c *Conn) login(l *signal.Login) {
	c.role, c.key = l.Role, l.Key
	if key, err := identity.AgentPublicFromBytes(l.Key[:]); err == nil && l.Role == signal.RoleAgent {
		c.agent = key.ID()
	}
}

// cut ends a pipe for both its ends, as if each had closed it.
func (c *Conn) cut(pipe uint32) {
	c.toClient.Deliver(&signal.ClosePipe{Pipe: pipe})
	c.toServer.Deliver(&signal.ClosePipe{Pipe: pipe})
	delete(c.pipes, pipe)
}

// cutAll ends the pipes of browsers to an agent.
func (s *Server) cutAll(agent identity.AgentID) {
	for c := range s.conns {
		if !c.browser {
			continue
		}
		for pipe, id := range c.pipes {
			if id == agent {
				c.cut(pipe)
			}
		}
		for _, e := range c.ends {
			if e.agent == agent {
				e.shut()
			}
		}
	}
}
