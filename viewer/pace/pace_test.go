package pace_test

import (
	"testing"
	"time"

	"github.com/sealcam/sealcam/viewer/pace"
)

const (
	ms      = time.Millisecond
	display = time.Second / 60
)

// play runs a minute of display frames, each of which has something new, and returns how many were drawn and the part of the time that was
// left.
func play(cost time.Duration) (rate, left float64) {
	var p pace.Pace
	begin := time.Unix(1000, 0)
	now, busy, drawn := begin, time.Duration(0), 0
	for now.Sub(begin) < time.Minute {
		ended := now
		if p.May(now) {
			ended = now.Add(cost)
			p.Drew(now, ended)
			busy += cost
			drawn++
		}
		now = begin.Add((ended.Sub(begin)/display + 1) * display)
	}
	return float64(drawn) / 60, 1 - busy.Seconds()/60
}

func TestPace(t *testing.T) {
	for _, c := range []struct {
		cost        time.Duration
		rate, spare float64 // at least
	}{
		{1 * ms, 59, 0.9}, {7 * ms, 59, 0.5}, {12 * ms, 29, 0.25}, {14 * ms, 29, 0.5}, {17 * ms, 29, 0.45}, {22 * ms, 29, 0.3}, {25 * ms, 19, 0.3}, {60 * ms, 10, 0.25}, {500 * ms, 1.5, 0.05},
	} {
		rate, left := play(c.cost)
		if rate < c.rate || left < c.spare {
			t.Errorf("frames of %v: %.1f are drawn a second, and %.0f %% of the time is left", c.cost, rate, 100*left)
		}
	}
}

// One slow frame is no reason to wait long, and clocks that go back do no harm.
func TestPaceForgets(t *testing.T) {
	var p pace.Pace
	now := time.Unix(1000, 0)
	p.Drew(now, now.Add(ms))
	p.Drew(now, now.Add(-time.Hour))
	p.Drew(now, now.Add(time.Second))
	if !p.May(now.Add(time.Second + 50*ms)) {
		t.Error("a pause has no bound")
	}
	for range 20 {
		now = now.Add(time.Second)
		p.Drew(now, now.Add(2*ms))
	}
	if !p.May(now.Add(2*ms)) || p.Cost() > 5*ms {
		t.Errorf("frames of 2 ms are taken for %v", p.Cost())
	}
}
