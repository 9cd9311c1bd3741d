package viewer

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// trace is what a network does to a stream: the delay of each frame until it can be decoded, that is until those before it have come too.
type trace []time.Duration

// network makes the trace of n frames at a distance. delay returns the time of one packet; each frame is of so many packets, a lost one
// is sent again after a round trip.
func network(n int, interval time.Duration, packets int, loss float64, oneWay time.Duration, jitter func(*rand.Rand) time.Duration) trace {
	r := rand.New(rand.NewPCG(4, uint64(n)))
	t := make(trace, n)
	var ready time.Duration
	for i := range t {
		sent := time.Duration(i) * interval
		var came time.Duration
		for range packets {
			at := sent + oneWay + jitter(r)
			for r.Float64() < loss {
				at += 2*oneWay + 30*time.Millisecond + jitter(r)
			}
			came = max(came, at)
		}
		ready = max(ready, came)
		t[i] = ready - sent
	}
	return t
}

func still(*rand.Rand) time.Duration { return 0 }

func upTo(most time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(most))) }
}

// thread is a page's one thread: it handles what happens only between two blocks of drawing.
type thread struct{ every, busy time.Duration }

func (b thread) handles(at time.Time) time.Time {
	if b.every > 0 {
		if in := time.Duration(at.UnixNano()) % b.every; in < b.busy {
			return at.Add(b.busy - in)
		}
	}
	return at
}

// played is what becomes of a trace: the delay from capture to the decoder, and without a buffer.
func played(t trace, interval time.Duration, page thread) (delays, without trace, held []time.Duration) {
	var p playout
	origin := time.Unix(1_700_000_000, 0)
	var last time.Time
	for i, d := range t {
		sent := origin.Add(time.Duration(i) * interval)
		came := page.handles(sent.Add(d))
		due := p.due(came, codec.Timestamp(time.Duration(i)*interval/time.Microsecond))
		at := due
		if due.After(came) {
			at = page.handles(due)
			p.played(at, due)
		}
		if at.Before(last) {
			at = last // in order
		}
		last = at
		delays, without = append(delays, at.Sub(sent)), append(without, came.Sub(sent))
		held = append(held, due.Sub(came))
	}
	return delays, without, held
}

func (t trace) quantile(q float64) time.Duration {
	s := slices.Clone(t)
	slices.Sort(s)
	return s[int(q*float64(len(s)-1))]
}

// unevenness is the mean change of the delay from frame to frame: 0 is even motion.
func (t trace) unevenness() time.Duration {
	var sum time.Duration
	for i := 1; i < len(t); i++ {
		sum += (t[i] - t[i-1]).Abs()
	}
	return sum / time.Duration(len(t)-1)
}

// On every network motion becomes more even, the median delay grows by no more than 15 ms, and the worst delays do not grow.
func TestPlayout(t *testing.T) {
	const fps30 = time.Second / 30
	const ms = time.Millisecond
	for _, c := range []struct {
		name     string
		interval time.Duration
		trace    trace
		page     thread
		median   time.Duration // that it may grow by
		evener   float64       // share of the unevenness that may be left
	}{
		{"even", fps30, network(1800, fps30, 10, 0, 5*ms, still), thread{}, ms, 1},
		{"clean", fps30, network(1800, fps30, 10, 0, 5*ms, upTo(4*ms)), thread{}, ms, 1},
		{"Wi-Fi", fps30, network(1800, fps30, 1, 0, 5*ms, upTo(30*ms)), thread{}, 12 * ms, 0.45},
		{"50 ms, 1 %", fps30, network(1800, fps30, 10, 0.01, 25*ms, upTo(2*ms)), thread{}, 3 * ms, 1},
		{"100 ms, 3 %", fps30, network(1800, fps30, 10, 0.03, 50*ms, upTo(2*ms)), thread{}, 5 * ms, 0.85},
		{"200 ms, 5 %, 20 ms", fps30, network(1800, fps30, 10, 0.05, 100*ms, upTo(20*ms)), thread{}, 5 * ms, 0.85},
		{"sub-stream", 2 * fps30, network(900, 2*fps30, 3, 0.03, 50*ms, upTo(20*ms)), thread{}, 5 * ms, 0.95},
		{"page that draws", fps30, network(1800, fps30, 10, 0, 5*ms, upTo(4*ms)), thread{77 * ms, 50 * ms}, 2 * ms, 1.02},
		{"slow page", fps30, network(1800, fps30, 10, 0, 50*ms, upTo(4*ms)), thread{143 * ms, 123 * ms}, 2 * ms, 1.02},
		{"slow page, 100 ms, 3 %", fps30, network(1800, fps30, 10, 0.03, 50*ms, upTo(2*ms)), thread{107 * ms, 80 * ms}, 5 * ms, 1},
	} {
		delays, without, held := played(c.trace, c.interval, c.page)
		if most := slices.Max(held); most > playoutMost {
			t.Errorf("%s: held for %v", c.name, most)
		}
		p50, before50 := delays.quantile(0.5), without.quantile(0.5)
		p95, before95 := delays.quantile(0.95), without.quantile(0.95)
		even, before := delays.unevenness(), without.unevenness()
		t.Logf("%-20s p50 %v → %v, p95 %v → %v, unevenness %v → %v", c.name, before50, p50, before95, p95, before, even)
		if p50 > before50+c.median {
			t.Errorf("%s: the median grew from %v to %v", c.name, before50, p50)
		}
		if p95 > before95+2*ms {
			t.Errorf("%s: the 95th percentile grew from %v to %v", c.name, before95, p95)
		}
		if float64(even) > c.evener*float64(before)+float64(ms)/100 {
			t.Errorf("%s: unevenness went from %v to %v", c.name, before, even)
		}
	}
}

