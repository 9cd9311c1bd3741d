package server

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/socket"
)

// raw is a connection that is driven envelope by envelope, for clients that do not keep to the rules.
type raw struct {
	*socket.Conn
	t      *testing.T
	domain string
	key    ed25519.PrivateKey
}

func dialRaw(t *testing.T, s *Server) *raw {
	t.Helper()
	ws, err := socket.Dial(timeout(t), "ws"+strings.TrimPrefix(s.testURL(), "http")+socket.Path, signal.MaxEnvelope)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ws.CloseNow)
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &raw{ws, t, s.Addr().String(), key}
}

func (r *raw) send(e signal.Envelope) {
	r.t.Helper()
	if err := r.Write(timeout(r.t), e.Append(nil)); err != nil {
		r.t.Fatal(err)
	}
}

// next returns the next envelope but pings, or nil at the end of the connection.
func (r *raw) next() signal.Envelope {
	r.t.Helper()
	for {
		b, err := r.Read(timeout(r.t))
		if err != nil {
			return nil
		}
		e, err := signal.Parse(b)
		if err != nil {
			r.t.Fatal(err)
		}
		if _, ping := e.(*signal.Ping); !ping {
			return e
		}
	}
}

// login answers the challenge as change leaves it.
func (r *raw) login(role signal.Role, change func(*signal.Login)) {
	r.t.Helper()
	challenge, ok := r.next().(*signal.Challenge)
	if !ok {
		r.t.Fatal("no challenge")
	}
	l := &signal.Login{Role: role, Key: [32]byte(r.key.Public().(ed25519.PublicKey)), Expiry: time.Now().Add(time.Minute).Unix()}
	if change != nil {
		change(l)
	}
	message, err := signal.LoginMessage(r.domain, "", challenge.Nonce, l.Role, l.Key, l.Expiry)
	if err != nil {
		r.t.Fatal(err)
	}
	copy(l.Signature[:], ed25519.Sign(r.key, message))
	r.send(l)
}

func (r *raw) enter(role signal.Role) {
	r.t.Helper()
	r.login(role, nil)
	if _, ok := r.next().(*signal.Welcome); !ok {
		r.t.Fatal("no welcome")
	}
}

// expectEnd reads until the server ends the connection, and checks why.
func (r *raw) expectEnd(want signal.Code) {
	r.t.Helper()
	var got signal.Code
	for e := r.next(); e != nil; e = r.next() {
		if refusal, ok := e.(*signal.Refusal); ok {
			got = refusal.Code
			r.CloseNow()
		}
	}
	if got != want {
		r.t.Errorf("the connection ended with code %d, want %d", got, want)
	}
}

func TestLoginRefused(t *testing.T) {
	s := startServer(t, Config{Limits: Limits{LoginTime: 200 * time.Millisecond}})
	for name, c := range map[string]struct {
		do   func(*raw)
		want signal.Code
	}{
		"another's domain": {func(r *raw) { r.domain = "cameras.example"; r.login(signal.RoleViewer, nil) }, signal.CodeBadLogin},
		"another's key": {func(r *raw) {
			r.login(signal.RoleViewer, func(l *signal.Login) { l.Key[0] ^= 1 })
		}, signal.CodeBadLogin},
		"clock slow by an hour": {func(r *raw) {
			r.login(signal.RoleAgent, func(l *signal.Login) { l.Expiry -= 3600 })
		}, signal.CodeClock},
		"clock fast by an hour": {func(r *raw) {
			r.login(signal.RoleAgent, func(l *signal.Login) { l.Expiry += 3600 })
		}, signal.CodeClock},
		"something else first": {func(r *raw) { r.next(); r.send(&signal.Subscribe{}) }, signal.CodeProtocol},
		"garbage":              {func(r *raw) { r.next(); r.Write(timeout(t), []byte("GET / HTTP/1.1\r\n")) }, signal.CodeProtocol},
		"too large":            {func(r *raw) { r.next(); r.Write(timeout(t), make([]byte, 4096)) }, signal.CodeTooLarge},
		"nothing at all":       {func(r *raw) { r.next() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := dialRaw(t, s)
			c.do(r)
			r.expectEnd(c.want)
		})
	}
	t.Run("a challenge used twice", func(t *testing.T) {
		first := dialRaw(t, s)
		nonce := first.next().(*signal.Challenge).Nonce
		second := dialRaw(t, s)
		if second.next().(*signal.Challenge).Nonce == nonce {
			t.Fatal("two connections got one nonce")
		}
		l := &signal.Login{Role: signal.RoleViewer, Key: [32]byte(first.key.Public().(ed25519.PublicKey)), Expiry: time.Now().Unix()}
		message, _ := signal.LoginMessage(first.domain, "", nonce, l.Role, l.Key, l.Expiry)
		copy(l.Signature[:], ed25519.Sign(first.key, message))
		second.send(l)
		second.expectEnd(signal.CodeBadLogin)
	})
}

