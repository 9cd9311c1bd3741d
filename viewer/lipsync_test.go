package viewer

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestLipsync(t *testing.T) {
	const ms = time.Millisecond
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name          string
		picture       time.Duration // 0: there are none
		sound, jitter time.Duration
		lead          time.Duration
		least, most   time.Duration // of the delay in the end
		missed        int           // units of 500 that may come too late for it
	}{
		{"sound is there before its picture", 200 * ms, 40 * ms, 10 * ms, 20 * ms, 224 * ms, 226 * ms, 0},
		{"both at once", 60 * ms, 30 * ms, 5 * ms, 20 * ms, 84 * ms, 86 * ms, 0},
		{"sound is later", 60 * ms, 150 * ms, 20 * ms, 20 * ms, 190 * ms, 205 * ms, 20},
		{"much jitter", 60 * ms, 60 * ms, 200 * ms, 20 * ms, 260 * ms, 295 * ms, 60},
		{"a long way out", 60 * ms, 30 * ms, 5 * ms, 120 * ms, 160 * ms, 170 * ms, 0},
		{"no pictures", 0, 30 * ms, 5 * ms, 20 * ms, 60 * ms, 70 * ms, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l lipsync
			var delay time.Duration
			missed := 0
			for i := range 500 {
				if c.picture > 0 {
					l.saw(c.picture + l.hold)
				}
				age := c.sound + time.Duration(random.Int64N(int64(c.jitter)))
				before := delay
				delay = l.came(age, c.lead)
				if age+c.lead > delay {
					missed++
				}
				if d := (delay - before).Abs(); before != 0 && i != lipsyncWarm-1 && d > ms+1 && d < lipsyncNear {
					t.Fatalf("the delay jumps by %v", d)
				}
			}
			if apart := delay - (c.picture + l.hold + displayLag); c.picture > 0 && apart.Abs() > 80*ms {
				t.Errorf("sound is heard %v after its picture is seen", apart)
			}
			if delay < c.least || delay > c.most || missed > c.missed {
				t.Errorf("delay %v, want %v to %v; %d come too late", delay, c.least, c.most, missed)
			}
		})
	}
}

// Sound and pictures that come late while all is set up do not make the sound late for long.
func TestLipsyncBegins(t *testing.T) {
	const ms = time.Millisecond
	var l lipsync
	for i := range 120 { // two and a half seconds
		age, shown := 40*ms, 60*ms
		if i < 30 {
			age, shown = 130*ms, 280*ms
		}
		l.came(age, 20*ms)
		if i%3 == 0 {
			l.saw(shown + l.hold)
		}
	}
	if apart := l.delay - (l.picture + l.hold + displayLag); apart < 0 || apart > 20*ms {
		t.Errorf("sound is heard %v after its picture is seen", apart)
	}
}

// A picture that comes much later from now on is followed at once: sound before its picture is what people notice first.
func TestLipsyncFollows(t *testing.T) {
	var l lipsync
	for range 200 {
		l.saw(60 * time.Millisecond)
		l.came(30*time.Millisecond, 0)
	}
	for range 60 {
		l.saw(700*time.Millisecond + l.hold)
		l.came(30*time.Millisecond, 0)
	}
	if d := l.came(30*time.Millisecond, 0); d < 600*time.Millisecond || d > 730*time.Millisecond {
		t.Errorf("delay %v", d)
	}
	l.saw(-time.Second)
	l.saw(time.Hour)
	if l.picture > 730*time.Millisecond {
		t.Error("an age that cannot be is believed")
	}
}
