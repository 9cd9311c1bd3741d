//go:build !js

package signal

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal/socket"
)

const patience = 20 * time.Second

func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// scripted is a server that does what a test tells it to, good or bad. Package server's tests run this client against the real one.
type scripted struct {
	t  *testing.T
	ws *socket.Conn
}

// serve runs script for each connection and returns the server's url.
func serve(t *testing.T, script func(*scripted)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := socket.Accept(w, r, MaxEnvelope)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		script(&scripted{t, ws})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func (s *scripted) send(e Envelope) { s.ws.Write(timeout(s.t), e.Append(nil)) }

func (s *scripted) next() Envelope {
	b, err := s.ws.Read(timeout(s.t))
	if err != nil {
		return nil
	}
	e, err := Parse(b)
	if err != nil {
		s.t.Error(err)
	}
	return e
}

func (s *scripted) welcome() {
	s.send(&Challenge{Nonce: [32]byte{1}})
	if _, ok := s.next().(*Login); !ok {
		s.t.Error("no login")
	}
	s.send(&Welcome{ICE: []string{"stun:x:1"}})
}

// rest reads until the client goes.
func (s *scripted) rest() { s.ws.Drain(timeout(s.t)) }

func options(t *testing.T, url string) Options {
	t.Helper()
	k, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Options{URL: url, Role: RoleViewer, Signer: k.Signer()}
}

func connect(t *testing.T, url string, quiet time.Duration) *Client {
	t.Helper()
	c, err := dial(timeout(t), options(t, url), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func ended(t *testing.T, c *Client) error {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatal("the connection lives on")
	}
	return c.Err()
}

func TestDialErrors(t *testing.T) {
	web := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	l.Close()
	for name, c := range map[string]struct {
		url  string
		want error
	}{
		"nobody listens": {nobody, ErrUnreachable},
		"no host":        {"https://", ErrUnreachable},
		"other scheme":   {"ftp://a.example", ErrUnreachable},
		"no url":         {"a b", ErrUnreachable},
		"a password":     {"https://user:password@a.example", ErrUnreachable},
		"a web site":     {web(200), ErrNotSealcam},
		"not found":      {web(404), ErrNotSealcam},
		"closes at once": {serve(t, func(*scripted) {}), ErrLost},
		"garbage":        {serve(t, func(s *scripted) { s.ws.Write(timeout(t), []byte("hello")); s.rest() }), ErrNotSealcam},
		"no challenge":   {serve(t, func(s *scripted) { s.send(&Welcome{}); s.rest() }), ErrNotSealcam},
		"no welcome": {serve(t, func(s *scripted) {
			s.send(&Challenge{})
			s.next()
			s.send(&Ping{})
			s.rest()
		}), ErrNotSealcam},
	} {
		got, err := Dial(timeout(t), options(t, c.url))
		if !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		url  string
		want Code
	}{
		"full":            {web(503), CodeTooMany},
		"another name":    {web(421), CodeBadLogin},
		"another page":    {web(403), CodeBadLogin},
		"refused at once": {serve(t, func(s *scripted) { s.send(&Refusal{Code: CodeTooFast}); s.rest() }), CodeTooFast},
		"refused later": {serve(t, func(s *scripted) {
			s.send(&Challenge{})
			s.next()
			s.send(&Refusal{Code: CodeClock})
			s.rest()
		}), CodeClock},
	} {
		if _, err := Dial(timeout(t), options(t, c.url)); code(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, options(t, serve(t, func(s *scripted) { s.rest() }))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that says nothing: %v", err)
	}
}

// A program on this machine that carries the connection to a server gets a login that is good there, and at no other.
func TestLoginForAnotherServer(t *testing.T) {
	logins := make(chan *Login, 1)
	challenge := Challenge{Nonce: [32]byte{1}}
	url := serve(t, func(s *scripted) {
		s.send(&challenge)
		login, _ := s.next().(*Login)
		logins <- login
		s.send(&Welcome{})
		s.rest()
	})
	o := options(t, url)
	o.For = "https://Cams.example:443"
	c, err := Dial(timeout(t), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	login := <-logins
	if err := login.Verify("cams.example", "", challenge.Nonce, time.Now()); err != nil {
		t.Errorf("at the server: %v", err)
	}
	if login.Verify(Domain(url[len("http://"):]), "", challenge.Nonce, time.Now()) == nil {
		t.Error("the login is good at the program that carries it")
	}
	o.For = "cams.example"
	if _, err := Dial(timeout(t), o); !errors.Is(err, ErrUnreachable) {
		t.Errorf("an address that is none: %v", err)
	}
}

func TestClientAnswersPings(t *testing.T) {
	ponged := make(chan bool, 1)
	c := connect(t, serve(t, func(s *scripted) {
		s.welcome()
		s.send(&Ping{})
		_, ok := s.next().(*Pong)
		ponged <- ok
		s.rest()
	}), SilentAfter)
	if !<-ponged {
		t.Error("no pong")
	}
	if ice := c.ICE(); len(ice) != 1 || ice[0] != "stun:x:1" {
		t.Errorf("ICE %q", ice)
	}
}

// A server that is asked whether it is there, and answers, is known to have been there since.
func TestClientProbes(t *testing.T) {
	c := connect(t, serve(t, func(s *scripted) {
		s.welcome()
		if _, ok := s.next().(*Ping); !ok {
			t.Error("no ping")
		}
		s.send(&Pong{})
		s.rest()
	}), SilentAfter)
	asked := time.Now()
	if c.Quiet() < 0 {
		t.Errorf("quiet for %v", c.Quiet())
	}
	c.Probe()
	late := time.After(patience)
	for c.Quiet() >= time.Since(asked) {
		select {
		case <-c.Done():
			t.Fatal(c.Err())
		case <-late:
			t.Fatal("the answer was not heard")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestClientNoticesSilence(t *testing.T) {
	c := connect(t, serve(t, func(s *scripted) {
		s.welcome()
		s.rest()
	}), 100*time.Millisecond)
	if err := ended(t, c); !errors.Is(err, ErrSilent) {
		t.Error(err)
	}
	if _, _, err := c.Knock(timeout(t), identity.AgentID{}, [16]byte{}); !errors.Is(err, ErrSilent) {
		t.Errorf("a knock afterwards: %v", err)
	}
	if err := c.Subscribe(Topic{}, false, func(RelayFrame) {}); !errors.Is(err, ErrSilent) {
		t.Errorf("a subscription afterwards: %v", err)
	}
	if c.Publish(Topic{}, true, []byte("x")) {
		t.Error("published afterwards")
	}
}

func TestClientEndsWithTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		do func(*scripted)
		ok func(error) bool
	}{
		"lost":         {func(*scripted) {}, func(err error) bool { return errors.Is(err, ErrLost) }},
		"refused":      {func(s *scripted) { s.send(&Refusal{Code: CodeReplaced}); s.rest() }, func(err error) bool { return code(err) == CodeReplaced }},
		"garbage":      {func(s *scripted) { s.ws.Write(timeout(t), []byte{0}); s.rest() }, func(err error) bool { return errors.Is(err, ErrEnvelope) }},
		"login's part": {func(s *scripted) { s.send(&Challenge{}); s.rest() }, func(err error) bool { return errors.Is(err, ErrEnvelope) }},
	} {
		t.Run(name, func(t *testing.T) {
			waiting := make(chan struct{})
			client := connect(t, serve(t, func(s *scripted) {
				s.welcome()
				k, ok := s.next().(*Knock)
				if !ok {
					t.Error("no knock")
					return
				}
				s.send(&Opened{Request: k.Request, Pipe: 1})
				s.next() // the second knock, which gets no answer
				<-waiting
				c.do(s)
			}), SilentAfter)
			p, _, err := client.Knock(timeout(t), identity.AgentID{}, [16]byte{})
			if err != nil {
				t.Fatal(err)
			}
			knocked := make(chan error, 1)
			go func() {
				_, _, err := client.Knock(timeout(t), identity.AgentID{}, [16]byte{})
				knocked <- err
			}()
			close(waiting)
			if err := ended(t, client); !c.ok(err) {
				t.Errorf("the connection ended by %v", err)
			}
			if err := <-knocked; !c.ok(err) {
				t.Errorf("the knock ended by %v", err)
			}
			if _, err := p.Read(make([]byte, 1)); !c.ok(err) {
				t.Errorf("the pipe ended by %v", err)
			}
			if _, _, err := client.AcceptPipe(timeout(t)); !c.ok(err) {
				t.Errorf("accepting ended by %v", err)
			}
		})
	}
}

// TestLateAnswer gives up a knock before its answer comes: the pipe that then opens is closed again.
func TestLateAnswer(t *testing.T) {
	gaveUp, closed := make(chan struct{}), make(chan Envelope, 1)
	c := connect(t, serve(t, func(s *scripted) {
		s.welcome()
		k, ok := s.next().(*Knock)
		if !ok {
			t.Error("no knock")
			return
		}
		<-gaveUp
		s.send(&Opened{Request: k.Request, Pipe: 77})
		closed <- s.next()
		s.rest()
	}), SilentAfter)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := c.Knock(ctx, identity.AgentID{}, [16]byte{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	close(gaveUp)
	if e, ok := (<-closed).(*ClosePipe); !ok || e.Pipe != 77 {
		t.Errorf("%#v", e)
	}
}

// TestHostileServer breaks the rules of pipes in the client's face. Only the pipe ends.
func TestHostileServer(t *testing.T) {
	for name, attack := range map[string]func(*scripted, uint32){
		"more than the window": func(s *scripted, pipe uint32) {
			for range Window/MaxData + 1 {
				s.send(&Data{Pipe: pipe, Bytes: make([]byte, MaxData)})
			}
		},
		"credit for nothing": func(s *scripted, pipe uint32) { s.send(&Credit{Pipe: pipe, Bytes: 1}) },
	} {
		t.Run(name, func(t *testing.T) {
			answers := make(chan Envelope, 2)
			c := connect(t, serve(t, func(s *scripted) {
				s.welcome()
				s.send(&Incoming{Pipe: 5})
				s.send(&Incoming{Pipe: 5})                                // twice
				s.send(&Data{Pipe: 6, Bytes: []byte("x")})                // of a pipe that is none
				s.send(&Credit{Pipe: 6, Bytes: 1})                        // likewise
				s.send(&ClosePipe{Pipe: 6})                               // likewise
				s.send(&Opened{Request: 1, Pipe: 7})                      // to no knock
				s.send(&Unavailable{Request: 1})                          // likewise
				s.send(&RelayFrame{Topic: Topic{1}, Sealed: []byte("x")}) // to no subscription
				attack(s, 5)
				answers <- s.next()
				answers <- s.next()
				s.rest()
			}), SilentAfter)
			p, in, err := c.AcceptPipe(timeout(t))
			if err != nil || in.Pipe != 5 {
				t.Fatal(in, err)
			}
			for _, want := range []uint32{7, 5} {
				if e, ok := (<-answers).(*ClosePipe); !ok || e.Pipe != want {
					t.Errorf("%#v, want pipe %d closed", e, want)
				}
			}
			if _, err := io.Copy(io.Discard, p); !errors.Is(err, ErrFlow) {
				t.Errorf("the pipe ended by %v", err)
			}
			if _, err := p.Write([]byte("x")); !errors.Is(err, ErrFlow) {
				t.Errorf("writing to it: %v", err)
			}
			if err := c.Err(); err != nil {
				t.Errorf("the connection ended by %v", err)
			}
		})
	}
}

func TestTooManyIncoming(t *testing.T) {
	closed := make(chan Envelope, 1)
	connect(t, serve(t, func(s *scripted) {
		s.welcome()
		for i := range uint32(maxIncoming + 1) {
			s.send(&Incoming{Pipe: i})
		}
		closed <- s.next()
		s.rest()
	}), SilentAfter)
	if e, ok := (<-closed).(*ClosePipe); !ok || e.Pipe != maxIncoming {
		t.Errorf("%#v", e)
	}
}

// TestPublishNeverBlocks has a server that does not read: Publish drops, in whole groups of pictures.
func TestPublishNeverBlocks(t *testing.T) {
	stop := make(chan struct{})
	c := connect(t, serve(t, func(s *scripted) {
		s.welcome()
		<-stop
		s.rest()
	}), SilentAfter)
	defer close(stop)
	frame := make([]byte, 100_000)
	dropped := false
	for i := range 2000 {
		key := i%10 == 0
		ok := c.Publish(Topic{1}, key, frame)
		if ok && dropped && !key {
			t.Fatalf("frame %d was queued, and one of its group before it was dropped", i)
		}
		dropped = !ok
		if c.Dropped() > 50 {
			return
		}
	}
	t.Error("200 MB were taken for a server that does not read")
}

func TestCloseEndsEverything(t *testing.T) {
	arrived, byes := make(chan struct{}), make(chan Envelope, 1)
	c := connect(t, serve(t, func(s *scripted) {
		s.welcome()
		s.next() // the knock
		close(arrived)
		byes <- s.next()
	}), SilentAfter)
	knocked := make(chan error, 1)
	go func() {
		_, _, err := c.Knock(timeout(t), identity.AgentID{}, [16]byte{})
		knocked <- err
	}()
	<-arrived
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-knocked; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, ok := (<-byes).(*Bye); !ok {
		t.Error("the client went without a bye")
	}
	if err := c.SetKnocks(nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := c.SetKnocks(make([][32]byte, MaxKnocks+1)); err == nil {
		t.Error("too many knocks")
	}
	c.Close()
}

// TestDeadline moves a deadline to and fro.
func TestDeadline(t *testing.T) {
	d := newDeadline()
	open := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return false
		default:
			return true
		}
	}
	d.set(time.Now().Add(-time.Second))
	if open(d.done()) {
		t.Error("past, and open")
	}
	d.set(time.Time{})
	if !open(d.done()) {
		t.Error("none, and expired")
	}
	d.set(time.Now().Add(time.Millisecond))
	<-d.done()
	d.set(time.Now().Add(time.Hour))
	if !open(d.done()) {
		t.Error("moved ahead, and expired")
	}
	d.set(time.Now().Add(time.Millisecond))
	<-d.done()
	if open(d.done()) {
		t.Error("expired, and open")
	}
	d.set(time.Time{})
}
