package viewer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// frameTime is the distance of two frames.
const frameTime = 40 * time.Millisecond

// stage is a viewer under test with its surroundings, inside a synctest bubble.
type stage struct {
	t      *testing.T
	server *testServer
	bench  *bench
	peer   *testPeer
	v      *Viewer
	self   identity.DeviceKey
	cancel context.CancelFunc
	done   chan error

	mu         sync.Mutex
	remembered []Home
	changes    int

	drawn map[TileKey][]string // payloads, as a stage that looks after each frame sees them
	last  map[TileKey]codec.Timestamp
}

func newStage(t *testing.T) *stage {
	self, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &stage{
		t: t, server: &testServer{}, bench: newBench(t), peer: &testPeer{}, self: self,
		drawn: map[TileKey][]string{}, last: map[TileKey]codec.Timestamp{},
	}
}

// agent adds an agent that the viewer knows already.
func (s *stage) agent() *testAgent {
	a := s.unclaimed()
	if err := a.log.AppendBytes(s.claim(a).Genesis); err != nil {
		s.t.Fatal(err)
	}
	return a
}

// unclaimed adds an agent that the viewer knows and that has no owner.
func (s *stage) unclaimed() *testAgent {
	a := newAgent(s.t, s.server)
	a.token = [16]byte{7}
	a.peer = s.peer
	return a
}

func (s *stage) home(a *testAgent) Home { return Home{Agent: a.id, Name: "Home", Knock: a.token} }

// start runs the viewer. It stops by itself at the end of the test.
func (s *stage) start(cfg Config) {
	cfg.Self, cfg.DeviceName = s.self.Signer(), "test"
	cfg.NewDecoder = s.bench.factory
	cfg.Remember = func(h Home) {
		s.mu.Lock()
		s.remembered = append(s.remembered, h)
		s.mu.Unlock()
	}
	cfg.Changed = func() {
		s.mu.Lock()
		s.changes++
		s.mu.Unlock()
	}
	s.v = New(cfg)
	s.v.cfg.Dial = nil // the test's own server takes its place
	s.v.dial = s.server.dial
	ctx, cancel := context.WithCancel(s.t.Context())
	s.cancel, s.done = cancel, make(chan error, 1)
	go func() { s.done <- s.v.run(ctx) }()
	synctest.Wait()
}

// stop ends the viewer and checks that nothing is left.
func (s *stage) stop() {
	s.t.Helper()
	s.cancel()
	if err := <-s.done; err != nil {
		s.t.Errorf("Run: %v", err)
	}
	s.server.cut()
	for _, t := range s.v.Snapshot().Tiles {
		if t.Picture != nil {
			s.t.Error("a picture is lent after the end")
		}
	}
	s.server.mu.Lock()
	agents := s.server.agents
	s.server.mu.Unlock()
	for _, a := range agents {
		a.wg.Wait()
	}
	s.bench.finish()
	for _, a := range agents {
		if len(a.strayed) > 0 {
			s.t.Errorf("the viewer sent %T", a.strayed[0])
		}
	}
}

func (s *stage) wish(stream seal.Stream, cameras ...*testCamera) {
	var wishes []Wish
	for _, c := range cameras {
		wishes = append(wishes, Wish{Key: c.key(), Stream: stream})
	}
	s.v.Wish(wishes)
	synctest.Wait()
}

// look takes a snapshot and notes what is drawn. Whatever happens, nothing may go back in time or be drawn when it is old.
func (s *stage) look(c *testCamera) Tile {
	s.t.Helper()
	synctest.Wait()
	snapshot := s.v.Snapshot()
	for _, t := range snapshot.Tiles {
		if (t.Picture != nil) != (t.State == Live || t.State == Stale) {
			s.t.Errorf("%v with picture %v", t.State, t.Picture != nil)
		}
		if t.Picture == nil {
			continue
		}
		if t.State == Live && t.Age > 2*time.Second || t.Age > 10*time.Second {
			s.t.Errorf("%v, %v old", t.State, t.Age)
		}
		captured := t.Picture.Captured()
		if captured < s.last[t.Key] {
			s.t.Error("an older picture was drawn after a younger one")
		}
		if captured != s.last[t.Key] {
			payload := string(t.Picture.Bytes()[:4])
			s.drawn[t.Key] = append(s.drawn[t.Key], payload)
		}
		s.last[t.Key] = captured
	}
	if slices.ContainsFunc(snapshot.Tiles, func(t Tile) bool { return t.More }) {
		return s.look(c) // the next display frame
	}
	i := slices.IndexFunc(snapshot.Tiles, func(t Tile) bool { return t.Key == c.key() })
	if i < 0 {
		s.t.Fatalf("no tile for %s", c.name)
	}
	return snapshot.Tiles[i]
}

