package viewer

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/viewer/gate"
)

// Of sound beside its picture.
const (
	lipsyncUnits = 128                   // of sound, by whose ages it is known when most are there
	lipsyncLook  = 8                     // units between two looks
	displayLag   = 25 * time.Millisecond // from the gate to the eye: a display frame, and the display
	soundSpare   = 10 * time.Millisecond // that a unit may come later than nearly all
	// A delay changes by little at a time, which nobody hears; what is farther off than lipsyncFar is set right at once.
	lipsyncFar = 120 * time.Millisecond
	holdMost   = 150 * time.Millisecond // that pictures are held for their sound
)

// lipsync says how long after their capture units of sound are to be heard: when the picture of that time is seen. Where sound comes later
// than pictures do, these are held for a while too; beyond that, sound is heard as soon as nearly all of it is there. It knows no clock: ages
// are given to it. The zero value has seen nothing.
type lipsync struct {
	picture time.Duration // how old pictures would be shown without hold, smoothed; 0: not known
	hold    time.Duration // for which they are held

	ages   [lipsyncUnits]time.Duration // of units that came, a ring
	next   int
	count  int
	sorted [lipsyncUnits]time.Duration // scratch
	usual  time.Duration               // that nine of ten do not exceed

	delay time.Duration // in use; 0: none yet
}

// saw takes the age of a picture that was just let through.
func (l *lipsync) saw(age time.Duration) {
	if age > l.hold {
		age -= l.hold
	}
	switch {
	case age < 0 || age > gate.LiveFor:
	case l.picture == 0 || (age-l.picture).Abs() > lipsyncFar && l.count == 0:
		l.picture = age
	default:
		l.picture += (age - l.picture) / 16
	}
}

// came takes the age of a unit that came, and how long before it is heard it must be there; it returns the age at which it is to be heard.
func (l *lipsync) came(age, lead time.Duration) time.Duration {
	l.ages[l.next] = age
	l.next = (l.next + 1) % lipsyncUnits
	l.count = min(l.count+1, lipsyncUnits)
	if l.count <= lipsyncLook || l.next%lipsyncLook == 0 {
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
	switch d := want - l.delay; {
	case l.delay == 0, d.Abs() > lipsyncFar:
		l.delay = want
	default:
		l.delay += min(max(d, -down), up)
	}
	return l.delay
}
