//go:build !js

package rtp

import (
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

// drain takes everything that the slot has to send.
func drain(s *slot, now time.Duration) (sent []packet) {
	for {
		p, ok := s.next(now)
		if !ok {
			return sent
		}
		sent = append(sent, p)
	}
}

func sized(camera uint8, key bool, size int) transport.Frame {
	return transport.Frame{Camera: camera, Key: key, Sealed: make([]byte, size)}
}

func TestResendRules(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name  string
		after func(s *slot, seq uint16)
		at    []time.Duration // NACKs for the packet, which was sent at 0
		want  int             // answers
	}{
		{"once", nil, []time.Duration{50 * ms}, 1},
		{"at once", nil, []time.Duration{0}, 1},
		{"asked twice within 10 ms", nil, []time.Duration{50 * ms, 55 * ms}, 1},
		{"asked twice", nil, []time.Duration{50 * ms, 150 * ms}, 2},
		{"just young enough", nil, []time.Duration{resendWithin}, 1},
		{"too old", nil, []time.Duration{resendWithin + 1}, 0},
		{"flushed", func(s *slot, _ uint16) { s.flush(1, every) }, []time.Duration{50 * ms}, 0},
		{"another camera flushed", func(s *slot, _ uint16) { s.flush(17, every) }, []time.Duration{50 * ms}, 1},
		{"overwritten", func(s *slot, _ uint16) {
			for range 2 {
				s.push(sized(1, false, ringSize*fragmentSize/2))
			}
			drain(s, 0)
		}, []time.Duration{50 * ms}, 0},
		{"asked without end", nil, func() (at []time.Duration) {
			for i := range 100 {
				at = append(at, time.Duration(i)*resendGap)
			}
			return at
		}(), resendTries},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSlot(&SenderStats{}, newPath(), 65535) // wraps
			s.push(sized(1, true, 3*fragmentSize))
			first := drain(s, 0)
			s.repairs = maxRepairs
			seq := first[1].seq
			if c.after != nil {
				c.after(s, seq)
			}
			answers := 0
			for _, at := range c.at {
				s.nack(seq, at)
				for _, p := range drain(s, at) {
					if p != first[1] {
						t.Fatalf("sent %+v again, want %+v", p, first[1])
					}
					answers++
				}
			}
			if answers != c.want {
				t.Errorf("%d answers, want %d", answers, c.want)
			}
		})
	}
}

// NACKs for every number there is cost no more than what is remembered.
func TestNackFlood(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 100)
	s.push(sized(0, true, 50*fragmentSize))
	sent := len(drain(s, 0))
	for range 3 {
		for seq := range 1 << 16 {
			s.nack(uint16(seq), time.Millisecond)
		}
	}
	if again := drain(s, time.Millisecond); len(again) != sent {
		t.Errorf("%d packets sent again, of %d", len(again), sent)
	}
}

// Whatever is asked for, and however often, what is sent again is no more than what was sent.
func TestResendingIsBounded(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 0)
	now := time.Duration(0)
	sent, again := 0, 0
	for range 200 {
		s.push(sized(0, true, 12_000))
		from := s.seq
		for _, p := range drain(s, now) {
			sent += int(p.length)
		}
		for range 10 {
			now += resendGap
			for seq := from - 300; seq != s.seq; seq++ {
				s.nack(seq, now)
			}
			for _, p := range drain(s, now) {
				again += int(p.length)
			}
		}
	}
	if again > sent || again < sent/2 {
		t.Errorf("%d bytes sent again, of %d", again, sent)
	}
	if len(s.resend) != 0 {
		t.Errorf("%d answers wait", len(s.resend))
	}
}

// On a long way that loses much, an answer goes out twice, and a second one to the same question once.
func TestAnswersTwice(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 0)
	s.push(sized(0, true, 5*fragmentSize))
	first := drain(s, 0)
	s.twice = true
	s.nack(first[2].seq, 0)
	for _, c := range []struct {
		at   time.Duration
		want int
	}{{0, 1}, {echoAfter - 1, 0}, {echoAfter, 1}, {time.Second, 0}} {
		if got := drain(s, c.at); len(got) != c.want || c.want > 0 && got[0] != first[2] {
			t.Errorf("at %v: %d packets", c.at, len(got))
		}
	}
	s.nack(first[2].seq, time.Second)
	if n := len(drain(s, time.Second)) + len(drain(s, 2*time.Second)); n != 1 {
		t.Errorf("%d answers to the second NACK", n)
	}
}

// Frames leave memory when nobody may ask for them any more.
func TestMemoryIsBounded(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 0)
	now := time.Duration(0)
	for range 500 {
		s.push(sized(0, true, 5000))
		drain(s, now)
		now += frameTime
	}
	kept := 0
	for _, e := range s.ring {
		if e.frame != nil {
			kept++
		}
	}
	if limit := int((resendWithin/frameTime + 2) * 5); kept > limit {
		t.Errorf("%d packets kept, want at most %d", kept, limit)
	}
	if limit := int(writeOffAfter/frameTime) + 2; len(s.unacked) > limit {
		t.Errorf("%d frames await acknowledgement, want at most %d", len(s.unacked), limit)
	}
}

// Sequence numbers have no gaps, whatever is flushed, and frame numbers count only what was begun.
func TestNumbersAfterFlush(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 65530)
	var seqs []uint16
	take := func(n int) {
		for range n {
			p, ok := s.next(0)
			if !ok {
				return
			}
			seqs = append(seqs, p.seq)
		}
	}
	s.push(sized(0, true, 10*fragmentSize))
	take(4)
	s.flush(0, every)
	s.push(sized(0, true, 10*fragmentSize))
	s.flush(0, every) // before anything of it was sent
	s.push(sized(0, true, fragmentSize/2))
	take(100)
	want := []uint16{65530, 65531, 65532, 65533, 65534 /* the end of the first */, 65535 /* the last frame */}
	if !slices.Equal(seqs, want) {
		t.Errorf("sequence numbers %v, want %v", seqs, want)
	}
	if s.number != 2 {
		t.Errorf("%d frames begun, want 2", s.number)
	}
}

