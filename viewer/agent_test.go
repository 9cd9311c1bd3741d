package viewer

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport/relay"
)

// testServer is a server that carries pipes to scripted agents and relays what they publish.
type testServer struct {
	mu     sync.Mutex
	agents map[identity.AgentID]*testAgent
	down   bool  // dialling fails
	refuse error // so
	silent bool  // knocks are not answered
	dark   bool  // nothing passes: no sign of life and no pictures, and nobody connects
	conns  []*testConn
	sent   map[signal.Topic]uint32 // frames
}

// testConn is one viewer's connection.
type testConn struct {
	server *testServer
	done   chan struct{}

	mu     sync.Mutex
	err    error
	began  time.Time
	heard  time.Time
	dead   bool // nothing comes by it
	topics map[signal.Topic]func(signal.RelayFrame)
	cached map[signal.Topic]bool // how each was subscribed last
	pipes  []net.Conn
}

func (s *testServer) dial(ctx context.Context) (server, error) {
	for late := time.Now().Add(10 * time.Second); s.isDark(); { // nobody answers
		if !pause.For(ctx, 100*time.Millisecond) || time.Now().After(late) {
			return nil, signal.ErrUnreachable
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.refuse != nil:
		return nil, s.refuse
	case s.down:
		return nil, signal.ErrUnreachable
	}
	c := &testConn{server: s, done: make(chan struct{}), began: time.Now(), heard: time.Now(), topics: map[signal.Topic]func(signal.RelayFrame){}, cached: map[signal.Topic]bool{}}
	s.conns = append(s.conns, c)
	return c, nil
}

// cut ends all connections.
func (s *testServer) cut() { s.endAll(signal.ErrLost) }

// refuseAll ends all connections for a reason, and lets nobody in any more: as if no server ran, if it is going.
func (s *testServer) refuseAll(why *signal.Refusal) {
	s.mu.Lock()
	s.down = true
	if why.Code != signal.CodeShuttingDown {
		s.refuse = why
	}
	s.mu.Unlock()
	s.endAll(why)
}

func (s *testServer) endAll(err error) {
	s.mu.Lock()
	conns := s.conns
	s.conns = nil
	s.mu.Unlock()
	for _, c := range conns {
		c.end(err)
	}
}

func (s *testServer) setDown(down bool) {
	s.mu.Lock()
	s.down = down
	s.mu.Unlock()
}

// setDark lets no sign of life of the server and no pictures pass, and nobody connect.
func (s *testServer) setDark(dark bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.setDead(dark)
	}
	s.dark = dark
}

func (s *testServer) isDark() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dark
}

// strand makes the connections that there are dead, but not those to come.
func (s *testServer) strand() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.setDead(true)
	}
}

func (s *testServer) publish(t signal.Topic, sealed []byte) {
	number := s.number(t)
	s.mu.Lock()
	conns := slices.Clone(s.conns)
	s.mu.Unlock()
	for _, c := range conns {
		c.carry(t, number, sealed)
	}
}

// number returns a topic's next sequence number.
func (s *testServer) number(t signal.Topic) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent == nil {
		s.sent = map[signal.Topic]uint32{}
	}
	s.sent[t]++
	return s.sent[t]
}

// carry passes a frame on by this connection.
func (c *testConn) carry(t signal.Topic, number uint32, sealed []byte) {
	c.mu.Lock()
	fn, dead := c.topics[t], c.dead
	c.mu.Unlock()
	c.hear()
	if fn != nil && !dead {
		fn(signal.RelayFrame{Topic: t, Sequence: number, Sealed: slices.Clone(sealed)})
	}
}

func (s *testServer) subscribed(t signal.Topic) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.mu.Lock()
		fn := c.topics[t]
		c.mu.Unlock()
		if fn != nil {
			return true
		}
	}
	return false
}

func (c *testConn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = err
	for _, p := range c.pipes {
		p.Close()
	}
	close(c.done)
}

func (c *testConn) Knock(ctx context.Context, agent identity.AgentID, token [16]byte) (net.Conn, signal.TURN, error) {
	c.server.mu.Lock()
	a, silent := c.server.agents[agent], c.server.silent
	c.server.mu.Unlock()
	if silent {
		<-ctx.Done()
		return nil, signal.TURN{}, ctx.Err()
	}
	if a == nil || !a.knows(token) {
		return nil, signal.TURN{}, signal.ErrUnavailable
	}
	near, far := net.Pipe()
	c.mu.Lock()
	c.pipes = append(c.pipes, near, far)
	c.mu.Unlock()
	a.wg.Go(func() { a.serve(far) })
	return near, signal.TURN{Username: "user", Password: "pass", Expires: time.Now().Add(time.Hour)}, nil
}

