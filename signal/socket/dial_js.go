//lint:file-ignore SA1019 The project was asked to use this library; its successor takes its place here and nowhere else.

package socket

import (
	"context"
	"net"
	"sync/atomic"
	"syscall/js"
	"time"

	"nhooyr.io/websocket"
)

// Dial connects to a ws or wss url. Browsers do not tell why a connection failed.
func Dial(ctx context.Context, url string, readLimit int64) (*Conn, error) {
	var object js.Value
	restore := catchSocket(&object)
	ws, _, err := websocket.Dial(ctx, url, nil)
	restore()
	if err != nil {
		return nil, err
	}
	c := newConn(ws, readLimit)
	if object.Truthy() {
		c.ready = func() error { return drained(object, &c.over) }
	}
	return c, nil
}

// catchSocket finds out the browser's object of the next WebSocket that is made, which the library keeps to itself. It is the first thing
// that the library's Dial does, so nobody else's can come between; from then on everything is as it was.
func catchSocket(object *js.Value) (restore func()) {
	global := js.Global()
	class := global.Get("WebSocket")
	var catch js.Func
	caught := false
	restore = func() {
		if !caught {
			caught = true
			global.Set("WebSocket", class)
			catch.Release()
		}
	}
	catch = js.FuncOf(func(_ js.Value, args []js.Value) any {
		restore()
		arguments := make([]any, len(args))
		for i, a := range args {
			arguments[i] = a
		}
		*object = global.Get("Reflect").Call("construct", class, arguments)
		return *object
	})
	global.Set("WebSocket", catch)
	return restore
}

// Bounds of what the browser may hold of what was written, as ready_linux.go has them for the system, and how often that is looked at.
const (
	maxBuffered = 128 << 10
	lookEvery   = 10 * time.Millisecond
)

// open is WebSocket.OPEN (WHATWG WebSockets §3.1).
const open = 1

// drained waits until the browser has sent what was written but for a little. There is no event for that.
func drained(object js.Value, over *atomic.Bool) error {
	for {
		waits := object.Get("bufferedAmount")
		if waits.Type() != js.TypeNumber || waits.Int() <= maxBuffered {
			return nil
		}
		if over.Load() || object.Get("readyState").Int() != open {
			return net.ErrClosed
		}
		time.Sleep(lookEvery)
	}
}

// Origin returns the Origin header (RFC 6454) that the browser sends: the page's or the worker's.
func Origin() string {
	origin := js.Global().Get("origin")
	if origin.Type() != js.TypeString {
		return ""
	}
	return origin.String()
}
