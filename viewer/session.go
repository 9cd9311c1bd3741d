package viewer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
)

// Times and bounds of a session.
const (
	knockWithin  = 10 * time.Second
	acceptWithin = 15 * time.Second // from Hello
	quickPings   = 5
	quickEvery   = 100 * time.Millisecond
	pingEvery    = 5 * time.Second
	silentAfter  = 10 * time.Second // without an answer to a ping
	maxOut       = 512              // messages waiting for the writer, besides Watch and Unwatch
	maxPings     = 16               // without an answer
)

// agentSession is an accepted session. Viewer.mu guards what stands below it.
type agentSession struct {
	h      *home
	server server
	conn   *session.Conn
	turn   signal.TURN
	woken  chan struct{} // holds a token while there may be something to send
	hurry  chan struct{} // holds a token when the agent has to be asked at once: for its clock, or whether it is there
	// stirred holds a token when wishes may have changed, for who waits for the first.
	stirred chan struct{}
	cancel  context.CancelCauseFunc

	over     bool
	out      []control.Message
	pings    []sentPing // without an answer, oldest first
	reached  time.Time  // when the last ping was sent that the agent answered: it was there later than that
	inquired time.Time  // when it was last asked out of turn whether it is there
	doubting time.Time  // since when it is asked so; zero: it is not

	roundTrip time.Duration // of the last ping that was answered

	route   control.Route
	peer    peerAttempt
	direct  time.Time     // since when the direct path is asked for
	doubted time.Time     // when the relay was last taken besides the direct path
	flowing time.Time     // since when that brings frames all the same; zero: it does not
	prove   time.Duration // for how long it has to before it is relied on alone
	contest contest       // between the ways, by quality
	judged  time.Time     // when it was last judged

	home    identity.HomeID // as Accept named it
	barred  bool            // the agent's log is not the one that was seen before: nothing is shown and nothing watched
	demoted bool            // this device was an owner when the session began, and is none any more
	sync    logSync
	append  appending
	states  deviceStates
	visits  *journalRequest // the one under way; nil: none
}

// meet makes one session and keeps it until it ends; the error says why. With a link it is the one that redeems it.
func (h *home) meet(ctx context.Context, c server, link opened) error {
	pipe, turn, err := h.dial(ctx, c, link)
	if err != nil {
		return err
	}
	conn, err := session.Client(ctx, pipe, h.v.cfg.Self, h.id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		conn.Close()
	})
	defer func() {
		cancel(nil)
		if stop() {
			conn.Close()
		} else {
			<-closed
		}
	}()

	welcome, err := h.hello(conn, link)
	if err != nil {
		return err
	}
	s := &agentSession{
		h: h, server: c, conn: conn, turn: turn, cancel: cancel, home: welcome.Home,
		woken: make(chan struct{}, 1), hurry: make(chan struct{}, 1), stirred: make(chan struct{}, 1),
	}
	h.begin(s, welcome)
	defer h.end(s)
	var others sync.WaitGroup
	defer others.Wait()
	defer cancel(nil)
	others.Go(func() { cancel(s.write(ctx)) })
	others.Go(func() { cancel(s.ping(ctx)) })
	others.Go(func() { s.keepLeases(ctx) })
	if h.v.cfg.Route != RelayOnly {
		others.Go(func() { s.keepPeer(ctx) })
	}
	err = s.read()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause // the reader only saw the connection being closed
	}
	return err
}

// dial knocks. A server that gives no answer is as good as one that says that there is nobody.
func (h *home) dial(ctx context.Context, c server, link opened) (net.Conn, signal.TURN, error) {
	token, err := h.knock(link)
	if err != nil {
		return nil, signal.TURN{}, err
	}
	within, cancel := context.WithTimeout(ctx, knockWithin)
	defer cancel()
	pipe, turn, err := c.Knock(within, h.id, token)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", signal.ErrUnavailable, err)
	}
	return pipe, turn, err
}

