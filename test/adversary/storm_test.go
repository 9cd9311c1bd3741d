package adversary

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport/relay"
)

const (
	stormHomes   = 25
	stormCameras = 40 // of each home
	stormRounds  = 4  // of reconnecting; in the last one the relay is honest
	stormGOP     = 3  // frames
)

// eye is one camera of a home and the viewer's side of it.
type eye struct {
	number int
	topic  signal.Topic
	sealer *seal.Sealer
	gop    uint32 // the last one published

	mu       sync.Mutex
	opener   *seal.Opener
	chain    seal.Chain
	taken    int // own pictures
	foreign  int // frames of other cameras that came, and were refused
	mistakes int // frames of other cameras that opened
}

// see takes what the relay says is this camera's.
func (e *eye) see(sealed []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	o, err := e.opener.Open(seal.Main, sealed)
	switch {
	case err != nil && seal.ReasonOf(err) != seal.Replay:
		e.foreign++
	case err == nil && int(binary.BigEndian.Uint32(o.Data())) != e.number:
		e.mistakes++
	case err == nil && e.chain.Accept(o) == seal.Take:
		e.taken++
	}
}

// A thousand cameras, and a relay that takes half of the subscriptions for others after each reconnection, and shuffles what it sends on
// top. Nobody ever opens another camera's picture, and once the relay is honest everybody has their own at once.
func TestCacheMixUpUnderAReconnectStorm(t *testing.T) {
	n := startServer(t, server.Config{Limits: server.Limits{
		Connections: 3 * stormHomes, ConnectionsPerAddress: 3 * stormHomes, ConnectRate: 1e6, ConnectBurst: 1e6,
		SubscriptionsPerViewer: stormHomes * stormCameras, ViewerQueueAge: patience,
	}})
	random := rand.New(rand.NewPCG(2020, 1))
	eyes := make([]*eye, 0, stormHomes*stormCameras)
	agents := make([]*signal.Client, stormHomes)
	for h := range agents {
		key, err := identity.GenerateAgent(nil)
		if err != nil {
			t.Fatal(err)
		}
		agents[h] = n.dial(signal.RoleAgent, key.Signer())
		defer agents[h].Close()
		for range stormCameras {
			eyes = append(eyes, newEye(t, key, len(eyes)))
		}
	}
	clerk := newClerk(t, n, eyes)
	defer clerk.client.Close()
	mixed := &mixer{random: random, eyes: eyes}
	for round := range stormRounds {
		for h, agent := range agents {
			clerk.publish(t, agent, eyes[h*stormCameras:(h+1)*stormCameras])
		}
		mixed.honest = round == stormRounds-1
		mixed.round(t, n)
	}
	foreign, mistakes := 0, 0
	for _, e := range eyes {
		foreign += e.foreign
		mistakes += e.mistakes
		if e.taken < stormGOP {
			t.Errorf("camera %d: %d own pictures, though the last round was honest", e.number, e.taken)
		}
	}
	t.Logf("%d cameras, %d rounds: %d foreign frames came, %d opened", len(eyes), stormRounds, foreign, mistakes)
	if mistakes > 0 {
		t.Errorf("%d pictures in the wrong place", mistakes)
	}
	if least := len(eyes) * stormGOP; foreign < least {
		t.Errorf("only %d foreign frames came, which is no mix-up", foreign)
	}
}

