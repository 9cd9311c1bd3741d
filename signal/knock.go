package signal

import (
	"context"
	"fmt"
	"io"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// Knock asks for a pipe to an agent by the token that the agent gave this device. The error is [ErrUnavailable], the context's, or why
// the connection ended.
func (c *Client) Knock(ctx context.Context, agent identity.AgentID, token [16]byte) (*Pipe, TURN, error) {
	answer := make(chan opened, 1)
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return nil, TURN{}, c.err
	}
	for c.request++; c.knocks[c.request] != nil; {
		c.request++
	}
	request := c.request
	c.knocks[request] = answer
	c.mu.Unlock()
	c.control(&Knock{Request: request, Agent: agent, Token: token})

	select {
	case o, ok := <-answer:
		switch {
		case ok:
			return o.pipe, o.turn, nil
		case c.Err() != nil:
			return nil, TURN{}, c.Err()
		}
		return nil, TURN{}, ErrUnavailable
	case <-ctx.Done():
		c.answer(request)
		select {
		case o, ok := <-answer: // it came in the same moment
			if ok {
				o.pipe.Close()
			}
		default:
		}
		return nil, TURN{}, ctx.Err()
	}
}

// AcceptPipe waits for a viewer's pipe. Incoming names the knock hash by which it was opened.
func (c *Client) AcceptPipe(ctx context.Context) (*Pipe, Incoming, error) {
	select {
	case in := <-c.accept:
		return in.pipe, in.Incoming, nil
	case <-c.done:
		return nil, Incoming{}, c.Err()
	case <-ctx.Done():
		return nil, Incoming{}, ctx.Err()
	}
}

// SetKnocks replaces the hashes of the tokens that open pipes to this agent: at most MaxKnocks.
func (c *Client) SetKnocks(hashes [][32]byte) error {
	if len(hashes) > MaxKnocks {
		return fmt.Errorf("signal: %d knock hashes, of at most %d", len(hashes), MaxKnocks)
	}
	c.control(&Knocks{Hashes: hashes})
	return c.Err()
}

// answer takes the channel on which a knock waits, or nil.
func (c *Client) answer(request uint32) chan opened {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := c.knocks[request]
	delete(c.knocks, request)
	return answer
}

func (c *Client) opened(e *Opened) {
	c.mu.Lock()
	answer := c.knocks[e.Request]
	if answer == nil || c.pipes[e.Pipe] != nil { // nobody waits any more, or the server gave one number twice
		c.mu.Unlock()
		c.control(&ClosePipe{Pipe: e.Pipe})
		return
	}
	delete(c.knocks, e.Request)
	p := newPipe(e.Pipe, c)
	c.pipes[e.Pipe] = p
	answer <- opened{p, e.TURN}
	c.mu.Unlock()
}

func (c *Client) incoming(e *Incoming) {
	p := newPipe(e.Pipe, c)
	c.mu.Lock()
	if c.err != nil || c.pipes[e.Pipe] != nil {
		c.mu.Unlock()
		return
	}
	c.pipes[e.Pipe] = p
	c.mu.Unlock()
	select {
	case c.accept <- incoming{p, *e}:
	default:
		c.log.Warn("signal: pipe refused, since nobody accepts them fast enough")
		p.Close()
	}
}

func (c *Client) pipe(id uint32) *Pipe {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pipes[id]
}

// forget takes a pipe out of the table, and returns whether it was there.
func (c *Client) forget(id uint32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.pipes[id]
	delete(c.pipes, id)
	return ok
}

// closed ends a pipe that the peer closed.
func (c *Client) closed(id uint32) {
	if p := c.pipe(id); p != nil {
		c.forget(id)
		p.end(io.EOF)
	}
}

// drop ends a pipe from here, because of err.
func (c *Client) drop(p *Pipe, err error) {
	if c.forget(p.id) {
		c.control(&ClosePipe{Pipe: p.id})
	}
	p.end(err)
}
