package camera

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport"
	"github.com/sealcam/sealcam/transport/rtp"
)

// Bounds of one session.
const (
	handshakeTime = 15 * time.Second // from the first byte to Hello
	idleTime      = 45 * time.Second // viewers ping every 5 s
	outgoing      = 256              // control messages waiting for a slow viewer; one more ends the session
	peerAttempts  = 200              // peer connections over a session's life
)

// viewerSession is one viewer's session: it reads the viewer's wishes and turns them into watchers of the hubs.
type viewerSession struct {
	agent  *Agent
	conn   *session.Conn
	knock  [32]byte // the hash that the server named: a hint which claim link was used
	turn   signal.TURN
	ice    []string
	device identity.DevicePublic
	log    *slog.Logger

	out    chan control.Message
	cancel context.CancelFunc

	watchers map[uint8]*watcher // the reading goroutine's own

	mu      sync.Mutex
	sender  *rtp.Sender
	attempt uint32
}

// serve runs a session on a pipe that a viewer opened, until the viewer leaves, misbehaves or ctx ends.
func (a *Agent) serve(ctx context.Context, pipe *signal.Pipe, in signal.Incoming, ice []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer pipe.Close()
	stop := context.AfterFunc(ctx, func() { pipe.Close() })
	defer stop()

	if err := pipe.SetDeadline(time.Now().Add(handshakeTime)); err != nil {
		return err
	}
	conn, err := session.Server(ctx, pipe, a.key, func(d identity.DevicePublic) error { return a.admit(d, in.Hash) })
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	defer conn.Close()
	s := &viewerSession{
		agent: a, conn: conn, knock: in.Hash, turn: in.TURN, ice: ice, device: conn.Device(),
		log:      a.log.With("device", conn.Device().ID().Fingerprint()),
		out:      make(chan control.Message, outgoing),
		cancel:   cancel,
		watchers: map[uint8]*watcher{},
	}
	hello, err := s.hello()
	if err != nil {
		return err
	}
	if err := pipe.SetDeadline(time.Time{}); err != nil {
		return err
	}
	accept, reason := a.answer(s, hello)
	if reason != 0 {
		return errors.Join(fmt.Errorf("refused (%d)", reason), s.write(&control.Refuse{Reason: reason}))
	}
	if !a.enter(s) {
		return errors.Join(errors.New("refused: too many sessions"), s.write(&control.Refuse{Reason: control.RefusedBusy}))
	}
	defer a.leave(s)
	if err := s.write(accept); err != nil {
		return err
	}
	s.log.Info("viewer connected", "name", hello.DeviceName)
	defer s.log.Info("viewer gone")

	var writer sync.WaitGroup
	writer.Go(func() { s.writeAll(ctx) })
	err = s.read(ctx, pipe)
	cancel()
	for number, w := range s.watchers {
		a.hubs[number].leave(w)
	}
	s.closePeer()
	pipe.Close()
	writer.Wait()
	return err
}

func (s *viewerSession) hello() (*control.Hello, error) {
	b, err := s.conn.ReadMessage()
	if err != nil {
		return nil, fmt.Errorf("hello: %w", err)
	}
	m, err := control.Decode(b)
	if err != nil {
		return nil, err
	}
	hello, ok := m.(*control.Hello)
	if !ok {
		return nil, control.ErrMessage
	}
	return hello, nil
}

func (s *viewerSession) write(m control.Message) error {
	b, err := control.Encode(m)
	if err != nil {
		return err
	}
	return s.conn.WriteMessage(b)
}

// writeAll sends what was queued; a viewer that does not take it within idleTime is gone.
func (s *viewerSession) writeAll(ctx context.Context) {
	defer s.cancel()
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-s.out:
			if err := s.write(m); err != nil {
				return
			}
		}
	}
}

// sendControl implements watcherSink.
func (s *viewerSession) sendControl(m control.Message) {
	select {
	case s.out <- m:
	default:
		s.cancel()
	}
}

// sendFrame implements watcherSink.
func (s *viewerSession) sendFrame(f transport.Frame) bool {
	s.mu.Lock()
	sender := s.sender
	s.mu.Unlock()
	if sender == nil {
		return true
	}
	if sender.Congested(f.Camera) {
		sender.Flush(f.Camera)
		return false
	}
	sender.Send(f)
	return true
}

