//lint:file-ignore SA1019 The project was asked to use this library; its successor takes its place here and nowhere else.

// Package socket wraps nhooyr.io/websocket: the only package that imports it, so that a move to its successor is a change here.
//
// It carries binary messages of bounded size without compression (what goes through is ciphertext). See package signal for what the
// js build cannot do.
package socket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"nhooyr.io/websocket"
)

// Path is where a server listens for WebSockets.
const Path = "/signal"

// ErrTooLarge says that a message was longer than the read limit. What was not read of it waits for Drain.
var ErrTooLarge = errors.New("socket: message too large")

// ErrText says that the peer sent a text message, which Sealcam never does. It waits for Drain.
var ErrText = errors.New("socket: text message")

// HTTPError says that the server answered the handshake with this HTTP status instead of a WebSocket. Browsers do not tell.
type HTTPError struct{ Status int }

// Error implements error.
func (e *HTTPError) Error() string { return fmt.Sprintf("socket: http status %d", e.Status) }

// Conn is an open WebSocket. One goroutine may read while another writes; CloseNow may be called from any.
type Conn struct {
	ws    *websocket.Conn
	write func(context.Context, []byte) error // one message
	ready func() error                        // nil: always
	over  atomic.Bool                         // CloseNow was called

	// Of the reading goroutine:
	limit   int64        // bytes of a message
	scratch bytes.Buffer // messages are gathered here, so that each costs one allocation of its own size
	rest    io.Reader    // of a message that Read refused
}

func newConn(ws *websocket.Conn, limit int64) *Conn {
	ws.SetReadLimit(-1) // the library would end the connection before the peer can be told why
	return &Conn{ws: ws, limit: limit, write: func(ctx context.Context, message []byte) error {
		return ws.Write(ctx, websocket.MessageBinary, message)
	}}
}

// maxScratch is how much memory an idle reader keeps.
const maxScratch = 1 << 20

// Read returns the next message in memory of its own. After an error, and after ctx ended, nothing more can be read.
func (c *Conn) Read(ctx context.Context) ([]byte, error) {
	kind, r, err := c.ws.Reader(ctx)
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageBinary {
		c.rest = r
		return nil, ErrText
	}
	if c.scratch.Cap() > maxScratch {
		c.scratch = bytes.Buffer{}
	}
	c.scratch.Reset()
	n, err := io.Copy(&c.scratch, io.LimitReader(r, c.limit+1))
	if err != nil {
		return nil, err
	}
	if n > c.limit {
		c.rest = r
		return nil, ErrTooLarge
	}
	return bytes.Clone(c.scratch.Bytes()), nil
}

// Write sends one message. It ends early, and the connection with it, when ctx ends; and when CloseNow is called, so that a ctx without
// end will do.
// In a browser it never blocks: the browser buffers, and Ready tells how much.
func (c *Conn) Write(ctx context.Context, message []byte) error { return c.write(ctx, message) }

// Ready waits until what was written is sent but for a little, as far as the system tells: what waits there is beyond dropping. Who asks
// before choosing what to write next sends no old pictures. The error says that the connection is closed.
func (c *Conn) Ready() error {
	if c.ready == nil {
		return nil
	}
	return c.ready()
}

// Drain reads and drops everything until the connection ends. A server that closes with bytes unread resets the connection, and
// the peer may never see what was sent to it last.
func (c *Conn) Drain(ctx context.Context) {
	for {
		if c.rest != nil {
			if _, err := io.Copy(io.Discard, c.rest); err != nil {
				return
			}
		}
		var err error
		if _, c.rest, err = c.ws.Reader(ctx); err != nil {
			return
		}
	}
}

// SetReadLimit bounds the messages that Read takes, in bytes. The reading goroutine calls it.
func (c *Conn) SetReadLimit(n int64) { c.limit = n }

// CloseNow ends the connection without a handshake and waits for the library's goroutines. In a browser it does nothing: there the
// connection ends when the server closes it, or when the browser finds it dead.
func (c *Conn) CloseNow() {
	c.over.Store(true)
	c.ws.CloseNow()
}