// Jitter that lasts is followed within a second, and forgotten within some; a clock that steps, or a path whose delay changes for good, holds
// nothing back for long.
func TestPlayoutFollows(t *testing.T) {
	const interval = 40 * time.Millisecond
	r := rand.New(rand.NewPCG(4, 4))
	var p playout
	now, captured := time.Unix(1_700_000_000, 0), codec.Timestamp(5_000_000)
	var held time.Duration
	play := func(n int, delay time.Duration, jitter time.Duration) {
		held = 0
		for range n {
			now, captured = now.Add(interval), captured.Add(interval)
			at := now.Add(delay)
			if jitter > 0 {
				at = at.Add(time.Duration(r.Int64N(int64(jitter))))
			}
			due := p.due(at, captured)
			if due.Before(at) || due.Sub(at) > playoutMost {
				t.Fatalf("held for %v", due.Sub(at))
			}
			held += due.Sub(at) / time.Duration(n)
		}
	}
	play(250, 0, 0)
	if held != 0 || p.target != 0 {
		t.Errorf("without jitter held for %v", held)
	}
	play(25, 0, 30*time.Millisecond)
	if p.target < 12*time.Millisecond {
		t.Errorf("after a second of jitter the target is %v", p.target)
	}
	play(250, 0, 30*time.Millisecond)
	if p.target < 16*time.Millisecond || p.target > 25*time.Millisecond {
		t.Errorf("with jitter the target is %v", p.target)
	}
	play(300, 0, 0)
	if p.target > time.Millisecond {
		t.Errorf("long after jitter the target is %v", p.target)
	}
	play(2*int(playoutSpan/interval)+300, 800*time.Millisecond, 0) // over another continent
	if play(50, 800*time.Millisecond, 0); held > time.Millisecond {
		t.Errorf("on a longer path held for %v", held)
	}
	if play(500, 0, 0); held > 15*time.Millisecond {
		t.Errorf("on the short path again held for %v", held)
	}
	captured = 1000 // the agent was started anew
	play(2, 0, 0)
	if held > 0 {
		t.Errorf("held for %v after the clock went back", held)
	}
	captured = 1 << 62
	for range 20 {
		if due := p.due(now, captured); !due.Equal(now) {
			t.Errorf("held for %v by a clock out of its mind", due.Sub(now))
		}
		captured = -captured
	}
}

// Frames that come with jitter reach the decoder evenly, all of them and in order, also where a key frame overtakes nothing.
func TestEvenMotion(t *testing.T) {
	uneven := map[bool]time.Duration{}
	for _, off := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			const frames = 300
			s := newStage(t)
			a := s.agent()
			cam := a.camera("porch", seal.Main)
			s.start(Config{Homes: []Home{s.home(a)}, NewPeer: s.peer.factory, Unbuffered: off})
			defer s.stop()
			s.wish(seal.Main, cam)
			s.peer.state(PeerConnected)
			r := rand.New(rand.NewPCG(4, 4))
			for i := range frames {
				sealed := cam.sealUp(seal.Main, cam.unit(seal.Main, i%25 == 0, []byte("even")))
				delay := time.Duration(r.Int64N(int64(frameTime)))
				time.Sleep(delay)
				s.peer.frame(cam.number, sealed)
				s.look(cam)
				time.Sleep(frameTime - delay)
			}
			time.Sleep(2 * playoutMost)
			tile := s.wantState(cam, Live, ReasonNone)
			if tile.Stats.Decoded != frames || tile.Stats.Drawn() != frames || tile.Stats.Dropped != 0 || tile.Stats.Resyncs != 0 {
				t.Errorf("stats %+v", tile.Stats)
			}
			if off != (tile.Held == 0) || tile.Held > 20*time.Millisecond {
				t.Errorf("held for %v", tile.Held)
			}
			s.bench.set(func() {
				for i := 101; i < frames; i++ {
					uneven[off] += (s.bench.fedAt[i].Sub(s.bench.fedAt[i-1]) - frameTime).Abs() / (frames - 101)
				}
			})
		})
	}
	if uneven[false] > uneven[true]/3 {
		t.Errorf("frames come %v from their time, without a buffer %v", uneven[false], uneven[true])
	}
}

// A viewer that stops while a frame is held waits for nothing.
func TestStopWhileHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		s.onPeer(a, cam)
		for i := range 50 {
			sealed := cam.sealUp(seal.Main, cam.unit(seal.Main, i == 0, []byte("held")))
			delay := time.Duration(i%2) * frameTime / 2
			time.Sleep(delay)
			s.peer.frame(cam.number, sealed)
			s.look(cam)
			time.Sleep(frameTime - delay)
		}
		decoded := s.look(cam).Stats.Decoded
		s.direct(cam, seal.Main, false, "last")
		if s.look(cam).Stats.Decoded != decoded {
			t.Error("the frame was not held")
		}
		s.stop()
	})
}
