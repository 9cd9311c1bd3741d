//lint:file-ignore SA1019 The project was asked to use this library. Its wrapper, signal/socket, carries binary envelopes; browsers speak text.

package bidi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"nhooyr.io/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// command is what the client sends.
type command struct {
	ID     uint64          `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// serve plays a browser: it begins the session and gives all later commands to answer, which may send several messages.
func serve(t *testing.T, answer func(c command, send func(string)) (goOn bool)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer socket.CloseNow()
		send := func(text string) { _ = socket.Write(r.Context(), websocket.MessageText, []byte(text)) }
		for {
			_, text, err := socket.Read(r.Context())
			if err != nil {
				return
			}
			var c command
			if err := json.Unmarshal(text, &c); err != nil {
				t.Error(err)
				return
			}
			if c.Method == "session.new" {
				send(`{"type":"success","id":1,"result":{"sessionId":"s"}}`)
			} else if !answer(c, send) {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func dial(t *testing.T, address string, onEvent func(string, json.RawMessage)) *Client {
	t.Helper()
	c, err := Dial(t.Context(), address, onEvent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Answers come in any order, and events between them.
func TestAnswersFindTheirCommands(t *testing.T) {
	var held []command
	c := dial(t, serve(t, func(c command, send func(string)) bool {
		send(`{"type":"event","method":"log.entryAdded","params":` + string(c.Params) + `}`)
		if held = append(held, c); len(held) < 3 {
			return true
		}
		for i := range held {
			h := held[len(held)-1-i]
			text, err := json.Marshal(map[string]any{"type": "success", "id": h.ID, "result": h.Params})
			if err != nil {
				t.Error(err)
			}
			send(string(text))
		}
		return true
	}), ignore)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			var got int
			if err := c.Call(t.Context(), "test.echo", i, &got); err != nil || got != i {
				t.Errorf("sent %d, got %d, %v", i, got, err)
			}
		})
	}
	wg.Wait()
}

func ignore(string, json.RawMessage) {}

func TestEventsComeInOrder(t *testing.T) {
	var seen []string
	c := dial(t, serve(t, func(_ command, send func(string)) bool {
		send(`{"type":"event","method":"first","params":{}}`)
		send(`{"type":"event","method":"second","params":{}}`)
		send(`{"type":"success","id":2,"result":{}}`)
		return true
	}), func(method string, _ json.RawMessage) { seen = append(seen, method) })
	if err := c.Call(t.Context(), "test.go", nil, nil); err != nil {
		t.Fatal(err)
	}
	if strings.Join(seen, " ") != "first second" {
		t.Errorf("events %q", seen)
	}
}

func TestFailures(t *testing.T) {
	t.Run("of the command", func(t *testing.T) {
		c := dial(t, serve(t, func(_ command, send func(string)) bool {
			send(`{"type":"error","id":2,"error":"no such frame","message":"it is closed"}`)
			return true
		}), ignore)
		err := c.Call(t.Context(), "test.fail", nil, nil)
		var failure *Error
		if !errors.As(err, &failure) || failure.Code != "no such frame" || !strings.Contains(err.Error(), "test.fail") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("of the connection", func(t *testing.T) {
		c := dial(t, serve(t, func(command, func(string)) bool { return false }), ignore)
		for range 2 {
			if err := c.Call(t.Context(), "test.crash", nil, nil); err == nil {
				t.Error("a command succeeded without a browser")
			}
		}
	})
	t.Run("of what comes", func(t *testing.T) {
		c := dial(t, serve(t, func(_ command, send func(string)) bool {
			send(`{"type":`)
			return true
		}), ignore)
		if err := c.Call(t.Context(), "test.garbage", nil, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("of patience", func(t *testing.T) {
		asked := make(chan struct{})
		c := dial(t, serve(t, func(command, func(string)) bool {
			close(asked)
			return true
		}), ignore)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-asked
			cancel()
		}()
		if err := c.Call(ctx, "test.silent", nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		if _, err := Dial(t.Context(), "ws://127.0.0.1:1/session", ignore); err == nil {
			t.Error("connected to nobody")
		}
	})
}
