package session

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// MaxMessage is the length in bytes of the longest message.
const MaxMessage = 256 << 10

const (
	lengthSize = 4
	// keepBuffer is how much of a write buffer is kept for the next message.
	keepBuffer = 16 << 10
	maxExport  = 1024
	// exporterPrefix is RFC 5705 §4's for labels that nobody has registered.
	exporterPrefix = "EXPERIMENTAL sealcam "
)

var (
	// ErrMessage is returned for a message without bytes or with more than MaxMessage, in either direction.
	ErrMessage = errors.New("session: message empty or too long")
	// ErrExport is returned by Export for a length out of range.
	ErrExport = errors.New("session: exporter length out of range")
)

// Conn is an established session. One goroutine may read while any number write; Close may be called from anywhere.
type Conn struct {
	tls    *tls.Conn
	pipe   *watchedPipe
	agent  identity.AgentPublic
	device identity.DevicePublic

	readErr error // of the reading goroutine: after one error the place in the stream is lost

	writeMu sync.Mutex
	buffer  []byte // length and message, so that they leave in one record
}

func newConn(conn net.Conn, side func(net.Conn, *tls.Config) *tls.Conn, config *tls.Config) *Conn {
	pipe := &watchedPipe{Conn: conn}
	return &Conn{tls: side(pipe, config), pipe: pipe}
}

// watchedPipe remembers that reading it failed or ended. crypto/tls, unlike RFC 8446 §6.1, takes an end between two records for a
// proper one; here it would let the server cut a session without a trace.
type watchedPipe struct {
	net.Conn
	ended atomic.Bool
}

func (p *watchedPipe) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if err != nil {
		p.ended.Store(true)
	}
	return n, err
}

// AgentKey returns the agent's key on the viewer's side, and the zero value on the agent's and in a session to pair.
func (c *Conn) AgentKey() identity.AgentPublic { return c.agent }

// Device returns the device's key on the agent's side, and the zero value on the viewer's; in a session to pair, the other device's.
func (c *Conn) Device() identity.DevicePublic { return c.device }

// Export returns n bytes, 1 to 1024, that both ends of this session and nobody else can compute (RFC 8446 §7.5, in the way of
// RFC 9266), and that differ from label to label. They do not depend on the device's certificate: name its key beside them.
func (c *Conn) Export(label string, n int) ([]byte, error) {
	if n < 1 || n > maxExport {
		return nil, ErrExport
	}
	cs := c.tls.ConnectionState()
	b, err := cs.ExportKeyingMaterial(exporterPrefix+label, nil, n)
	if err != nil {
		return nil, fmt.Errorf("session: exporter: %w", err)
	}
	return b, nil
}

// ReadMessage waits for the next message, which belongs to the caller. It returns io.EOF once the other end closed the session
// properly between two messages, ErrMessage for a length out of range, and otherwise the connection's error, wrapped; a pipe that
// ends without notice gives io.ErrUnexpectedEOF. After an error all calls return it again. Not for concurrent use.
func (c *Conn) ReadMessage() ([]byte, error) {
	if c.readErr != nil {
		return nil, c.readErr
	}
	b, err := readMessage(c.tls)
	if err == io.EOF && c.pipe.ended.Load() { // and not by close_notify
		err = fmt.Errorf("session: reading: %w", io.ErrUnexpectedEOF)
	}
	c.readErr = err
	return b, err
}

// readMessage returns an error that wraps what r returned.
func readMessage(r io.Reader) ([]byte, error) {
	var length [lengthSize]byte
	if _, err := io.ReadFull(r, length[:]); err == io.EOF {
		return nil, io.EOF
	} else if err != nil {
		return nil, fmt.Errorf("session: reading: %w", err)
	}
	n := binary.BigEndian.Uint32(length[:])
	if n == 0 || n > MaxMessage {
		return nil, ErrMessage
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err == io.EOF {
		return nil, fmt.Errorf("session: reading: %w", io.ErrUnexpectedEOF)
	} else if err != nil {
		return nil, fmt.Errorf("session: reading: %w", err)
	}
	return b, nil
}

// WriteMessage sends b, of 1 to MaxMessage bytes, and keeps no reference to it. It is safe for concurrent use. It returns ErrMessage,
// after which the session goes on, or the connection's error, wrapped, after which it is dead.
func (c *Conn) WriteMessage(b []byte) error {
	if len(b) == 0 || len(b) > MaxMessage {
		return ErrMessage
	}
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	c.buffer = binary.BigEndian.AppendUint32(c.buffer[:0], uint32(len(b)))
	c.buffer = append(c.buffer, b...)
	_, err := c.tls.Write(c.buffer)
	if cap(c.buffer) > keepBuffer {
		c.buffer = nil
	}
	if err != nil {
		return fmt.Errorf("session: writing: %w", err)
	}
	return nil
}

// SetReadDeadline ends ReadMessage with a timeout error at t; the zero time takes the deadline away. A message that was half read by
// then is lost, and the session with it.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.tls.SetReadDeadline(t) }

// SetWriteDeadline is the same for WriteMessage.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.tls.SetWriteDeadline(t) }

// Close tells the other end, if that can be done within five seconds, and closes the connection. It ends calls that wait in
// ReadMessage and WriteMessage.
func (c *Conn) Close() error {
	if err := c.tls.Close(); err != nil {
		return fmt.Errorf("session: closing: %w", err)
	}
	return nil
}
