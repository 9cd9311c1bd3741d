//go:build !js

package rtp

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/webrtc/v3"
)

const (
	nackEvery = 30 * time.Millisecond
	nackTimes = 10

	reportPackets = 50 * time.Millisecond // between two reports on packets
)

// Receiver is the viewer's end of a peer connection, for native programs. Its methods may be called from any goroutine.
type Receiver struct {
	log    *slog.Logger
	pc     *connection
	remote candidates
	states stateReporter
	acks   *acker
	frames *delivery
	ack    atomic.Pointer[webrtc.DataChannel]
	sent   atomic.Uint64
	stop   chan struct{}
	wg     sync.WaitGroup

	closing sync.Once

	mu    sync.Mutex
	slots [MaxSlots]bool // with a reader
}

// NewReceiver makes a peer connection that waits for an offer.
func NewReceiver(cfg ReceiverConfig) (*Receiver, error) { return newReceiver(cfg, nil) }

func newReceiver(cfg ReceiverConfig, adjust func(*webrtc.SettingEngine)) (*Receiver, error) {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	missing, err := nack.NewGeneratorInterceptor(nack.GeneratorSize(bufferSize), nack.GeneratorInterval(nackEvery), nack.GeneratorMaxNacksPerPacket(nackTimes))
	if err != nil {
		return nil, fmt.Errorf("rtp: nack generator: %w", err)
	}
	reports, err := twcc.NewSenderInterceptor(twcc.SendInterval(reportPackets))
	if err != nil {
		return nil, fmt.Errorf("rtp: packet reports: %w", err)
	}
	pc, err := newConnection(cfg.ICEServers, cfg.Loopback, adjust, missing, reports)
	if err != nil {
		return nil, err
	}
	acks := newAcker()
	r := &Receiver{
		log:    log,
		pc:     pc,
		remote: candidates{add: pc.AddICECandidate},
		states: stateReporter{report: cfg.OnState},
		acks:   acks,
		frames: newDelivery(acks),
		stop:   make(chan struct{}),
	}
	forwardCandidates(pc, cfg.OnCandidate)
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) {
		r.states.look(func() State { return stateOf(pc.ConnectionState()) })
	})
	pc.OnTrack(r.track)
	pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		if dc.Label() == AckLabel {
			r.ack.CompareAndSwap(nil, dc)
		}
	})
	r.wg.Go(func() { r.acks.run(r.stop, r.sendAck) })
	r.wg.Go(func() { r.frames.run(r.stop, cfg.OnFrame) })
	return r, nil
}

// Accept takes the agent's offer and returns the answer to it. A later offer, of Sender.Restart, is taken likewise. ErrSignaling
// says that the offer cannot be used. Candidates follow through OnCandidate, possibly before Accept returns.
func (r *Receiver) Accept(offerSDP string) (string, error) {
	if err := checkSDP(offerSDP); err != nil {
		return "", err
	}
	if r.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offerSDP}) != nil {
		return "", fmt.Errorf("%w: offer refused", ErrSignaling) // the cause may quote the description
	}
	answer, err := r.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("rtp: create answer: %w", err)
	}
	if err := r.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("rtp: set answer: %w", err)
	}
	r.remote.release()
	return answer.SDP, nil
}

// AddCandidate takes one of the agent's candidates as RTCIceCandidateInit in JSON; "" means the last one was given. ErrSignaling
// says that this one cannot be used; the connection does not suffer.
func (r *Receiver) AddCandidate(candidate string) error { return r.remote.take(candidate) }

// Candidates returns the kinds of the two ICE candidates in use: "host", "srflx", "prflx" or "relay"; empty if there is no path.
func (r *Receiver) Candidates() (local, remote string) {
	pair, err := r.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return "", ""
	}
	return pair.Local.Typ.String(), pair.Remote.Typ.String()
}

// Stats returns the counters.
func (r *Receiver) Stats() ReceiverStats {
	s := r.frames.snapshot()
	s.Acks = r.sent.Load()
	return s
}

// Close ends the connection and waits for everything that the Receiver started. It never fails; the error makes it an io.Closer.
func (r *Receiver) Close() error {
	r.closing.Do(func() {
		r.mu.Lock()
		close(r.stop)
		r.mu.Unlock()
		r.pc.end()
		r.wg.Wait()
		r.states.close()
	})
	return nil
}

// track starts a reader for a slot of the offer.
func (r *Receiver) track(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	slot, ok := slotOf(remote.StreamID())
	if !ok {
		r.frames.bad()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.stop:
		return
	default:
	}
	if !r.slots[slot] {
		r.slots[slot] = true
		r.wg.Go(func() { r.read(slot, remote) })
	}
}

func (r *Receiver) read(slot int, remote *webrtc.TrackRemote) {
	var d depacketizer
	for {
		p, _, err := remote.ReadRTP()
		if err != nil {
			return
		}
		frame, err := d.push(p)
		switch {
		case err != nil:
			r.frames.bad()
		case frame != nil:
			r.frames.push(slot, frame)
		}
	}
}

func (r *Receiver) sendAck(b []byte) {
	dc := r.ack.Load()
	if dc == nil || dc.ReadyState() != webrtc.DataChannelStateOpen || dc.BufferedAmount() > maxAckBacklog {
		return
	}
	if dc.Send(b) == nil {
		r.sent.Add(1)
	}
}
