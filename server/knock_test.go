package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

// TestUnavailableAlike shows that a stranger learns nothing by knocking: every refusal is the same, and none comes before the others.
func TestUnavailableAlike(t *testing.T) {
	const delay = 300 * time.Millisecond
	s := startServer(t, Config{KnockDelay: delay})
	agent, here := dialAgent(t, s)
	door(t, agent, here, [16]byte{1})
	viewer := dialViewer(t, s)
	openPipe(t, viewer, agent, here, [16]byte{1}) // so the server knows the door
	gone := newAgentKey(t)
	c := dial(t, s, signal.RoleAgent, gone.Signer())
	door(t, c, gone.Public().ID(), [16]byte{1})
	c.Close()

	for name, knock := range map[string]struct {
		agent identity.AgentID
		token [16]byte
	}{
		"unknown agent":          {identity.AgentID{9}, [16]byte{1}},
		"agent not connected":    {gone.Public().ID(), [16]byte{1}},
		"wrong token":            {here, [16]byte{2}},
		"another agent's token":  {here, [16]byte{}},
		"wrong token, once more": {here, [16]byte{3}},
	} {
		begin := time.Now()
		p, turn, err := viewer.Knock(timeout(t), knock.agent, knock.token)
		if !errors.Is(err, signal.ErrUnavailable) || p != nil || turn != (signal.TURN{}) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took < delay {
			t.Errorf("%s: refused after %v, sooner than the %v of all others", name, took, delay)
		}
	}
	select {
	case <-agent.Done():
		t.Error("the agent's connection ended")
	default:
	}
	// The agent was not woken by any of them.
	done, cancel := contextDone()
	defer cancel()
	if _, in, err := agent.AcceptPipe(done); err == nil {
		t.Errorf("a refused knock reached the agent: %x", in.Hash)
	}
}

func TestKnocksAreReplaced(t *testing.T) {
	s := startServer(t, Config{KnockDelay: 300 * time.Millisecond})
	agent, id := dialAgent(t, s)
	viewer := dialViewer(t, s)
	door(t, agent, id, [16]byte{1}, [16]byte{2})
	openPipe(t, viewer, agent, id, [16]byte{2})
	door(t, agent, id, [16]byte{1})
	flush(t, agent, s)
	openPipe(t, viewer, agent, id, [16]byte{1})
	if _, _, err := viewer.Knock(timeout(t), id, [16]byte{2}); !errors.Is(err, signal.ErrUnavailable) {
		t.Errorf("a token that was taken back: %v", err)
	}
}

// TestSecondLoginReplacesTheFirst is the case of an agent whose old connection the server still holds for alive.
func TestSecondLoginReplacesTheFirst(t *testing.T) {
	s := startServer(t, Config{})
	k := newAgentKey(t)
	first := dial(t, s, signal.RoleAgent, k.Signer())
	second := dial(t, s, signal.RoleAgent, k.Signer())
	select {
	case <-first.Done():
	case <-time.After(wait):
		t.Fatal("the first connection lives on")
	}
	if got := refusalCode(first.Err()); got != signal.CodeReplaced {
		t.Errorf("the first ended by %v", first.Err())
	}
	door(t, second, k.Public().ID(), [16]byte{1})
	openPipe(t, dialViewer(t, s), second, k.Public().ID(), [16]byte{1})
}

// startNATSOnLoopback runs a NATS server as an operator would, for several nodes.
func startNATSOnLoopback(t *testing.T, maxPayload int32) string {
	t.Helper()
	return runNATS(t, server.RANDOM_PORT, maxPayload).ClientURL()
}

func runNATS(t *testing.T, port int, maxPayload int32) *server.Server {
	t.Helper()
	ns, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true, MaxPayload: maxPayload,
	})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	t.Cleanup(func() {
		ns.Shutdown()
		ns.WaitForShutdown()
	})
	if !ns.ReadyForConnections(wait) {
		t.Fatal("nats-server did not start")
	}
	return ns
}

