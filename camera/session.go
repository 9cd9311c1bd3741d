package camera

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
)

// Bounds of one session.
const (
	handshakeTime = 15 * time.Second // from the first byte to Hello, and to the end of a redemption
	idleTime      = 45 * time.Second // viewers ping every 5 s
)

// viewerSession is one viewer's session: it reads the viewer's wishes and turns them into watchers of the hubs. The goroutine that reads
// owns what no mutex guards.
type viewerSession struct {
	agent    *Agent
	conn     *session.Conn
	relay    publisher // of the server by which the viewer came
	knock    [32]byte  // the hash that the server named: a hint which link was used
	device   identity.DevicePublic
	recovery bool // of R
	log      *slog.Logger
	cancel   context.CancelFunc
	out      *outbox
	appends  *throttle
	wishes   *throttle
	peer     peer
	stirred  chan struct{} // holds a token when the direct path is to be looked at at once

	wantsDevices atomic.Bool

	// watching is held while the session's rights are looked at and acted on, so that nothing is watched that was just taken away. It is
	// taken before Agent.mu and the hubs'.
	watching sync.Mutex
	watchers map[uint8]*watcher
	told     terms              // what the device was told of its rights
	shown    map[uint8]struct{} // cameras that it ever was told of
	owner    bool               // it was an owner at some time
	over     bool               // it was refused: it may watch nothing any more
}

// serve runs a session on a pipe that a viewer opened, until the viewer leaves, misbehaves or ctx ends.
func (a *Agent) serve(ctx context.Context, e *entrance, pipe net.Conn, in signal.Incoming) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer pipe.Close()
	stop := context.AfterFunc(ctx, func() { pipe.Close() })
	defer stop()

	s, accept, err := a.greet(ctx, cancel, e, pipe, in)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	defer a.leave(s)
	s.peer.turn, s.peer.ice = in.TURN, e.ice
	if err := s.write(accept); err != nil {
		return err
	}
	if err := s.endHandshake(pipe); err != nil {
		return err
	}
	s.log.Info("viewer connected")
	defer s.log.Info("viewer gone")
	a.tellDevices()

	var others sync.WaitGroup
	others.Go(func() { s.writeAll(ctx) })
	others.Go(func() { s.steerAll(ctx) })
	err = s.read(ctx, pipe)
	cancel()
	s.watching.Lock()
	s.over = true
	s.leaveAll()
	s.watching.Unlock()
	s.peer.close(s.log)
	pipe.Close()
	others.Wait()
	return err
}

// greet does what comes before an Accept, and returns a session that counts from then on, or tells the viewer why there is none.
func (a *Agent) greet(ctx context.Context, cancel context.CancelFunc, e *entrance, pipe net.Conn, in signal.Incoming) (*viewerSession, *control.Accept, error) {
	select {
	case e.greetings <- struct{}{}:
		defer func() { <-e.greetings }()
	default:
		return nil, nil, errors.New("too many viewers knock at once")
	}
	if err := pipe.SetDeadline(time.Now().Add(handshakeTime)); err != nil {
		return nil, nil, err
	}
	conn, err := session.Server(ctx, pipe, a.key, func(d identity.DevicePublic) error { return a.admit(d, in.Hash) })
	if err != nil {
		return nil, nil, fmt.Errorf("handshake: %w", err)
	}
	s := &viewerSession{
		agent: a, conn: conn, relay: e.relay, knock: in.Hash, device: conn.Device(),
		log:      a.log.With("device", conn.Device().ID().Fingerprint()),
		cancel:   cancel,
		out:      newOutbox(),
		appends:  newThrottle(appendRate, appendBurst),
		wishes:   newThrottle(wishRate, wishBurst),
		watchers: map[uint8]*watcher{},
		shown:    map[uint8]struct{}{},
		stirred:  make(chan struct{}, 1),
	}
	accept, err := s.hello(ctx)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return s, accept, nil
}

// endHandshake takes the handshake's deadline away, but not that of a Refuse which is under way already.
func (s *viewerSession) endHandshake(pipe net.Conn) error {
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.over {
		return nil
	}
	return pipe.SetDeadline(time.Time{})
}

// hello reads the Hello and decides on it.
func (s *viewerSession) hello(ctx context.Context) (*control.Accept, error) {
	m, err := s.readMessage()
	if err != nil {
		return nil, fmt.Errorf("hello: %w", err)
	}
	hello, ok := m.(*control.Hello)
	if !ok {
		return nil, control.ErrMessage
	}
	accept, reason, err := s.agent.answer(ctx, s, hello)
	switch {
	case err != nil:
		return nil, err
	case reason != 0:
		return nil, errors.Join(fmt.Errorf("refused (%d)", reason), s.write(&control.Refuse{Reason: reason}))
	}
	return accept, nil
}

