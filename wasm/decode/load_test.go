//go:build js

package decode

import (
	"math"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// played is the load of a stream of 25 pictures a second with a key frame every two seconds.
func played(delta, key time.Duration) load {
	var l load
	for i := range 200 {
		l.comes(codec.Timestamp(40_000*(i+1)), i%50 == 0)
		cost := delta
		if i%50 == 0 {
			cost = key
		}
		l.cost(cost, i%50 == 0)
	}
	return l
}

func TestLoad(t *testing.T) {
	l := played(10*time.Millisecond, 30*time.Millisecond)
	if got := l.now(); math.Abs(got-0.25) > 0.01 {
		t.Errorf("load %v, want 10 ms of 40", got)
	}
	l.restrict(time.Now())
	if got := l.now(); math.Abs(got-0.015) > 0.002 {
		t.Errorf("load of key frames %v, want 30 ms of 2000", got)
	}
	if got := l.full(); math.Abs(got-0.25) > 0.01 {
		t.Errorf("load of all pictures %v", got)
	}
	l.key /= 2 // the device has less to do
	if got := l.full(); math.Abs(got-0.125) > 0.01 {
		t.Errorf("load of all pictures %v after key frames became cheaper", got)
	}
	if l.tooMuch(l.key) {
		t.Error("too much")
	}
	for name, c := range map[string]struct {
		l    load
		took time.Duration
		want bool
	}{
		"one very slow picture":             {load{}, maxFirst + 1, true},
		"slow at first":                     {load{}, maxPicture * 2, false},
		"slow key frames, but all decoded":  {played(time.Millisecond, maxPicture*2), maxPicture * 2, false},
		"slow key frames, nothing else":     {func() load { l := played(1, maxPicture*2); l.restrict(time.Now()); return l }(), maxPicture * 2, true},
		"slow JPEG files":                   {load{unrestrictable: true, keys: 9, key: maxPicture * 2}, maxPicture * 2, true},
		"JPEG files that take the share":    {load{unrestrictable: true, keys: 9, key: maxPicture / 2, interval: maxPicture / 4}, maxPicture / 2, false},
		"restricted with cheap key frames":  {func() load { l := played(1, 9); l.restrict(time.Now()); return l }(), 9, false},
		"key frames alone exceed the share": {load{keysOnly: true, keys: 9, key: maxPicture - 1, gop: maxPicture}, maxPicture - 1, true},
	} {
		if got := c.l.tooMuch(c.took); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Capture times that jump do not count as intervals.
func TestIntervals(t *testing.T) {
	var l load
	for _, at := range []codec.Timestamp{1, 40_001, 80_001, 3_600_000_000, 3_600_040_000, 5} {
		l.comes(at, false)
	}
	if l.interval < 39*time.Millisecond || l.interval > 41*time.Millisecond {
		t.Errorf("interval %v", l.interval)
	}
}

// The stream that needs most makes do with key frames while the share does not suffice, and gets all its pictures back.
func TestShare(t *testing.T) {
	turns := newTurns(&Meter{})
	small := &software{turns: turns, load: played(6*time.Millisecond, 12*time.Millisecond)}
	large := &software{turns: turns, load: played(25*time.Millisecond, 40*time.Millisecond)}
	turns.streams = []*software{small, large}
	now := time.Now()
	turns.weigh(now)
	if large.load.keysOnly || small.load.keysOnly {
		t.Fatal("restricted at once")
	}
	turns.weigh(now.Add(overFor))
	if !large.load.keysOnly || small.load.keysOnly {
		t.Fatalf("restricted: large %v, small %v", large.load.keysOnly, small.load.keysOnly)
	}
	now = now.Add(overFor)
	turns.lift(large, now.Add(restrictedFor))
	if !large.load.keysOnly {
		t.Error("lifted while there is no room")
	}
	turns.streams = turns.streams[1:] // the other is no longer on the screen
	large.load.key = 30 * time.Millisecond
	turns.lift(large, now.Add(restrictedFor-1))
	if !large.load.keysOnly {
		t.Error("lifted too soon")
	}
	turns.lift(large, now.Add(restrictedFor))
	if large.load.keysOnly {
		t.Error("not lifted")
	}

	// Far too much is not borne for long.
	flood := &software{turns: turns, load: played(60*time.Millisecond, 90*time.Millisecond)}
	turns.streams = []*software{flood}
	turns.weigh(now)
	if !flood.load.keysOnly {
		t.Error("a flood was borne")
	}
}