// read handles the viewer's messages in their order.
func (s *viewerSession) read(ctx context.Context, pipe *signal.Pipe) error {
	for {
		if err := pipe.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
			return err
		}
		b, err := s.conn.ReadMessage()
		if err != nil {
			return err
		}
		m, err := control.Decode(b)
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
	case *control.Watch:
		return s.watch(m)
	case *control.Unwatch:
		if w := s.watchers[m.Camera]; w != nil {
			delete(s.watchers, m.Camera)
			s.agent.hubs[m.Camera].leave(w)
		}
	case *control.EpochAck:
		if w := s.watchers[m.Camera]; w != nil {
			s.agent.hubs[m.Camera].ack(w, m.Number)
		}
	case *control.PeerWanted:
		return s.offer(ctx, m.Attempt)
	case *control.Answer:
		if sender := s.current(m.Attempt); sender != nil {
			return sender.Answer(m.SDP)
		}
	case *control.Candidate:
		if sender := s.current(m.Attempt); sender != nil && m.Candidate != "" {
			// A candidate that this side cannot use is no reason to end the session.
			if err := sender.AddCandidate(m.Candidate); err != nil {
				s.log.Debug("candidate not used", "error", err)
			}
		}
	default:
		return control.ErrMessage // a message that only agents send
	}
	return nil
}

func (s *viewerSession) watch(m *control.Watch) error {
	if int(m.Camera) >= len(s.agent.hubs) || !s.agent.allowed(s.device, s.agent.hubs[m.Camera].id) {
		return control.ErrMessage // only cameras of the Accept may be watched
	}
	h := s.agent.hubs[m.Camera]
	if !h.has(m.Stream) {
		m.Stream = seal.Main
	}
	if w := s.watchers[m.Camera]; w != nil {
		h.change(w, m)
		return nil
	}
	w := &watcher{sink: s, stream: m.Stream, route: m.Route}
	s.watchers[m.Camera] = w
	return h.join(w)
}

// offer starts a new peer connection in the place of the last one.
func (s *viewerSession) offer(ctx context.Context, attempt uint32) error {
	if attempt == 0 || attempt > peerAttempts || attempt <= s.attempt {
		return control.ErrMessage
	}
	s.closePeer()
	sender, err := rtp.NewSender(rtp.SenderConfig{
		ICEServers: iceServers(s.ice, s.turn),
		Slots:      min(len(s.agent.hubs), rtp.MaxSlots),
		Loopback:   s.agent.loopback,
		Log:        s.log,
		OnCandidate: func(candidate string) {
			s.sendControl(&control.Candidate{Attempt: attempt, Candidate: candidate})
		},
	})
	if err != nil {
		s.log.Warn("no direct path", "error", err)
		return nil // the relay remains
	}
	s.mu.Lock()
	s.sender, s.attempt = sender, attempt
	s.mu.Unlock()
	sdp, err := sender.Offer(ctx)
	if err != nil {
		s.log.Warn("no direct path", "error", err)
		s.closePeer()
		return nil
	}
	s.sendControl(&control.Offer{Attempt: attempt, SDP: sdp})
	return nil
}

// current returns the peer connection that a message belongs to, or nil if it came too late.
func (s *viewerSession) current(attempt uint32) *rtp.Sender {
	s.mu.Lock()
	defer s.mu.Unlock()
	if attempt != s.attempt {
		return nil
	}
	return s.sender
}

func (s *viewerSession) closePeer() {
	s.mu.Lock()
	sender := s.sender
	s.sender = nil
	s.mu.Unlock()
	if sender != nil {
		if err := sender.Close(); err != nil {
			s.log.Debug("peer connection", "error", err)
		}
	}
}

// iceServers puts the credentials of this session into the server's list.
func iceServers(urls []string, turn signal.TURN) []webrtc.ICEServer {
	var servers []webrtc.ICEServer
	for _, u := range urls {
		s := webrtc.ICEServer{URLs: []string{u}}
		if strings.HasPrefix(u, "turn:") || strings.HasPrefix(u, "turns:") {
			s.Username, s.Credential = turn.Username, turn.Password
		}
		servers = append(servers, s)
	}
	return servers
}
