package gate

import (
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/sealcam/sealcam/codec"
)

func TestClock(t *testing.T) {
	const ms = time.Millisecond
	type pong struct {
		sent, received time.Duration // since start
		behind         time.Duration // the agent's clock, against at + time since start, when it answered
		answered       time.Duration // when it answered; its time is at + answered - behind
		stepped        bool
	}
	for _, c := range []struct {
		name  string
		pongs []pong
		now   time.Duration
		want  time.Duration // latest time, relative to at + now; drift comes on top
	}{
		{"an answer without delay", []pong{{}}, 0, 0},
		{"answered at once, delayed on the way back", []pong{{received: 200 * ms}}, 200 * ms, 0},
		{"delayed on the way there", []pong{{received: 200 * ms, answered: 200 * ms}}, 200 * ms, 200 * ms},
		{"delayed both ways", []pong{{received: 200 * ms, answered: 100 * ms}}, 200 * ms, 100 * ms},
		{"a worse one does not count", []pong{{received: 10 * ms}, {sent: 20 * ms, received: 520 * ms, answered: 520 * ms}}, 600 * ms, 0},
		{"a better one does", []pong{{received: 500 * ms, answered: 500 * ms}, {sent: 600 * ms, received: 610 * ms, answered: 610 * ms}}, 700 * ms, 10 * ms},
		{"after long an equally good one does", []pong{{received: 10 * ms, answered: 10 * ms}, {sent: time.Hour, received: time.Hour + 11*ms, answered: time.Hour}}, time.Hour + 20*ms, 0},
		{"the agent's clock jumps ahead", []pong{{received: 10 * ms}, {sent: 20 * ms, received: 30 * ms, answered: 25 * ms, behind: -time.Hour, stepped: true}}, 50 * ms, time.Hour + 5*ms},
		{"the agent's clock jumps back", []pong{{received: 10 * ms}, {sent: 20 * ms, received: 30 * ms, answered: 25 * ms, behind: time.Hour, stepped: true}}, 50 * ms, -time.Hour + 5*ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			var clock Clock
			if _, ok := clock.Latest(start); ok {
				t.Fatal("known before the first answer")
			}
			for i, p := range c.pongs {
				stepped := clock.Pong(start.Add(p.sent), start.Add(p.received), at.Add(p.answered-p.behind))
				if stepped != p.stepped {
					t.Errorf("answer %d: stepped %v", i, stepped)
				}
			}
			got, ok := clock.Latest(start.Add(c.now))
			if want := at.Add(c.now + c.want); !ok || got < want || got > want.Add(drift(c.now)+ms) {
				t.Errorf("%v after what was meant, ok %v", got.Sub(want), ok)
			}
		})
	}
}

// Whatever the delays, the agent's clock is never taken to be slower than it is, nor faster than the best round trip explains.
func TestClockProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var clock Clock
		now := start
		agent := func(at time.Time) codec.Timestamp { return codec.Timestamp(at.Sub(start).Microseconds()) + 5e12 }
		best := time.Duration(1 << 62)
		for range rapid.IntRange(1, 30).Draw(t, "pings") {
			there := time.Duration(rapid.IntRange(0, 3000).Draw(t, "there")) * time.Millisecond
			back := time.Duration(rapid.IntRange(0, 3000).Draw(t, "back")) * time.Millisecond
			sent := now
			now = sent.Add(there + back)
			best = min(best, there+back)
			if clock.Pong(sent, now, agent(sent.Add(there))) {
				t.Fatal("an honest clock counts as stepped")
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "pause")) * time.Millisecond)
			latest, ok := clock.Latest(now)
			if !ok {
				t.Fatal("unknown")
			}
			slack := best + 2*drift(now.Sub(start)) + time.Millisecond
			if d := latest.Sub(agent(now)); d < 0 || d > slack {
				t.Fatalf("%v off, best round trip %v", d, best)
			}
			if width, _ := clock.Width(now); width < 0 || width > slack {
				t.Fatalf("width %v, best round trip %v", width, best)
			}
		}
	})
}

// While a device sleeps its monotonic clock may stand still: nothing is known afterwards, until the next answer.
func TestClockAfterSleep(t *testing.T) {
	var clock Clock
	before := time.Now() // with a monotonic reading, whose wall part Add moves as well
	clock.Pong(before, before, at)
	awake := asleep(before, time.Hour)
	if _, ok := clock.Latest(awake); ok {
		t.Error("known after sleeping")
	}
	if _, ok := clock.Width(awake); ok {
		t.Error("known after sleeping")
	}
	if clock.Pong(before, awake, at); func() bool { _, ok := clock.Latest(awake); return ok }() {
		t.Error("an answer across the sleep counts")
	}
	if !clock.Pong(awake, awake, at+1) {
		t.Error("order of capture times is trusted across a sleep")
	}
	if _, ok := clock.Latest(awake); !ok {
		t.Error("unknown after a new answer")
	}
	if old := age(before, awake); old < time.Hour {
		t.Errorf("aged %v in an hour of sleep", old)
	}
}

// asleep returns the time after a sleep during which the monotonic clock stood still. Package time offers no way to make one, so its
// monotonic reading is turned back in place; the test fails if that field is no longer where it was in Go 1.26.
func asleep(t time.Time, d time.Duration) time.Time {
	after := t.Add(d)
	fields := (*struct {
		wall uint64
		ext  int64
		loc  *time.Location
	})(unsafe.Pointer(&after))
	fields.ext -= int64(d)
	return after
}