// hello says who is there and waits for the agent's acceptance. Until then nothing is shown and no key used (DESIGN §3).
func (h *home) hello(conn *session.Conn, link opened) (*welcome, error) {
	self, err := identity.DevicePublicOf(h.v.cfg.Self)
	if err != nil {
		return nil, fmt.Errorf("viewer: %w", err)
	}
	r := redemption{opened: link, self: self, agent: conn.AgentKey(), now: h.v.now}
	hello, err := r.hello(conn, h.v.cfg.DeviceName)
	if err != nil {
		return nil, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(acceptWithin)); err != nil {
		return nil, err
	}
	for next := control.Message(hello); next != nil; {
		if err := writeMessage(conn, next); err != nil {
			return nil, err
		}
		m, err := readMessage(conn)
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *control.Refuse:
			return nil, &refusedError{m.Reason}
		case *control.Accept:
			w, err := r.verify(m)
			if err != nil {
				return nil, err
			}
			if err := h.recall(w); err != nil {
				return nil, err
			}
			return w, conn.SetReadDeadline(time.Time{})
		case *control.Redeem:
			if next, err = r.redeem(m); err != nil {
				return nil, err
			}
		default:
			return nil, control.ErrMessage
		}
	}
	return nil, control.ErrMessage
}

func writeMessage(conn *session.Conn, m control.Message) error {
	b, err := control.Encode(m)
	if err != nil {
		return err
	}
	return conn.WriteMessage(b)
}

func readMessage(conn *session.Conn) (control.Message, error) {
	b, err := conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	return control.Decode(b)
}

// read handles the agent's messages until the session ends.
func (s *agentSession) read() error {
	for {
		m, err := readMessage(s.conn)
		if err != nil {
			return err
		}
		if err := s.handle(m); err != nil {
			return err
		}
		s.h.remember()
		s.h.v.changed()
	}
}

func (s *agentSession) handle(m control.Message) error {
	v := s.h.v
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	switch m := m.(type) {
	case *control.Pong:
		s.answered(now, m)
	case *control.CameraStatus:
		if c := s.h.numbered(m.Number); c != nil {
			c.stated(m)
		}
	case *control.Layer:
		if c := s.h.numbered(m.Camera); c != nil {
			c.layered(now, m)
		}
	case *control.Epoch:
		if c := s.h.numbered(m.Camera); c != nil {
			return c.epoch(now, m)
		}
	case *control.Offer:
		s.peer.deliver(m.Attempt, m)
	case *control.Candidate:
		s.peer.deliver(m.Attempt, m)
	case *control.Terms:
		return s.h.terms(now, m)
	case *control.LogHead:
		return s.h.logHead(now, m)
	case *control.LogPart:
		return s.h.logPart(now, m)
	case *control.Appended:
		return s.h.appended(now, m)
	case *control.NotAppended:
		return s.h.notAppended(now, m)
	case *control.Devices:
		return s.told(now, m)
	case *control.Journal:
		return s.page(m)
	case *control.Refuse:
		s.h.blame(refusalReason(m.Reason)) // at once: ending the session takes time
		return &refusedError{m.Reason}
	default:
		return control.ErrMessage
	}
	return nil
}

// say queues a message. An agent that reads so slowly that the queue is full loses the session. The caller holds mu.
func (s *agentSession) say(m control.Message) {
	if s.over {
		return
	}
	if len(s.out) >= maxOut {
		s.cancel(errTooSlow)
		return
	}
	s.out = append(s.out, m)
	s.wake()
}

// wake lets those who wait for something to say or to do look again.
func (s *agentSession) wake() {
	for _, c := range []chan struct{}{s.woken, s.stirred} {
		signalOnce(c)
	}
}

// signalOnce puts a token into a channel that holds one.
func signalOnce(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// write sends what is queued and what the cameras have to say. What they want is looked up when there is room for it, so that a page
// that changes its mind faster than the network sends only the last.
func (s *agentSession) write(ctx context.Context) error {
	for {
		m := s.next()
		if m == nil {
			select {
			case <-ctx.Done():
				return nil
			case <-s.woken:
			}
			continue
		}
		if err := writeMessage(s.conn, m); err != nil {
			return err
		}
	}
}

func (s *agentSession) next() control.Message {
	v := s.h.v
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	if len(s.out) > 0 {
		m := s.out[0]
		s.out[0] = nil
		if s.out = s.out[1:]; len(s.out) == 0 {
			s.out = nil
		}
		if p, ok := m.(*control.Ping); ok {
			s.stamp(p.ID, now)
		}
		return m
	}
	for _, c := range s.h.cameras {
		if m := c.ask(now, s); m != nil {
			return m
		}
	}
	return nil
}
