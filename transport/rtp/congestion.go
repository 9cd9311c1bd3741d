//go:build !js

package rtp

import (
	"time"

	"github.com/sealcam/sealcam/codec"
)

const (
	congestedAfter = 600 * time.Millisecond  // beyond the delay of an empty path
	writeOffAfter  = 1200 * time.Millisecond // likewise: else nothing would be sent after a blackout
	slowAfter      = 10 * time.Second        // without trouble, before the pace of a LAN is tried again
	lanRTT         = 5 * time.Millisecond

	mainPace    = 9_000_000  // bit/s
	slowestPace = 300_000    // bit/s
	lanPace     = 60_000_000 // bit/s
	totalPace   = 30_000_000 // bit/s of all slots together, outside a LAN

	minWindow = 10 * time.Second // a minimum is forgotten after one to two of these
)

// ack takes the highest number that the viewer has complete. It reports false for a frame that was never sent.
func (s *slot) ack(number uint32, now time.Duration) bool {
	if number > s.number {
		return false
	}
	if number <= s.acked {
		return true // overtaken: the channel is unordered
	}
	s.acked = number
	n := 0
	for n < len(s.unacked) && s.unacked[n].number <= number {
		if s.unacked[n].number == number {
			s.delay.add(now-s.unacked[n].sent, now)
		}
		n++
	}
	s.unacked = s.unacked[n:]
	return true
}

// base is the delay of acknowledgements over an empty path; before the first one came it is the round trip that ICE saw.
func (s *slot) base(now time.Duration) time.Duration {
	if d, ok := s.delay.min(now); ok {
		return d
	}
	return s.ice
}

// writeOff forgets frames whose acknowledgement will not come.
func (s *slot) writeOff(now time.Duration) {
	limit := writeOffAfter + s.base(now)
	n := 0
	for n < len(s.unacked) && now-s.unacked[n].sent > limit {
		n++
	}
	if n > 0 {
		s.unacked = s.unacked[n:]
		s.stats.WrittenOff += uint64(n)
		s.slow = now + slowAfter
	}
}

// congested is rule 2 of the transport: the oldest frame that left here and is not acknowledged is too old.
func (s *slot) congested(now time.Duration) bool {
	s.writeOff(now)
	if len(s.unacked) == 0 || now-s.unacked[0].sent <= congestedAfter+s.base(now) {
		return false
	}
	s.slow = now + slowAfter
	return true
}

// pace returns the bits per second at which the slot sends now. A stream that is bigger than the usual pace raises it, and so do trains that
// came through as fast as they were sent: key frames arrive sooner then, and the frames behind them. Where the path is known to carry less,
// packets go only so much faster as it takes to notice that it carries more again.
func (s *slot) pace(now time.Duration) int64 {
	if s.lan(now) {
		return lanPace
	}
	rate := int64(mainPace)
	if len(s.queue) > 0 {
		f := s.queue[0]
		rate = max(rate, s.camera(f.camera).streams[f.stream].meter.rate*5/4)
	}
	capacity, limited := s.path.capacity(now)
	switch {
	case !limited:
		return max(rate, min(int64(capacity)*2, totalPace))
	case s.padding > 0 && len(s.queue) == 0:
		capacity *= 2
	default:
		capacity = capacity * 5 / 4
	}
	return min(rate, max(int64(capacity), slowestPace))
}

// lan says whether the viewer is so near that a whole GOP may leave at once.
func (s *slot) lan(now time.Duration) bool {
	if now < s.slow {
		return false
	}
	d, ok := s.delay.min(now)
	return ok && d < lanRTT || s.ice > 0 && s.ice < lanRTT
}

// meter measures the bit rate of a stream over its own capture time, so that a GOP handed over at once does not count as fast.
type meter struct {
	since codec.Timestamp
	bytes int
	rate  int64 // bit/s, 0 until a second was seen
}

func (m *meter) add(at codec.Timestamp, bytes int) {
	span := at.Sub(m.since)
	if span < 0 || span > 4*time.Second {
		m.since, m.bytes = at, bytes
		return
	}
	if span >= time.Second {
		m.rate = min(int64(float64(m.bytes*8)/span.Seconds()), lanPace)
		m.since, m.bytes = at, 0
	}
	m.bytes += bytes
}

// minFilter keeps the smallest of the recent values.
type minFilter struct {
	now, before time.Duration // minimum of this window and the last
	haveNow     bool
	haveBefore  bool
	since       time.Duration // start of this window
}

func (f *minFilter) add(v, at time.Duration) {
	f.turn(at)
	if !f.haveNow || v < f.now {
		f.now, f.haveNow = v, true
	}
}

func (f *minFilter) min(at time.Duration) (time.Duration, bool) {
	f.turn(at)
	switch {
	case f.haveNow && f.haveBefore:
		return min(f.now, f.before), true
	case f.haveNow:
		return f.now, true
	default:
		return f.before, f.haveBefore
	}
}

// reset begins anew with a value.
func (f *minFilter) reset(v, at time.Duration) {
	*f = minFilter{now: v, haveNow: true, since: at}
}

// turn starts a new window in time. A window without values leaves the last minimum standing.
func (f *minFilter) turn(at time.Duration) {
	if at-f.since < minWindow {
		return
	}
	f.since = at
	if f.haveNow {
		f.before, f.haveBefore, f.haveNow = f.now, true, false
	}
}
