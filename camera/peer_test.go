package camera

import (
	"errors"
	"log/slog"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/transport"
	"github.com/sealcam/sealcam/transport/rtp"
)

// meeting is the agent's half of a session that makes direct paths, and a viewer's connection beside it. Real sockets of this machine are
// between the two.
type meeting struct {
	t      *testing.T
	s      *viewerSession
	viewer *rtp.Receiver
	state  atomic.Uint32 // rtp.State of the viewer's end
	frames atomic.Int32  // that came
	moved  chan struct{} // holds a token after a change of these
	mine   chan string   // the viewer's candidates
}

func newMeeting(t *testing.T) *meeting {
	log := slog.New(slog.DiscardHandler)
	m := &meeting{
		t: t, moved: make(chan struct{}, 1), mine: make(chan string, 256),
		s: &viewerSession{agent: &Agent{hubs: []*hub{{}}, loopback: true}, log: log, out: newOutbox(), cancel: func() {}},
	}
	moved := func() {
		select {
		case m.moved <- struct{}{}:
		default:
		}
	}
	viewer, err := rtp.NewReceiver(rtp.ReceiverConfig{
		Loopback: true, Log: log,
		OnCandidate: func(c string) { m.mine <- c },
		OnState: func(s rtp.State) {
			m.state.Store(uint32(s))
			moved()
		},
		OnFrame: func(uint8, []byte) {
			m.frames.Add(1)
			moved()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.viewer = viewer
	t.Cleanup(func() {
		m.viewer.Close()
		m.s.peer.close(log)
	})
	return m
}

// want asks for a direct path and goes through the negotiation; it returns the agent's offer.
func (m *meeting) want(attempt uint32) string {
	m.t.Helper()
	if err := m.s.offerPeer(m.t.Context(), attempt); err != nil {
		m.t.Fatal(err)
	}
	offer := ""
	var early []string
	for offer == "" {
		switch message := m.s.out.take(0).message.(type) {
		case *control.Offer:
			if message.Attempt != attempt {
				m.t.Fatalf("an offer for attempt %d", message.Attempt)
			}
			offer = message.SDP
		case *control.Candidate:
			early = append(early, message.Candidate)
		case nil:
			m.t.Fatal("no offer")
		}
	}
	answer, err := m.viewer.Accept(offer)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.s.peer.answer(&control.Answer{Attempt: attempt, SDP: answer}); err != nil {
		m.t.Fatal(err)
	}
	for _, c := range early {
		if err := m.viewer.AddCandidate(c); err != nil {
			m.t.Error(err)
		}
	}
	return offer
}

// run passes candidates on until cond holds.
func (m *meeting) run(what string, cond func() bool) {
	m.t.Helper()
	late := time.After(30 * time.Second)
	every := time.NewTicker(40 * time.Millisecond)
	defer every.Stop()
	for !cond() {
		select {
		case <-m.moved:
		case <-every.C:
		case <-m.s.out.woken:
			for {
				t := m.s.out.take(0)
				if t == (turn{}) {
					break
				}
				if c, ok := t.message.(*control.Candidate); ok {
					if err := m.viewer.AddCandidate(c.Candidate); err != nil {
						m.t.Error(err)
					}
				}
			}
		case c := <-m.mine:
			m.s.peer.candidate(&control.Candidate{Attempt: m.s.peer.attempt, Candidate: c}, m.s.log)
		case <-late:
			m.t.Fatalf("not %s", what)
		}
	}
}

// film sends frames as a camera does, until one comes.
func (m *meeting) film() {
	m.t.Helper()
	before := m.frames.Load()
	m.run("received", func() bool {
		m.s.peer.send(transport.Frame{Sealed: make([]byte, 2000)})
		return m.frames.Load() > before
	})
}

func credentials(t *testing.T, sdp string) (ufrag, fingerprint string) {
	t.Helper()
	find := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(sdp)
		if found == nil {
			t.Fatalf("no %s in the offer", pattern)
		}
		return found[1]
	}
	return find(`a=ice-ufrag:(\S+)`), find(`a=fingerprint:(\S+ \S+)`)
}

// The number of the direct path there is, again, starts its ICE anew: new credentials, the same keys, and the frames go on.
func TestPeerRestart(t *testing.T) {
	m := newMeeting(t)
	first := m.want(1)
	m.run("connected", func() bool { return rtp.State(m.state.Load()) == rtp.StateConnected })
	m.film()
	second := m.want(1)
	ufrag, fingerprint := credentials(t, first)
	again, same := credentials(t, second)
	if again == ufrag {
		t.Error("the ICE credentials are the old ones")
	}
	if same != fingerprint {
		t.Error("the DTLS key is another")
	}
	m.film()
}

// What asks for more than any viewer needs ends the session, and an attempt that is over is void.
func TestPeerBounds(t *testing.T) {
	m := newMeeting(t)
	for _, attempt := range []uint32{0, peerAttempts + 1} {
		if err := m.s.offerPeer(t.Context(), attempt); !errors.Is(err, control.ErrMessage) {
			t.Errorf("attempt %d: %v", attempt, err)
		}
	}
	m.s.peer.attempt = 2
	if err := m.s.offerPeer(t.Context(), 1); !errors.Is(err, control.ErrMessage) {
		t.Errorf("an old attempt: %v", err)
	}
	for range peerRestarts {
		if err := m.s.offerPeer(t.Context(), 2); err != nil { // of a connection that is gone
			t.Fatal(err)
		}
	}
	if err := m.s.offerPeer(t.Context(), 2); !errors.Is(err, control.ErrMessage) {
		t.Errorf("one restart too many: %v", err)
	}
	if offered := m.s.out.take(0); offered != (turn{}) {
		t.Errorf("%T offered", offered.message)
	}
}
