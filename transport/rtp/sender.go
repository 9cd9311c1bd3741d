//go:build !js

package rtp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

// SenderConfig is what a Sender needs.
type SenderConfig struct {
	ICEServers []webrtc.ICEServer
	Slots      int          // video tracks for pictures, 1..MaxSlots; fixed for the life of the connection
	Sound      bool         // one more for the sound of all cameras, so that it waits for no picture; at most MaxSlots together
	Loopback   bool         // gather 127.0.0.1 as well, for a viewer on the same machine
	Log        *slog.Logger // nil: none

	// OnCandidate takes each local candidate as RTCIceCandidateInit in JSON, and "" when there are no more. OnState takes each
	// change of state. Both are called from one goroutine at a time, must return soon, and must not call Close.
	OnCandidate func(candidate string)
	OnState     func(State)
}

// SenderStats counts what a Sender did since it was made.
type SenderStats struct {
	Frames     uint64 // sent complete
	Packets    uint64 // sent, including Resent
	Bytes      uint64 // of RTP payload in Packets
	Resent     uint64 // packets sent again after a NACK
	NACKed     uint64 // packets that the viewer asked for, answered or not
	Parity     uint64 // packets that make up for lost ones
	Padding    uint64 // packets that hold nothing, sent to learn about the path
	Dropped    uint64 // frames that found the queue full or were too large, and those that depended on them
	Flushed    uint64 // frames that Flush took out of the queue
	Emptied    uint64 // times that the viewer's packet buffer was emptied of what was given up
	WrittenOff uint64 // frames whose acknowledgement never came
	BadAcks    uint64 // acknowledgements and reports that are malformed, or of what was never sent
	Failed     uint64 // packets that could not be written
}

// Sender is the agent's end of a peer connection with one viewer. Its methods may be called from any goroutine.
type Sender struct {
	log    *slog.Logger
	pc     *connection
	tracks []*track
	remote candidates
	states stateReporter
	wake   chan struct{} // capacity 1: the pacer has new work
	stop   chan struct{}
	wg     sync.WaitGroup
	born   time.Time

	closing sync.Once

	mu        sync.Mutex
	slots     []*slot
	pictures  int // of slots; the one behind them is for sound
	path      *path
	reports   []packetReport // of one message
	connected bool           // once: from then on packets go out
	probed    time.Duration  // when the last probe of a silent path went out
	due       time.Duration  // pace of all slots together
	first     int            // slot that is served first
	stats     SenderStats
}

// NewSender makes a peer connection that offers cfg.Slots video tracks. Offer starts it.
func NewSender(cfg SenderConfig) (*Sender, error) { return newSender(cfg, nil) }

// newSender is NewSender with settings that tests use to put a virtual network under the connection.
func newSender(cfg SenderConfig, adjust func(*webrtc.SettingEngine)) (*Sender, error) {
	slots := cfg.Slots
	if cfg.Sound {
		slots++
	}
	if cfg.Slots < 1 || slots > MaxSlots {
		return nil, fmt.Errorf("rtp: %d slots, want 1 to %d", slots, MaxSlots)
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	pc, err := newConnection(cfg.ICEServers, cfg.Loopback, adjust)
	if err != nil {
		return nil, err
	}
	s := &Sender{
		log:      log,
		pc:       pc,
		wake:     make(chan struct{}, 1),
		pictures: cfg.Slots,
		stop:     make(chan struct{}),
		born:     time.Now(),
		path:     newPath(),
		remote:   candidates{add: pc.AddICECandidate},
		states:   stateReporter{report: cfg.OnState},
	}
	if err := s.open(slots); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	forwardCandidates(pc, cfg.OnCandidate)
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) {
		s.states.look(func() State { return stateOf(pc.ConnectionState()) })
		if pc.ConnectionState() == webrtc.PeerConnectionStateConnected {
			s.start()
		}
	})
	s.wg.Go(s.run)
	return s, nil
}

