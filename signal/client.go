package signal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal/outbox"
	"github.com/sealcam/sealcam/signal/socket"
)

// Times of the keep-alive, for both ends.
const (
	// PingEvery is how often the server pings.
	PingEvery = 4 * time.Second
	// SilentAfter is how long either end waits for any message before it gives the connection up.
	SilentAfter = 13 * time.Second

	dialTimeout  = 10 * time.Second
	closeTimeout = time.Second
	watchEvery   = time.Second
)

// Bounds of a client's queues.
const (
	maxControl  = 32 << 20 // bytes
	maxMedia    = 6 << 20  // bytes
	maxMediaAge = 1500 * time.Millisecond
	maxIncoming = 64 // pipes waiting for AcceptPipe
)

// Options say how to connect.
type Options struct {
	// URL is the server's: http, https, ws or wss. Without a path, /signal is meant.
	URL string
	// For names the server, as a URL, when the one at URL is a program on this machine that carries the connection there (sealcam view).
	// The login is then signed for that server, and for no page's origin, since the program speaks to it as a native client does. Empty:
	// the server is at URL.
	For    string
	Role   Role
	Signer identity.Signer // an agent's or a device's key
	Log    *slog.Logger    // nil: none
}

// Client is one connection to the server. Its methods are safe for concurrent use.
type Client struct {
	ws     *socket.Conn
	log    *slog.Logger
	out    *outbox.Queue
	ice    []string
	quiet  time.Duration // how long nothing may come
	base   time.Time     // of heard
	heard  atomic.Int64  // when the last message came, as nanoseconds since base
	accept chan incoming

	overrun  chan struct{} // holds a token once a control message found no room
	done     chan struct{} // closed when the connection ends
	finished chan struct{} // closed when its goroutines ended

	mu            sync.Mutex
	err           error
	request       uint32
	knocks        map[uint32]chan opened
	pipes         map[uint32]*Pipe
	sequences     map[Topic]uint32
	subscriptions map[Topic]func(RelayFrame)
}

type opened struct {
	pipe *Pipe
	turn TURN
}

type incoming struct {
	pipe *Pipe
	Incoming
}

// run owns the goroutines of the connection: it returns when all have ended.
func (c *Client) run() {
	defer close(c.finished)
	ctx, cancel := context.WithCancel(context.Background())
	var reader, others sync.WaitGroup
	read := make(chan struct{})
	reader.Go(func() {
		defer close(read)
		c.end(c.read(ctx))
	})
	written := make(chan struct{})
	others.Go(func() {
		defer close(written)
		c.write(ctx)
	})
	others.Go(c.watch)

	<-c.done
	// The last control messages, a bye among them, still go out; then the server closes. A path that is dead is not waited for.
	c.out.Control((&Bye{}).Append(nil))
	c.out.Close()
	last := time.NewTimer(closeTimeout)
	defer last.Stop()
	select {
	case <-written:
		select {
		case <-read:
		case <-last.C:
		}
	case <-last.C:
	}
	cancel()
	c.ws.CloseNow()
	others.Wait()
	reader.Wait()
}

// read handles what comes until the connection ends, and returns why.
func (c *Client) read(ctx context.Context) error {
	for {
		b, err := c.ws.Read(ctx)
		if err != nil {
			return ErrLost
		}
		c.heard.Store(int64(time.Since(c.base)))
		e, err := Parse(b)
		if err != nil {
			return err
		}
		if err := c.handle(e); err != nil {
			return err
		}
	}
}

func (c *Client) write(ctx context.Context) {
	for {
		if c.ws.Ready() != nil {
			c.end(ErrLost)
			return
		}
		b, err := c.out.Next(ctx)
		if err != nil {
			return
		}
		if err := c.ws.Write(ctx, b); err != nil {
			c.end(ErrLost)
			return
		}
	}
}

// watch ends a connection on which nothing comes any more, or nothing goes.
func (c *Client) watch() {
	tick := time.NewTicker(min(watchEvery, c.quiet/4))
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-c.overrun:
			c.end(&Refusal{Code: CodeTooSlow})
		case <-tick.C:
			if c.Quiet() > c.quiet {
				c.end(ErrSilent)
			}
		}
	}
}

// handle acts on one envelope. An error ends the connection.
func (c *Client) handle(e Envelope) error {
	switch e := e.(type) {
	case *Ping:
		c.control(&Pong{})
	case *Pong: // it was heard, which is all that Probe is for
	case *Opened:
		c.opened(e)
	case *Unavailable:
		if answer := c.answer(e.Request); answer != nil {
			close(answer)
		}
	case *Incoming:
		c.incoming(e)
	case *Data:
		// Bytes may still come for a pipe that was closed here.
		if p := c.pipe(e.Pipe); p != nil && !p.deliver(e.Bytes) {
			c.drop(p, ErrFlow)
		}
	case *Credit:
		if p := c.pipe(e.Pipe); p != nil && !p.credit(e.Bytes) {
			c.drop(p, ErrFlow)
		}
	case *ClosePipe:
		c.closed(e.Pipe)
	case *RelayFrame:
		c.frame(e)
	case *Refusal:
		return e
	default:
		return fmt.Errorf("%w: not meant for a client", ErrEnvelope)
	}
	return nil
}

// control queues an envelope that must arrive. It takes no lock of the client's, so that a pipe can call it with its own held.
func (c *Client) control(e Envelope) {
	if c.out.Control(e.Append(nil)) {
		return
	}
	select {
	case c.overrun <- struct{}{}: // watch ends the connection, if it has not ended anyway
	default:
	}
}

// end ends the connection once; everything that waits gets err.
func (c *Client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	for _, answer := range c.knocks {
		close(answer)
	}
	clear(c.knocks)
	for _, p := range c.pipes {
		p.end(err)
	}
	clear(c.pipes)
	clear(c.subscriptions)
	close(c.done)
	if !errors.Is(err, ErrClosed) {
		c.log.Debug("signal: connection ended", "reason", err)
	}
}

// Probe asks the server for a sign of life. What comes, in answer or otherwise, shows in Quiet.
func (c *Client) Probe() { c.control(&Ping{}) }

// Quiet returns how long nothing has come from the server.
func (c *Client) Quiet() time.Duration { return time.Since(c.base) - time.Duration(c.heard.Load()) }

// ICE returns the server's STUN and TURN urls.
func (c *Client) ICE() []string { return append([]string(nil), c.ice...) }

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns why the connection ended, or nil while it lives: a [*Refusal], or [ErrSilent], [ErrLost], [ErrClosed] or [ErrEnvelope].
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection and waits for its goroutines, about a second at most. Callbacks of Subscribe must not call it.
func (c *Client) Close() error {
	c.end(ErrClosed)
	<-c.finished
	return nil
}
