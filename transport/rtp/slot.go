//go:build !js

package rtp

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/transport"
)

const (
	fragmentSize = 1160 // bytes of a frame in one packet: fits IPv6 with SRTP and TURN framing in 1280
	packetExtra  = 68   // bytes around a fragment on the wire: IP, UDP, RTP with an extension, descriptor, SRTP tag

	ringSize     = 2048                    // packets remembered for NACK; a power of two that divides 2^16
	resendWithin = 1500 * time.Millisecond // older packets are not worth their bandwidth
	resendGap    = 10 * time.Millisecond   // between two answers for the same packet
	resendTries  = 10                      // as many as libwebrtc asks for
	maxRepairs   = 512 << 10               // bytes that may be sent again, saved up while all is well

	maxQueueFrames = 1024    // per slot
	maxQueueBytes  = 8 << 20 // per slot; the bytes are shared with the agent's GOP memory

	maxStreams = 8 // streams of a camera, as seal numbers them
)

// VP8 payload descriptors (RFC 7741 §4.2): no extension, partition 0, with and without the start bit.
const (
	descriptorFirst = 0x10
	descriptorNext  = 0x00
)

// outFrame is a frame in a slot's queue or memory. All but next is fixed once it has a number.
type outFrame struct {
	header    [wireOverhead]byte
	sealed    []byte
	camera    uint8
	stream    uint8
	key       bool
	number    uint32 // 0 until its first packet is sent: only frames that were sent are counted
	epoch     uint32 // of its stream, when it was queued
	timestamp uint32 // RTP, 90 kHz
	next      int    // offset of the first byte not sent yet, or the number of the first shard
	cut       cut    // into shards, if it is
	parity    [][]byte

	// How its packets fared that will not be sent again.
	lacks bool   // one did not come
	holds bool   // one did
	held  uint16 // that one
}

// filling is what padding is full of.
var filling [fragmentSize - wireOverhead]byte

// newPadding returns a frame that a receiver knows as none: it has no number.
func newPadding(size int) *outFrame {
	f := &outFrame{sealed: filling[:size]}
	appendFrameHeader(f.header[:0], false, 0, 0, uint32(len(f.sealed)))
	return f
}

func (f *outFrame) size() int { return wireOverhead + len(f.sealed) }

// copyAt copies bytes from offset on into dst, which must not reach beyond the frame.
func (f *outFrame) copyAt(dst []byte, offset int) {
	if offset < wireOverhead {
		n := copy(dst, f.header[offset:])
		dst, offset = dst[n:], wireOverhead
	}
	copy(dst, f.sealed[offset-wireOverhead:])
}

// packet names the bytes of one RTP packet. What is sent again must be the same to the bit, or SRTP would use a nonce twice.
type packet struct {
	frame  *outFrame
	offset int32
	length int32
	seq    uint16
	wide   uint16 // number for the whole connection
	marker bool
}

type sentPacket struct {
	packet
	sent   time.Duration
	again  time.Duration
	tries  uint8
	queued bool // for sending again
}

type sentFrame struct {
	number uint32
	camera uint8
	stream uint8
	sent   time.Duration // when the last packet went out
}

// echo is an answer to a NACK that is due once more: that an answer is lost too costs another round trip, and that two are happens seldom.
type echo struct {
	seq uint16
	at  time.Duration
}

// Where a round trip is long and losses are common, an answer goes out twice.
const (
	echoAfter = 12 * time.Millisecond
	echoRTT   = 60 * time.Millisecond
	echoLoss  = 0.005
)

// cameraState is what a slot keeps of each camera that uses it.
type cameraState struct {
	streams [maxStreams]struct {
		epoch   uint32 // counts flushes; packets of an older one are not sent again
		waitKey bool   // something was dropped: the rest of the GOP is worthless
		meter   meter
	}
}

// slot is the sending side of one RTP track: queue, memory for NACK and acknowledgement state. It does no I/O and is guarded by
// the Sender's mutex. Instants are durations since the Sender's start.
type slot struct {
	cameras map[uint8]*cameraState
	stats   *SenderStats
	path    *path

	queue      []*outFrame
	queueBytes int
	cut        *outFrame // flushed in the middle: needs its end
	stuck      stuck
	repairs    int  // bytes that may be sent again
	twice      bool // answers to NACKs are sent twice
	echoes     []echo
	padding    int    // packets to send that hold nothing
	ping       bool   // one small such packet
	number     uint32 // of the last frame begun

	seq    uint16 // of the next packet
	oldest uint16 // in ring
	ring   []sentPacket
	resend []uint16

	due     time.Duration // when the next packet may go out
	acked   uint32
	unacked []sentFrame
	delay   minFilter     // from a frame's last packet to its acknowledgement
	ice     time.Duration // round trip that ICE saw, 0 unknown
	slow    time.Duration // until then the pace of a LAN is out of the question
}