// open adds tracks and the acknowledgement channel.
func (s *Sender) open(slots int) error {
	for i := range slots {
		t := &track{id: slotName(i)}
		tr, err := s.pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return fmt.Errorf("rtp: add track: %w", err)
		}
		s.tracks = append(s.tracks, t)
		s.slots = append(s.slots, newSlot(&s.stats, s.path, uint16(rand.Uint32()))) // RFC 3550 §5.1: the initial number is random
		sender := tr.Sender()
		s.wg.Go(func() { s.readFeedback(i, sender) })
	}
	ordered, retransmits := false, uint16(0)
	acks, err := s.pc.CreateDataChannel(AckLabel, &webrtc.DataChannelInit{Ordered: &ordered, MaxRetransmits: &retransmits})
	if err != nil {
		return fmt.Errorf("rtp: data channel: %w", err)
	}
	acks.OnMessage(s.acknowledge)
	return nil
}

// Offer returns the session description for the viewer. Candidates follow through OnCandidate, possibly before Offer returns.
func (s *Sender) Offer(ctx context.Context) (string, error) { return s.offer(ctx, nil) }

// Restart returns an offer with new ICE credentials, after the network changed or the state became StateFailed. The frames go on
// where they were.
func (s *Sender) Restart(ctx context.Context) (string, error) {
	s.remote.renew()
	return s.offer(ctx, &webrtc.OfferOptions{ICERestart: true})
}

func (s *Sender) offer(ctx context.Context, options *webrtc.OfferOptions) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	offer, err := s.pc.CreateOffer(options)
	if err != nil {
		return "", fmt.Errorf("rtp: create offer: %w", err)
	}
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return "", fmt.Errorf("rtp: set offer: %w", err)
	}
	return offer.SDP, nil
}

// Answer takes the viewer's session description. ErrSignaling says that it cannot be used.
func (s *Sender) Answer(sdp string) error {
	if err := checkSDP(sdp); err != nil {
		return err
	}
	if s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}) != nil {
		return fmt.Errorf("%w: answer refused", ErrSignaling) // the cause may quote the description
	}
	s.remote.release()
	return nil
}

// AddCandidate takes one of the viewer's candidates as RTCIceCandidateInit in JSON; "" means the last one was given. ErrSignaling
// says that this one cannot be used; the connection does not suffer.
func (s *Sender) AddCandidate(candidate string) error { return s.remote.take(candidate) }

// Send queues a frame for the slot of its camera and returns at once. When the queue is full, the frame and the rest of its GOP are
// dropped and counted. Frames sent before the connection stands wait in the queue.
func (s *Sender) Send(f transport.Frame) {
	s.mu.Lock()
	slot := s.slotOf(f.Camera, f.Stream)
	idle := !slot.pending()
	if f.Stream != seal.Sound || s.admitSound(slot) {
		slot.push(f)
	}
	ready := idle && s.connected && slot.pending()
	s.mu.Unlock()
	if ready {
		s.signal()
	}
}

// Flush drops what is queued of a camera and starts a new send epoch: what was sent before will not be sent again, and its
// acknowledgements do not count. The next frame of the camera should be a key frame.
func (s *Sender) Flush(camera uint8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slotOf(camera, seal.Main).flush(camera, every)
	s.slotOf(camera, seal.Sound).flush(camera, every)
}

// FlushStream is Flush for one stream of the camera.
func (s *Sender) FlushStream(camera uint8, stream seal.Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slotOf(camera, stream).flush(camera, func(n uint8) bool { return n == uint8(stream) })
}

// Path returns what is known of the way to the viewer. Frames that wait for more than 1.2 s for their acknowledgement, beyond the delay of
// an empty path, are written off.
func (s *Sender) Path() transport.Path {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	p := s.path.snapshot(now, s.rtt(now))
	for _, slot := range s.slots {
		p.Stalled = slot.congested(now) || p.Stalled
	}
	return p
}

// Delivered says that nothing of the camera's slot is under way: all that was sent is acknowledged or written off.
func (s *Sender) Delivered(camera uint8) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.slotOf(camera, seal.Main)
	slot.writeOff(s.now())
	return len(slot.queue) == 0 && len(slot.unacked) == 0
}

