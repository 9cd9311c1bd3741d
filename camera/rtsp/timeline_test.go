package rtsp

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
)

const testStart = codec.Timestamp(1_700_000_000_000_000)

// scene is a camera and a network in simulation.
type scene struct {
	fps     float64
	seconds float64
	start   uint32
	drift   float64                                          // of the camera's clock, parts of one
	delay   func(i int, at time.Duration) time.Duration      // network
	stamp   func(i int, at time.Duration, rtp uint32) uint32 // nil for an honest camera
}

// run returns capture error (given minus true capture time) and age at arrival of every picture.
func (s scene) run(t *testing.T) (errs []time.Duration, given, arrivals []codec.Timestamp, line *timeline) {
	t.Helper()
	line = &timeline{rate: 90000}
	last := codec.Timestamp(0)
	seen := map[codec.Timestamp]bool{}
	for i := range int(s.fps * s.seconds) {
		at := time.Duration(float64(i) / s.fps * float64(time.Second))
		rtp := s.start + uint32(int64(float64(at)*(1+s.drift))*90/int64(time.Millisecond))
		if s.stamp != nil {
			rtp = s.stamp(i, at, rtp)
		}
		truth := testStart.Add(at)
		arrival := max(truth.Add(s.delay(i, at)), last)
		last = arrival
		c := line.at(rtp, arrival)
		if c > arrival {
			t.Fatalf("picture %d: %v in the future", i, c.Sub(arrival))
		}
		if seen[c] {
			t.Fatalf("picture %d: time given twice", i)
		}
		seen[c] = true
		errs = append(errs, c.Sub(truth))
		given = append(given, c)
		arrivals = append(arrivals, arrival)
	}
	return errs, given, arrivals, line
}

func constant(d time.Duration) func(int, time.Duration) time.Duration {
	return func(int, time.Duration) time.Duration { return d }
}

func spread(errs []time.Duration) time.Duration {
	lo, hi := time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
	for _, e := range errs {
		lo, hi = min(lo, e), max(hi, e)
	}
	return hi - lo
}

func TestTimelineIgnoresJitter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	errs, _, _, line := scene{fps: 30, seconds: 60, delay: func(int, time.Duration) time.Duration {
		return 5*time.Millisecond + time.Duration(rnd.ExpFloat64()*float64(20*time.Millisecond))
	}}.run(t)
	if s := spread(errs[300:]); s > 3*time.Millisecond {
		t.Errorf("20 ms of network jitter became %v of capture jitter", s)
	}
	if line.late() || line.rebased != 0 {
		t.Error("takes jitter for lateness")
	}
}

func TestTimelineFollowsDrift(t *testing.T) {
	for _, drift := range []float64{-200e-6, 200e-6} {
		errs, _, _, _ := scene{fps: 20, seconds: 1200, drift: drift, delay: constant(10 * time.Millisecond)}.run(t)
		// Uncorrected the error would be 240 ms.
		if e := errs[len(errs)-1] - 10*time.Millisecond; e.Abs() > 10*time.Millisecond {
			t.Errorf("drift %v: error %v after 20 minutes", drift, e)
		}
	}
}

// A stall must show as age: the pictures that come late were taken before.
func TestTimelineTellsTheAgeAfterAStall(t *testing.T) {
	errs, given, arrivals, line := scene{fps: 25, seconds: 30, delay: func(_ int, at time.Duration) time.Duration {
		if at > 10*time.Second && at < 14*time.Second {
			return 14*time.Second - at // all come at 14 s
		}
		return 0
	}}.run(t)
	if s := spread(errs); s > 5*time.Millisecond {
		t.Errorf("capture times moved by %v in a stall", s)
	}
	first := 10*25 + 1
	if age := arrivals[first].Sub(given[first]); age < 3900*time.Millisecond {
		t.Errorf("a picture taken 4 s ago is said to be %v old", age)
	}
	if line.rebased != 0 || line.late() {
		t.Error("a stall is no jump")
	}
}

// Pictures that stay late (a queue in the camera that never empties) are reported, and their age is not explained away.
func TestTimelineReportsLastingLateness(t *testing.T) {
	_, given, arrivals, line := scene{fps: 25, seconds: 60, delay: func(_ int, at time.Duration) time.Duration {
		return min(max(0, at-10*time.Second)/4, 5*time.Second)
	}}.run(t)
	if !line.late() {
		t.Error("5 s late, and nothing said")
	}
	if age := arrivals[len(arrivals)-1].Sub(given[len(given)-1]); age < 4900*time.Millisecond {
		t.Errorf("5 s late, but said to be %v old", age)
	}
	if line.rebased != 0 {
		t.Error("rebased")
	}
}

func TestTimelineJumps(t *testing.T) {
	jump := func(ticks int64) func(int, time.Duration, uint32) uint32 {
		return func(_ int, at time.Duration, rtp uint32) uint32 {
			if at > 10*time.Second {
				return rtp + uint32(ticks)
			}
			return rtp
		}
	}
	for _, tt := range []struct {
		name    string
		start   uint32
		stamp   func(int, time.Duration, uint32) uint32
		rebased int
	}{
		{"an hour ahead", 0, jump(3600 * 90000), 0},
		{"an hour back", 1 << 31, jump(-3600 * 90000), 1},
		{"wraps", math.MaxUint32 - 90000*10, nil, 0},
		{"one wild timestamp", 0, func(i int, _ time.Duration, rtp uint32) uint32 {
			if i == 250 {
				return rtp + 90000*5000
			}
			return rtp
		}, 1},
		{"no timestamps", 7, func(int, time.Duration, uint32) uint32 { return 7 }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			errs, given, _, line := scene{fps: 25, seconds: 30, start: tt.start, stamp: tt.stamp, delay: constant(20 * time.Millisecond)}.run(t)
			if line.rebased != tt.rebased {
				t.Errorf("rebased %d times", line.rebased)
			}
			for i, e := range errs {
				if e < 15*time.Millisecond || e > 20*time.Millisecond {
					t.Fatalf("picture %d: error %v, want 20 ms", i, e)
				}
				if i > 0 && given[i] <= given[i-1] {
					t.Fatalf("picture %d: time runs back", i)
				}
			}
		})
	}
}

// Pictures in decoding order with B pictures: capture times are those of showing.
func TestTimelineKeepsBFrames(t *testing.T) {
	line := &timeline{rate: 90000}
	order := []int{0, 3, 1, 2, 6, 4, 5, 9, 7, 8}
	given := make([]codec.Timestamp, len(order))
	for i, shown := range order {
		given[shown] = line.at(uint32(shown*3000), testStart.Add(time.Duration(i+3)*time.Second/30))
	}
	for i := 4; i < len(given); i++ {
		if d := given[i].Sub(given[i-1]); (d - time.Second/30).Abs() > 100*time.Microsecond {
			t.Errorf("picture %d comes %v after the one before", i, d)
		}
	}
}

// A burst in one instant, such as a GOP that a camera had stored.
func TestTimelineBurst(t *testing.T) {
	line := &timeline{rate: 90000}
	seen := map[codec.Timestamp]bool{}
	var last codec.Timestamp
	for i := range 50 {
		c := line.at(uint32(i*3000), testStart)
		if seen[c] || c <= last || c > testStart+50 {
			t.Fatalf("picture %d: %d", i, c-testStart)
		}
		seen[c], last = true, c
	}
}