// One camera's flush leaves the other cameras of the slot alone.
func TestFlushIsPerCamera(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 0)
	for i := range 6 {
		s.push(sized(uint8(i%2)*16, i < 2, 100))
	}
	s.flush(16, every)
	for _, p := range drain(s, 0) {
		if p.frame.camera != 0 {
			t.Error("a flushed frame was sent")
		}
	}
	if s.queueBytes != 0 || s.stats.Flushed != 3 || s.stats.Frames != 3 {
		t.Errorf("%d bytes queued, %+v", s.queueBytes, s.stats)
	}
}

func TestCongestionRule(t *testing.T) {
	const rtt = 80 * time.Millisecond
	s := newSlot(&SenderStats{}, newPath(), 0)
	s.ice = rtt
	s.push(sized(0, true, 100))
	drain(s, 0)
	for _, c := range []struct {
		at        time.Duration
		congested bool
	}{
		{0, false},
		{congestedAfter + rtt, false},
		{congestedAfter + rtt + 1, true},
		{writeOffAfter + rtt, true},
		{writeOffAfter + rtt + 1, false}, // written off
	} {
		if got := s.congested(c.at); got != c.congested {
			t.Errorf("at %v: congested %v", c.at, got)
		}
	}
	if s.stats.WrittenOff != 1 {
		t.Errorf("%+v", s.stats)
	}
}

// The base follows the path: down at once, up after the minimum is forgotten.
func TestBaseDelay(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 0)
	now := time.Duration(0)
	run := func(d, delay time.Duration) {
		for end := now + d; now < end; now += 100 * time.Millisecond {
			s.push(sized(0, true, 100))
			drain(s, now)
			if !s.ack(s.number, now+delay) {
				t.Fatal("good acknowledgement refused")
			}
		}
	}
	for _, c := range []struct{ run, delay, want time.Duration }{
		{time.Second, 300 * time.Millisecond, 300 * time.Millisecond},
		{time.Second, 50 * time.Millisecond, 50 * time.Millisecond},
		{5 * time.Second, 300 * time.Millisecond, 50 * time.Millisecond},
		{2 * minWindow, 300 * time.Millisecond, 300 * time.Millisecond},
	} {
		run(c.run, c.delay)
		if got := s.base(now); got != c.want {
			t.Errorf("after %v of %v: base %v, want %v", c.run, c.delay, got, c.want)
		}
	}
}

func TestPaceRule(t *testing.T) {
	stream := func(stream seal.Stream, rate int) *slot {
		s := newSlot(&SenderStats{}, newPath(), 0)
		s.ice = 50 * time.Millisecond
		for i := range 90 {
			drain(s, 0)
			s.push(transport.Frame{
				Key: i == 0, Stream: stream, Sealed: make([]byte, rate/8/30),
				Captured: codec.Timestamp(i * 1_000_000 / 30),
			})
		}
		return s
	}
	// trains came through at a rate, some of them slower than they were sent.
	trains := func(rate transport.Bitrate, fast, slowed int) *slot {
		s := stream(seal.Main, 3_000_000)
		for i := range fast + slowed {
			s.path.samples = append(s.path.samples, sample{at: time.Second, rate: rate, limited: i >= fast})
		}
		return s
	}
	for _, c := range []struct {
		name     string
		slot     *slot
		min, max int64
	}{
		{"twice what came through", trains(9_000_000, 3, 0), 18_000_000, 18_000_000},
		{"no slower than usual", trains(1_000_000, 3, 0), mainPace, mainPace},
		{"never above all slots' pace", trains(29_000_000, 3, 0), totalPace, totalPace},
		{"a reader that is late once", trains(12_000_000, 3, 1), 24_000_000, 24_000_000},
		{"a path that carries less", trains(2_000_000, 1, 3), 2_500_000, 2_500_000},
		{"a path that carries next to nothing", trains(10_000, 0, 3), slowestPace, slowestPace},
		{"main", stream(seal.Main, 3_000_000), mainPace, mainPace},
		{"sub", stream(seal.Sub, 500_000), mainPace, mainPace},
		{"a main stream above the pace", stream(seal.Main, 16_000_000), 19_500_000, 20_500_000},
		{"a sub-stream above the pace", stream(seal.Sub, 16_000_000), 19_500_000, 20_500_000},
		{"hostile capture times", func() *slot {
			s := stream(seal.Sub, 500_000)
			s.push(transport.Frame{Stream: seal.Sub, Sealed: make([]byte, 1000), Captured: -1 << 63})
			s.push(transport.Frame{Stream: seal.Sub, Sealed: make([]byte, 1000), Captured: 1<<63 - 1})
			return s
		}(), mainPace, mainPace},
		{"LAN", func() *slot {
			s := stream(seal.Main, 3_000_000)
			s.ice = time.Millisecond
			return s
		}(), lanPace, lanPace},
		{"LAN after congestion", func() *slot {
			s := stream(seal.Main, 3_000_000)
			s.ice = time.Millisecond
			s.congested(congestedAfter + time.Second)
			return s
		}(), mainPace, mainPace},
	} {
		if got := c.slot.pace(time.Second); got < c.min || got > c.max {
			t.Errorf("%s: %d bit/s, want %d to %d", c.name, got, c.min, c.max)
		}
	}
}
