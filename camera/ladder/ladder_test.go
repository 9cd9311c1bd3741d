package ladder

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

const (
	tick = 50 * time.Millisecond
	gop  = 2 * time.Second

	mainRate  = 3 * transport.Mbit
	subRate   = 400 * transport.Kbit
	keysRate  = 80 * transport.Kbit
	stillRate = 60 * transport.Kbit
)

var (
	mainStep  = Step{Stream: seal.Main}
	subStep   = Step{Stream: seal.Sub}
	keysStep  = Step{Stream: seal.Sub, Keys: true}
	stillStep = Step{Stream: seal.Still}
)

// camera returns one with everything, whose key frames come every two seconds.
func camera(number uint8, area uint32, now time.Time) Camera {
	since := now.Sub(start) % gop
	offer := func(s Step, rate transport.Bitrate) Offer {
		return Offer{Step: s, Rate: rate, CatchUp: int(float64(rate) / 8 * since.Seconds()), KeyAt: now.Add(-since)}
	}
	return Camera{Number: number, Area: area, Offers: []Offer{
		offer(mainStep, mainRate), offer(subStep, subRate), offer(keysStep, keysRate), offer(stillStep, stillRate),
	}}
}

var start = time.Unix(1_800_000_000, 0)

// link is a path with a bottleneck and a queue before it, as a sender's reports show it.
type link struct {
	t       *testing.T
	ladder  Ladder
	now     time.Time
	rate    transport.Bitrate
	room    time.Duration // of the queue
	lies    bool          // trains come through faster than what follows them
	slowed  bool          // but those trains are slower than they were sent, as with a token bucket
	gentle  bool          // trains are sent as slowly as the path is, so that it does not seem limited
	recall  time.Duration // for which the path's loss shows what was lost at worst
	silent  bool
	loss    float64 // at random
	cameras func(now time.Time) []Camera

	trials  map[uint8]time.Time // since when
	queue   float64             // bits
	worst   float64             // loss of late
	worstAt time.Time
	path    transport.Path
	plans   []Plan
	changes int
	tries   int
}

func newLink(t *testing.T, rate transport.Bitrate, cameras func(now time.Time) []Camera) *link {
	return &link{t: t, now: start, rate: rate, room: 200 * time.Millisecond, cameras: cameras, trials: map[uint8]time.Time{}}
}

func one(now time.Time) []Camera { return []Camera{camera(3, 1, now)} }

// run lets time pass, and calls each after every decision.
func (l *link) run(d time.Duration, each func()) {
	l.t.Helper()
	for end := l.now.Add(d); l.now.Before(end); l.now = l.now.Add(tick) {
		cameras := l.cameras(l.now)
		before := l.plans
		l.plans = l.ladder.Decide(l.now, l.path, cameras).Plans
		l.check(cameras, before)
		if each != nil {
			each()
		}
		l.carry(cameras)
	}
}

// check holds for every decision whatsoever.
func (l *link) check(cameras []Camera, before []Plan) {
	l.t.Helper()
	if len(l.plans) != len(cameras) {
		l.t.Fatalf("%d plans for %d cameras", len(l.plans), len(cameras))
	}
	for i, p := range l.plans {
		if p.Camera != cameras[i].Number || len(p.Feeds) > 2 || len(p.Feeds) == 0 && !l.path.Silent {
			l.t.Fatalf("%+v", p)
		}
		for _, f := range p.Feeds {
			if cameras[i].find(f.Step) < 0 {
				l.t.Fatalf("%+v is not offered", f)
			}
		}
		if len(before) == len(l.plans) {
			if len(p.Feeds) > 0 && len(before[i].Feeds) > 0 && p.Feeds[0].Step != before[i].Feeds[0].Step {
				l.changes++
			}
			if len(p.Feeds) == 2 && len(before[i].Feeds) == 1 {
				l.tries++
			}
		}
	}
}

// begun tells whether a key frame has come of what is tried.
func (l *link) begun(c *Camera, s Step) bool {
	since, known := l.trials[c.Number]
	if !known {
		l.trials[c.Number] = l.now
	}
	return known && c.Offers[c.find(s)].KeyAt.After(since)
}