// TestProtocolRefused sends what the table does not allow.
func TestProtocolRefused(t *testing.T) {
	s := startServer(t, Config{})
	for name, c := range map[string]struct {
		role signal.Role
		do   func(*raw)
		want signal.Code
	}{
		"a viewer publishes":   {signal.RoleViewer, func(r *raw) { r.send(&signal.Publish{Key: true, Sealed: []byte("x")}) }, signal.CodeProtocol},
		"a viewer sets knocks": {signal.RoleViewer, func(r *raw) { r.send(&signal.Knocks{}) }, signal.CodeProtocol},
		"an agent knocks":      {signal.RoleAgent, func(r *raw) { r.send(&signal.Knock{}) }, signal.CodeProtocol},
		"an agent subscribes":  {signal.RoleAgent, func(r *raw) { r.send(&signal.Subscribe{}) }, signal.CodeProtocol},
		"a second login":       {signal.RoleAgent, func(r *raw) { r.send(&signal.Login{Role: signal.RoleAgent}) }, signal.CodeProtocol},
		"the server's welcome": {signal.RoleAgent, func(r *raw) { r.send(&signal.Welcome{}) }, signal.CodeProtocol},
		"garbage":              {signal.RoleAgent, func(r *raw) { r.Write(timeout(t), []byte{0xff}) }, signal.CodeProtocol},
		"a viewer's megabyte":  {signal.RoleViewer, func(r *raw) { r.Write(timeout(t), make([]byte, 1<<20)) }, signal.CodeTooLarge},
		"an agent's frame that is too large": {signal.RoleAgent, func(r *raw) {
			r.Write(timeout(t), (&signal.Publish{Key: true, Sealed: make([]byte, signal.MaxSealed+1)}).Append(nil))
		}, signal.CodeTooLarge},
		"subscriptions without end": {signal.RoleViewer, func(r *raw) {
			for i := range 1000 {
				if r.Write(timeout(t), (&signal.Subscribe{Topic: signal.Topic{byte(i % 4)}, Cached: true}).Append(nil)) != nil {
					return
				}
			}
		}, signal.CodeTooFast},
		"bytes for a pipe that is none": {signal.RoleViewer, func(r *raw) {
			r.send(&signal.Data{Pipe: 9, Bytes: []byte("x")})
			r.send(&signal.Bye{})
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := dialRaw(t, s)
			r.enter(c.role)
			c.do(r)
			r.expectEnd(c.want)
		})
	}
}

// TestWindowIsEnforced has a viewer that sends more than its window, and one that returns more than it got.
func TestWindowIsEnforced(t *testing.T) {
	s := startServer(t, Config{})
	agent, id := dialAgent(t, s)
	door(t, agent, id, [16]byte{1})
	openPipe(t, dialViewer(t, s), agent, id, [16]byte{1})
	open := func(t *testing.T) (*raw, uint32) {
		r := dialRaw(t, s)
		r.enter(signal.RoleViewer)
		r.send(&signal.Knock{Request: 1, Agent: id, Token: [16]byte{1}})
		o, ok := r.next().(*signal.Opened)
		if !ok {
			t.Fatal("no pipe")
		}
		return r, o.Pipe
	}
	t.Run("overrun", func(t *testing.T) {
		r, pipe := open(t)
		for range signal.Window/signal.MaxData + 1 {
			if r.Write(timeout(t), (&signal.Data{Pipe: pipe, Bytes: make([]byte, signal.MaxData)}).Append(nil)) != nil {
				break
			}
		}
		r.expectEnd(signal.CodeProtocol)
	})
	t.Run("credit for nothing", func(t *testing.T) {
		r, pipe := open(t)
		r.send(&signal.Credit{Pipe: pipe, Bytes: 1})
		r.expectEnd(signal.CodeProtocol)
	})
}

