//go:build linux

package netem

import (
	"math"
	"testing"
	"time"

	"github.com/sealcam/sealcam/transport"
)

var start = time.Unix(1_700_000_000, 0)

// send puts packets of n bytes through a lane, one each gap, and returns what became of them.
func send(l *lane, p *Path, count, n int, gap time.Duration) (delays []time.Duration, fates map[fate]int) {
	fates = map[fate]int{}
	for i := range count {
		now := start.Add(time.Duration(i) * gap)
		at, f := l.decide(p, now, n)
		fates[f]++
		if f == passed {
			delays = append(delays, at.Sub(now))
		}
	}
	return delays, fates
}

func TestLossIsWhatWasAsked(t *testing.T) {
	for _, burst := range []float64{0, 1, 4, 20} {
		for _, loss := range []float64{0.01, 0.03, 0.2} {
			p := Path{Loss: loss, Burst: burst}
			_, fates := send(newLane(7), &p, 400_000, 1200, time.Millisecond)
			got := float64(fates[lost]) / 400_000
			// Bursts make the share vary more: its deviation grows with the root of their length.
			spread := 5 * math.Sqrt(loss*math.Max(burst, 1)*2/400_000)
			if math.Abs(got-loss) > spread {
				t.Errorf("loss %g in bursts of %g: got %g", loss, burst, got)
			}
		}
	}
}

func TestBurstsHaveTheirLength(t *testing.T) {
	p := Path{Loss: 0.03, Burst: 4}
	l := newLane(3)
	runs, total, run := 0, 0, 0
	for range 500_000 {
		if l.loses(&p) {
			run++
			continue
		}
		if run > 0 {
			runs, total, run = runs+1, total+run, 0
		}
	}
	if mean := float64(total) / float64(runs); math.Abs(mean-4) > 0.2 {
		t.Errorf("bursts of %g packets", mean)
	}
}

func TestRateAndQueue(t *testing.T) {
	p := Path{Delay: 20 * time.Millisecond, Rate: 1200 * transport.Kbit, Queue: 200 * time.Millisecond}
	// 1,500 bytes at 1.2 Mbit/s take 10 ms: at one packet each 5 ms the queue fills, then every second one is dropped.
	delays, fates := send(newLane(1), &p, 1000, 1500, 5*time.Millisecond)
	if got := fates[passed]; got < 500 || got > 530 {
		t.Errorf("%d of 1000 packets passed", got)
	}
	if first := delays[0]; first != 30*time.Millisecond {
		t.Errorf("the first took %v", first)
	}
	if last := delays[len(delays)-1]; last < 215*time.Millisecond || last > 235*time.Millisecond {
		t.Errorf("the last waited %v with a full queue", last)
	}
	// With half the load nothing waits.
	delays, fates = send(newLane(1), &p, 1000, 1500, 20*time.Millisecond)
	if fates[passed] != 1000 || delays[999] != 30*time.Millisecond {
		t.Errorf("unhurried: %v, the last took %v", fates, delays[999])
	}
}

func TestJitterKeepsTheOrder(t *testing.T) {
	p := Path{Delay: 100 * time.Millisecond, Jitter: 20 * time.Millisecond}
	l := newLane(9)
	var before time.Time
	least, most := time.Hour, time.Duration(0)
	for i := range 10_000 {
		now := start.Add(time.Duration(i) * time.Millisecond)
		at, _ := l.decide(&p, now, 100)
		if at.Before(before) {
			t.Fatal("overtaken")
		}
		before = at
		least, most = min(least, at.Sub(now)), max(most, at.Sub(now))
	}
	if least < 80*time.Millisecond || most > 120*time.Millisecond || most-least < 15*time.Millisecond {
		t.Errorf("delays from %v to %v", least, most)
	}
}

func TestSameSeedSameNetwork(t *testing.T) {
	p := Profiles()[4]
	a, _ := send(newLane(5), &p.Down, 1000, 1200, time.Millisecond)
	b, _ := send(newLane(5), &p.Down, 1000, 1200, time.Millisecond)
	c, _ := send(newLane(6), &p.Down, 1000, 1200, time.Millisecond)
	same := func(x, y []time.Duration) bool {
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if x[i] != y[i] {
				return false
			}
		}
		return true
	}
	if !same(a, b) || same(a, c) {
		t.Error("a seed does not decide")
	}
}

func TestBlackoutAndBars(t *testing.T) {
	p := Profile{Blackouts: []Blackout{{At: time.Second, For: time.Second}, {At: 5 * time.Second, For: time.Second}}, NoUDP: true}
	for at, want := range map[time.Duration]bool{0: false, time.Second: true, 2*time.Second - 1: true, 2 * time.Second: false, 5 * time.Second: true, time.Hour: false} {
		if p.isDark(at) != want {
			t.Errorf("at %v: dark is %v", at, !want)
		}
	}
	packet := make([]byte, 20)
	packet[0] = 0x45
	for protocol, want := range map[byte]bool{1: false, 6: false, 17: true} {
		if packet[9] = protocol; p.bars(packet) != want {
			t.Errorf("protocol %d: barred is %v", protocol, !want)
		}
	}
	if !p.bars(packet[:19]) || !p.bars(append([]byte{0x60}, packet[1:]...)) || !p.bars(nil) {
		t.Error("what is no IPv4 packet passes")
	}
}

func TestProfilesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Profiles() {
		if p.Name == "" || seen[p.Name] {
			t.Errorf("profile %q", p.Name)
		}
		seen[p.Name] = true
	}
}