// carry moves what is sent in a tick.
func (l *link) carry(cameras []Camera) {
	demand := 0.0
	for i, p := range l.plans {
		for n, f := range p.Feeds {
			if n == 0 || l.begun(&cameras[i], f.Step) {
				demand += float64(cameras[i].rate(f.Step)) * tick.Seconds()
			}
		}
		if len(p.Feeds) < 2 {
			delete(l.trials, cameras[i].Number)
		}
	}
	carries := float64(l.rate) * tick.Seconds()
	queue := max(l.queue+demand-carries, 0)
	lost := max(queue-float64(l.rate)*l.room.Seconds(), 0)
	delivered := min(l.queue+demand, carries)
	growing := queue-lost > l.queue+1
	l.queue = queue - lost
	l.path = transport.Path{
		Known: true, RTT: 40 * time.Millisecond, Silent: l.silent, Growing: growing,
		Queue:     time.Duration(l.queue / float64(l.rate) * float64(time.Second)),
		Delivered: transport.Bitrate(delivered / tick.Seconds()), Capacity: min(l.rate, 9*transport.Mbit), Limited: l.rate < 9*transport.Mbit,
		Loss: l.loss,
	}
	if l.lies {
		l.path.Capacity, l.path.Limited = 9*transport.Mbit, l.slowed
	}
	if l.gentle {
		l.path.Limited = false
	}
	if demand > 0 {
		l.path.Loss = max(l.loss, lost/demand)
	}
	if l.path.Loss >= l.worst || l.now.Sub(l.worstAt) > l.recall {
		l.worst, l.worstAt = l.path.Loss, l.now
	}
	l.path.Loss = l.worst
}

func (l *link) want(camera int, step Step) {
	l.t.Helper()
	if f := l.plans[camera].Feeds; len(f) == 0 || f[0].Step != step {
		l.t.Errorf("after %v: %+v, want %+v first", l.now.Sub(start), f, step)
	}
}

func TestWidePathCarriesEverything(t *testing.T) {
	for _, loss := range []float64{0, 0.03, 0.05} {
		l := newLink(t, 20*transport.Mbit, one)
		l.loss = loss
		l.run(time.Minute, nil)
		l.want(0, mainStep)
		if l.changes+l.tries+l.ladder.Falls() != 0 || l.plans[0].Path {
			t.Errorf("loss %v: %d changes, %d tries", loss, l.changes, l.tries)
		}
	}
}

// What the path does not carry is given up within a second, and nothing is tried that is known not to fit.
func TestNarrowPath(t *testing.T) {
	for _, c := range []struct {
		rate transport.Bitrate
		want Step
	}{
		{1500 * transport.Kbit, subStep}, {600 * transport.Kbit, subStep}, {256 * transport.Kbit, keysStep}, {70 * transport.Kbit, stillStep},
	} {
		l := newLink(t, c.rate, one)
		l.run(6*time.Second, nil)
		l.want(0, c.want)
		if !l.plans[0].Path {
			t.Errorf("%d: the viewer is not told why", c.rate)
		}
		l.changes = 0
		l.run(2*time.Minute, nil)
		l.want(0, c.want)
		if l.changes > 0 || l.tries > 0 {
			t.Errorf("%d: %d changes, %d tries", c.rate, l.changes, l.tries)
		}
	}
	l := newLink(t, 1500*transport.Kbit, one)
	l.run(time.Second, nil)
	l.want(0, subStep)
}

// When the path gets better, the bigger stream comes beside the smaller one, which does not stop before that has run.
func TestRise(t *testing.T) {
	l := newLink(t, 1500*transport.Kbit, one)
	l.run(10*time.Second, nil)
	l.rate = 10 * transport.Mbit
	both := time.Duration(0)
	l.run(12*time.Second, func() {
		f := l.plans[0].Feeds
		if len(f) == 2 {
			both += tick
			if f[0].Step != subStep || f[1].Step != mainStep || !f[1].NextKey {
				t.Fatalf("%+v", f)
			}
		}
	})
	l.want(0, mainStep)
	if both < trialFor || l.changes != 2 || l.plans[0].Path {
		t.Errorf("both for %v, %d changes, %+v", both, l.changes, l.plans[0])
	}
	l = newLink(t, 200*transport.Kbit, one)
	l.run(10*time.Second, nil)
	l.want(0, keysStep)
	l.rate = 10 * transport.Mbit
	l.run(15*time.Second, nil)
	l.want(0, mainStep)
}