// play shoots n frames, the first a key frame, and looks after each. Payloads are of four letters: prefix and number.
func (s *stage) play(c *testCamera, stream seal.Stream, prefix string, n int) {
	s.t.Helper()
	for i := range n {
		c.shoot(stream, i == 0, fmt.Sprintf("%s%0*d", prefix, 4-len(prefix), i))
		s.look(c)
		time.Sleep(frameTime)
	}
}

// wantDrawn checks the payloads of what was drawn since the last call.
func (s *stage) wantDrawn(c *testCamera, prefix string, from, to int) {
	s.t.Helper()
	var want []string
	for i := from; i < to; i++ {
		want = append(want, fmt.Sprintf("%s%0*d", prefix, 4-len(prefix), i))
	}
	if got := s.drawn[c.key()]; !slices.Equal(got, want) {
		s.t.Errorf("drawn %q, want %q", got, want)
	}
	delete(s.drawn, c.key())
}

func (s *stage) wantState(c *testCamera, state State, reason Reason) Tile {
	s.t.Helper()
	t := s.look(c)
	if t.State != state || t.Reason != reason {
		s.t.Errorf("tile is %v (%v, %q), want %v (%v)", t.State, t.Reason, t.Progress, state, reason)
	}
	if (t.State == Blank || t.State == Stale) && t.Sentence() == "" {
		s.t.Errorf("%v (%v) without a sentence", t.State, t.Reason)
	}
	return t
}

// claim makes a claim for a link of the agent.
func (s *stage) claim(a *testAgent) *Claim {
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	a.keeper.root = root
	genesis, err := grant.Genesis(root, s.self.Public(), "test", time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return &Claim{Agent: a.id, Secret: a.secret, Genesis: genesis}
}

// testPeer stands for all peer connections of a viewer: the last one made is in use.
type testPeer struct {
	mu     sync.Mutex
	events PeerEvents
	made   int
	closed int
	ice    []ICEServer
	offers []string
	refuse error
	deaf   bool // frames do not arrive
	passed int
}

func (p *testPeer) factory(events PeerEvents, ice []ICEServer) (Peer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return nil, p.refuse
	}
	p.made++
	p.events, p.ice = events, ice
	return &peerHandle{p: p}, nil
}

func (p *testPeer) state(s PeerState) {
	p.mu.Lock()
	events := p.events
	p.mu.Unlock()
	events.State(s)
	synctest.Wait()
}

func (p *testPeer) frame(camera uint8, sealed []byte) {
	p.mu.Lock()
	events, deaf := p.events, p.deaf
	p.passed++
	p.mu.Unlock()
	if !deaf && events.Frame != nil {
		events.Frame(camera, slices.Clone(sealed))
	}
}

func (p *testPeer) counts() (made, closed, passed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made, p.closed, p.passed
}

func (p *testPeer) setDeaf(deaf bool) {
	p.mu.Lock()
	p.deaf = deaf
	p.mu.Unlock()
}

type peerHandle struct {
	p    *testPeer
	once sync.Once
}

func (h *peerHandle) Accept(sdp string) (string, error) {
	if sdp != "offer" {
		return "", errors.New("test: no offer")
	}
	h.p.mu.Lock()
	defer h.p.mu.Unlock()
	h.p.offers = append(h.p.offers, sdp)
	h.p.events.Candidate("{}")
	return "answer", nil
}

func (h *peerHandle) AddCandidate(string) error { return nil }

func (h *peerHandle) Candidates() (local, remote string) { return "host", "srflx" }

func (h *peerHandle) Close() error {
	h.once.Do(func() {
		h.p.mu.Lock()
		h.p.closed++
		h.p.mu.Unlock()
	})
	return nil
}

// routes returns the routes of the Watches of a camera.
func routes(ws []control.Watch) (r []control.Route) {
	for _, w := range ws {
		r = append(r, w.Route)
	}
	return r
}
