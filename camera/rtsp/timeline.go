package rtsp

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// timeline gives pictures their capture time: it maps RTP timestamps (RFC 3550 §5.1) onto the capture clock.
//
// Let o be arrival minus RTP time of a picture. The picture that had the quickest way has the smallest o, so capture time is RTP
// time plus the smallest o seen: no picture is ever given a time later than its arrival, and network jitter does not become
// capture jitter. The smallest o follows a camera clock that runs fast at once. For one that runs slow it rises, but never quicker
// than crystals drift: lateness must show as age, not be explained away. A picture that is later than any backlog could make it
// means that the camera set its clock; then the mapping starts anew.
type timeline struct {
	rate int64 // RTP ticks in a second

	started  bool
	last     uint32
	media    int64 // unwrapped RTP time, ticks
	highest  int64
	arrival  codec.Timestamp
	offset   int64 // capture clock minus RTP time, µs
	window   [windowBuckets]bucket
	newest   codec.Timestamp
	recent   [32]codec.Timestamp // given out last, for uniqueness
	recentAt int
	rebased  int
}

// bucket holds the smallest o of one second.
type bucket struct {
	second int64
	least  int64
}

const (
	windowBuckets = 10
	// maxBacklog is how late a picture may be that is still believed: a connection without data is given up after as long.
	maxBacklog = 10 * time.Second
	// maxDrift is how quickly the mapping follows pictures that come later and later: 1 ms in a second.
	maxDrift = 1000
	// lagging is a lateness that does not go away by itself.
	lagging = 2 * time.Second
)

// at returns the capture time of a picture with an RTP timestamp that arrived at an instant. Times are unique; for pictures in the
// order of showing they increase.
func (t *timeline) at(rtp uint32, arrival codec.Timestamp) codec.Timestamp {
	if !t.started {
		t.restart(rtp, arrival)
	}
	delta := int64(int32(rtp - t.last))
	waited := int64(arrival - t.arrival)
	if delta == 0 && waited > 0 {
		delta = waited * t.rate / 1e6 // a camera without a clock: arrival is all there is
	}
	t.media += delta
	t.last, t.arrival = rtp, arrival
	o := int64(arrival) - t.micros()
	if time.Duration(o-t.offset)*time.Microsecond > maxBacklog {
		t.restart(rtp, arrival)
		t.rebased++
		o = t.offset
	}
	t.note(int64(arrival)/1e6, o)
	least := t.least()
	switch {
	case o < t.offset:
		t.offset = o
	case least > t.offset:
		t.offset += min(least-t.offset, waited/maxDrift)
	}
	return t.unique(codec.Timestamp(t.micros() + t.offset))
}

func (t *timeline) restart(rtp uint32, arrival codec.Timestamp) {
	t.started = true
	t.last, t.arrival = rtp, arrival
	t.media, t.highest = 0, -1
	t.offset = int64(arrival)
	t.window = [windowBuckets]bucket{}
}

// micros returns the RTP time in µs.
func (t *timeline) micros() int64 { return t.media * 1e6 / t.rate }

func (t *timeline) note(second, o int64) {
	b := &t.window[second%windowBuckets]
	if b.second != second || b.second == 0 {
		*b = bucket{second, o}
	}
	b.least = min(b.least, o)
}

// least returns the smallest o of the last ten seconds.
func (t *timeline) least() int64 {
	now := int64(t.arrival) / 1e6
	least := int64(1<<63 - 1)
	for _, b := range t.window {
		if b.second != 0 && now-b.second < windowBuckets {
			least = min(least, b.least)
		}
	}
	return least
}

// late reports pictures that were late without a break for the whole window.
func (t *timeline) late() bool {
	now := int64(t.arrival) / 1e6
	for _, b := range t.window {
		if now-b.second >= windowBuckets {
			return false
		}
	}
	return time.Duration(t.least()-t.offset)*time.Microsecond > lagging
}

func (t *timeline) unique(c codec.Timestamp) codec.Timestamp {
	if t.media > t.highest {
		// The mapping may just have stepped back; time does not.
		c = max(c, t.newest+1)
		t.highest = t.media
	}
	for slices.Contains(t.recent[:], c) {
		c--
	}
	t.newest = max(t.newest, c)
	t.recent[t.recentAt] = c
	t.recentAt = (t.recentAt + 1) % len(t.recent)
	return c
}
