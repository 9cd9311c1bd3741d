package viewer

import (
	"errors"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
)

// The queue of a lane: frames that the GOP rule let through, on their way to the decoder.

// Bounds of a queue.
const (
	maxQueue     = 1600 // frames: as long a GOP as agents keep
	maxQueueSize = 24 << 20
	skipBehind   = 8 // so many younger frames waiting, and the picture need not be shown
	skipLagging  = 3 // or so many, if they have waited for skipAfter: the decoder does not keep up
	skipAfter    = 50 * time.Millisecond
	slowDrop     = 8 // so many frames dropped at a key frame mean that the decoder is too slow
)

// waiting is a frame before the decoder.
type waiting struct {
	seal.Opened
	came, due time.Time
}

// enqueue puts a frame before the decoder. A key frame replaces what the decoder has not got round to: nobody wants to see it any more.
func (l *lane) enqueue(now time.Time, o seal.Opened) {
	due := now
	if !l.c.v.cfg.Unbuffered {
		due = l.playout.due(now, o.Captured()).Add(l.c.holdForSound())
	}
	if o.Key() {
		if n := l.behind(); l.stuck && l.overdue(now) {
			l.c.stats.Dropped += uint64(n)
			if l.missed() >= slowDrop {
				l.c.slowAt = now
			}
			l.empty()
		}
		l.needKey = false
	}
	switch {
	case l.needKey:
		l.c.stats.Dropped++
		return
	case l.behind() >= maxQueue || l.queueSize+len(o.Data()) > maxQueueSize:
		l.c.stats.Dropped += uint64(l.behind() + 1)
		l.c.slowAt = now
		l.empty()
		l.needKey = true
		return
	}
	l.queue = append(l.queue, waiting{o, now, due})
	l.queueSize += len(o.Data())
}

// behind returns how many frames wait before the decoder.
func (l *lane) behind() int { return len(l.queue) - l.head }

// overdue reports whether some wait for the decoder, and not for their time.
func (l *lane) overdue(now time.Time) bool { return l.behind() > 0 && !l.queue[l.head].due.After(now) }

// waits reports whether so many frames behind the first one were to be decoded by a time.
func (l *lane) waits(by time.Time, behind int) bool {
	return l.behind() > behind && !l.queue[l.head+behind].due.After(by)
}

// missed returns how many of them would have been shown: a stream that takes over from another one begins with what that one showed.
func (l *lane) missed() (n int) {
	for i := range l.queue[l.head:] {
		if !l.c.gate.Shown(l.queue[l.head+i].Captured()) {
			n++
		}
	}
	return n
}

func (l *lane) empty() {
	clear(l.queue)
	l.queue, l.head, l.queueSize, l.stuck = l.queue[:0], 0, 0, false
}

// pop takes the first frame out of the queue, whose room is used again.
func (l *lane) pop() {
	l.stuck = false
	l.queueSize -= len(l.queue[l.head].Data())
	l.queue[l.head] = waiting{}
	if l.head++; l.head == len(l.queue) {
		l.queue, l.head = l.queue[:0], 0
	}
}

// pump gives the decoder as much as is due and it takes. Before the agent's clock is known it gives nothing: the gate would refuse what comes out.
func (l *lane) pump(now time.Time) {
	if _, known := l.c.h.clock.Latest(now); !known {
		l.busyAt = now // the decoder is not to blame for what it was not given
		l.stuck = true
		return
	}
	for l.behind() > 0 {
		o := &l.queue[l.head]
		if o.due.After(now) {
			l.pumpAt(now, o.due)
			return
		}
		if o.Key() && !l.prepare(now, &o.Opened) || l.decoder == nil {
			l.fail()
			return
		}
		if len(o.Data()) == 0 { // a final frame may have none
			l.pop()
			continue
		}
		err := l.decoder.Decode(Unit{
			Key: o.Key(), Captured: o.Captured(), Config: l.config, Data: o.Data(),
			Skip: !o.Key() && (l.waits(now, skipBehind) || l.waits(now.Add(-skipAfter), skipLagging)) ||
				l.c.gate.Shown(o.Captured()) || l.c.shadowed(now, l.stream, o.Captured()),
		})
		switch {
		case errors.Is(err, ErrBacklog):
			l.stuck = true
			return
		case err != nil:
			l.broken(now, err)
			return
		}
		l.gate.Expect(o.Opened)
		l.c.stats.Decoded++
		l.noteHeld(o, now)
		l.busyAt = now
		l.pop()
	}
}

// pumpAt pumps when the first frame is due. Where timers are late, as in a page that nobody sees, the next frame that comes pumps as well.
func (l *lane) pumpAt(now, due time.Time) {
	if l.timed.Equal(due) {
		return
	}
	l.stopTimer()
	v := l.c.v
	v.timers.Add(1)
	l.timed = due
	l.timer = time.AfterFunc(due.Sub(now), func() {
		defer v.timers.Done()
		v.mu.Lock()
		defer v.mu.Unlock()
		if l.timed.Equal(due) {
			l.timed = time.Time{}
			l.pump(v.now())
		}
	})
}

func (l *lane) stopTimer() {
	if !l.timed.IsZero() && l.timer.Stop() {
		l.c.v.timers.Done()
	}
	l.timed = time.Time{}
}

// noteHeld keeps the mean of how long frames were held to make motion even.
func (l *lane) noteHeld(o *waiting, now time.Time) {
	held := time.Duration(0)
	if o.due.After(o.came) {
		held = now.Sub(o.came)
		l.playout.played(now, o.due)
	}
	l.c.held += (held - l.c.held) / 32
}

// fail drops what waits; the next key frame begins anew.
func (l *lane) fail() {
	l.c.stats.Dropped += uint64(l.behind())
	l.empty()
	l.needKey = true
}