func newEye(t *testing.T, agent identity.AgentKey, number int) *eye {
	t.Helper()
	id, err := identity.NewCameraID(nil)
	if err != nil {
		t.Fatal(err)
	}
	// The same epoch number in all homes, so that no frame gives itself away by its header.
	epoch, err := seal.NewEpoch(nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	src := seal.Source{Agent: agent.Public(), Camera: id}
	e := &eye{number: number, topic: relay.Topic([16]byte(epoch.ID), seal.Main), opener: seal.NewOpener(src)}
	if e.sealer, err = seal.NewSealer(agent.Signer().Sign, src, seal.Main, epoch); err != nil {
		t.Fatal(err)
	}
	if err := e.opener.AddEpoch(epoch); err != nil {
		t.Fatal(err)
	}
	return e
}

// publish publishes the next group of pictures.
func (e *eye) publish(t *testing.T, agent *signal.Client) {
	t.Helper()
	e.gop++
	for index := range uint32(stormGOP) {
		sealed, err := e.sealer.Seal(nil, &seal.Frame{
			Key: index == 0, GOP: e.gop, Index: index, Captured: codec.Timestamp(e.gop),
			Config: codec.Config{Codec: codec.H264, Width: 2, Height: 2, Profile: "avc1.42E01E"},
			Data:   binary.BigEndian.AppendUint32(nil, uint32(e.number)),
		})
		if err != nil {
			t.Fatal(err)
		}
		agent.Publish(e.topic, index == 0, sealed)
	}
}

// clerk watches all topics honestly, to know what the relay has got.
type clerk struct {
	client *signal.Client

	mu      sync.Mutex
	last    map[signal.Topic]uint32 // number of frames that came, by their sequence
	changed chan struct{}           // holds a token when something came
}

func newClerk(t *testing.T, n *running, eyes []*eye) *clerk {
	t.Helper()
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &clerk{client: n.dial(signal.RoleViewer, key.Signer()), last: map[signal.Topic]uint32{}, changed: make(chan struct{}, 1)}
	for _, e := range eyes {
		err := c.client.Subscribe(e.topic, true, func(f signal.RelayFrame) {
			c.mu.Lock()
			c.last[e.topic] = f.Sequence + 1
			c.mu.Unlock()
			select {
			case c.changed <- struct{}{}:
			default:
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// publish makes a home's cameras publish until the relay has the last group of pictures of each. An agent's connection drops what cannot
// be sent soon; then there is another group.
func (c *clerk) publish(t *testing.T, agent *signal.Client, eyes []*eye) {
	t.Helper()
	deadline := time.After(patience)
	for _, e := range eyes {
		e.publish(t, agent)
	}
	again := time.NewTicker(5 * time.Second)
	defer again.Stop()
	for {
		c.mu.Lock()
		missing := slices.DeleteFunc(slices.Clone(eyes), func(e *eye) bool { return c.last[e.topic] == stormGOP*e.gop })
		c.mu.Unlock()
		if len(missing) == 0 {
			return
		}
		select {
		case <-c.changed:
		case <-again.C:
			for _, e := range missing {
				e.publish(t, agent)
			}
		case <-deadline:
			t.Fatalf("%d topics did not get to the relay", len(missing))
		}
	}
}

// mixer is the relay's mistake: it hands frames of one topic to those who asked for another.
type mixer struct {
	random *rand.Rand
	eyes   []*eye
	honest bool

	mu   sync.Mutex
	last []byte // the frame before, of any camera
}

// round connects every viewer anew, all at once, and waits until each camera got a whole group of pictures.
func (m *mixer) round(t *testing.T, n *running) {
	t.Helper()
	m.mu.Lock()
	place := m.random.Perm(len(m.eyes))
	m.mu.Unlock()
	var clients sync.WaitGroup
	for h := range stormHomes {
		key, err := identity.GenerateDevice(nil)
		if err != nil {
			t.Fatal(err)
		}
		mine := m.eyes[h*stormCameras : (h+1)*stormCameras]
		// Half of the cameras are taken for others.
		asked := make([]signal.Topic, len(mine))
		m.mu.Lock()
		for i, e := range mine {
			asked[i] = e.topic
			if !m.honest && m.random.IntN(2) == 0 {
				asked[i] = m.eyes[place[e.number]].topic
			}
		}
		m.mu.Unlock()
		clients.Go(func() { m.watch(t, n, key, mine, asked) })
	}
	clients.Wait()
}

func (m *mixer) watch(t *testing.T, n *running, key identity.DeviceKey, mine []*eye, asked []signal.Topic) {
	c, err := signal.Dial(within(t), signal.Options{URL: n.url(), Role: signal.RoleViewer, Signer: key.Signer()})
	if err != nil {
		t.Errorf("viewer: %v", err)
		return
	}
	defer c.Close()
	topics := map[signal.Topic][]*eye{}
	for i, e := range mine {
		topics[asked[i]] = append(topics[asked[i]], e)
	}
	left := len(topics) * stormGOP
	done := make(chan struct{})
	seen := map[signal.Topic]int{}
	for topic, eyes := range topics {
		err := c.Subscribe(topic, true, func(f signal.RelayFrame) {
			for _, e := range eyes {
				for _, sealed := range m.pass(f.Sealed) {
					e.see(sealed)
				}
			}
			if seen[topic]++; seen[topic] <= stormGOP {
				if left--; left == 0 {
					close(done)
				}
			}
		})
		if err != nil {
			t.Errorf("viewer: %v", err)
			return
		}
	}
	select {
	case <-done:
	case <-time.After(patience):
		t.Errorf("a viewer got %v of %d topics' frames", seen, len(topics))
	}
}

// pass returns what the relay sends in the place of a frame: now and then that of somebody else as well, or both in the wrong order.
func (m *mixer) pass(sealed []byte) [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	other := m.last
	m.last = sealed
	if m.honest || other == nil {
		return [][]byte{sealed}
	}
	switch m.random.IntN(4) {
	case 0:
		return [][]byte{other}
	case 1:
		return [][]byte{other, sealed}
	case 2:
		return [][]byte{sealed, other, sealed}
	}
	return [][]byte{sealed}
}
