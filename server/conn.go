package server

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/outbox"
	"github.com/sealcam/sealcam/signal/socket"
)

// Bounds of one connection.
const (
	maxControlQueue   = 16 << 20 // bytes that must arrive and were not yet taken
	maxViewerEnvelope = 32 << 10 // bytes; a viewer sends no frames
	maxKnocksWaiting  = 16
	subscribeRate     = 16          // a second
	maxPublishing     = 1 << 20     // bytes that an agent's connection keeps for its frames
	closeTimeout      = time.Second // for the last words, and again for the client to close
)

// conn is a logged-in client.
type conn struct {
	server  *Server
	ws      *socket.Conn
	out     *outbox.Queue
	log     *slog.Logger
	address netip.Addr
	host    string

	role    signal.Role
	id      string           // public id, for logs
	agent   identity.AgentID // of an agent
	session [16]byte         // tells two connections of one agent apart

	since time.Time
	heard atomic.Int64 // when the last message came, as nanoseconds since since
	bytes *rate.Limiter
	knock *rate.Limiter
	watch *rate.Limiter // of Subscribe, each of which may cost a cache's worth of work

	done  chan struct{} // closed when the connection is to end
	tasks sync.WaitGroup
	slots chan struct{} // of knocks under way

	presence   *nats.Subscription // of an agent
	publishing []byte             // memory for an agent's frames on their way to the bus; of the reading goroutine

	mu       sync.Mutex
	code     signal.Code // why it ends; 0: the client went
	ended    bool
	accepted map[[32]byte]struct{} // an agent's knock hashes
	pipes    map[uint32]*bridge
	nextPipe uint32
	claims   map[signal.Topic]*claim   // an agent's topics
	watching map[signal.Topic]struct{} // a viewer's topics
}

// run serves a logged-in client until it goes or is sent away. It returns when all that it started has ended.
func (c *conn) run() {
	if c.role == signal.RoleAgent {
		if err := c.appear(); err != nil {
			c.log.Warn("agent not reachable over nats")
			c.refuse(signal.CodeShuttingDown)
			return
		}
	}
	c.log.Info("client logged in")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var reader, writer, ticker sync.WaitGroup
	read, written := make(chan struct{}), make(chan struct{})
	reader.Go(func() {
		defer close(read)
		c.read(ctx)
	})
	writer.Go(func() {
		defer close(written)
		c.write(ctx)
	})
	ticker.Go(c.keepAlive)

	<-c.done
	code := c.endCode()
	c.leaveAll()
	if code != 0 {
		c.out.Control((&signal.Refusal{Code: code}).Append(nil))
	}
	c.out.Close()
	waitFor(written, closeTimeout)
	if code != 0 {
		waitFor(read, closeTimeout)
	}
	cancel()
	c.ws.CloseNow()
	reader.Wait()
	writer.Wait()
	ticker.Wait()
	c.tasks.Wait()
	c.server.relay.dropped.Add(c.out.Dropped())
	c.log.Info("client gone", "code", int(code), "dropped", c.out.Dropped())
}

func waitFor(done <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}

// end asks the connection to end, for a reason that the client is told; 0 tells nothing.
func (c *conn) end(code signal.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.ended, c.code = true, code
		close(c.done)
	}
}