// Where trains of packets promise what the path does not keep, tries fail without harm to the smaller stream, and become rare.
func TestFailedTriesBecomeRare(t *testing.T) {
	for _, slowed := range []bool{false, true} {
		l := newLink(t, 1500*transport.Kbit, one)
		l.lies, l.slowed = true, slowed
		l.run(5*time.Second, nil)
		l.changes = 0
		l.run(10*time.Minute, func() {
			if f := l.plans[0].Feeds; f[0].Step != subStep {
				t.Fatalf("%+v", f)
			}
		})
		if l.tries < 3 || l.tries > 16 || l.changes != 0 {
			t.Errorf("slowed %v: %d tries in ten minutes, %d changes", slowed, l.tries, l.changes)
		}
	}
}

// What a failed try lost does not speak against the smaller stream, though it is counted for a while after.
func TestFailedTryCostsNoStep(t *testing.T) {
	l := newLink(t, 1500*transport.Kbit, one)
	l.lies, l.recall, l.room = true, time.Second, 60*time.Millisecond
	l.run(6*time.Second, nil)
	l.run(3*time.Minute, func() {
		if f := l.plans[0].Feeds; f[0].Step != subStep {
			t.Fatalf("after %v: %+v, loss %v", l.now.Sub(start), f, l.path.Loss)
		}
	})
	if l.tries == 0 {
		t.Error("nothing was tried")
	}
}

// That packets came as fast as they were sent says nothing if they were sent slowly.
func TestSlowTrainsPromiseNothing(t *testing.T) {
	l := newLink(t, 1500*transport.Kbit, one)
	l.run(10*time.Second, nil)
	l.gentle = true
	l.run(time.Minute, nil)
	if l.want(0, subStep); l.tries > 0 {
		t.Errorf("%d tries", l.tries)
	}
}

// However often bigger streams failed, one that the path is known to carry twice over is back soon.
func TestAmpleStepIsBackSoon(t *testing.T) {
	l := newLink(t, 1500*transport.Kbit, one)
	l.run(10*time.Second, nil)
	l.ladder.wait = mostWait
	l.ladder.rose = l.now // a fall counts as failure
	l.rate = 200 * transport.Kbit
	l.run(10*time.Second, nil)
	l.want(0, keysStep)
	l.rate = 1500 * transport.Kbit
	l.run(firstWait+gop+trialFor, nil)
	l.want(0, subStep)
}

// Several cameras share what there is, the largest picture first.
func TestLargestPictureFirst(t *testing.T) {
	three := func(now time.Time) []Camera {
		return []Camera{camera(1, 100, now), camera(2, 900, now), camera(3, 100, now)}
	}
	l := newLink(t, 5*transport.Mbit, three)
	l.run(20*time.Second, nil)
	for i, want := range []Step{subStep, mainStep, subStep} {
		l.want(i, want)
	}
	l.rate = 1 * transport.Mbit
	l.run(20*time.Second, nil)
	l.want(1, subStep)
	for _, i := range []int{0, 2} {
		if s := l.plans[i].Feeds[0].Step; s != keysStep && s != subStep {
			t.Errorf("camera %d: %+v", i, s)
		}
	}
	l.rate = 30 * transport.Mbit
	l.run(time.Minute, nil)
	for i := range 3 {
		l.want(i, mainStep)
	}
}