func newSlot(stats *SenderStats, path *path, firstSeq uint16) *slot {
	return &slot{cameras: map[uint8]*cameraState{}, stats: stats, path: path, seq: firstSeq, oldest: firstSeq}
}

func (s *slot) camera(n uint8) *cameraState {
	c := s.cameras[n]
	if c == nil {
		c = &cameraState{}
		s.cameras[n] = c
	}
	return c
}

// pending says whether there is anything to send; later there may be echoes.
func (s *slot) pending() bool {
	return len(s.queue) > 0 || s.cut != nil || len(s.resend) > 0 || s.padding > 0 || s.ping
}

// echoDue returns when the next echo is due; negative: there is none.
func (s *slot) echoDue(now time.Duration) time.Duration {
	if len(s.echoes) == 0 {
		return -1
	}
	return max(s.echoes[0].at-now, 0)
}

// push queues a frame, or drops it and what depends on it.
func (s *slot) push(f transport.Frame) {
	if int(f.Stream) >= maxStreams {
		s.stats.Dropped++
		return
	}
	c := s.camera(f.Camera)
	st := &c.streams[f.Stream]
	if len(f.Sealed) == 0 || len(f.Sealed) > MaxSealed {
		st.waitKey = true
		s.stats.Dropped++
		return
	}
	if st.waitKey {
		if !f.Key {
			s.stats.Dropped++
			return
		}
		// What waits is of a GOP that lacks its end; the viewer is better off with the new one at once.
		s.stats.Dropped += uint64(s.discard(func(q *outFrame) bool { return q.camera == f.Camera && q.stream == uint8(f.Stream) }))
		st.waitKey = false
	}
	if len(s.queue) >= maxQueueFrames || s.queueBytes+len(f.Sealed) > maxQueueBytes {
		st.waitKey = true
		s.stats.Dropped++
		return
	}
	st.meter.add(f.Captured, len(f.Sealed))
	out := &outFrame{
		sealed:    f.Sealed,
		camera:    f.Camera,
		stream:    uint8(f.Stream),
		key:       f.Key,
		epoch:     st.epoch,
		timestamp: rtpTime(f.Captured),
	}
	s.queue = slices.Insert(s.queue, s.place(out), out)
	s.queueBytes += len(f.Sealed)
}

// place returns where in the queue a frame goes: to the end, but before what is not begun of a camera's bigger streams. While a bigger
// stream is tried, the smaller one is what the viewer sees.
func (s *slot) place(f *outFrame) int {
	at := len(s.queue)
	for at > 0 && s.queue[at-1].camera == f.camera && s.queue[at-1].stream < f.stream && s.queue[at-1].next == 0 {
		at--
	}
	return at
}

// rtpTime converts to the 90 kHz clock of VP8 (RFC 7741 §4.1).
func rtpTime(t codec.Timestamp) uint32 { return uint32(int64(t) * 9 / 100) }

// discard removes queued frames. One that is partly sent is cut short.
func (s *slot) discard(which func(*outFrame) bool) int {
	n := len(s.queue)
	s.queue = slices.DeleteFunc(s.queue, func(f *outFrame) bool {
		if !which(f) {
			return false
		}
		if f.next > 0 && !f.sharded() {
			s.cut = f
		}
		s.queueBytes -= len(f.sealed)
		return true
	})
	return n - len(s.queue)
}

// flush forgets everything of a camera's streams that is queued or could be sent again, and what its acknowledgements would say.
func (s *slot) flush(camera uint8, which func(stream uint8) bool) {
	c := s.camera(camera)
	for stream := range c.streams {
		if which(uint8(stream)) {
			c.streams[stream].epoch++
		}
	}
	s.stats.Flushed += uint64(s.discard(func(f *outFrame) bool { return f.camera == camera && which(f.stream) }))
	s.unacked = slices.DeleteFunc(s.unacked, func(f sentFrame) bool { return f.camera == camera && which(f.stream) })
}

func every(uint8) bool { return true }

