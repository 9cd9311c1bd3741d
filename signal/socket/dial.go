//go:build !js

//lint:file-ignore SA1019 The project was asked to use this library; its successor takes its place here and nowhere else.

package socket

import (
	"context"
	"net"
	"net/http"
	"syscall"
	"time"

	"nhooyr.io/websocket"
)

// Dial connects to a ws, wss, http or https url. The error is an [*HTTPError] or the network's; neither may be logged, since
// addresses stand in it.
func Dial(ctx context.Context, url string, readLimit int64) (*Conn, error) {
	dialer := net.Dialer{
		KeepAlive: 15 * time.Second,
		Control: func(_, _ string, c syscall.RawConn) error {
			tune(c)
			return nil
		},
	}
	var below net.Conn // TLS, and the library's own connection, lie upon it
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
			conn, err = dialer.DialContext(ctx, network, address)
			below = conn
			return conn, err
		},
		TLSHandshakeTimeout: 10 * time.Second,
		DisableKeepAlives:   true,
		Protocols:           new(http.Protocols),
	}
	transport.Protocols.SetHTTP1(true) // an upgrade is HTTP/1.1's
	ws, response, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport: transport,
			// The login signs the address that the user gave; a redirect would lead it elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		if response != nil {
			return nil, &HTTPError{Status: response.StatusCode}
		}
		return nil, err
	}
	c := newConn(ws, readLimit)
	c.ready = newReady(below).wait
	return c, nil
}

// Origin returns the Origin header (RFC 6454) that Dial sends: none.
func Origin() string { return "" }
