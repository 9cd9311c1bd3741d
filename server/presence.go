package server

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

// What nodes say to the node of an agent: the first byte.
const (
	askKnock    = 'k' // hash(32) ‖ agent's pipe token(16) ‖ viewer's pipe token(16); the answer is yes(1) or empty
	askTakeover = 't' // session(16): the agent logged in again; older connections end
)

const (
	knockLen    = 1 + 32 + 16 + 16
	takeoverLen = 1 + 16
)

var yes = []byte{1}

// appear makes an agent reachable from every node, and ends its older connections.
func (c *conn) appear() error {
	bus := c.server.bus
	subject := agentSubject(c.agent)
	sub, err := bus.Subscribe(subject, c.asked)
	if err != nil {
		return err
	}
	c.presence = sub
	return bus.Publish(subject, append([]byte{askTakeover}, c.session[:]...))
}

// asked answers what nodes ask of this agent. NATS calls it in order, on one goroutine.
func (c *conn) asked(m *nats.Msg) {
	switch {
	case len(m.Data) == takeoverLen && m.Data[0] == askTakeover:
		if [16]byte(m.Data[1:]) != c.session {
			c.end(signal.CodeReplaced)
		}
	case len(m.Data) == knockLen && m.Data[0] == askKnock:
		hash, here, there := [32]byte(m.Data[1:]), [16]byte(m.Data[33:]), [16]byte(m.Data[49:])
		if !c.accepts(hash) || !c.openIncoming(hash, here, there) {
			m.Respond(nil)
			return
		}
		m.Respond(yes)
	}
}

func (c *conn) setKnocks(hashes [][32]byte) {
	accepted := make(map[[32]byte]struct{}, len(hashes))
	for _, h := range hashes {
		accepted[h] = struct{}{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = accepted
}

func (c *conn) accepts(hash [32]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.accepted[hash]
	return ok
}

// openIncoming makes the agent's end of a pipe.
func (c *conn) openIncoming(hash [32]byte, here, there [16]byte) bool {
	b, err := c.newBridge(here, there, c.server.config.Limits.PipesPerAgent)
	if err != nil {
		return false
	}
	c.send(&signal.Incoming{Pipe: b.id, Hash: hash, TURN: c.server.turn.credentials(time.Now())})
	b.start()
	return true
}

// startKnock answers a knock in the background, within the limits.
func (c *conn) startKnock(e *signal.Knock) (signal.Code, bool) {
	now := time.Now()
	if !c.knock.AllowN(now, 1) || !c.server.addresses.knock(c.address, now) {
		return signal.CodeTooFast, false
	}
	select {
	case c.slots <- struct{}{}:
	default:
		return signal.CodeTooFast, false
	}
	if c.openPipes() >= c.server.config.Limits.PipesPerViewer {
		<-c.slots
		return signal.CodeTooMany, false
	}
	c.tasks.Go(func() {
		defer func() { <-c.slots }()
		c.answerKnock(e)
	})
	return 0, true
}

// answerKnock asks the agent's node. Every answer but a pipe comes after the same time: who has no good token learns neither whether
// an agent exists nor whether it is connected.
func (c *conn) answerKnock(e *signal.Knock) {
	delay := c.server.config.KnockDelay
	refusal := time.NewTimer(delay)
	defer refusal.Stop()
	if c.tryKnock(e, delay*3/4) {
		return
	}
	select {
	case <-refusal.C:
		c.send(&signal.Unavailable{Request: e.Request})
	case <-c.done:
	}
}

func (c *conn) tryKnock(e *signal.Knock, within time.Duration) bool {
	agent := identity.AgentID(e.Agent)
	hash := identity.KnockHash(agent, e.Token)
	here, there := token(), token()
	b, err := c.newBridge(here, there, c.server.config.Limits.PipesPerViewer)
	if err != nil {
		return false
	}
	question := append([]byte{askKnock}, hash[:]...)
	question = append(append(question, there[:]...), here[:]...)
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	defer b.start()
	answer, err := c.server.bus.RequestWithContext(ctx, agentSubject(agent), question)
	if err != nil || len(answer.Data) != len(yes) {
		b.abandon(errors.Is(err, context.DeadlineExceeded)) // then the agent's end may be open all the same
		c.forgetPipe(b)
		return false
	}
	if !b.live() { // the viewer went in the meantime
		b.abandon(true)
		return true
	}
	c.send(&signal.Opened{Request: e.Request, Pipe: b.id, TURN: c.server.turn.credentials(time.Now())})
	return true
}
