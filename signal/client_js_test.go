package signal

import (
	"context"
	"errors"
	"io"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// fakeSocket stands in for the browser's WebSocket: it keeps to what the HTML standard says of close codes, and its server is the test.
const fakeSocket = `return class extends EventTarget {
	constructor(url) { super(); this.url = url; this.protocol = ""; this.sent = []; setTimeout(() => opened(this)); }
	send(data) { this.sent.push(data); told(); }
	close(code) {
		if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException("code", "InvalidAccessError");
		this.closing = true;
	}
	fire(type, fields) { this.dispatchEvent(Object.assign(new Event(type), fields)); }
};`

type browser struct {
	t      *testing.T
	socket chan js.Value
	sent   chan struct{}
	taken  int
}

func newBrowser(t *testing.T) *browser {
	b := &browser{t: t, socket: make(chan js.Value, 1), sent: make(chan struct{}, 100)}
	opened := js.FuncOf(func(_ js.Value, args []js.Value) any {
		b.socket <- args[0]
		return nil
	})
	told := js.FuncOf(func(js.Value, []js.Value) any {
		b.sent <- struct{}{}
		return nil
	})
	before := js.Global().Get("WebSocket")
	js.Global().Set("WebSocket", js.Global().Get("Function").New("opened", "told", fakeSocket).Invoke(opened, told))
	t.Cleanup(func() {
		js.Global().Set("WebSocket", before)
		opened.Release()
		told.Release()
	})
	return b
}

func (b *browser) next(socket js.Value) Envelope {
	b.t.Helper()
	select {
	case <-b.sent:
	case <-time.After(20 * time.Second):
		b.t.Fatal("the client sent nothing")
	}
	data := socket.Get("sent").Index(b.taken)
	b.taken++
	m := make([]byte, data.Length())
	js.CopyBytesToGo(m, data)
	e, err := Parse(m)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

func deliver(socket js.Value, e Envelope) {
	m := e.Append(nil)
	data := js.Global().Get("Uint8Array").New(len(m))
	js.CopyBytesToJS(data, m)
	socket.Call("fire", "message", map[string]any{"data": data.Get("buffer")})
}

// TestClientInBrowser logs in, uses a pipe, and ends while the server says nothing more. The error event that a browser fires on a
// socket that dies while it is closed must find nobody waiting for it: that would stop the program.
func TestClientInBrowser(t *testing.T) {
	b := newBrowser(t)
	k, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	type dialled struct {
		c   *Client
		err error
	}
	done := make(chan dialled, 1)
	go func() {
		c, err := Dial(context.Background(), Options{URL: "https://cameras.example", Role: RoleViewer, Signer: k.Signer()})
		done <- dialled{c, err}
	}()
	socket := <-b.socket
	if url := socket.Get("url").String(); url != "wss://cameras.example/signal" {
		t.Errorf("dialled %s", url)
	}
	socket.Call("fire", "open", map[string]any{})
	nonce := [32]byte{1}
	deliver(socket, &Challenge{Nonce: nonce})
	login, ok := b.next(socket).(*Login)
	if !ok {
		t.Fatal("no login")
	}
	if err := login.Verify("cameras.example", js.Global().Get("origin").String(), nonce, time.Now()); err != nil {
		t.Errorf("the login: %v", err)
	}
	deliver(socket, &Welcome{ICE: []string{"stun:x:1"}})
	d := <-done
	if d.err != nil {
		t.Fatal(d.err)
	}

	deliver(socket, &Ping{})
	if _, ok := b.next(socket).(*Pong); !ok {
		t.Error("no pong")
	}
	go func() {
		knock := b.next(socket).(*Knock)
		deliver(socket, &Opened{Request: knock.Request, Pipe: 3})
		deliver(socket, &Data{Pipe: 3, Bytes: []byte("hello")})
	}()
	p, _, err := d.c.Knock(context.Background(), identity.AgentID{}, [16]byte{})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(p, got); err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}

	begin := time.Now()
	d.c.Close()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("closing took %v with a server that says nothing", took)
	}
	if _, ok := b.next(socket).(*Bye); !ok {
		t.Error("no bye")
	}
	socket.Call("fire", "error", map[string]any{"message": "reset"})
	socket.Call("fire", "close", map[string]any{"code": 1006, "reason": "", "wasClean": false})
	if !errors.Is(d.c.Err(), ErrClosed) {
		t.Error(d.c.Err())
	}
}

func TestUnreachableInBrowser(t *testing.T) {
	b := newBrowser(t)
	k, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := Dial(context.Background(), Options{URL: "https://cameras.example", Role: RoleViewer, Signer: k.Signer()})
		failed <- err
	}()
	socket := <-b.socket
	socket.Call("fire", "error", map[string]any{})
	socket.Call("fire", "close", map[string]any{"code": 1006, "reason": "", "wasClean": false})
	if err := <-failed; !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
}