func (c *testConn) Subscribe(t signal.Topic, cached bool, fn func(signal.RelayFrame)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.topics[t] = fn
	c.cached[t] = cached
	return c.err
}

func (c *testConn) Unsubscribe(t signal.Topic) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.topics, t)
}

func (c *testConn) Probe() { c.hear() }

// hear notes a sign of life of the server, unless it is dead.
func (c *testConn) hear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dead {
		c.heard = time.Now()
	}
}

func (c *testConn) setDead(dead bool) {
	c.Quiet()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = dead
}

// Quiet counts the server's pings as well, for as long as it is not dead.
func (c *testConn) Quiet() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if pinged := time.Now().Add(-time.Since(c.began) % signal.PingEvery); !c.dead && pinged.After(c.heard) {
		c.heard = pinged
	}
	return time.Since(c.heard)
}

func (c *testConn) ICE() []string         { return []string{"stun:server:3478", "turn:server:3478"} }
func (c *testConn) Done() <-chan struct{} { return c.done }
func (c *testConn) Close() error          { c.end(signal.ErrClosed); return nil }
func (c *testConn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// testAgent is an agent that does what it is told: its cameras deliver a frame when the test says so.
type testAgent struct {
	t      *testing.T
	server *testServer
	key    identity.AgentKey
	id     identity.AgentID
	wg     sync.WaitGroup

	mu       sync.Mutex
	secret   pairing.Secret
	log      *grant.Log
	keeper   keeper
	token    [16]byte
	refuse   control.RefuseReason // answer to Hello
	mute     bool                 // no pongs
	back     time.Duration        // the capture clock runs so far behind the wall clock
	cameras  []*testCamera
	sessions []*session.Conn
	hellos   int
	peers    []uint32  // attempts asked for
	peer     *testPeer // the direct path of the viewer
	answers  []string
	strayed  []control.Message
}

// testCamera is one of its cameras.
type testCamera struct {
	a       *testAgent
	number  uint8
	id      identity.CameraID
	name    string
	streams []seal.Stream
	state   control.CameraState
	advice  string
	configs map[seal.Stream]codec.Config

	epochs  []seal.Epoch
	topics  [][16]byte
	sealers map[seal.Stream]*seal.Sealer
	gops    map[seal.Stream]*testGOP
	watch   *control.Watch
	watcher *session.Conn   // of watch
	asked   []control.Watch // every Watch that came
	acks    []uint64
}

type testGOP struct {
	number uint32
	next   uint32
	units  []seal.Frame
	sealed [][]byte
}

var h264Main = codec.Config{Codec: codec.H264, Width: 1280, Height: 720, Profile: "avc1.4D0028"}

func newAgent(t *testing.T, s *testServer) *testAgent {
	key, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &testAgent{t: t, server: s, key: key, id: key.Public().ID(), log: grant.NewLog(key.Public().ID())}
	if a.secret, err = pairing.NewSecret(nil); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	if s.agents == nil {
		s.agents = map[identity.AgentID]*testAgent{}
	}
	s.agents[a.id] = a
	s.mu.Unlock()
	return a
}

func (a *testAgent) camera(name string, streams ...seal.Stream) *testCamera {
	id, err := identity.NewCameraID(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	c := &testCamera{
		a: a, number: uint8(len(a.cameras)), id: id, name: name, streams: streams, state: control.CameraRunning,
		configs: map[seal.Stream]codec.Config{}, gops: map[seal.Stream]*testGOP{},
	}
	for _, s := range streams {
		c.configs[s], c.gops[s] = h264Main, &testGOP{}
	}
	a.cameras = append(a.cameras, c)
	return c
}

func (a *testAgent) set(fn func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fn()
}

func (a *testAgent) knows(token [16]byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return token == a.secret.Token() || token == a.token && token != [16]byte{} || a.knowsByLog(token)
}

func (a *testAgent) clock() control.Clock {
	return control.Clock{
		Now: codec.Timestamp(time.Now().Add(-a.back).UnixMicro()), WallOffset: a.back.Microseconds(), ZoneOffset: 3600, Zone: "CET",
	}
}

// serve is a session.
func (a *testAgent) serve(pipe net.Conn) {
	conn, err := session.Server(context.Background(), pipe, a.key, func(identity.DevicePublic) error { return nil })
	if err != nil {
		return
	}
	defer conn.Close()
	hello, ok := a.read(conn).(*control.Hello)
	if !ok {
		return
	}
	answer := a.answer(conn, hello)
	for {
		if a.write(conn, answer) != nil {
			return
		}
		if _, ok := answer.(*control.Redeem); !ok {
			break
		}
		if answer = a.redeemed(conn.Device(), a.read(conn)); answer == nil {
			return
		}
	}
	accept, ok := answer.(*control.Accept)
	if !ok {
		return
	}
	a.set(func() {
		a.sessions = append(a.sessions, conn)
		a.keeper.enter(conn, accept.Recovery)
	})
	for {
		m := a.read(conn)
		if m == nil {
			break
		}
		replies, known := a.keep(conn, m)
		if !known {
			replies = a.handle(conn, m)
		}
		for _, reply := range replies {
			if a.write(conn, reply) != nil {
				break
			}
		}
	}
	a.set(func() {
		a.sessions = slices.DeleteFunc(a.sessions, func(c *session.Conn) bool { return c == conn })
		a.keeper.leave(conn)
		for _, c := range a.cameras {
			if c.watcher == conn {
				c.watch, c.watcher = nil, nil
			}
		}
	})
}

func (a *testAgent) read(conn *session.Conn) control.Message {
	b, err := conn.ReadMessage()
	if err != nil {
		return nil
	}
	m, err := control.Decode(b)
	if err != nil {
		a.t.Errorf("the viewer sent something malformed")
		return nil
	}
	return m
}

func (a *testAgent) write(conn *session.Conn, m control.Message) error {
	b, err := control.Encode(m)
	if err != nil {
		a.t.Errorf("test agent: %v", err)
		return err
	}
	return conn.WriteMessage(b)
}

func (a *testAgent) answer(conn *session.Conn, hello *control.Hello) control.Message {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hellos++
	if a.refuse != 0 {
		return &control.Refuse{Reason: a.refuse}
	}
	accept := &control.Accept{Version: control.Version, AgentName: "Home", Clock: a.clock()}
	if hello.Claim != nil {
		exporter, err := conn.Export(pairing.ExporterLabel, pairing.ExporterSize)
		if err != nil || !pairing.VerifyViewerProof(hello.Claim.Proof[:], a.secret, exporter, conn.Device(), a.key.Public()) {
			return &control.Refuse{Reason: control.RefusedClaimWrong}
		}
		if err := a.log.AppendBytes(hello.Claim.Genesis); err != nil {
			return &control.Refuse{Reason: control.RefusedClaimed}
		}
		accept.Proof = pairing.AgentProof(a.secret, exporter, conn.Device(), a.key.Public())
	}
	if a.token == [16]byte{} {
		a.token = [16]byte{1, 2, 3}
	}
	return a.admit(accept, hello, conn.Device())
}

// offer lists the cameras that a member may watch. The caller holds mu.
func (a *testAgent) offer(m grant.Member) (cameras []control.Camera) {
	for _, c := range a.cameras {
		if m.Allows(c.id, grant.Live) != nil {
			continue
		}
		sig, err := a.key.Signer().Sign(identity.CameraStatement(a.id, c.id))
		if err != nil {
			a.t.Error(err)
		}
		cameras = append(cameras, control.Camera{
			Number: c.number, ID: c.id, Name: c.name, Streams: c.streams, State: c.state, Advice: c.advice, Sig: sig,
		})
	}
	return cameras
}

// handle acts as camera.viewerSession does: a new watcher gets a new epoch and then the current GOP.
func (a *testAgent) handle(conn *session.Conn, m control.Message) (replies []control.Message) {
	a.mu.Lock()
	var after func()
	switch m := m.(type) {
	case *control.Ping:
		if !a.mute {
			replies = append(replies, &control.Pong{ID: m.ID, Clock: a.clock()})
		}
	case *control.Watch:
		c := a.cameras[m.Camera]
		c.asked = append(c.asked, *m)
		joins := c.watch == nil || c.watcher != conn
		changes := joins || m.Again || c.watch.Stream != m.Stream
		relays := !joins && m.Route.Has(control.Relay) && !c.watch.Route.Has(control.Relay)
		c.watch, c.watcher = m, conn
		if joins {
			replies = append(replies, c.newEpoch())
		} else if changes {
			after = func() { c.resend(m.Stream) }
		} else if relays {
			after = func() { c.republish(m.Stream) }
		}
	case *control.Unwatch:
		if c := a.cameras[m.Camera]; c.watcher == conn {
			c.watch, c.watcher = nil, nil
		}
	case *control.EpochAck:
		c := a.cameras[m.Camera]
		c.acks = append(c.acks, m.Number)
		if c.watch != nil {
			stream := c.watch.Stream
			after = func() { c.resend(stream) }
		}
	case *control.PeerWanted:
		a.peers = append(a.peers, m.Attempt)
		replies = append(replies, &control.Offer{Attempt: m.Attempt, SDP: "offer"}, &control.Candidate{Attempt: m.Attempt, Candidate: "{}"})
	case *control.Answer:
		a.answers = append(a.answers, m.SDP)
	case *control.Candidate:
	default:
		a.strayed = append(a.strayed, m)
	}
	a.mu.Unlock()
	if after != nil {
		after()
	}
	return replies
}

// tell sends a message to every viewer.
func (a *testAgent) tell(m control.Message) {
	a.mu.Lock()
	sessions := slices.Clone(a.sessions)
	a.mu.Unlock()
	for _, conn := range sessions {
		if err := a.write(conn, m); err != nil && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, net.ErrClosed) {
			a.t.Errorf("telling: %v", err)
		}
	}
}

// newEpoch begins an epoch. The caller holds mu.
func (c *testCamera) newEpoch() *control.Epoch {
	e, err := seal.NewEpoch(nil, uint64(time.Now().UnixMicro())+uint64(len(c.epochs)))
	if err != nil {
		c.a.t.Fatal(err)
	}
	topic := [16]byte{c.number, byte(len(c.epochs) + 1)}
	copy(topic[2:], e.ID[:8])
	c.epochs, c.topics = append(c.epochs, e), append(c.topics, topic)
	c.sealers = map[seal.Stream]*seal.Sealer{}
	return &control.Epoch{Camera: c.number, Number: e.Number, ID: e.ID, Key: e.Key, Topic: topic}
}

// rekey announces a new epoch, as when another viewer joins.
func (c *testCamera) rekey() {
	c.a.mu.Lock()
	m := c.newEpoch()
	c.a.mu.Unlock()
	c.a.tell(m)
}

// topic is the relay's of the newest epoch.
func (c *testCamera) topic(s seal.Stream) signal.Topic {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	return relay.Topic(c.topics[len(c.topics)-1], s)
}

// unit makes the next frame of a stream.
func (c *testCamera) unit(s seal.Stream, key bool, payload []byte) seal.Frame {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	g := c.gops[s]
	if key {
		g.number++
		g.next, g.units, g.sealed = 0, nil, nil
	}
	f := seal.Frame{Key: key, GOP: g.number, Index: g.next, Captured: c.a.clock().Now, Config: c.configs[s], Data: payload}
	g.next++
	g.units = append(g.units, f)
	return f
}

// sealUp seals a frame in the newest epoch.
func (c *testCamera) sealUp(s seal.Stream, f seal.Frame) []byte {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	sealer := c.sealers[s]
	if sealer == nil {
		var err error
		sealer, err = seal.NewSealer(c.a.key.Signer().Sign, seal.Source{Agent: c.a.key.Public(), Camera: c.id}, s, c.epochs[len(c.epochs)-1])
		if err != nil {
			c.a.t.Fatal(err)
		}
		c.sealers[s] = sealer
	}
	b, err := sealer.Seal(nil, &f)
	if err != nil {
		c.a.t.Fatal(err)
	}
	return b
}

// shoot takes a picture and sends it to who watches the stream.
func (c *testCamera) shoot(s seal.Stream, key bool, payload string) {
	f := c.unit(s, key, []byte(payload))
	c.a.mu.Lock()
	w := c.watch
	c.a.mu.Unlock()
	if w == nil || w.Stream != s {
		return
	}
	sealed := c.sealUp(s, f)
	c.a.set(func() { c.gops[s].sealed = append(c.gops[s].sealed, sealed) })
	c.send(s, sealed)
}

// send hands a sealed frame over by the ways that the viewer chose.
func (c *testCamera) send(s seal.Stream, sealed []byte) {
	c.a.mu.Lock()
	w := c.watch
	c.a.mu.Unlock()
	if w == nil {
		return
	}
	if w.Route.Has(control.Peer) {
		c.a.peer.frame(c.number, sealed)
	}
	if w.Route.Has(control.Relay) {
		c.a.server.publish(c.topic(s), sealed)
	}
}

// resend sends the current GOP from its start.
func (c *testCamera) resend(s seal.Stream) {
	c.a.mu.Lock()
	units := slices.Clone(c.gops[s].units)
	c.a.mu.Unlock()
	for _, f := range units {
		c.send(s, c.sealUp(s, f))
	}
}

// republish gives the relay the current GOP, as it was sealed for the direct path.
func (c *testCamera) republish(s seal.Stream) {
	c.a.mu.Lock()
	sealed := slices.Clone(c.gops[s].sealed)
	c.a.mu.Unlock()
	for _, b := range sealed {
		c.a.server.publish(c.topic(s), b)
	}
}

func (c *testCamera) watches() []control.Watch {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	return slices.Clone(c.asked)
}

func (c *testCamera) key() TileKey { return TileKey{c.a.id, c.id} }
