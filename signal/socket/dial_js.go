//lint:file-ignore SA1019 The project was asked to use this library; its successor takes its place here and nowhere else.

package socket

import (
	"context"
	"syscall/js"

	"nhooyr.io/websocket"
)

// Dial connects to a ws or wss url. Browsers do not tell why a connection failed.
func Dial(ctx context.Context, url string, readLimit int64) (*Conn, error) {
	ws, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	return newConn(ws, readLimit), nil
}

// Origin returns the Origin header (RFC 6454) that the browser sends: the page's or the worker's.
func Origin() string {
	origin := js.Global().Get("origin")
	if origin.Type() != js.TypeString {
		return ""
	}
	return origin.String()
}
