//go:build linux

package netem

import (
	"math/rand/v2"
	"time"
)

// fate is what becomes of a packet.
type fate uint8

const (
	passed  fate = iota
	lost         // at random
	crowded      // the queue was full
	dark         // a blackout
	barred       // its protocol is not let through
)

// lane is the state of one direction. It is pure: time comes in, decisions go out.
type lane struct {
	random *rand.Rand
	bad    bool      // Gilbert's state in which packets are lost
	busy   time.Time // when the bottleneck is free again
	last   time.Time // when the packet before leaves
}

func newLane(seed uint64) *lane {
	return &lane{random: rand.New(rand.NewPCG(seed, 0x5ea1ca3))}
}

// decide says what becomes of a packet of n bytes that arrives now, and when it comes out.
func (l *lane) decide(p *Path, now time.Time, n int) (time.Time, fate) {
	if l.loses(p) {
		return time.Time{}, lost
	}
	at := now
	if p.Rate > 0 {
		if l.busy.Before(now) {
			l.busy = now
		}
		if l.busy.Sub(now) > p.Queue {
			return time.Time{}, crowded
		}
		l.busy = l.busy.Add(time.Duration(float64(n*8) / float64(p.Rate) * float64(time.Second)))
		at = l.busy
	}
	at = at.Add(p.Delay)
	if p.Jitter > 0 {
		at = at.Add(time.Duration((2*l.random.Float64() - 1) * float64(p.Jitter)))
	}
	if at.Before(l.last) {
		at = l.last
	}
	l.last = at
	return at, passed
}

// loses draws whether the next packet is lost. In Gilbert's model the bad state is left with probability 1/Burst, and entered so often
// that the share of time spent in it is Loss.
func (l *lane) loses(p *Path) bool {
	if p.Loss <= 0 {
		return false
	}
	if p.Burst <= 1 || p.Loss >= 1 {
		return l.random.Float64() < p.Loss
	}
	leave := 1 / p.Burst
	enter := p.Loss * leave / (1 - p.Loss)
	if l.bad {
		l.bad = l.random.Float64() >= leave
	} else {
		l.bad = l.random.Float64() < enter
	}
	return l.bad
}

// isDark tells whether a blackout covers the time since the beginning.
func (p *Profile) isDark(since time.Duration) bool {
	for _, b := range p.Blackouts {
		if since >= b.At && since < b.At+b.For {
			return true
		}
	}
	return false
}

// bars tells whether an IP packet's protocol is not let through (RFC 791 §3.1: protocol is byte 9; numbers are IANA's).
func (p *Profile) bars(packet []byte) bool {
	const udp = 17
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return true // the namespaces have IPv4 addresses only
	}
	return p.NoUDP && packet[9] == udp
}