// next returns the next packet to send: first what is missing at the viewer, then what is new. Sequence numbers are given here, so
// that nothing flushed leaves a gap.
func (s *slot) next(now time.Duration) (packet, bool) {
	for len(s.echoes) > 0 && s.echoes[0].at <= now {
		s.resend = append(s.resend, s.echoes[0].seq)
		s.echoes = s.echoes[1:]
	}
	for len(s.resend) > 0 {
		seq := s.resend[0]
		s.resend = s.resend[1:]
		if e := s.remembered(seq); e != nil {
			e.queued = false
			if s.worthResending(e, now) && s.repair(int(e.length)) {
				e.again = now
				e.tries++
				s.stats.Resent++
				s.path.again(e.wide, now)
				if s.twice && e.tries == 1 && !e.isParity() {
					s.echoes = append(s.echoes, echo{seq, now + echoAfter})
				}
				return e.packet, true
			}
		}
	}
	if f := s.cut; f != nil {
		s.cut = nil
		return s.record(packet{frame: f, offset: int32(f.next), length: 1, marker: true}, now), true
	}
	if len(s.queue) == 0 {
		return s.nextPadding(now)
	}
	f := s.queue[0]
	if f.number == 0 {
		if p, ok := s.unstick(f, now); ok {
			return p, true
		}
		s.number++
		f.number = s.number
		if s.protect(f, now); !f.sharded() {
			appendFrameHeader(f.header[:0], f.key, f.camera, f.number, uint32(len(f.sealed)))
		}
	}
	p := f.packet()
	if f.sent() {
		s.queue[0] = nil
		s.queue = s.queue[1:]
		s.queueBytes -= len(f.sealed)
		s.writeOff(now)
		s.unacked = append(s.unacked, sentFrame{f.number, f.camera, f.stream, now})
		s.stats.Frames++
	}
	if !p.isParity() {
		s.repairs = min(s.repairs+int(p.length), maxRepairs)
	}
	return s.record(p, now), true
}

// repair tells whether so many bytes may be sent again, and counts them: together never more than were sent the first time, whatever the
// viewer asks for.
func (s *slot) repair(bytes int) bool {
	if bytes > s.repairs {
		return false
	}
	s.repairs -= bytes
	return true
}

// nextPadding returns a packet that holds nothing, if one is wanted.
func (s *slot) nextPadding(now time.Duration) (packet, bool) {
	size := fragmentSize - wireOverhead
	switch {
	case s.ping:
		s.ping = false
		size = 1
	case s.padding > 0:
		s.padding--
	default:
		return packet{}, false
	}
	s.stats.Padding++
	return s.pad(size, now), true
}

// pad returns a packet of so many bytes that hold nothing.
func (s *slot) pad(size int, now time.Duration) packet {
	f := newPadding(size)
	return s.record(packet{frame: f, length: int32(f.size()), marker: true}, now)
}

// record gives the packet its sequence number and remembers it.
func (s *slot) record(p packet, now time.Duration) packet {
	if s.ring == nil {
		s.ring = make([]sentPacket, ringSize)
	}
	p.seq = s.seq
	s.seq++
	p.wide = s.path.sent(now, s.due, int(p.length)+packetExtra)
	// Let go of the frames that nobody may ask for any more.
	for s.oldest != p.seq {
		e := &s.ring[s.oldest%ringSize]
		if p.seq-s.oldest < ringSize && now-e.sent <= resendWithin {
			break
		}
		if e.seq == s.oldest {
			s.outlive(e)
		}
		*e = sentPacket{}
		s.oldest++
	}
	s.ring[p.seq%ringSize] = sentPacket{packet: p, sent: now}
	return p
}

func (s *slot) remembered(seq uint16) *sentPacket {
	if s.ring == nil {
		return nil
	}
	if e := &s.ring[seq%ringSize]; e.frame != nil && e.seq == seq {
		return e
	}
	return nil
}

func (s *slot) worthResending(e *sentPacket, now time.Duration) bool {
	return e.frame.number != 0 && now-e.sent <= resendWithin && e.frame.epoch == s.camera(e.frame.camera).streams[e.frame.stream].epoch &&
		e.tries < resendTries && (e.tries == 0 || now-e.again >= resendGap)
}

// nack notes that the viewer misses a packet.
func (s *slot) nack(seq uint16, now time.Duration) {
	s.stats.NACKed++
	if e := s.remembered(seq); e != nil && !e.queued && s.worthResending(e, now) {
		e.queued = true
		s.resend = append(s.resend, seq)
	}
}
