package adversary

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/session"
)

// wire is a session's byte pipe in the server's hands. During the handshake it carries what it is given; from then on it keeps what
// either end writes, and hands on only what it is told to.
type wire struct {
	client, agent *plug
}

// plug is one end of a wire.
type plug struct {
	mu      sync.Mutex
	changed *sync.Cond
	in      bytes.Buffer // for this end to read
	peer    *plug
	cut     *bool    // shared: the server holds back what is written
	held    [][]byte // what this end wrote since
	closed  bool
}

func newWire() *wire {
	cut := new(bool)
	w := &wire{client: &plug{cut: cut}, agent: &plug{cut: cut}}
	w.client.peer, w.agent.peer = w.agent, w.client
	for _, p := range []*plug{w.client, w.agent} {
		p.changed = sync.NewCond(&p.mu)
	}
	return w
}

// errDry ends a read of a pipe on which the server holds everything back, so that one who waits in vain is told.
var errDry = os.ErrDeadlineExceeded

func (p *plug) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.in.Len() == 0 {
		switch {
		case p.closed:
			return 0, io.EOF
		case *p.cut:
			return 0, errDry
		}
		p.changed.Wait()
	}
	return p.in.Read(b)
}

func (p *plug) Write(b []byte) (int, error) {
	if *p.cut {
		p.held = append(p.held, bytes.Clone(b))
	} else {
		p.peer.feed(b)
	}
	return len(b), nil
}

// feed gives an end something to read.
func (p *plug) feed(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.in.Write(b)
	p.changed.Broadcast()
}

func (p *plug) Close() error {
	for _, end := range []*plug{p, p.peer} {
		end.mu.Lock()
		end.closed = true
		end.changed.Broadcast()
		end.mu.Unlock()
	}
	return nil
}

func (p *plug) LocalAddr() net.Addr              { return plugAddr{} }
func (p *plug) RemoteAddr() net.Addr             { return plugAddr{} }
func (p *plug) SetDeadline(time.Time) error      { return nil }
func (p *plug) SetReadDeadline(time.Time) error  { return nil }
func (p *plug) SetWriteDeadline(time.Time) error { return nil }

type plugAddr struct{}

func (plugAddr) Network() string { return "memory" }
func (plugAddr) String() string  { return "memory" }

// talk is an established session with what its ends said after the handshake, record by record.
type talk struct {
	viewer           *session.Conn
	wire             *wire
	toViewer, toHome [][]byte
}

// messagesPerTalk is how many messages an agent sends in a session: the welcome, and what follows at revokeStep.
const messagesPerTalk = 2

// said is the content of an agent's message.
func said(viewer, connection, message int) []byte {
	return fmt.Appendf(nil, "message %d of connection %d to viewer %d", message, connection, viewer)
}

// device returns a viewer's key.
func device(viewer int) (identity.DeviceKey, error) {
	seed := secret("device", viewer)
	return identity.DeviceFromSeed(seed[:ed25519.SeedSize])
}

// converse runs a handshake of a viewer with its agent and lets both speak; the server keeps all of it.
func (w *world) converse(viewer, connection int) (*talk, error) {
	key, err := device(viewer)
	if err != nil {
		return nil, err
	}
	agent := w.agents[homeOf(viewer)]
	t := &talk{wire: newWire()}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var atHome *session.Conn
	var homeErr error
	var serving sync.WaitGroup
	serving.Go(func() {
		atHome, homeErr = session.Server(ctx, t.wire.agent, agent, func(d identity.DevicePublic) error {
			if !d.Equal(key.Public()) {
				return errors.New("another device")
			}
			return nil
		})
	})
	t.viewer, err = session.Client(ctx, t.wire.client, key.Signer(), agent.Public().ID())
	serving.Wait()
	if err := errors.Join(err, homeErr); err != nil {
		return nil, err
	}
	*t.wire.client.cut = true
	for m := range messagesPerTalk {
		if err := errors.Join(atHome.WriteMessage(said(viewer, connection, m)), t.viewer.WriteMessage([]byte("acknowledged"))); err != nil {
			return nil, err
		}
	}
	t.toViewer, t.toHome = t.wire.agent.held, t.wire.client.held
	if len(t.toViewer) != messagesPerTalk || len(t.toHome) != messagesPerTalk {
		return nil, fmt.Errorf("%d and %d records for %d messages", len(t.toViewer), len(t.toHome), messagesPerTalk)
	}
	return t, nil
}

// record is what the server may hand to a viewer on its session's pipe.
type record struct {
	viewer  uint8 // to whom it was sent
	older   bool  // in an earlier connection of the same device
	message uint8 // which one
	own     bool  // the receiver's own, reflected
}

// trial is a session in which some messages were read, and the record that is handed to it next.
type trial struct {
	viewer, read uint8
	record       record
}

// sessions finds out, once for each trial and with a session of its own, whether a viewer takes a record.
type sessions struct {
	world *world
	known map[trial]bool
	tried int
}

// takes hands a record to a session for real. An error says that the session took what its agent did not send there and then.
func (s *sessions) takes(t trial) (bool, error) {
	if taken, ok := s.known[t]; ok {
		return taken, nil
	}
	s.tried++
	own, err := s.world.converse(int(t.viewer), 1)
	if err != nil {
		return false, err
	}
	for m := range t.read {
		own.wire.client.feed(own.toViewer[m])
		if b, err := own.viewer.ReadMessage(); err != nil || !bytes.Equal(b, said(int(t.viewer), 1, int(m))) {
			return false, fmt.Errorf("message %d of an honest server: %q, %w", m, b, err)
		}
	}
	from := own
	if t.record.viewer != t.viewer || t.record.older {
		if from, err = s.world.converse(int(t.record.viewer), 0); err != nil {
			return false, err
		}
	}
	bytesOf := from.toViewer
	if t.record.own {
		bytesOf = from.toHome
	}
	own.wire.client.feed(bytesOf[t.record.message])
	b, err := own.viewer.ReadMessage()
	honest := !t.record.own && !t.record.older && t.record.viewer == t.viewer && t.record.message == t.read
	switch {
	case err == nil && (!honest || !bytes.Equal(b, said(int(t.viewer), 1, int(t.record.message)))):
		return false, fmt.Errorf("a session took %q in trial %+v", b, t)
	case err != nil && honest:
		return false, fmt.Errorf("an honest record: %w", err)
	case err != nil: // it is dead for good
		if *own.wire.client.cut = false; t.read < messagesPerTalk {
			own.wire.client.feed(own.toViewer[t.read])
		}
		if b, again := own.viewer.ReadMessage(); again == nil {
			return false, fmt.Errorf("a session went on with %q after trial %+v", b, t)
		}
	}
	s.known[t] = err == nil
	return err == nil, nil
}
