package viewer

import (
	"time"

	"github.com/sealcam/sealcam/codec"
)

// delays tells how much longer than the quickest a frame took from its capture until it came. Clocks need not agree for that, only run alike;
// what was the least is forgotten, since they drift and paths change. The zero value has seen nothing.
type delays struct {
	started  bool
	origin   time.Time       // delays are counted from here
	captured codec.Timestamp // and from here

	// The least of two spans that follow each other: together they cover at least one.
	least, before time.Duration
	began         time.Time // when the younger one did
}

// over takes a frame that came now and returns its delay over the least one. sound is false for one that is a day away from the others: then
// another clock runs, and all begins anew.
func (d *delays) over(now time.Time, captured codec.Timestamp, span time.Duration) (late time.Duration, sound bool) {
	const day = codec.Timestamp(24 * time.Hour / time.Microsecond)
	if !d.started {
		*d = delays{started: true, origin: now, captured: captured, began: now}
		return 0, true
	}
	elapsed := now.Sub(d.origin)
	if step := captured - d.captured - codec.Timestamp(elapsed/time.Microsecond); step > day || step < -day {
		*d = delays{started: true, origin: now, captured: captured, began: now}
		return 0, false
	}
	delay := elapsed - captured.Sub(d.captured)
	if now.Sub(d.began) > span {
		d.before, d.least, d.began = d.least, delay, now
	}
	d.least = min(d.least, delay)
	return delay - min(d.least, d.before), true
}