func (s *viewerSession) readMessage() (control.Message, error) {
	b, err := s.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	return control.Decode(b)
}

func (s *viewerSession) write(m control.Message) error {
	b, err := control.Encode(m)
	if err != nil {
		return err
	}
	return s.conn.WriteMessage(b)
}

// writeAll sends what waits and what is due.
func (s *viewerSession) writeAll(ctx context.Context) {
	defer s.cancel()
	var devicesAt time.Time
	for {
		var hold due
		var wait <-chan time.Time
		if early := devicesEvery - time.Since(devicesAt); early > 0 && s.out.holds(dueDevices) {
			hold, wait = dueDevices, time.After(early)
		}
		t := s.out.take(hold)
		if t == (turn{}) {
			select {
			case <-ctx.Done():
				return
			case <-s.out.woken:
			case <-wait:
			}
			continue
		}
		if t.due == dueDevices {
			devicesAt = time.Now()
		}
		m, err := s.compose(t)
		if err != nil {
			s.log.Error("message not made", "error", err)
			return
		}
		if m == nil {
			continue
		}
		if err := s.write(m); err != nil || t.last {
			return
		}
	}
}

// compose makes the message whose turn it is; nil if there is nothing to tell any more.
func (s *viewerSession) compose(t turn) (control.Message, error) {
	a := s.agent
	switch t.due {
	case 0:
		return t.message, nil
	case dueTerms:
		return a.terms(s.device), nil
	case dueJournal:
		if q, ok := t.message.(*control.JournalWanted); ok && a.mayJournal(s.device) {
			return a.journal(q), nil
		}
		return nil, nil
	}
	if !a.manages(s.device) {
		return nil, nil
	}
	switch t.due {
	case dueHead:
		return a.logHead()
	case dueDevices:
		return a.devices(), nil
	}
	part, next, err := a.logPart(t.from)
	if err == nil && next != 0 {
		s.out.goOn(next)
	}
	return part, err
}

// sendControl implements watcherSink.
func (s *viewerSession) sendControl(m control.Message) {
	if !s.out.put(m) {
		s.cancel()
	}
}

// read handles the viewer's messages in their order.
func (s *viewerSession) read(ctx context.Context, pipe net.Conn) error {
	for {
		if err := pipe.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
			return err
		}
		m, err := s.readMessage()
		if err != nil {
			return err
		}
		if err := s.handle(ctx, m); err != nil {
			return err
		}
	}
}

func (s *viewerSession) handle(ctx context.Context, m control.Message) error {
	switch m := m.(type) {
	case *control.Ping:
		s.sendControl(&control.Pong{ID: m.ID, Clock: s.agent.clockNow()})
		return nil
	case *control.Append, *control.LogWanted, *control.DevicesWanted, *control.JournalWanted:
		return s.manage(ctx, m)
	}
	if s.recovery {
		return control.ErrMessage // R sees no pictures
	}
	switch m := m.(type) {
	case *control.Watch:
		return s.watch(ctx, m)
	case *control.Unwatch:
		return s.unwatch(ctx, m)
	case *control.EpochAck:
		s.acked(m)
	case *control.PeerWanted:
		return s.offerPeer(ctx, m.Attempt)
	case *control.Answer:
		return s.peer.answer(m)
	case *control.Candidate:
		s.peer.candidate(m, s.log)
	default:
		return control.ErrMessage // a message that only agents send
	}
	return nil
}

// manage handles what only owners and R may send. An owner who has just been made something else may not know it yet, and is not cut off
// for that; it is told nothing, and nothing of it is done.
func (s *viewerSession) manage(ctx context.Context, m control.Message) error {
	may := s.agent.manages(s.device)
	if !may && !s.wasOwner() {
		return control.ErrMessage
	}
	switch m := m.(type) {
	case *control.Append:
		return s.append(ctx, m)
	case *control.JournalWanted:
		if s.recovery || !s.out.ask(m) {
			return control.ErrMessage
		}
	case *control.LogWanted:
		if may {
			s.out.sendLog(m.From)
		}
	case *control.DevicesWanted:
		s.wantsDevices.Store(m.On)
		if m.On {
			s.out.mark(dueDevices)
		}
	}
	return nil
}

// tell notes what the device is told of its rights. Callers hold watching, unless nobody else knows the session yet.
func (s *viewerSession) tell(t terms) {
	s.told = t
	for _, number := range t.cameras {
		s.shown[number] = struct{}{}
	}
	s.owner = s.owner || t.role == grant.Owner
}

// wasOwner tells whether the session's device was an owner at some time.
func (s *viewerSession) wasOwner() bool {
	s.watching.Lock()
	defer s.watching.Unlock()
	return s.owner
}
