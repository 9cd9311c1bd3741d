package socket

import (
	"context"
	"errors"
	"net"
	"syscall/js"
	"testing"
	"time"
)

// slowSocket stands in for the browser's WebSocket: it is open at once, and sends what it was given when the test says so.
const slowSocket = `return class extends EventTarget {
	constructor(url, protocols) { super(); this.arguments = arguments.length; this.protocol = ""; this.readyState = 1; this.bufferedAmount = 0;
		setTimeout(() => this.dispatchEvent(new Event("open"))); }
	send(data) { this.bufferedAmount += data.byteLength; made(this); }
	close() {}
};`

func TestReadyWaitsForTheBrowser(t *testing.T) {
	var object js.Value
	made := js.FuncOf(func(_ js.Value, args []js.Value) any {
		object = args[0]
		return nil
	})
	defer made.Release()
	before := js.Global().Get("WebSocket")
	class := js.Global().Get("Function").New("made", slowSocket).Invoke(made)
	js.Global().Set("WebSocket", class)
	defer js.Global().Set("WebSocket", before)
	c, err := Dial(context.Background(), "ws://localhost/signal", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !js.Global().Get("WebSocket").Equal(class) {
		t.Error("the page's WebSocket was not put back")
	}
	write := func(n int) {
		if err := c.Write(context.Background(), make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
	write(maxBuffered)
	if err := c.Ready(); err != nil {
		t.Errorf("with little waiting: %v", err)
	}
	write(1)
	ready := make(chan error, 1)
	go func() { ready <- c.Ready() }()
	select {
	case err := <-ready:
		t.Fatalf("ready (%v) with %d bytes waiting", err, maxBuffered+1)
	case <-time.After(5 * lookEvery):
	}
	object.Set("bufferedAmount", 0)
	if err := <-ready; err != nil {
		t.Errorf("after the browser has sent it: %v", err)
	}
	object.Set("bufferedAmount", 2*maxBuffered)
	go func() { ready <- c.Ready() }()
	c.over.Store(true) // as CloseNow does, which waits for the socket's own end
	if err := <-ready; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after its end: %v", err)
	}
}
