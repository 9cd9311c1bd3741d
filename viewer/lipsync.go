package viewer

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/viewer/gate"
)

// Of sound beside its picture.
const (
	lipsyncUnits = 128 // of sound, by whose ages it is known when most are there
	lipsyncLook  = 8   // units between two looks
	// lipsyncPictures is how many pictures say how late pictures are: the median, since the first ones come late while decoders are set up.
	lipsyncPictures = 15
	displayLag      = 25 * time.Millisecond // from the gate to the eye: a display frame, and the display
	soundSpare      = 10 * time.Millisecond // that a unit may come later than nearly all
	// A delay changes by little at a time, which nobody hears; what is farther off than lipsyncFar is set right at once.
	lipsyncFar = 120 * time.Millisecond
	// Sound that could be sooner by lipsyncNear is set right too, if it could for lipsyncSure units: that many milliseconds are seen.
	lipsyncNear = 30 * time.Millisecond
	lipsyncSure = 24
	lipsyncWarm = 32                     // units after which all begins anew: while decoder and loudspeaker are set up, they come late
	holdMost    = 150 * time.Millisecond // that pictures are held for their sound
)

// lipsync says how long after their capture units of sound are to be heard: when the picture of that time is seen. Where sound comes later
// than pictures do, these are held for a while too; beyond that, sound is heard as soon as nearly all of it is there. It knows no clock: ages
// are given to it. The zero value has seen nothing.
type lipsync struct {
	shown   [lipsyncPictures]time.Duration // how old the last pictures would have been shown without hold, a ring
	shows   int                            // of them there are
	picture time.Duration                  // their median; 0: not known
	hold    time.Duration                  // for which they are held

	ages   [lipsyncUnits]time.Duration // of units that came, a ring
	next   int
	count  int
	sorted [lipsyncUnits]time.Duration // scratch
	usual  time.Duration               // that nine of ten do not exceed

	delay time.Duration // in use; 0: none yet
	warm  bool          // the units of the beginning are forgotten
	slow  int           // units in a row for which the delay was longer than wanted, by lipsyncNear
}

// saw takes the age of a picture that was just let through.
func (l *lipsync) saw(age time.Duration) {
	if age > l.hold {
		age -= l.hold
	}
	if age < 0 || age > gate.LiveFor {
		return
	}
	l.shown[l.shows%lipsyncPictures] = age
	l.shows++
	sorted := l.shown
	known := sorted[:min(l.shows, lipsyncPictures)]
	slices.Sort(known)
	l.picture = known[len(known)/2]
}

// came takes the age of a unit that came, and how long before it is heard it must be there; it returns the age at which it is to be heard.
func (l *lipsync) came(age, lead time.Duration) time.Duration {
	l.ages[l.next] = age
	l.next = (l.next + 1) % lipsyncUnits
	l.count = min(l.count+1, lipsyncUnits)
	if !l.warm && l.count == lipsyncWarm {
		*l = lipsync{shown: l.shown, shows: l.shows, picture: l.picture, usual: age, warm: true}
	} else if l.count <= lipsyncLook || l.next%lipsyncLook == 0 {
		sorted := l.sorted[:l.count]
		copy(sorted, l.ages[:l.count])
		slices.Sort(sorted)
		l.usual = sorted[(l.count-1)*95/100]
	}
	const down, up = 80 * time.Microsecond, time.Millisecond // a unit, which has 20 ms or more
	want := max(l.usual+soundSpare+lead, 0)
	if l.picture > 0 {
		hold := min(max(want-displayLag-l.picture, 0), holdMost)
		l.hold += min(max(hold-l.hold, -up), up)
		want = max(want, l.picture+l.hold+displayLag)
	}
	d := want - l.delay
	l.slow++
	if d > -lipsyncNear {
		l.slow = 0
	}
	switch {
	case l.delay == 0, d.Abs() > lipsyncFar, l.slow >= lipsyncSure:
		l.delay, l.slow = want, 0
	default:
		l.delay += min(max(d, -down), up)
	}
	return l.delay
}