// TestNATSGoneAndBack stops the cluster's NATS under a node. Its clients stay; until NATS is back nobody is to be had.
func TestNATSGoneAndBack(t *testing.T) {
	ns := runNATS(t, server.RANDOM_PORT, 8<<20)
	s := startServer(t, Config{NATSURL: ns.ClientURL(), KnockDelay: 500 * time.Millisecond}) // time for a busy machine to answer at all
	agent, id := dialAgent(t, s)
	door(t, agent, id, [16]byte{1})
	viewer := dialViewer(t, s)
	v, a := openPipe(t, viewer, agent, id, [16]byte{1})
	echo(t, v, a)

	port := ns.Addr().(*net.TCPAddr).Port
	ns.Shutdown()
	ns.WaitForShutdown()
	waitUntil(t, func() bool { return get(t, s, "/healthz").StatusCode == http.StatusServiceUnavailable })
	if _, _, err := viewer.Knock(timeout(t), id, [16]byte{1}); !errors.Is(err, signal.ErrUnavailable) {
		t.Errorf("without NATS: %v", err)
	}
	v.Write([]byte("lost"))

	runNATS(t, port, 8<<20)
	waitUntil(t, func() bool { return get(t, s, "/healthz").StatusCode == http.StatusOK })
	// The pipe that lost bytes ends at the first that follow, and new ones open.
	v.Write([]byte("after"))
	a.SetReadDeadline(time.Now().Add(wait))
	if n, err := a.Read(make([]byte, 64)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("a pipe with lost bytes: %d bytes, %v", n, err)
	}
	v, a = openPipe(t, viewer, agent, id, [16]byte{1})
	echo(t, v, a)
	for _, c := range []*signal.Client{agent, viewer} {
		if err := c.Err(); err != nil {
			t.Errorf("a client was sent away: %v", err)
		}
	}
}

func TestTwoNodes(t *testing.T) {
	url := startNATSOnLoopback(t, 8<<20)
	one := startServer(t, Config{NATSURL: url})
	two := startServer(t, Config{NATSURL: url})
	k := newAgentKey(t)
	id := k.Public().ID()
	agent := dial(t, one, signal.RoleAgent, k.Signer())
	viewer := dialViewer(t, two)
	door(t, agent, id, [16]byte{1})
	v, a := openPipe(t, viewer, agent, id, [16]byte{1})
	echo(t, v, a)
	echo(t, a, v)

	t.Run("relay", func(t *testing.T) {
		topic := signal.Topic{1}
		here := watch(t, dialViewer(t, one), topic, false)
		publish(t, agent, topic, "K0", "d1", "d2")
		here.expect(t, "K0", "d1", "d2")
		// The first viewer of the topic on the other node gets the frames that only the agent's node has.
		there := watch(t, viewer, topic, true)
		there.expect(t, "K0c", "d1c", "d2c")
		publish(t, agent, topic, "d3", "K4", "d5")
		there.expect(t, "d3", "K4", "d5")
		here.expect(t, "d3", "K4", "d5")
		second := watch(t, dialViewer(t, two), topic, true)
		second.expect(t, "K4c", "d5c")
	})
	t.Run("a topic stays its publisher's", func(t *testing.T) {
		topic := signal.Topic{2}
		seen := watch(t, viewer, topic, false)
		publish(t, agent, topic, "K0")
		seen.expect(t, "K0")
		stranger, _ := dialAgent(t, two)
		publish(t, stranger, topic, "Kx", "dy")
		flush(t, stranger, two)
		publish(t, agent, topic, "d1")
		seen.expect(t, "d1")
	})
	t.Run("an agent moves to the other node", func(t *testing.T) {
		moved := dial(t, two, signal.RoleAgent, k.Signer())
		select {
		case <-agent.Done():
		case <-time.After(wait):
			t.Fatal("the connection to the first node lives on")
		}
		door(t, moved, id, [16]byte{1})
		v, a := openPipe(t, dialViewer(t, one), moved, id, [16]byte{1})
		echo(t, v, a)
	})
}

// TestPipeNumbers shows that a gap on the bus, as a broken connection to NATS leaves it, ends a pipe and is not passed over.
func TestPipeNumbers(t *testing.T) {
	s := startServer(t, Config{})
	agent, id := dialAgent(t, s)
	door(t, agent, id, [16]byte{1})
	v, a := openPipe(t, dialViewer(t, s), agent, id, [16]byte{1})
	s.mu.Lock()
	var bridges []*bridge
	for c := range s.conns {
		c.mu.Lock()
		for _, b := range c.pipes {
			bridges = append(bridges, b)
		}
		c.mu.Unlock()
	}
	s.mu.Unlock()
	if len(bridges) != 2 {
		t.Fatalf("%d ends of one pipe", len(bridges))
	}
	echo(t, v, a)
	for _, b := range bridges {
		b.mu.Lock()
		b.sent++
		b.mu.Unlock()
	}
	v.Write([]byte("after the gap"))
	for _, p := range []*signal.Pipe{v, a} {
		p.SetReadDeadline(time.Now().Add(wait))
		if n, err := p.Read(make([]byte, 64)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("after a gap: %d bytes, %v", n, err)
		}
	}
}
