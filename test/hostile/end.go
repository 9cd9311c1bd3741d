package hostile

import (
	"crypto/ed25519"
	"io"
	"net"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

// maxUnread bounds what an End keeps for a script that does not read.
const maxUnread = signal.Window

// End is the server itself at the end of a pipe: the client at the other one believes to talk to an agent, or to a viewer. It is a
// net.Conn without deadlines.
type End struct {
	agent identity.AgentID
	pipe  uint32
	to    *Way // towards the client

	mu     sync.Mutex
	came   *sync.Cond
	unread []byte
	closed bool
}

var _ net.Conn = (*End)(nil)

// answer opens a pipe for a viewer's knock that the real server never sees.
func (c *Conn) answer(k *signal.Knock) *End {
	e := c.newEnd(k.Agent)
	c.toClient.Deliver(&signal.Opened{Request: k.Request, Pipe: e.pipe})
	return e
}

// enterAs opens a pipe to an agent, as if somebody had knocked with the token of a hash.
func (c *Conn) enterAs(hash [32]byte) *End {
	e := c.newEnd(c.agent)
	c.toClient.Deliver(&signal.Incoming{Pipe: e.pipe, Hash: hash})
	return e
}

func (c *Conn) newEnd(agent identity.AgentID) *End {
	e := &End{agent: agent, pipe: c.nextEnd, to: c.toClient}
	e.came = sync.NewCond(&e.mu)
	c.ends[e.pipe] = e
	c.nextEnd++
	return e
}

// ended takes what a client says to a pipe that ends here.
func (c *Conn) ended(e signal.Envelope) bool {
	var pipe uint32
	var b []byte
	switch e := e.(type) {
	case *signal.Data:
		pipe, b = e.Pipe, e.Bytes
	case *signal.Credit:
		pipe = e.Pipe
	case *signal.ClosePipe:
		pipe = e.Pipe
	default:
		return false
	}
	end := c.ends[pipe]
	switch {
	case end == nil:
		return pipe >= firstEnd // the rest of one that was closed
	case b != nil:
		end.take(b)
	}
	if _, over := e.(*signal.ClosePipe); over {
		end.shut()
		delete(c.ends, pipe)
	}
	return true
}

// agentKey returns the public key of the agent that the client asked for.
func (e *End) agentKey() (ed25519.PublicKey, bool) {
	s := e.to.conn.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.agentConn(e.agent); c != nil {
		return c.key[:], true
	}
	return nil, false
}

func (e *End) take(b []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || len(e.unread)+len(b) > maxUnread {
		return
	}
	e.unread = append(e.unread, b...)
	e.came.Broadcast()
}

// Read implements net.Conn.
func (e *End) Read(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.unread) == 0 && !e.closed {
		e.came.Wait()
	}
	if len(e.unread) == 0 {
		return 0, io.EOF
	}
	n := copy(b, e.unread)
	e.unread = e.unread[n:]
	e.to.Deliver(&signal.Credit{Pipe: e.pipe, Bytes: uint32(n)})
	return n, nil
}

// Write implements net.Conn. It never waits for the client's window: a hostile server need not.
func (e *End) Write(b []byte) (int, error) {
	e.mu.Lock()
	closed := e.closed
	e.mu.Unlock()
	if closed {
		return 0, io.ErrClosedPipe
	}
	for rest := b; len(rest) > 0; {
		n := min(len(rest), signal.MaxData)
		e.to.Deliver(&signal.Data{Pipe: e.pipe, Bytes: rest[:n]})
		rest = rest[n:]
	}
	return len(b), nil
}

// Close implements net.Conn.
func (e *End) Close() error {
	e.shut()
	return nil
}

// shut ends the pipe for the client as well.
func (e *End) shut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.closed = true
		e.to.Deliver(&signal.ClosePipe{Pipe: e.pipe})
		e.came.Broadcast()
	}
}

// LocalAddr implements net.Conn.
func (e *End) LocalAddr() net.Addr { return endAddr{} }

// RemoteAddr implements net.Conn.
func (e *End) RemoteAddr() net.Addr { return endAddr{} }

// SetDeadline implements net.Conn; there are none.
func (e *End) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn; there are none.
func (e *End) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn; there are none.
func (e *End) SetWriteDeadline(time.Time) error { return nil }

type endAddr struct{}

func (endAddr) Network() string { return "sealcam" }
func (endAddr) String() string  { return "hostile" }
