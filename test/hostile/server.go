package hostile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal/socket"
)

// Config says what a Server is made of.
type Config struct {
	// Real is the configuration of the server behind the front. Its Listen is chosen here.
	Real server.Config
	// Log gets what the front did; nil: nothing.
	Log *slog.Logger
}

// Server is a real server behind a front on localhost that ends both WebSocket legs of each client. Everything passes through it
// untouched but for what its Scripts take.
type Server struct {
	real     *server.Server
	listener net.Listener
	address  string
	backend  string // host:port of the real server
	log      *slog.Logger
	clients  sync.WaitGroup // connections being served
	tasks    sync.WaitGroup // what scripts started

	mu      sync.Mutex // guards what follows; held while hooks run
	scripts []*Script  // the last one first
	conns   map[*Conn]struct{}
	ledger  ledger
	closed  bool
}

// readHeaderTimeout keeps a client that says nothing from holding a connection.
const readHeaderTimeout = 10 * time.Second

// New binds the front and the server behind it. Run serves.
func New(c Config) (*Server, error) {
	c.Real.Listen = "127.0.0.1:0"
	s := &Server{log: c.Log, conns: make(map[*Conn]struct{}), ledger: newLedger()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.real, err = server.New(c.Real); err != nil {
		return nil, err
	}
	s.backend = s.real.Addr().String()
	if s.listener, err = net.Listen("tcp", "localhost:0"); err != nil {
		return nil, errors.Join(fmt.Errorf("hostile: %w", err), s.real.Close())
	}
	s.address = fmt.Sprintf("http://localhost:%d", s.listener.Addr().(*net.TCPAddr).Port)
	return s, nil
}

// Address returns the front's, http://localhost:port.
func (s *Server) Address() string { return s.address }

// Run serves until ctx ends, then closes all connections and waits for everything that it or a script started.
func (s *Server) Run(ctx context.Context) error {
	var running sync.WaitGroup
	realCtx, stopReal := context.WithCancel(context.Background())
	defer stopReal()
	realErr := make(chan error, 1)
	running.Go(func() { realErr <- s.real.Run(realCtx) })

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	pages := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: s.backend})
			r.Out.Host = r.In.Host
		},
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	front := &http.Server{
		ReadHeaderTimeout: readHeaderTimeout,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == socket.Path {
				s.serveSignal(w, r)
				return
			}
			pages.ServeHTTP(w, r)
		}),
	}
	frontErr := make(chan error, 1)
	running.Go(func() { frontErr <- front.Serve(s.listener) })

	var err error
	select {
	case <-ctx.Done():
	case err = <-frontErr:
	case err = <-realErr:
	}
	s.shut()
	front.Close()
	s.clients.Wait()
	stopReal()
	running.Wait()
	s.tasks.Wait()
	select {
	case e := <-realErr:
		err = errors.Join(err, e)
	default:
	}
	return err
}

// shut ends all connections and lets in no more.
func (s *Server) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		c.cancel()
	}
}

// enter counts a connection in; false once the server ends.
func (s *Server) enter(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = struct{}{}
	s.clients.Add(1)
	return true
}

func (s *Server) leave(c *Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	for _, e := range c.ends {
		e.shut()
	}
	s.mu.Unlock()
	s.clients.Done()
}

// Use lets a script decide what becomes of envelopes, before those in use already, until the function that it returns is called.
func (s *Server) Use(script *Script) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts = append([]*Script{script}, s.scripts...)
	if script.Begin != nil {
		script.Begin(s)
	}
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, other := range s.scripts {
			if other == script {
				s.scripts = append(s.scripts[:i:i], s.scripts[i+1:]...)
			}
		}
		if script.End != nil {
			script.End(s)
		}
	})
}

// Knocks returns how often browsers asked for a pipe to an agent so far, whatever came of it: once for each session.
func (s *Server) Knocks(agent identity.AgentID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.knocks[agent]
}

// Lost returns how many envelopes the front itself had no room for. A test whose misbehaviour is none of its own asks for zero.
func (s *Server) Lost() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.ledger.lost
	for c := range s.conns {
		n += c.toClient.lostSoFar() + c.toServer.lostSoFar()
	}
	return n
}
