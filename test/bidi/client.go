//lint:file-ignore SA1019 The project was asked to use this library. Its wrapper, signal/socket, carries binary envelopes; browsers speak text.

package bidi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"nhooyr.io/websocket"
)

// ErrClosed is returned for commands whose answer did not come because the connection ended: the browser is gone, or Close was called.
var ErrClosed = errors.New("bidi: the connection to the browser has ended")

// Error is a command's failure as the browser reports it.
type Error struct {
	Method  string
	Code    string // such as "no such frame" (§3.5)
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("bidi: %s: %s: %s", e.Method, e.Code, e.Message) }

// maxMessage bounds one message from the browser; a picture of a large page is the longest.
const maxMessage = 64 << 20

// Client is a connection. Its methods may be called from any goroutine.
type Client struct {
	socket  *websocket.Conn
	reading sync.WaitGroup
	stop    context.CancelFunc
	onEvent func(method string, params json.RawMessage)

	mu      sync.Mutex // guards what follows
	last    uint64     // the id of the latest command
	waiting map[uint64]chan<- message
	ended   bool
}

// message is what comes: the answer to a command, or an event (§3.2).
type message struct {
	Type    string          `json:"type"` // success, error or event
	ID      *uint64         `json:"id"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// Dial connects to an address such as ws://127.0.0.1:9222/session and begins a session. Events that were subscribed to are given to onEvent,
// one at a time and in order; it must not wait for commands.
func Dial(ctx context.Context, address string, onEvent func(method string, params json.RawMessage)) (*Client, error) {
	socket, response, err := websocket.Dial(ctx, address, nil)
	if err != nil {
		return nil, fmt.Errorf("bidi: %w", err)
	}
	if response != nil && response.Body != nil {
		response.Body.Close()
	}
	socket.SetReadLimit(maxMessage)
	// Not the caller's context: it bounds the dialling.
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Client{socket: socket, stop: stop, onEvent: onEvent, waiting: map[uint64]chan<- message{}}
	c.reading.Go(func() { c.read(reading) })
	// A prompt of the page must not hold the test up (§7.1.2.4).
	err = c.Call(ctx, "session.new", map[string]any{"capabilities": map[string]any{
		"alwaysMatch": map[string]any{"unhandledPromptBehavior": map[string]any{"default": "ignore"}},
	}}, nil)
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection and waits for its reader. Commands under way fail with ErrClosed. It may be called again.
func (c *Client) Close() {
	c.stop()
	_ = c.socket.CloseNow() // it may have ended
	c.reading.Wait()
}

// Call sends a command and decodes its result, unless result is nil.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	answers := make(chan message, 1)
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return fmt.Errorf("%s: %w", method, ErrClosed)
	}
	c.last++
	id := c.last
	c.waiting[id] = answers
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, id)
	}()
	if params == nil {
		params = struct{}{}
	}
	text, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("bidi: %s: %w", method, err)
	}
	if err := c.socket.Write(ctx, websocket.MessageText, text); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // the library ends the connection when ctx does, and may say only that
		}
		return fmt.Errorf("bidi: %s: %w", method, err)
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("bidi: %s: %w", method, ctx.Err())
	case m, ok := <-answers:
		switch {
		case !ok:
			return fmt.Errorf("%s: %w", method, ErrClosed)
		case m.Type != "success":
			return &Error{method, m.Error, m.Message}
		case result == nil:
			return nil
		}
		if err := json.Unmarshal(m.Result, result); err != nil {
			return fmt.Errorf("bidi: %s: result: %w", method, err)
		}
		return nil
	}
}

// read hands out what comes until the connection ends.
func (c *Client) read(ctx context.Context) {
	defer c.end()
	for {
		kind, text, err := c.socket.Read(ctx)
		if err != nil {
			return
		}
		var m message
		if kind != websocket.MessageText || json.Unmarshal(text, &m) != nil {
			return // no browser that this client understands
		}
		if m.Type == "event" {
			c.onEvent(m.Method, m.Params)
			continue
		}
		if m.ID == nil {
			continue // an error about a message that named no command
		}
		c.mu.Lock()
		answers := c.waiting[*m.ID]
		delete(c.waiting, *m.ID)
		c.mu.Unlock()
		if answers != nil {
			answers <- m
		}
	}
}

func (c *Client) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for id, answers := range c.waiting {
		close(answers)
		delete(c.waiting, id)
	}
}