// Probe sends packets that hold nothing, close behind one another, so that the viewer's reports tell how fast the path lets them through.
func (s *Sender) Probe() {
	s.mu.Lock()
	s.slots[0].padding = probePackets
	ready := s.connected
	s.mu.Unlock()
	if ready {
		s.signal()
	}
}

// rtt is the shortest round trip of late that is known. Callers hold mu.
func (s *Sender) rtt(now time.Duration) time.Duration {
	least := time.Duration(0)
	for _, slot := range s.slots {
		if d := slot.base(now); d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

// Stats returns the counters.
func (s *Sender) Stats() SenderStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Close ends the connection and waits for everything that the Sender started. It never fails; the error makes it an io.Closer.
func (s *Sender) Close() error {
	s.closing.Do(func() {
		close(s.stop)
		s.pc.end()
		s.wg.Wait()
		s.states.close()
	})
	return nil
}

func (s *Sender) now() time.Duration { return time.Since(s.born) }

// signal tells the pacer that there is work.
func (s *Sender) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// start lets packets out and takes ICE's round trip for a first guess of the path.
func (s *Sender) start() {
	var rtt time.Duration
	ice := s.pc.SCTP().Transport().ICETransport()
	if stats, ok := ice.GetSelectedCandidatePairStats(); ok {
		rtt = time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
	}
	// On one machine a long round trip tells of its load, not of the path.
	if pair, err := ice.GetSelectedCandidatePair(); err == nil && pair != nil && net.ParseIP(pair.Remote.Address).IsLoopback() {
		rtt = min(rtt, lanRTT/2)
	}
	s.mu.Lock()
	s.connected = true
	for _, slot := range s.slots {
		slot.ice = rtt
	}
	s.mu.Unlock()
	s.log.Debug("direct path open", "rtt", rtt)
	s.signal()
}

// acknowledge handles one message of the acknowledgement channel.
func (s *Sender) acknowledge(m webrtc.DataChannelMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, bad := s.now(), m.IsString
	s.path.sign(now)
	err := parseAcks(m.Data, len(s.slots), func(slot uint8, number uint32) {
		bad = !s.slots[slot].ack(number, now) || bad
	})
	if bad || err != nil {
		s.stats.BadAcks++
	}
}

// readFeedback handles the RTCP that concerns one slot until the connection closes.
func (s *Sender) readFeedback(slot int, sender *webrtc.RTPSender) {
	b := make([]byte, 1500)
	for {
		n, _, err := sender.Read(b)
		if err != nil {
			return
		}
		eachRTCP(b[:n], func(format, kind uint8, packet []byte) {
			switch {
			case kind == rtcpTransportFeedback && format == fmtNACK:
				var nack rtcp.TransportLayerNack
				if nack.Unmarshal(packet) == nil {
					s.nack(slot, &nack)
				}
			case kind == rtcpTransportFeedback && format == fmtTransportCC:
				s.report(packet)
			}
		})
	}
}

// report takes the viewer's report on the packets of all slots. A compound packet comes to several readers; the second time it says
// nothing new.
func (s *Sender) report(packet []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.reports, err = parseFeedback(s.reports[:0], packet); err != nil {
		s.stats.BadAcks++
		return
	}
	now := s.now()
	s.path.sign(now)
	if !s.path.report(now, s.reports) {
		s.stats.BadAcks++
	}
	twice := s.rtt(now) > echoRTT && s.path.loss() > echoLoss
	for _, slot := range s.slots {
		slot.twice = twice
	}
}

func (s *Sender) nack(slot int, nack *rtcp.TransportLayerNack) {
	// A compound packet reaches the reader of every SSRC that it names.
	if b := s.tracks[slot].bound.Load(); b == nil || b.ssrc != nack.MediaSSRC {
		return
	}
	s.mu.Lock()
	now := s.now()
	s.path.sign(now)
	for _, pair := range nack.Nacks {
		pair.Range(func(seq uint16) bool {
			s.slots[slot].nack(seq, now)
			return true
		})
	}
	ready := s.slots[slot].pending()
	s.mu.Unlock()
	if ready {
		s.signal()
	}
}