func (c *conn) endCode() signal.Code {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

// read handles what the client sends until the connection ends.
func (c *conn) read(ctx context.Context) {
	for {
		b, err := c.ws.Read(ctx)
		switch {
		case errors.Is(err, socket.ErrTooLarge):
			c.end(signal.CodeTooLarge)
			c.ws.Drain(ctx)
			return
		case errors.Is(err, socket.ErrText):
			c.end(signal.CodeProtocol)
			c.ws.Drain(ctx)
			return
		case err != nil:
			c.end(0)
			return
		}
		c.heard.Store(int64(time.Since(c.since)))
		if code, ok := c.handle(b); !ok {
			c.end(code)
		}
		select {
		case <-c.done:
			if !isBye(b) {
				c.drain(ctx)
			}
			return
		default:
		}
		if c.bytes.WaitN(ctx, len(b)) != nil {
			return
		}
	}
}

// drain reads until the client has understood that this is the end: it says bye, or closes.
func (c *conn) drain(ctx context.Context) {
	for {
		b, err := c.ws.Read(ctx)
		switch {
		case errors.Is(err, socket.ErrTooLarge) || errors.Is(err, socket.ErrText):
			c.ws.Drain(ctx)
			return
		case err != nil || isBye(b):
			return
		}
	}
}

func isBye(b []byte) bool { return len(b) == 1 && signal.Kind(b[0]) == signal.KindBye }

func (c *conn) write(ctx context.Context) {
	for {
		if c.ws.Ready() != nil {
			c.end(0)
			return
		}
		b, err := c.out.Next(ctx)
		if err != nil {
			return
		}
		if c.ws.Write(context.Background(), b) != nil { // CloseNow ends it too
			c.end(0)
			return
		}
	}
}

// keepAlive pings, and ends a connection on which nothing came for long, or nothing was taken: not even the ping, which goes first.
func (c *conn) keepAlive() {
	tick := time.NewTicker(c.server.pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
			if time.Since(c.since)-time.Duration(c.heard.Load()) > c.server.silentAfter-c.server.pingEvery {
				c.end(0)
				return
			}
			if c.out.ControlAge() > c.server.silentAfter-c.server.pingEvery {
				c.end(signal.CodeTooSlow)
				return
			}
			c.out.Expire()
			c.send(&signal.Ping{})
		}
	}
}

// send queues an envelope that must arrive; a client that reads too slowly for it is sent away. The caller must not hold c.mu.
func (c *conn) send(e signal.Envelope) {
	if !c.out.Control(e.Append(nil)) {
		c.end(signal.CodeTooSlow)
	}
}

// handle acts on one message. Not ok ends the connection, with a code for the client.
func (c *conn) handle(b []byte) (signal.Code, bool) {
	e, err := signal.Parse(b)
	if err != nil {
		return signal.CodeProtocol, false
	}
	switch e := e.(type) {
	case *signal.Ping:
		c.send(&signal.Pong{})
		return 0, true
	case *signal.Pong:
		return 0, true
	case *signal.Bye:
		return 0, false
	case *signal.Data:
		return c.fromClient(e.Pipe, func(b *bridge) bool { return b.data(e.Bytes) })
	case *signal.Credit:
		return c.fromClient(e.Pipe, func(b *bridge) bool { return b.credit(e.Bytes) })
	case *signal.ClosePipe:
		c.closePipe(e.Pipe)
		return 0, true
	}
	if c.role == signal.RoleAgent {
		return c.handleAgent(e, b)
	}
	return c.handleViewer(e)
}

func (c *conn) handleAgent(e signal.Envelope, b []byte) (signal.Code, bool) {
	switch e := e.(type) {
	case *signal.Knocks:
		c.setKnocks(e.Hashes)
	case *signal.Publish:
		return c.publish(e, b)
	case *signal.Retire:
		c.retire(e.Topic)
	default:
		return signal.CodeProtocol, false
	}
	return 0, true
}

func (c *conn) handleViewer(e signal.Envelope) (signal.Code, bool) {
	switch e := e.(type) {
	case *signal.Knock:
		return c.startKnock(e)
	case *signal.Subscribe:
		return c.subscribe(e)
	case *signal.Unsubscribe:
		c.unsubscribe(e.Topic)
	default:
		return signal.CodeProtocol, false
	}
	return 0, true
}

// leaveAll gives up everything that the connection holds on this node.
func (c *conn) leaveAll() {
	if c.presence != nil {
		c.presence.Unsubscribe()
	}
	c.mu.Lock()
	pipes, claims, watching := c.pipes, c.claims, c.watching
	c.pipes, c.claims, c.watching = map[uint32]*bridge{}, map[signal.Topic]*claim{}, map[signal.Topic]struct{}{}
	c.mu.Unlock()
	for _, b := range pipes {
		b.close(true)
	}
	for _, claim := range claims {
		c.server.relay.release(claim)
	}
	for topic := range watching {
		c.server.relay.unsubscribe(c, topic)
	}
}