func TestLimits(t *testing.T) {
	base := Limits{ConnectionsPerAddress: 8, ConnectRate: 1000, ConnectBurst: 1000}
	with := func(change func(*Limits)) Config {
		l := base
		change(&l)
		return Config{Limits: l, KnockDelay: 10 * time.Millisecond}
	}
	t.Run("connections of an address", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.ConnectionsPerAddress = 2 }))
		dialViewer(t, s)
		second := dialViewer(t, s)
		if _, err := signal.Dial(timeout(t), signal.Options{
			URL: s.testURL(), Role: signal.RoleViewer, Signer: newDeviceKey(t).Signer(),
		}); refusalCode(err) != signal.CodeTooMany {
			t.Errorf("the third: %v", err)
		}
		second.Close()
		waitUntil(t, func() bool { return s.Stats().Connections == 1 })
		dialViewer(t, s)
	})
	t.Run("connections in all", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.Connections = 1 }))
		dialViewer(t, s)
		if _, err := signal.Dial(timeout(t), signal.Options{
			URL: s.testURL(), Role: signal.RoleViewer, Signer: newDeviceKey(t).Signer(),
		}); refusalCode(err) != signal.CodeTooMany {
			t.Errorf("the second: %v", err)
		}
	})
	t.Run("connecting too fast", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.ConnectRate, l.ConnectBurst = 0.001, 2 }))
		dialViewer(t, s)
		dialViewer(t, s)
		r := dialRaw(t, s)
		r.expectEnd(signal.CodeTooFast)
	})
	t.Run("knocks of a connection", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.KnocksPerMinute = 4 }))
		c := dialViewer(t, s)
		knockUntil(t, c, 2)
	})
	t.Run("knocks of an address", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.KnocksPerMinuteAddress = 6 }))
		for range 3 {
			if _, _, err := dialViewer(t, s).Knock(timeout(t), [32]byte{}, [16]byte{}); !errors.Is(err, signal.ErrUnavailable) {
				t.Fatal(err)
			}
		}
		knockUntil(t, dialViewer(t, s), 0)
	})
	t.Run("pipes of a viewer", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.PipesPerViewer = 2 }))
		agent, id := dialAgent(t, s)
		door(t, agent, id, [16]byte{1})
		viewer := dialViewer(t, s)
		first, _ := openPipe(t, viewer, agent, id, [16]byte{1})
		openPipe(t, viewer, agent, id, [16]byte{1})
		first.Close()
		openPipe(t, viewer, agent, id, [16]byte{1})
		viewer.Knock(timeout(t), id, [16]byte{1})
		expectDone(t, viewer, signal.CodeTooMany)
	})
	t.Run("pipes of an agent", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.PipesPerAgent = 1 }))
		agent, id := dialAgent(t, s)
		door(t, agent, id, [16]byte{1})
		viewer := dialViewer(t, s)
		openPipe(t, viewer, agent, id, [16]byte{1})
		if _, _, err := viewer.Knock(timeout(t), id, [16]byte{1}); !errors.Is(err, signal.ErrUnavailable) {
			t.Errorf("beyond the agent's pipes: %v", err)
		}
	})
	t.Run("topics of an agent", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.TopicsPerAgent = 2 }))
		agent, _ := dialAgent(t, s)
		publish(t, agent, signal.Topic{1}, "K")
		publish(t, agent, signal.Topic{2}, "K")
		agent.Retire(signal.Topic{1})
		publish(t, agent, signal.Topic{3}, "K")
		flushed := watch(t, dialViewer(t, s), signal.Topic{3}, true)
		publish(t, agent, signal.Topic{3}, "K")
		<-flushed.frames
		publish(t, agent, signal.Topic{4}, "K")
		expectDone(t, agent, signal.CodeTooMany)
	})
	t.Run("subscriptions of a viewer", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.SubscriptionsPerViewer = 2 }))
		viewer := dialViewer(t, s)
		for _, topic := range []signal.Topic{{1}, {2}, {2}} {
			watch(t, viewer, topic, false)
		}
		viewer.Unsubscribe(signal.Topic{1})
		watch(t, viewer, signal.Topic{3}, false)
		viewer.Subscribe(signal.Topic{4}, false, func(signal.RelayFrame) {})
		expectDone(t, viewer, signal.CodeTooMany)
	})
	t.Run("bytes are read later", func(t *testing.T) {
		s := startServer(t, with(func(l *Limits) { l.AgentBytes = signal.MaxEnvelope }))
		agent := dialRaw(t, s)
		agent.enter(signal.RoleAgent)
		begin := time.Now()
		for range 3 { // two are the burst
			agent.send(&signal.Publish{Key: true, Sealed: make([]byte, signal.MaxSealed)})
		}
		agent.send(&signal.Pong{})
		agent.send(&signal.Bye{})
		agent.expectEnd(0)
		if took := time.Since(begin); took < 900*time.Millisecond {
			t.Errorf("three times a second's bytes, of which two at once, took %v", took)
		}
	})
}

