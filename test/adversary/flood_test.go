package adversary

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
)

// honestPair is an agent and a viewer that behave, through the same server as those who do not.
type honestPair struct {
	agent, viewer *signal.Client
	topic         signal.Topic
	frames        chan uint32 // numbers that came
	next          uint32
}

func newHonestPair(t *testing.T, n *running) *honestPair {
	t.Helper()
	agent, err1 := identity.GenerateAgent(nil)
	device, err2 := identity.GenerateDevice(nil)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	p := &honestPair{
		agent: n.dial(signal.RoleAgent, agent.Signer()), viewer: n.dial(signal.RoleViewer, device.Signer()),
		topic: signal.Topic{15: 1}, frames: make(chan uint32, 1024),
	}
	err := p.viewer.Subscribe(p.topic, false, func(f signal.RelayFrame) { p.frames <- binary.BigEndian.Uint32(f.Sealed) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *honestPair) close() {
	p.viewer.Close()
	p.agent.Close()
}

// works sends a frame through the server and waits for it.
func (p *honestPair) works(t *testing.T, when string) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(time.Second) // a loaded machine may let frames grow too old on the way
	defer again.Stop()
	for {
		p.next++
		p.agent.Publish(p.topic, true, binary.BigEndian.AppendUint32(nil, p.next))
		select {
		case got := <-p.frames:
			if got > p.next {
				t.Fatalf("%s: frame %d came, %d was the last", when, got, p.next)
			}
			return
		case <-again.C:
		case <-deadline:
			t.Fatalf("%s: an honest viewer gets nothing", when)
		}
	}
}

// Viewers that do not read, agents that send without end, and envelopes of every wrong size cost the server bounded memory, and others
// nothing.
func TestSlowAndFloodingPeersAtTheServer(t *testing.T) {
	limits := server.Limits{
		ConnectionsPerAddress: 200, ConnectRate: 1e6, ConnectBurst: 1e6,
		ViewerQueue: 1 << 20, TopicCache: 1 << 20, TotalCache: 8 << 20,
	}
	n := startServer(t, server.Config{Limits: limits})
	good := newHonestPair(t, n)
	defer good.close()
	good.works(t, "before")
	rose := peak()

	// Sixteen viewers of a busy topic that never read, while 48 MiB go by: 768 MiB if they were kept for each.
	busy := signal.Topic{0: 7}
	for range 16 {
		slow := n.peer(signal.RoleViewer)
		slow.send(within(t), &signal.Subscribe{Topic: busy, Cached: true})
	}
	loud := n.peer(signal.RoleAgent)
	frame := make([]byte, 128<<10)
	rand.Read(frame)
	for i := range uint32(384) {
		if !loud.send(within(t), &signal.Publish{Topic: busy, Sequence: i, Key: i%16 == 0, Sealed: frame}) {
			t.Fatal("the loud agent was cut off")
		}
		if i%96 == 0 {
			good.works(t, "beside slow viewers")
		}
	}

	// An agent that opens topics without end, each with a key frame for the cache.
	wide := n.peer(signal.RoleAgent)
	ctx := within(t)
	for i := range uint32(2000) {
		if !wide.send(ctx, &signal.Publish{Topic: signal.Topic{1: 9, 14: byte(i >> 8), 15: byte(i)}, Key: true, Sealed: frame[:64<<10]}) {
			break
		}
	}
	if code := wide.ending(ctx); code != signal.CodeTooMany {
		t.Errorf("an agent with too many topics: code %d", code)
	}
	if cached := n.server.Stats().CachedBytes; cached > int64(limits.TotalCache) {
		t.Errorf("%d bytes are cached, more than the limit", cached)
	}
	good.works(t, "beside an agent of many topics")

	if mib := rose(); mib > 160 {
		t.Errorf("the memory rose by %d MiB", mib)
	} else {
		t.Logf("the memory rose by %d MiB", mib)
	}
}

// What a client must not do ends its connection with the reason, and nobody else's.
func TestOversizeAndFloodingClients(t *testing.T) {
	n := startServer(t, server.Config{Limits: server.Limits{ConnectionsPerAddress: 200, ConnectRate: 1e6, ConnectBurst: 1e6}})
	good := newHonestPair(t, n)
	defer good.close()
	knock := func(i int) signal.Envelope {
		return &signal.Knock{Request: uint32(i), Agent: identity.AgentID{byte(i)}, Token: [16]byte{byte(i >> 8)}}
	}
	for name, c := range map[string]struct {
		role signal.Role
		send func(ctx context.Context, p *peer)
		code signal.Code
	}{
		"an agent's envelope beyond the largest": {signal.RoleAgent, func(ctx context.Context, p *peer) {
			p.Write(ctx, make([]byte, signal.MaxEnvelope+1))
		}, signal.CodeTooLarge},
		"a viewer's envelope of a megabyte": {signal.RoleViewer, func(ctx context.Context, p *peer) {
			p.Write(ctx, make([]byte, 1<<20))
		}, signal.CodeTooLarge},
		"a viewer that publishes": {signal.RoleViewer, func(ctx context.Context, p *peer) {
			p.send(ctx, &signal.Publish{Topic: good.topic, Key: true, Sealed: []byte("forged")})
		}, signal.CodeProtocol},
		"knocks without end": {signal.RoleViewer, func(ctx context.Context, p *peer) {
			for i := range 5000 {
				if !p.send(ctx, knock(i)) {
					return
				}
			}
		}, signal.CodeTooFast},
		"subscriptions without end": {signal.RoleViewer, func(ctx context.Context, p *peer) {
			for i := range 5000 {
				if !p.send(ctx, &signal.Subscribe{Topic: signal.Topic{0: 3, 14: byte(i >> 8), 15: byte(i)}, Cached: true}) {
					return
				}
			}
		}, signal.CodeTooMany},
		"the same subscription without end": {signal.RoleViewer, func(ctx context.Context, p *peer) {
			for range 5000 {
				if !p.send(ctx, &signal.Subscribe{Topic: good.topic, Cached: true}) {
					return
				}
			}
		}, signal.CodeTooFast},
		"data for pipes that are not there": {signal.RoleViewer, func(ctx context.Context, p *peer) {
			for i := range 200 {
				p.send(ctx, &signal.Data{Pipe: uint32(i), Bytes: make([]byte, 1024)})
			}
			p.Write(ctx, []byte{0xff})
		}, signal.CodeProtocol},
		"credit without end": {signal.RoleAgent, func(ctx context.Context, p *peer) {
			for range 200 {
				p.send(ctx, &signal.Credit{Pipe: 1, Bytes: 1<<32 - 1})
			}
			p.Write(ctx, nil)
		}, signal.CodeProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			p := n.peer(c.role)
			p.t = t
			ctx := within(t)
			var reader sync.WaitGroup
			var code signal.Code
			reader.Go(func() { code = p.ending(ctx) })
			c.send(ctx, p)
			reader.Wait()
			if code != c.code {
				t.Errorf("ended with code %d, want %d", code, c.code)
			}
			good.works(t, name)
		})
	}
}

// A topic is its first publisher's: another agent that publishes to it, with whatever it learned, is heard by nobody.
func TestATopicCannotBeTakenOver(t *testing.T) {
	n := startServer(t, server.Config{})
	good := newHonestPair(t, n)
	defer good.close()
	good.works(t, "before")
	thief := n.peer(signal.RoleAgent)
	ctx := within(t)
	for range 100 {
		if !thief.send(ctx, &signal.Publish{Topic: good.topic, Key: true, Sealed: binary.BigEndian.AppendUint32(nil, 1<<31)}) {
			t.Fatal("the thief was cut off, instead of not being heard")
		}
	}
	thief.send(ctx, &signal.Retire{Topic: good.topic})
	for range 20 { // works fails on a number that the honest agent did not send
		good.works(t, "beside a thief")
	}
}