// Into a dead path nothing is sent; after the first sign of life the smallest stream begins at once, and the main one is back soon.
func TestSilence(t *testing.T) {
	l := newLink(t, 10*transport.Mbit, one)
	l.run(5*time.Second, nil)
	l.silent = true
	l.run(tick, nil)
	var flushed []seal.Stream
	l.run(3*time.Second, func() {
		flushed = append(flushed, l.plans[0].Flush...)
		if len(l.plans[0].Feeds) != 0 {
			t.Fatalf("%+v", l.plans[0])
		}
	})
	if !slices.Equal(flushed, []seal.Stream{seal.Main}) {
		t.Errorf("flushed %v", flushed)
	}
	l.silent = false
	l.run(2*tick, nil)
	l.want(0, subStep)
	if l.plans[0].Feeds[0].NextKey {
		t.Error("the smallest stream waits for its next key frame")
	}
	l.run(gop+trialFor+time.Second, nil)
	l.want(0, mainStep)
	if l.ladder.Falls() != 0 {
		t.Error("an outage counts as a fall")
	}
}

// A viewer without reports is judged by its acknowledgements alone.
func TestWithoutReports(t *testing.T) {
	l := newLink(t, 20*transport.Mbit, one)
	l.run(time.Second, nil)
	d := l.ladder.Decide(l.now, transport.Path{Stalled: true}, one(l.now))
	if d.Plans[0].Feeds[0].Step != subStep || d.Probe {
		t.Errorf("%+v", d)
	}
}

// What the viewer wishes is followed at once where the path allows it.
func TestWishes(t *testing.T) {
	var wish []Step
	l := newLink(t, 50*transport.Mbit, func(now time.Time) []Camera {
		c := camera(1, 1, now)
		c.Offers = slices.DeleteFunc(c.Offers, func(o Offer) bool { return !slices.Contains(wish, o.Step) })
		return []Camera{c}
	})
	wish = []Step{subStep, keysStep, stillStep}
	l.run(5*time.Second, nil)
	l.want(0, subStep)
	wish = []Step{mainStep, subStep, keysStep, stillStep} // larger
	l.run(gop+trialFor+500*time.Millisecond, nil)
	l.want(0, mainStep)
	wish = []Step{keysStep} // out of sight
	l.run(tick, nil)
	l.want(0, keysStep)
	l.run(time.Minute, nil)
	wish = []Step{mainStep, subStep, keysStep, stillStep} // and back
	l.run(tick, nil)
	l.want(0, mainStep)
	if l.plans[0].Feeds[0].NextKey {
		t.Error("who looks again waits for a key frame")
	}
	wish = []Step{subStep, keysStep} // small
	l.run(tick, nil)
	l.want(0, subStep)
	if l.ladder.Falls() != 0 || l.plans[0].Path {
		t.Error("a wish counts as the path's doing")
	}
}

// A camera that is added on a narrow path begins with what is left of it.
func TestLateComer(t *testing.T) {
	many := false
	l := newLink(t, 1500*transport.Kbit, func(now time.Time) []Camera {
		c := one(now)
		if many {
			c = append(c, camera(4, 2, now))
		}
		return c
	})
	l.run(6*time.Second, nil)
	many = true
	l.run(tick, nil)
	l.want(1, subStep)
	l.run(20*time.Second, nil)
	l.want(0, subStep)
	l.want(1, subStep)
}

// Whatever the path and the cameras do, every plan is one of the camera's steps.
func TestAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	l := newLink(t, transport.Mbit, func(now time.Time) (cameras []Camera) {
		for n := range uint8(4) {
			if random.IntN(20) == 0 {
				continue
			}
			c := camera(n, random.Uint32N(4), now)
			for i := range c.Offers {
				c.Offers[i].Rate = transport.Bitrate(random.Int64N(5_000_000))
				c.Offers[i].KeyAt = now.Add(-time.Duration(random.Int64N(int64(gop))))
			}
			if random.IntN(10) == 0 {
				c.Offers = c.Offers[random.IntN(4):]
			}
			cameras = append(cameras, c)
		}
		return cameras
	})
	for range 20_000 {
		l.rate = transport.Bitrate(10_000 + random.Int64N(20_000_000))
		l.loss = random.Float64()
		l.silent = random.IntN(30) == 0
		l.run(tick, nil)
	}
}
