package viewer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// pipe is a server's connection to a viewer: what it carries a second is given, what comes faster waits, and what waits too long drops out in
// whole GOPs.
type pipe struct {
	rate   float64 // bits a second
	free   time.Duration
	broken [2]bool // by stream: dropping until the next key frame

	losses *rand.Rand // nil: nothing gets lost
	latest time.Duration
}

const pipeQueue = 1500 * time.Millisecond

// carry returns when a frame is through; false if it was dropped.
func (p *pipe) carry(at time.Duration, stream int, bits float64, key bool) (time.Duration, bool) {
	if key {
		p.broken[stream] = false
	}
	if p.broken[stream] || p.free-at > pipeQueue {
		p.broken[stream] = true
		return 0, false
	}
	p.free = max(p.free, at) + time.Duration(bits/p.rate*float64(time.Second))
	p.latest = max(p.latest, p.free+p.again(bits)+20*time.Millisecond) // nothing overtakes what is sent again
	return p.latest, true
}

// again returns how long a frame takes longer since 3 % of its packets get lost, as TCP does with a round trip of 100 ms: most come again after
// a little more than that, one in thirty only after a timeout (RFC 6298, RFC 8985).
func (p *pipe) again(bits float64) (longest time.Duration) {
	if p.losses == nil {
		return 0
	}
	for range int(bits/(8*1200)) + 1 {
		late := time.Duration(0)
		for p.losses.Float64() < 0.03 {
			if late += 130 * time.Millisecond; p.losses.Float64() < 1./30 {
				late += 600 * time.Millisecond
			}
		}
		longest = max(longest, late)
	}
	return longest
}

// run is what a ladder does over a pipe with a main stream of 3 Mbit/s and a sub-stream of 0.4 Mbit/s.
type run struct {
	steps  []string        // with their seconds
	main   time.Duration   // that the main stream was shown alone
	worst  time.Duration   // delay of a frame of the stream that is shown, after the first settling
	frozen time.Duration   // the longest time without one
	tries  []time.Duration // when
}

// simulate plays a time of it. rate gives the pipe's rate.
func simulate(length time.Duration, rate func(time.Duration) float64) run {
	return simulateLossy(length, rate, nil)
}

func simulateLossy(length time.Duration, rate func(time.Duration) float64, losses *rand.Rand) (r run) {
	const tick, mainEvery, subEvery, gop = 10 * time.Millisecond, 30, 60, 2 * time.Second
	type frame struct {
		at, captured time.Duration
		stream       int
		key          bool
	}
	var l ladder
	p := pipe{losses: losses}
	var due []frame
	origin := time.Unix(1_700_000_000, 0)
	stamp := func(d time.Duration) codec.Timestamp { return codec.Timestamp((time.Hour + d) / time.Microsecond) }
	stream, keyed := 0, true
	last := time.Duration(0)
	l.settle(origin, stamp(0))
	for now := time.Duration(0); now < length; now += tick {
		p.rate = rate(now)
		for s, every := range []time.Duration{mainEvery * time.Millisecond, subEvery * time.Millisecond} {
			open := s == stream || s == 0 && l.opens(origin.Add(now))
			if now%every != 0 || !open {
				continue
			}
			bits, key := []float64{3e6, 0.4e6}[s]*every.Seconds(), now%gop < every
			if key {
				bits *= 6
			}
			if at, ok := p.carry(now, s, bits, key); ok {
				due = append(due, frame{at, now, s, key})
			} else if key {
				l.dropped(origin.Add(now))
			}
		}
		for len(due) > 0 && due[0].at <= now {
			f := due[0]
			due = due[1:]
			l.came(origin.Add(now), stamp(f.captured))
			if f.stream != stream && f.key {
				keyed = true
				l.appeared(origin.Add(now))
			}
			if f.stream == stream || keyed && f.stream == 0 {
				if now > 5*time.Second {
					r.worst = max(r.worst, now-f.captured)
					r.frozen = max(r.frozen, now-last)
				}
				last = now
			}
		}
		if stream == 0 {
			r.main += tick
		}
		if now%tickEvery != 0 && !l.tooMuch {
			continue
		}
		s := l.next(origin.Add(now), stream == 0, stream == 1, true)
		if s == stay {
			continue
		}
		switch s {
		case down:
			stream = 1
		case try:
			keyed = false
			r.tries = append(r.tries, now)
		case rise:
			stream = 0
		}
		l.took(origin.Add(now), s, stamp(now))
		r.steps = append(r.steps, fmt.Sprintf("%s@%.1f", map[step]string{down: "down", try: "try", giveUp: "giveUp", rise: "rise"}[s], now.Seconds()))
	}
	return r
}

