package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/socket"
)

// Times of the HTTP server and of the shutdown.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 5 * time.Minute // the page's files, over a slow line
	idleTimeout       = 2 * time.Minute
	maxHeader         = 16 << 10
	shutdownTimeout   = 5 * time.Second
)

// Server is a node. Run serves until its context ends.
type Server struct {
	config    Config
	listener  net.Listener
	http      *http.Server
	page      *page
	bus       *bus
	relay     *relay
	turn      *turnServer // nil: off
	addresses *addressBook
	ready     atomic.Bool

	pingEvery, silentAfter time.Duration // of the keep-alive

	mu      sync.Mutex
	conns   map[*conn]struct{}
	closing bool
	serving sync.WaitGroup // of WebSockets
	closed  sync.Once
}

// New binds the addresses, reads the files and joins NATS, so that everything that can be wrong with a configuration is an error here:
// a sentence that wraps [ErrListen], [ErrTLS], [ErrHost], [ErrNATS] or [ErrUDP]. A server that is not run must be closed.
func New(c Config) (_ *Server, err error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	s := &Server{
		config: c, addresses: newAddressBook(c.Limits), conns: make(map[*conn]struct{}),
		pingEvery: signal.PingEvery, silentAfter: signal.SilentAfter,
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.page, err = loadPage(c.Client); err != nil {
		return nil, err
	}
	tlsConfig, err := loadTLS(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, err
	}
	listener, err := listenTCP(c.Listen)
	if err != nil {
		return nil, err
	}
	s.listener = socket.Listener{Listener: listener}
	if s.bus, err = openBus(c.NATSURL, c.Log); err != nil {
		return nil, err
	}
	s.relay = newRelay(s.bus, c.Limits, c.Log)
	if c.UDP != "" {
		if s.turn, err = startTURN(c); err != nil {
			return nil, err
		}
	}
	s.http = &http.Server{
		Handler:   http.HandlerFunc(s.serveHTTP),
		TLSConfig: tlsConfig,
		ErrorLog:  log.New(httpErrors{}, "", 0),

		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader,
	}
	return s, nil
}

// httpErrors drops what net/http logs: addresses stand in every line.
type httpErrors struct{}

func (httpErrors) Write(b []byte) (int, error) { return len(b), nil }

func (s *Server) tls() bool { return s.config.TLSCert != "" }

// Addr returns the TCP address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// UDPAddr returns the address of STUN and TURN, or nil.
func (s *Server) UDPAddr() net.Addr {
	if s.turn == nil {
		return nil
	}
	return s.turn.addr
}

// Run serves until ctx ends, tells its clients that it goes, and closes the server. It returns nil then, and else why it could
// not serve. It can be called once.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	var serving sync.WaitGroup
	serving.Go(func() {
		if s.tls() {
			failed <- s.http.ServeTLS(s.listener, "", "")
		} else {
			failed <- s.http.Serve(s.listener)
		}
	})
	s.ready.Store(true)
	s.config.Log.Info("server ready", "tls", s.tls(), "cluster", s.config.NATSURL != "",
		"stun", s.turn != nil, "turn", s.turn != nil && s.turn.relays)

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		if errors.Is(err, http.ErrServerClosed) { // by Close
			err = nil
		} else {
			err = fmt.Errorf("%w: %w", ErrListen, err)
		}
	}
	s.Close()
	serving.Wait()
	s.config.Log.Info("server stopped")
	return err
}

// Close ends a server: connected clients are told, and get a moment to read it. It waits for everything the server started.
func (s *Server) Close() error {
	s.closed.Do(s.close)
	return nil
}

func (s *Server) close() {
	s.ready.Store(false)
	s.mu.Lock()
	s.closing = true
	for c := range s.conns {
		c.end(signal.CodeShuttingDown)
	}
	s.mu.Unlock()
	if s.http != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		if s.http.Shutdown(ctx) != nil {
			s.http.Close()
		}
		cancel()
	}
	if s.listener != nil {
		s.listener.Close()
	}
	s.serving.Wait()
	if s.turn != nil {
		s.turn.close()
	}
	if s.relay != nil {
		s.relay.close()
	}
	if s.bus != nil {
		s.bus.close()
	}
}

// enter counts a connection in; false when the server is closing or full.
func (s *Server) enter(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.conns) >= s.config.Limits.Connections {
		return false
	}
	s.conns[c] = struct{}{}
	s.serving.Add(1)
	return true
}

func (s *Server) leave(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.serving.Done()
}

// Stats are counts of this node.
type Stats struct {
	Connections   int
	CachedBytes   int64  // of the relay's groups of pictures
	WaitingBytes  int64  // for viewers; what waits for several counts once
	DroppedFrames uint64 // for viewers that were too slow
	Allocations   int    // of TURN
}

// Stats returns the counts as they stand.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	st := Stats{Connections: len(s.conns), DroppedFrames: s.relay.dropped.Load()}
	st.CachedBytes, st.WaitingBytes = s.relay.cached.Load(), s.relay.waiting.Bytes()
	for c := range s.conns {
		st.DroppedFrames += c.out.Dropped()
	}
	s.mu.Unlock()
	if s.turn != nil {
		st.Allocations = s.turn.allocations()
	}
	return st
}

// token returns 16 unguessable bytes.
func token() (t [16]byte) {
	rand.Read(t[:]) // never fails (crypto/rand)
	return t
}
