package pair

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

// rendezvous is a server with room for one display at a time. Everything runs in a synctest bubble.
type rendezvous struct {
	mu     sync.Mutex
	stands []*stand
	refuse error // answers the next display
}

// stand is a display's connection to it.
type stand struct {
	code     pairing.Code
	visitors chan visit
	done     chan struct{}
	end      func(error)
	err      error
	knocks   [][32]byte
}

type visit struct {
	pipe net.Conn
	by   [32]byte
}

func (r *rendezvous) open(_ context.Context, code pairing.Code) (place, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refuse; err != nil {
		r.refuse = nil
		return nil, err
	}
	s := &stand{code: code, visitors: make(chan visit, 8), done: make(chan struct{})}
	var once sync.Once
	s.end = func(err error) {
		once.Do(func() {
			s.err = err
			close(s.done)
		})
	}
	r.stands = append(r.stands, s)
	return s, nil
}

func (r *rendezvous) last(t *testing.T) *stand {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.stands) == 0 {
		t.Fatal("no display at the server")
	}
	return r.stands[len(r.stands)-1]
}

func (s *stand) SetKnocks(hashes [][32]byte) error { s.knocks = hashes; return nil }
func (s *stand) Done() <-chan struct{}             { return s.done }
func (s *stand) Err() error                        { return s.err }
func (s *stand) Close() error                      { s.end(signal.ErrClosed); return nil }

func (s *stand) Accept(ctx context.Context) (net.Conn, [32]byte, error) {
	select {
	case v := <-s.visitors:
		return v.pipe, v.by, nil
	case <-s.done:
		return nil, [32]byte{}, s.err
	case <-ctx.Done():
		return nil, [32]byte{}, ctx.Err()
	}
}

// visit opens a pipe to the display as the server does, and returns the visitor's end.
func (s *stand) visit() net.Conn {
	near, far := newPipe()
	s.visitors <- visit{far, s.knocks[0]}
	return near
}

// Knock lets an approver in who knows the code.
func (r *rendezvous) Knock(_ context.Context, agent identity.AgentID, token [16]byte) (net.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range slices.Backward(r.stands) {
		select {
		case <-s.done:
			continue
		default:
		}
		if s.code.Key().Public().ID() == agent && slices.Contains(s.knocks, identity.KnockHash(agent, token)) {
			return s.visit(), nil
		}
	}
	return nil, signal.ErrUnavailable
}

func (r *rendezvous) Close() error { return nil }

func device(t *testing.T) identity.DeviceKey {
	t.Helper()
	k, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// display is a Screen that runs, and what it shows.
type display struct {
	*Screen
	t    *testing.T
	key  identity.DeviceKey
	done chan struct{}
	home viewer.Home
	err  error

	mu    sync.Mutex
	views []View
}

func startDisplay(t *testing.T, r *rendezvous) *display {
	t.Helper()
	d := &display{t: t, key: device(t), done: make(chan struct{})}
	d.Screen = NewScreen(ScreenConfig{
		Server: "https://cams.example", Self: d.key.Signer(), Name: "Kitchen\x1b[2J",
		Dial: func(context.Context, signal.Role, identity.Signer) (*signal.Client, error) {
			return nil, errors.New("not by this way")
		},
		Show: func(v View) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.views = append(d.views, v)
		},
	})
	d.dial = r.open
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(d.done)
		d.home, d.err = d.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-d.done
	})
	d.await(Offering)
	return d
}

// now is what the display shows.
func (d *display) now() View {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.views[len(d.views)-1]
}

// await waits until nothing moves any more and checks the state.
func (d *display) await(state State) View {
	d.t.Helper()
	v := d.now()
	if v.State != state {
		d.t.Fatalf("the display is %v (%q), want %v", v.State, v.Sentence, state)
	}
	return v
}

func (d *display) over() bool {
	synctest.Wait()
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// approver meets the display.
func approver(t *testing.T, r *rendezvous, code pairing.Code, pin pairing.Pin) (*Approval, error) {
	t.Helper()
	a, err := meetAt(t.Context(), r, DialConfig{Self: device(t).Signer(), Code: code, Pin: pin})
	if err == nil {
		t.Cleanup(a.Close)
	}
	return a, err
}

var approved = control.PairApproved{
	Agent: [32]byte{1}, AgentName: "Home", Home: [32]byte{2}, Knock: [16]byte{3}, Ephemeral: true,
}

// rogue is a visitor or a display that says what a test tells it to.
type rogue struct {
	t    *testing.T
	conn *session.Conn
	cut  func() error // the pipe, without a word
}

// enter visits the display as somebody who has the code.
func enter(t *testing.T, r *rendezvous) *rogue {
	t.Helper()
	pipe := r.last(t).visit()
	conn, err := session.PairClient(t.Context(), pipe, device(t).Signer(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &rogue{t, conn, pipe.Close}
}

func (r *rogue) say(messages ...control.Message) {
	r.t.Helper()
	for _, m := range messages {
		b, err := control.Encode(m)
		if err == nil {
			err = r.conn.WriteMessage(b)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rogue) hear() control.Message {
	b, err := r.conn.ReadMessage()
	if err != nil {
		return nil
	}
	m, err := control.Decode(b)
	if err != nil {
		r.t.Error(err)
	}
	return m
}

func nonce(t *testing.T) pairing.Nonce {
	t.Helper()
	n, err := pairing.NewNonce(nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// compare goes as far as the digits, and returns what an honest approver would show.
func (r *rogue) compare() string {
	r.t.Helper()
	own := nonce(r.t)
	r.say(&control.PairCommit{Version: control.Version, Commitment: own.Commitment()})
	answer, ok := r.hear().(*control.PairNonce)
	if !ok {
		r.t.Fatal("no nonce")
	}
	r.say(&control.PairReveal{Nonce: own})
	text, err := digits(r.conn, own, pairing.Nonce(answer.Nonce))
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}

// end is one end of a pipe that holds what was written, as the server's pipes do. Deadlines are not needed: writing never waits, and the
// sessions end waiting by closing.
type end struct {
	net.Conn // for what is not called
	in, out  *basin
}

type basin struct {
	mu     sync.Mutex
	filled sync.Cond
	b      []byte
	closed bool
}

func newPipe() (net.Conn, net.Conn) {
	a, b := &basin{}, &basin{}
	a.filled.L, b.filled.L = &a.mu, &b.mu
	return &end{in: a, out: b}, &end{in: b, out: a}
}

func (e *end) Read(b []byte) (int, error) {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	for len(e.in.b) == 0 {
		if e.in.closed {
			return 0, io.EOF
		}
		e.in.filled.Wait()
	}
	n := copy(b, e.in.b)
	e.in.b = e.in.b[n:]
	return n, nil
}

func (e *end) Write(b []byte) (int, error) {
	e.out.mu.Lock()
	defer e.out.mu.Unlock()
	if e.out.closed {
		return 0, io.ErrClosedPipe
	}
	e.out.b = append(e.out.b, b...)
	e.out.filled.Signal()
	return len(b), nil
}

func (e *end) Close() error {
	for _, b := range []*basin{e.in, e.out} {
		b.mu.Lock()
		b.closed = true
		b.filled.Broadcast()
		b.mu.Unlock()
	}
	return nil
}

func (*end) SetDeadline(time.Time) error      { return nil }
func (*end) SetReadDeadline(time.Time) error  { return nil }
func (*end) SetWriteDeadline(time.Time) error { return nil }