// Over a pipe that carries the main stream it stays; over one that does not it goes down soon, and what it costs to find out later whether that
// has changed is no more than a moment, ever more rarely; when it has, it goes back up.
func TestLadder(t *testing.T) {
	steady := func(rate float64) func(time.Duration) float64 { return func(time.Duration) float64 { return rate } }

	r := simulate(2*time.Minute, steady(6e6))
	if len(r.steps) != 0 {
		t.Errorf("6 Mbit/s: %v", r.steps)
	}
	r = simulate(5*time.Minute, steady(1.5e6))
	t.Logf("1.5 Mbit/s: %v, worst delay %v, longest freeze %v", r.steps, r.worst, r.frozen)
	if r.main > 4*time.Second || r.worst > 1500*time.Millisecond || r.frozen > 500*time.Millisecond || slices.Contains(r.steps, "rise") {
		t.Errorf("1.5 Mbit/s: main for %v, worst delay %v, frozen for %v, %v", r.main, r.worst, r.frozen, r.steps)
	}
	if len(r.tries) < 4 || len(r.tries) > 6 {
		t.Errorf("1.5 Mbit/s: tried at %v", r.tries)
	}
	for i := 2; i < len(r.tries); i++ {
		if r.tries[i]-r.tries[i-1] < (r.tries[i-1]-r.tries[i-2])*3/2 && r.tries[i]-r.tries[i-1] < tryMost {
			t.Errorf("1.5 Mbit/s: tried at %v", r.tries)
		}
	}
	r = simulate(2*time.Minute, func(at time.Duration) float64 {
		if at > 20*time.Second && at < 40*time.Second {
			return 1e6
		}
		return 6e6
	})
	t.Logf("a slow spell: %v", r.steps)
	if len(r.steps) < 3 || r.steps[0][:4] != "down" || r.steps[len(r.steps)-1][:4] != "rise" || r.main < 80*time.Second {
		t.Errorf("a slow spell: main for %v, %v", r.main, r.steps)
	}
	r = simulate(5*time.Minute, func(at time.Duration) float64 { // there is room for the main stream every other 20 s
		if at/(20*time.Second)%2 == 1 {
			return 1e6
		}
		return 6e6
	})
	t.Logf("now and then: %v", r.steps)
	if len(r.steps) > 40 {
		t.Errorf("now and then: %v", r.steps)
	}
	// A stall that ends, as when lost packets come again, is no lack of room.
	var l ladder
	now := time.Unix(1_700_000_000, 0)
	l.settle(now, 0)
	for i := range 600 {
		now = now.Add(40 * time.Millisecond)
		delay := time.Duration(0)
		if i%100 > 80 {
			delay = time.Duration(100-i%100) * 40 * time.Millisecond // 19 frames at once
		}
		if i%100 > 80 {
			continue
		}
		for j := range 20 {
			if i%100 == 0 && i > 0 {
				l.came(now, codec.Timestamp(now.Add(-time.Duration(20-j)*40*time.Millisecond).UnixMicro()))
			}
		}
		l.came(now, codec.Timestamp(now.Add(-delay).UnixMicro()))
		if s := l.next(now, true, false, true); s != stay {
			t.Fatalf("after a stall: %v", s)
		}
	}
}

// Where lost packets come again frames are late all the time, but there is room: the main stream comes back and stays.
func TestLadderLosses(t *testing.T) {
	for seed := range uint64(20) {
		r := simulateLossy(5*time.Minute, func(at time.Duration) float64 {
			if at < 20*time.Second {
				return 1e6
			}
			return 20e6
		}, rand.New(rand.NewPCG(seed, 4)))
		t.Logf("losses: %v", r.steps)
		if len(r.steps) == 0 || r.main < 4*time.Minute {
			t.Errorf("losses: main for %v, %v", r.main, r.steps)
		}
	}
}
