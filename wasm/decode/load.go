//go:build js

package decode

import (
	"time"

	"github.com/sealcam/sealcam/codec"
)

const (
	// assumedGOP is the time between key frames while it is not known.
	assumedGOP = 2 * time.Second
	// measured is how many pictures of a kind must have been decoded before their cost is believed: the browser compiles the decoder
	// better while it runs.
	measured = 4
	// maxPicture is how long decoding one picture may stop the page, again and again. patience is for the first ones, which are slower.
	maxPicture = 400 * time.Millisecond
	maxFirst   = 2 * time.Second
)

// load is what decoding a stream costs.
type load struct {
	interval, gop  time.Duration // between pictures and between key frames, smoothed; 0: not known
	last, lastKey  codec.Timestamp
	delta, key     time.Duration // for a picture, smoothed
	deltas, keys   int
	keysOnly       bool // pictures between key frames are left out
	since          time.Time
	ratio          float64 // of delta to key when that began
	unrestrictable bool    // every picture is a key frame
}

// smooth is an exponential mean.
func smooth(mean *time.Duration, v time.Duration) {
	if *mean == 0 {
		*mean = v
		return
	}
	*mean += (v - *mean) / 8
}

// comes notes a unit's capture time.
func (l *load) comes(captured codec.Timestamp, key bool) {
	if d := captured.Sub(l.last); l.last != 0 && d > 0 && d < 10*time.Second {
		smooth(&l.interval, d)
	}
	l.last = captured
	if key {
		if d := captured.Sub(l.lastKey); l.lastKey != 0 && d > 0 && d < time.Minute {
			smooth(&l.gop, d)
		}
		l.lastKey = captured
	}
}

// cost notes how long a picture took.
func (l *load) cost(took time.Duration, key bool) {
	if key {
		l.keys++
		smooth(&l.key, took)
	} else {
		l.deltas++
		smooth(&l.delta, took)
	}
}

// now returns the part of a thread that the stream takes.
func (l *load) now() float64 {
	if l.keysOnly {
		return l.onlyKeys()
	}
	return l.full()
}

// onlyKeys is the part for key frames alone.
func (l *load) onlyKeys() float64 {
	gop := l.gop
	if gop == 0 {
		gop = assumedGOP
	}
	return float64(l.key) / float64(gop)
}

// full is the part for all pictures. While they are left out it is derived from the cost of key frames: both grow on a busy device.
func (l *load) full() float64 {
	cost := float64(l.delta)
	switch {
	case l.keysOnly:
		cost = l.ratio * float64(l.key)
	case l.deltas == 0:
		cost = float64(l.key)
	}
	if l.interval == 0 {
		return 0
	}
	return cost / float64(l.interval)
}

func (l *load) restrictable() bool {
	return !l.keysOnly && !l.unrestrictable && l.deltas >= measured && l.key > 0
}

func (l *load) restrict(now time.Time) {
	l.keysOnly, l.since, l.ratio = true, now, float64(l.delta)/float64(l.key)
}

// tooMuch reports whether not even key frames can be decoded.
func (l *load) tooMuch(took time.Duration) bool {
	if took > maxFirst {
		return true
	}
	return l.keys >= measured && (l.keysOnly || l.unrestrictable) && (l.key > maxPicture || l.keysOnly && l.onlyKeys() > share)
}
