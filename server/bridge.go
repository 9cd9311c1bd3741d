package server

import (
	"encoding/binary"
	"errors"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/sealcam/sealcam/signal"
)

// bridge is one end of a pipe, on the node of its client. Between two ends runs, over two unguessable subjects:
//
//	number(4) ‖ kind(1: data, credit or close as in signal) ‖ bytes, or a credit(4), or nothing
//
// The number counts the messages of a direction from 0: after a gap, which NATS leaves when a connection to it breaks, the pipe ends.
// Each end holds its client to the window, so that a pipe can make no node keep more than signal.Window bytes in a direction.
type bridge struct {
	conn  *conn
	id    uint32
	to    string // the far end's subject
	sub   *nats.Subscription
	ready chan struct{} // closed once the client knows the pipe; until then what comes must wait

	mu        sync.Mutex
	closed    bool
	sent      uint32 // messages
	received  uint32 // messages
	flying    int    // bytes from the client that the far client has not consumed
	delivered int    // bytes to the client that it has not consumed
}

const bridgeHead = 4 + 1

var errNoPipe = errors.New("server: no pipe to be had")

// newBridge makes an end that hears on here. It holds back what comes until start is called.
func (c *conn) newBridge(here, there [16]byte, limit int) (*bridge, error) {
	b := &bridge{conn: c, to: pipeSubject(there), ready: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || len(c.pipes) >= limit {
		return nil, errNoPipe
	}
	sub, err := c.server.bus.Subscribe(pipeSubject(here), b.fromFar)
	if err != nil {
		return nil, err
	}
	b.sub = sub
	c.nextPipe++
	b.id = c.nextPipe
	c.pipes[b.id] = b
	return b, nil
}

// start lets through what came and comes.
func (b *bridge) start() { close(b.ready) }

func (b *bridge) live() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.closed
}

// abandon closes a viewer's end that never started and, with tell, the agent's.
func (b *bridge) abandon(tell bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent, b.closed = 0, false
	b.shut(tell)
}

func (c *conn) openPipes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pipes)
}

func (c *conn) forgetPipe(b *bridge) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pipes[b.id] == b {
		delete(c.pipes, b.id)
	}
}

// fromClient lets act handle what the client sent for a pipe. Envelopes for a pipe that the far end just closed are nobody's fault.
func (c *conn) fromClient(id uint32, act func(*bridge) bool) (signal.Code, bool) {
	c.mu.Lock()
	b := c.pipes[id]
	c.mu.Unlock()
	if b != nil && !act(b) {
		return signal.CodeProtocol, false
	}
	return 0, true
}

func (c *conn) closePipe(id uint32) {
	c.mu.Lock()
	b := c.pipes[id]
	delete(c.pipes, id)
	c.mu.Unlock()
	if b != nil {
		b.close(true)
	}
}

// data passes bytes of the client on; false if they overrun the window.
func (b *bridge) data(bytes []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.flying+len(bytes) > signal.Window {
		return false
	}
	b.flying += len(bytes)
	b.pass(signal.KindData, bytes)
	return true
}

// credit passes the client's credit on; false if it was never sent that much.
func (b *bridge) credit(n uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if int64(n) > int64(b.delivered) {
		return false
	}
	b.delivered -= int(n)
	b.pass(signal.KindCredit, binary.BigEndian.AppendUint32(nil, n))
	return true
}

// pass sends to the far end. The caller holds mu. A message that NATS does not take is noticed there by the gap, or here when the
// session inside goes silent.
func (b *bridge) pass(kind signal.Kind, bytes []byte) {
	if b.closed {
		return
	}
	m := make([]byte, 0, bridgeHead+len(bytes))
	m = append(binary.BigEndian.AppendUint32(m, b.sent), byte(kind))
	b.sent++
	b.conn.server.bus.Publish(b.to, append(m, bytes...))
}

// fromFar handles what the far end sent. NATS calls it in order, on one goroutine.
func (b *bridge) fromFar(m *nats.Msg) {
	<-b.ready
	if b.take(m.Data) {
		return
	}
	b.conn.forgetPipe(b)
	b.conn.send(&signal.ClosePipe{Pipe: b.id})
}

// take returns false when the pipe ended by this message, of whatever reason.
func (b *bridge) take(m []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return true
	}
	if !b.takeNumbered(m) {
		b.shut(true)
		return false
	}
	return true
}

func (b *bridge) takeNumbered(m []byte) bool {
	if len(m) < bridgeHead || binary.BigEndian.Uint32(m) != b.received {
		return false
	}
	b.received++
	body := m[bridgeHead:]
	switch signal.Kind(m[4]) {
	case signal.KindData:
		if len(body) == 0 || len(body) > signal.MaxData || b.delivered+len(body) > signal.Window {
			return false
		}
		b.delivered += len(body)
		b.conn.send(&signal.Data{Pipe: b.id, Bytes: body})
		return true
	case signal.KindCredit:
		if len(body) != 4 || binary.BigEndian.Uint32(body) > uint32(b.flying) {
			return false
		}
		n := binary.BigEndian.Uint32(body)
		b.flying -= int(n)
		b.conn.send(&signal.Credit{Pipe: b.id, Bytes: n})
		return true
	}
	return false
}

// close ends this end of the pipe and, with tell, the far one.
func (b *bridge) close(tell bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shut(tell)
}

func (b *bridge) shut(tell bool) {
	if b.closed {
		return
	}
	if tell {
		b.pass(signal.KindClose, nil)
	}
	b.closed = true
	b.sub.Unsubscribe()
}
