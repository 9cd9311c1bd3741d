//go:build !js

package socket

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"sync"
)

// frames writes a server's WebSocket frames (RFC 6455 §5.2). They are not masked, so the bytes of one message can go to any number of
// connections as they are: header and message in one call of the kernel, without a copy. The library would take two, and wake another
// goroutine twice. It still writes what answers the peer, pongs and the close, through Write: each of them a whole frame, since the
// buffer that it gets holds the longest.
type frames struct {
	net.Conn

	mu      sync.Mutex // held while a frame is written
	broken  bool       // a frame was cut off: nothing that follows would be understood
	header  [maxHeader]byte
	parts   [2][]byte
	buffers net.Buffers // of parts; writing consumes it
}

const (
	maxHeader    = 2 + 8
	maxControl   = 2 + 125 // §5.5: an answer of the library's
	finalBinary  = 0x82    // FIN, opcode 2
	length16     = 126
	length64     = 127
	maxLength7   = 125
	maxLength16  = 1<<16 - 1
	joinedLength = 16 << 10 // a TLS record
)

var errBroken = errors.New("socket: the connection broke in the midst of a message")

// hijacker has the library write through frames.
type hijacker struct {
	http.ResponseWriter
	frames *frames // once hijacked
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.frames = &frames{Conn: conn}
	return h.frames, bufio.NewReadWriter(rw.Reader, bufio.NewWriterSize(h.frames, 2*maxControl)), nil
}

// Write is for the library: b is a whole frame.
func (f *frames) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken {
		return 0, errBroken
	}
	n, err := f.Conn.Write(b)
	f.broken = err != nil
	return n, err
}

// message writes one binary message. It ends early when ctx does, which closes the connection, or when that is closed.
func (f *frames) message(ctx context.Context, message []byte) error {
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { f.Conn.Close() })
		defer stop()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken {
		return errBroken
	}
	err := f.write(appendHeader(f.header[:0], len(message)), message)
	f.broken = err != nil
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func appendHeader(b []byte, length int) []byte {
	switch {
	case length <= maxLength7:
		return append(b, finalBinary, byte(length))
	case length <= maxLength16:
		return binary.BigEndian.AppendUint16(append(b, finalBinary, length16), uint16(length))
	}
	return binary.BigEndian.AppendUint64(append(b, finalBinary, length64), uint64(length))
}

// joined holds buffers for connections that cannot gather.
var joined = sync.Pool{New: func() any { return new([joinedLength]byte) }}

func (f *frames) write(header, message []byte) error {
	if tcp, ok := f.Conn.(*net.TCPConn); ok {
		f.parts = [2][]byte{header, message}
		f.buffers = f.parts[:]
		_, err := f.buffers.WriteTo(tcp) // writev
		f.parts = [2][]byte{}            // an idle connection keeps no message
		return err
	}
	// TLS encrypts into memory of its own in any case; what matters is that the header gets no record for itself.
	buffer := joined.Get().(*[joinedLength]byte)
	defer joined.Put(buffer)
	n := copy(buffer[:], header)
	n += copy(buffer[n:], message)
	if _, err := f.Conn.Write(buffer[:n]); err != nil {
		return err
	}
	if rest := message[n-len(header):]; len(rest) > 0 {
		_, err := f.Conn.Write(rest)
		return err
	}
	return nil
}
