package rtsp

import (
	"math/rand/v2"
	"time"
)

// timing holds how long things take; tests use shorter ones.
type timing struct {
	first, most time.Duration // waits between attempts, doubled each time
	lasting     time.Duration // wait after a problem that only the owner can mend
	settled     time.Duration // a connection that held this long starts the waits anew
	silence     time.Duration // without data: connect again
	trouble     time.Duration // without a usable picture: say so
	giveUp      time.Duration // without a usable picture: connect again
	request     time.Duration // for one RTSP request
}

var usualTiming = timing{
	first:   500 * time.Millisecond,
	most:    30 * time.Second,
	lasting: 30 * time.Second,
	settled: 10 * time.Second,
	silence: 10 * time.Second,
	trouble: 4 * time.Second,
	giveUp:  30 * time.Second,
	request: 10 * time.Second,
}

// backoff counts failed attempts.
type backoff struct {
	timing *timing
	next   time.Duration
}

// after returns how long to wait after a problem; held is how long the connection gave pictures. The wait is jittered, so that
// many cameras behind one switch do not come back in step.
func (b *backoff) after(p Problem, held time.Duration) time.Duration {
	if p.Lasting() {
		return jitter(b.timing.lasting)
	}
	if b.next == 0 || held >= b.timing.settled {
		b.next = b.timing.first
	}
	d := b.next
	b.next = min(2*b.next, b.timing.most)
	return jitter(d)
}

// jitter returns between 3/4 of d and d.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/4+1)
}
