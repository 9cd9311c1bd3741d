//go:build linux

package main

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/socket"
	"github.com/sealcam/sealcam/test/browser"
)

// patience bounds a failure; it measures nothing.
const patience = 30 * time.Second

// perAddress is how many viewers share an address: fewer than the server allows.
const perAddress = 50

// What a WebSocket frame begins with (RFC 6455 §5.2).
const (
	finalBinary = 0x82
	masked      = 0x80
	length16    = 126
	length64    = 127
)

// enter logs a viewer in as one of so many and subscribes it to a topic. What comes is left to be read from the file.
func enter(tb browser.TB, host string, number int, topic signal.Topic) *os.File {
	from := &net.TCPAddr{IP: net.IPv4(127, 1, byte(number/perAddress>>8), byte(number/perAddress)+1)}
	dialer := net.Dialer{LocalAddr: from, Timeout: patience}
	conn, err := dialer.DialContext(tb.Context(), "tcp", host)
	if err != nil {
		tb.Fatalf("viewer %d: %v", number, err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if err := logIn(conn, host); err != nil {
		tb.Fatalf("viewer %d: %v", number, err)
	}
	if err := send(conn, &signal.Subscribe{Topic: topic, Cached: true}); err != nil {
		tb.Fatalf("viewer %d: %v", number, err)
	}
	file, err := conn.(*net.TCPConn).File() // another descriptor of the same connection
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() { file.Close() })
	return file
}

// logIn opens a WebSocket and logs in with a new device's key. It leaves nothing unread.
func logIn(conn net.Conn, host string) error {
	var nonce [16]byte
	rand.Read(nonce[:])
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
		socket.Path, host, base64.StdEncoding.EncodeToString(nonce[:]))
	r := bufio.NewReader(conn)
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("HTTP status %d", response.StatusCode)
	}
	first, err := receive(r)
	if err != nil {
		return err
	}
	challenge, ok := first.(*signal.Challenge)
	if !ok {
		return fmt.Errorf("a %T in place of the challenge", first)
	}
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		return err
	}
	login := &signal.Login{Role: signal.RoleViewer, Key: [32]byte(key.Signer().Public()), Expiry: time.Now().Add(signal.LoginLife).Unix()}
	message, err := signal.LoginMessage(signal.Domain(host), "", challenge.Nonce, login.Role, login.Key, login.Expiry)
	if err != nil {
		return err
	}
	signature, err := key.Signer().Sign(message)
	if err != nil {
		return err
	}
	copy(login.Signature[:], signature)
	if err := send(conn, login); err != nil {
		return err
	}
	second, err := receive(r)
	if err != nil {
		return err
	}
	if _, ok := second.(*signal.Welcome); !ok || r.Buffered() > 0 {
		return fmt.Errorf("a %T in place of the welcome, and %d bytes more", second, r.Buffered())
	}
	return nil
}

// send writes a short envelope. The mask of zeros is one (RFC 6455 §5.3).
func send(w io.Writer, e signal.Envelope) error {
	m := e.Append(make([]byte, 2+4, 256))
	m[0], m[1] = finalBinary, masked|byte(len(m)-6)
	_, err := w.Write(m)
	return err
}

// receive reads a short envelope.
func receive(r io.Reader) (signal.Envelope, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return nil, err
	}
	length := int(head[1])
	if length == length16 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return nil, err
		}
		length = int(binary.BigEndian.Uint16(head[2:]))
	}
	if head[0] != finalBinary || length > 1<<16 {
		return nil, fmt.Errorf("a WebSocket frame that begins %x", head)
	}
	m := make([]byte, length)
	if _, err := io.ReadFull(r, m); err != nil {
		return nil, err
	}
	return signal.Parse(m)
}
