package viewer

import (
	"time"

	"github.com/sealcam/sealcam/codec"
)

// Times of the ladder.
const (
	ladderSpan   = time.Minute            // of the least delay
	ladderLate   = 600 * time.Millisecond // over the least delay, while the lag lasts: the path carries less than comes
	ladderFor    = 300 * time.Millisecond // while it grows
	ladderGood   = 250 * time.Millisecond // what is not later leaves room for more
	ladderPause  = time.Second            // without such a frame, and there is none
	ladderSettle = 2 * time.Second        // after a change: what was on its way still comes late
	ladderLosses = 10 * time.Second       // two groups of pictures dropped within so long mean the same as late ones
	ladderHolds  = 30 * time.Second       // a larger stream that stayed for so long was no mistake

	tryFirst  = 10 * time.Second // of good delays, before a larger stream is tried
	tryMost   = 2 * time.Minute
	tryOpens  = time.Second            // from the wish for it until it is listened to: what the relay gets at first is its whole GOP at once
	tryLate   = 350 * time.Millisecond // over the least delay, while the lag lasts: the larger one does not fit
	tryFor    = 100 * time.Millisecond // while it grows
	tryHolds  = 1500 * time.Millisecond
	tryWithin = 15 * time.Second // until its key frame
)

// step is what a ladder decides.
type step uint8

const (
	stay   step = iota
	down        // take the next smaller stream
	try         // ask for the next larger one beside the one that comes
	giveUp      // the larger one does not fit: the smaller one alone
	rise        // it does: the larger one alone
)

// ladder decides which of a camera's streams the relay should carry, by how late frames are when they come and by what is dropped on the way.
// It knows neither streams nor clock: the camera tells it what happens, and when. The zero value begins with what is wished for.
type ladder struct {
	delays  delays
	since   codec.Timestamp // frames captured earlier were sent to catch up, and say nothing
	late    lag             // of what comes
	good    time.Time       // when a frame last came in good time
	well    time.Time       // since when all is well
	lost    time.Time       // when a group of pictures was last found missing
	losses  int             // so far, each within ladderLosses of the one before
	changed time.Time       // when the streams that come last changed
	wait    time.Duration   // before a larger stream is tried; it grows while that is in vain
	rose    time.Time       // when a larger stream was last taken; zero: never

	trying  time.Time // since when a larger stream is asked for; zero: none is
	burden  lag       // of what comes meanwhile
	tooMuch bool      // it does not fit
	shown   time.Time // when its first picture was
}

// settle begins anew with another stream, of which older frames come to catch up.
func (l *ladder) settle(now time.Time, latest codec.Timestamp) {
	l.late, l.good, l.well, l.losses, l.changed, l.since = lag{}, now, now, 0, now, latest
	l.trying, l.burden, l.tooMuch, l.shown = time.Time{}, lag{}, false, time.Time{}
}

// came notes a frame, and returns how much later it came than the quickest. known is false for one that tells nothing.
func (l *ladder) came(now time.Time, captured codec.Timestamp) (late time.Duration, known bool) {
	if captured < l.since {
		return 0, false
	}
	late, sound := l.delays.over(now, captured, ladderSpan)
	if !sound {
		l.late, l.good, l.well, l.since = lag{}, now, now, captured
		return 0, false
	}
	l.late.note(now, late, ladderLate)
	if late <= ladderGood {
		l.good = now
	} else if now.Sub(l.good) > ladderPause {
		l.well = now
	}
	if !l.trying.IsZero() {
		l.burden.note(now, late, tryLate)
		l.tooMuch = l.tooMuch || l.burden.lasts(tryFor)
	}
	return late, true
}

// dropped notes that a group of pictures, or the rest of one, is missing.
func (l *ladder) dropped(now time.Time) {
	if now.Sub(l.lost) > ladderLosses {
		l.losses = 0
	}
	l.lost, l.well = now, now
	l.losses++
	if !l.trying.IsZero() {
		l.tooMuch = true
	}
}

// appeared notes that a picture of the stream that is tried was shown.
func (l *ladder) appeared(now time.Time) {
	if !l.trying.IsZero() && l.shown.IsZero() {
		l.shown = now
	}
}

// opens reports whether the stream that is tried is to be listened to.
func (l *ladder) opens(now time.Time) bool {
	return !l.trying.IsZero() && now.Sub(l.trying) >= tryOpens
}

// next decides. lower and higher say whether there is a smaller and a larger stream, calm that frames come and nothing else may be the cause
// of lateness.
func (l *ladder) next(now time.Time, lower, higher, calm bool) step {
	if !l.trying.IsZero() {
		switch {
		case l.tooMuch, l.shown.IsZero() && now.Sub(l.trying) > tryWithin:
			return giveUp
		case !l.shown.IsZero() && now.Sub(l.shown) >= tryHolds && l.burden.since.IsZero():
			return rise
		}
		return stay
	}
	switch {
	case (l.late.lasts(ladderFor) || l.losses > 1) && lower && calm && now.Sub(l.changed) >= ladderSettle:
		return down
	case higher && calm && now.Sub(l.well) >= max(l.wait, tryFirst):
		return try
	}
	return stay
}

// took notes that the camera did what next decided. latest is what the agent's capture clock shows at most.
func (l *ladder) took(now time.Time, s step, latest codec.Timestamp) {
	switch s {
	case down:
		if !l.rose.IsZero() && now.Sub(l.rose) < ladderHolds {
			l.longer() // it had been taken too early
		} else {
			l.wait = tryFirst
		}
		l.settle(now, latest)
	case try:
		l.trying, l.burden, l.since = now, lag{}, latest
	case giveUp:
		l.longer()
		l.settle(now, latest)
	case rise:
		l.rose = now
		l.settle(now, latest)
	}
}

func (l *ladder) longer() { l.wait = min(2*max(l.wait, tryFirst), tryMost) }