// knockUntil knocks until the server ends the connection for it, at least times times.
func knockUntil(t *testing.T, c *signal.Client, times int) {
	t.Helper()
	for n := 0; ; n++ {
		_, _, err := c.Knock(timeout(t), [32]byte{}, [16]byte{})
		if refusalCode(err) == signal.CodeTooFast && n >= times {
			return
		}
		if !errors.Is(err, signal.ErrUnavailable) || n > 10 {
			t.Fatalf("knock %d: %v", n, err)
		}
	}
}

func expectDone(t *testing.T, c *signal.Client, want signal.Code) {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(wait):
		t.Fatal("the connection lives on")
	}
	if refusalCode(c.Err()) != want {
		t.Errorf("it ended by %v, want code %d", c.Err(), want)
	}
}

func TestShutdownTellsClients(t *testing.T) {
	s, err := New(Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	agent, id := dialAgent(t, s)
	viewer := dialViewer(t, s)
	door(t, agent, id, [16]byte{1})
	v, _ := openPipe(t, viewer, agent, id, [16]byte{1})
	dialRaw(t, s).next() // does not log in, and is not waited for
	begin := time.Now()
	cancel()
	expectDone(t, agent, signal.CodeShuttingDown)
	expectDone(t, viewer, signal.CodeShuttingDown)
	if _, err := v.Read(make([]byte, 1)); err == nil {
		t.Error("the pipe lives on")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > DefaultLimits().LoginTime {
		t.Errorf("the server waited %v for a login", took)
	}
	if _, err := signal.Dial(timeout(t), signal.Options{
		URL: s.testURL(), Role: signal.RoleViewer, Signer: newDeviceKey(t).Signer(),
	}); !errors.Is(err, signal.ErrUnreachable) {
		t.Errorf("after the end: %v", err)
	}
}

// TestLogsHoldNoSecrets runs through everything that a server may log, and looks for what must not stand there.
func TestLogsHoldNoSecrets(t *testing.T) {
	var book logBook
	s := startServer(t, Config{Log: book.logger(), UDP: "127.0.0.1:0", RelayPrivate: true})
	k := newAgentKey(t)
	id := k.Public().ID()
	agent := dial(t, s, signal.RoleAgent, k.Signer())
	secret, topic := [16]byte(token()), signal.Topic(token())
	door(t, agent, id, secret)
	viewer := dialViewer(t, s)
	v, a := openPipe(t, viewer, agent, id, secret)
	echo(t, v, a)
	_, turn, err := viewer.Knock(timeout(t), id, secret)
	if err != nil {
		t.Fatal(err)
	}
	w := watch(t, viewer, topic, false)
	publish(t, agent, topic, "K0")
	w.expect(t, "K0")
	stranger, _ := dialAgent(t, s)
	publish(t, stranger, topic, "Kx")
	flush(t, stranger, s)
	viewer.Knock(timeout(t), id, [16]byte{1, 2, 3})
	bad := dialRaw(t, s)
	bad.domain = "x"
	bad.login(signal.RoleAgent, nil)
	bad.expectEnd(signal.CodeBadLogin)
	response, err := http.Get(s.testURL() + "/path-of-a-request")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	agent.Close()
	viewer.Close()
	waitUntil(t, func() bool { return strings.Count(book.String(), "client gone") == 2 })
	s.Close()

	logged := book.String()
	if !strings.Contains(logged, id.String()) || !strings.Contains(logged, "server ready") {
		t.Errorf("the log does not hold what it should:\n%s", logged)
	}
	hash := fmtBytes(secret[:])
	for what, text := range map[string]string{
		"an address": "127.0.0.1", "a port": s.Addr().String()[len("127.0.0.1"):],
		"a token": hash, "a topic": fmtBytes(topic[:]),
		"a TURN user": turn.Username, "a TURN password": turn.Password, "a path": "path-of-a-request", "a subject": "sealcam.",
	} {
		if text == "" || strings.Contains(strings.ToLower(logged), strings.ToLower(text)) {
			t.Errorf("the log holds %s (%q):\n%s", what, text, logged)
		}
	}
	if bytes.Contains([]byte(logged), secret[:]) || bytes.Contains([]byte(logged), topic[:]) {
		t.Error("the log holds a token or topic as it is")
	}
}
