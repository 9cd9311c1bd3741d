package signal

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// creditStep is how many consumed bytes are returned to the sender at once.
const creditStep = Window / 4

// Pipe is a byte stream to the other end of a knock, carried by the server. It is a [net.Conn]: ordered, with deadlines, and with at
// most Window bytes under way in each direction. The server can read, change and end it, so a session runs inside.
type Pipe struct {
	id     uint32
	client *Client

	readDeadline, writeDeadline *deadline
	writing                     chan struct{} // held by the one Write under way

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change below
	received [][]byte
	unread   int // bytes in received
	consumed int // bytes read and not yet returned as credit
	window   int // bytes that may still be sent
	ended    error
}

var _ net.Conn = (*Pipe)(nil)

// ErrFlow ends a pipe whose peer sent more than its window.
var ErrFlow = errors.New("signal: the peer sent more than its window")

func newPipe(id uint32, client *Client) *Pipe {
	return &Pipe{
		id: id, client: client, window: Window,
		readDeadline: newDeadline(), writeDeadline: newDeadline(),
		writing: make(chan struct{}, 1), changed: make(chan struct{}),
	}
}

// Read implements net.Conn. It returns io.EOF once the peer closed and everything was read.
func (p *Pipe) Read(b []byte) (int, error) {
	for {
		expired := p.readDeadline.done()
		select {
		case <-expired:
			return 0, os.ErrDeadlineExceeded
		default:
		}
		n, changed, err := p.read(b)
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		select {
		case <-changed:
		case <-expired:
		}
	}
}

// read takes what is there; without anything it returns what to wait for.
func (p *Pipe) read(b []byte) (n int, changed <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n < len(b) && len(p.received) > 0 {
		k := copy(b[n:], p.received[0])
		n += k
		if p.received[0] = p.received[0][k:]; len(p.received[0]) == 0 {
			p.received[0] = nil
			p.received = p.received[1:]
		}
	}
	p.unread -= n
	p.consumed += n
	if p.consumed >= creditStep && p.ended == nil {
		p.client.control(&Credit{Pipe: p.id, Bytes: uint32(p.consumed)})
		p.consumed = 0
	}
	if n == 0 {
		return 0, p.changed, p.ended
	}
	return n, nil, nil
}

// Write implements net.Conn. It blocks while the window is used up.
func (p *Pipe) Write(b []byte) (int, error) {
	expired := p.writeDeadline.done()
	select {
	case p.writing <- struct{}{}:
		defer func() { <-p.writing }()
	case <-expired:
		return 0, os.ErrDeadlineExceeded
	}
	sent := 0
	for sent < len(b) {
		expired := p.writeDeadline.done()
		select {
		case <-expired:
			return sent, os.ErrDeadlineExceeded
		default:
		}
		n, changed, err := p.write(b[sent:])
		sent += n
		if err != nil {
			return sent, err
		}
		if n > 0 {
			continue
		}
		select {
		case <-changed:
		case <-expired:
		}
	}
	return sent, nil
}

// write sends what the window allows, at most one envelope.
func (p *Pipe) write(b []byte) (n int, changed <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended != nil {
		if errors.Is(p.ended, io.EOF) {
			return 0, nil, io.ErrClosedPipe
		}
		return 0, nil, p.ended
	}
	n = min(len(b), p.window, MaxData)
	if n == 0 {
		return 0, p.changed, nil
	}
	p.window -= n
	p.client.control(&Data{Pipe: p.id, Bytes: b[:n]})
	return n, nil, nil
}

// Close implements net.Conn. What was written is still sent; what was not read is dropped.
func (p *Pipe) Close() error {
	if p.client.forget(p.id) {
		p.client.control(&ClosePipe{Pipe: p.id})
	}
	p.mu.Lock()
	p.received, p.unread = nil, 0
	p.ended = net.ErrClosed
	p.change()
	p.mu.Unlock()
	return nil
}

// end makes the pipe fail with err once everything received was read.
func (p *Pipe) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended == nil {
		p.ended = err
		p.change()
	}
}

// deliver takes received bytes. It returns false if the peer overran its window.
func (p *Pipe) deliver(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended != nil {
		return true
	}
	if p.unread+p.consumed+len(b) > Window {
		return false
	}
	p.received = append(p.received, b)
	p.unread += len(b)
	p.change()
	return true
}

// credit takes returned bytes. It returns false if the peer returned more than it was sent.
func (p *Pipe) credit(n uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if int64(p.window)+int64(n) > Window {
		return false
	}
	p.window += int(n)
	p.change()
	return true
}

// change wakes everybody who waits. The caller holds mu.
func (p *Pipe) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// LocalAddr implements net.Conn.
func (p *Pipe) LocalAddr() net.Addr { return pipeAddr{} }

// RemoteAddr implements net.Conn. Neither end has an address here: keys name them.
func (p *Pipe) RemoteAddr() net.Addr { return pipeAddr{} }

// SetDeadline implements net.Conn.
func (p *Pipe) SetDeadline(t time.Time) error {
	p.readDeadline.set(t)
	p.writeDeadline.set(t)
	p.wake()
	return nil
}

// SetReadDeadline implements net.Conn.
func (p *Pipe) SetReadDeadline(t time.Time) error {
	p.readDeadline.set(t)
	p.wake()
	return nil
}

// SetWriteDeadline implements net.Conn.
func (p *Pipe) SetWriteDeadline(t time.Time) error {
	p.writeDeadline.set(t)
	p.wake()
	return nil
}

// wake lets waiting calls look at a new deadline.
func (p *Pipe) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change()
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "sealcam" }
func (pipeAddr) String() string  { return "pipe" }
