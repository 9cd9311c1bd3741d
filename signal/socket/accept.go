//go:build !js

//lint:file-ignore SA1019 The project was asked to use this library; its successor takes its place here and nowhere else.

package socket

import (
	"net"
	"net/http"

	"nhooyr.io/websocket"
)

// Accept answers a WebSocket handshake, or writes an HTTP error and returns it. A browser's Origin must name the request's Host.
func Accept(w http.ResponseWriter, r *http.Request, readLimit int64) (*Conn, error) {
	h := &hijacker{ResponseWriter: w}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil, err
	}
	c := newConn(ws, readLimit)
	c.write, c.ready = h.frames.message, newReady(h.frames.Conn).wait
	return c, nil
}

// Listener tunes each accepted TCP connection for live video, as far as the kernel can.
type Listener struct{ net.Listener }

// Accept implements net.Listener.
func (l Listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			tune(raw)
		}
	}
	return conn, err
}
