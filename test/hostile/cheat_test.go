package hostile

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
)

// cheat is a session with an agent in the hands of somebody who keeps to no rules.
type cheat struct {
	conn  *session.Conn
	close func()
}

// sneak opens a session over a pipe and says Hello; the answer is the agent's first message.
func sneak(ctx context.Context, pipe net.Conn, self identity.DeviceKey, agent identity.AgentID, hello control.Hello) (*cheat, control.Message, error) {
	conn, err := session.Client(ctx, pipe, self.Signer(), agent)
	if err != nil {
		return nil, nil, err
	}
	c := &cheat{conn: conn, close: func() { conn.Close() }}
	hello.Version = control.Version
	if err := c.say(&hello); err != nil {
		c.close()
		return nil, nil, err
	}
	m, err := c.hear()
	if err != nil {
		c.close()
		return nil, nil, err
	}
	return c, m, nil
}

func (c *cheat) say(m control.Message) error {
	b, err := control.Encode(m)
	if err != nil {
		return err
	}
	return c.conn.WriteMessage(b)
}

func (c *cheat) hear() (control.Message, error) {
	c.conn.SetReadDeadline(time.Now().Add(within))
	b, err := c.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	return control.Decode(b)
}

// hearUntil skips messages until one is wanted.
func (c *cheat) hearUntil(wanted func(control.Message) bool) (control.Message, error) {
	for {
		m, err := c.hear()
		if err != nil || wanted(m) {
			return m, err
		}
	}
}

// cheats opens a session as the person's device, which an owner let in, without any of the viewer's care.
func (p *person) cheats(r *residence) *cheat {
	p.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	client, err := p.dial(ctx)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.mu.Lock()
	knock := p.homes[r.id].Knock
	p.mu.Unlock()
	pipe, _, err := client.Knock(ctx, r.id, knock)
	for errors.Is(err, signal.ErrUnavailable) && pause.For(ctx, filmEvery) { // the agent of a busy machine may be late
		pipe, _, err = client.Knock(ctx, r.id, knock)
	}
	if err != nil {
		client.Close()
		p.w.t.Fatal(err)
	}
	c, m, err := sneak(ctx, pipe, p.key, r.id, control.Hello{DeviceName: p.name})
	if err != nil {
		client.Close()
		p.w.t.Fatal(err)
	}
	if _, ok := m.(*control.Accept); !ok {
		p.w.t.Errorf("%s is answered %T %+v", p.name, m, m)
	}
	shut := c.close
	c.close = func() {
		shut()
		client.Close()
	}
	p.w.t.Cleanup(c.close)
	return c
}

// intrude opens a pipe to an agent by a knock hash, as the server can, and tries to get in with a key of its own.
func (w *town) intrude(r *residence, hash [32]byte, self identity.DeviceKey, hello control.Hello) (control.Message, error) {
	s := w.server
	s.mu.Lock()
	agent := s.agentConn(r.id)
	if agent == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("the agent is not connected")
	}
	end := agent.enterAs(hash)
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, m, err := sneak(ctx, end, self, r.id, hello)
	if err != nil {
		return nil, err
	}
	c.close()
	return m, nil
}

// doors returns the knock hashes that an agent gave the server.
func (w *town) doors(r *residence) [][32]byte {
	s := w.server
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.hashes[r.id]
}

// byDevice narrows a hook to the connections of a person's device.
func byDevice(p *person, h Hook) Hook {
	key := [32]byte(p.key.Public().Bytes())
	return func(w *Way, e signal.Envelope) bool { return w.conn.key == key && h(w, e) }
}
