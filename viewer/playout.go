package viewer

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// Bounds of the play-out clock.
const (
	playoutMost    = 60 * time.Millisecond   // that a frame is held
	playoutLeast   = 6 * time.Millisecond    // nobody sees less: displays show a picture every 16 ms, and timers are no finer than 4 ms
	playoutSamples = 192                     // frames whose lateness is known: 6 s or more
	playoutQuick   = 32                      // the last of them, by which the target rises
	playoutFirst   = 12                      // so many, before anything is held
	playoutLook    = 4                       // frames between two looks at them
	playoutSpan    = 10 * time.Second        // of the least delay: clocks drift, and paths change
	playoutRare    = 250 * time.Millisecond  // between frames, and they are pictures by themselves
	playoutFar     = 1500 * time.Millisecond // late, and a frame tells nothing of the jitter
)

// playout makes motion even: it holds frames that came early until those that took a usual time would be there too. What a usual time is
// follows from the delays of the last frames over the least one; most frames are not later. Later ones are played at once, so that the worst
// delays do not grow. The zero value has seen nothing. It knows no clock: times are given to it.
type playout struct {
	delays   delays
	last     codec.Timestamp // of the youngest frame; 0: none came
	interval time.Duration   // between frames, smoothed

	late   [playoutSamples]time.Duration // a ring
	next   int
	count  int
	sorted [playoutSamples]time.Duration // scratch
	slip   time.Duration                 // by how much frames are played after their time, as on a page that draws
	aim    time.Duration                 // of target
	target time.Duration                 // the delay, over the least, at which frames are played
}

// due returns when a frame that came now is to be played: now, or a little later.
func (p *playout) due(now time.Time, captured codec.Timestamp) time.Time {
	step := captured.Sub(p.last)
	if p.last != 0 && step <= 0 && step > -playoutSpan {
		return now // what catches up is late in any case
	}
	late, sound := p.delays.over(now, captured, playoutSpan)
	if !sound {
		*p = playout{delays: p.delays, last: captured} // another clock
		return now
	}
	if p.last != 0 && step > 0 && step < playoutSpan {
		if p.interval == 0 {
			p.interval = step
		}
		p.interval += (step - p.interval) / 8
	}
	p.last = captured
	if late > playoutFar {
		return now
	}
	p.note(late)
	hold := min(p.target-late, playoutMost, 2*p.interval) - p.slip
	if p.interval > playoutRare || hold < playoutLeast {
		p.slip -= p.slip / 256
		return now
	}
	return now.Add(hold)
}

// played notes that a frame that was held is played. A busy page comes to it late: then frames are held for less, or not at all, for what a
// decoder of the browser's does meanwhile is done beside what keeps the page busy.
func (p *playout) played(now, due time.Time) {
	slip := min(now.Sub(due), playoutMost)
	p.slip = max(slip, p.slip-(p.slip-slip)/64)
}

// note takes a frame's delay over the least one and moves the target: quickly up, slowly down.
func (p *playout) note(late time.Duration) {
	p.late[p.next] = late
	p.next = (p.next + 1) % playoutSamples
	p.count = min(p.count+1, playoutSamples)
	if p.count < playoutFirst {
		return
	}
	if p.next%playoutLook == 0 {
		p.aim = p.choose()
	}
	if p.aim > p.target {
		p.target += (p.aim - p.target) / 4
	} else {
		p.target += (p.aim - p.target) / 32
	}
}

// choose returns the delay over the least one at which frames should be played.
func (p *playout) choose() time.Duration {
	all := p.quantiles(p.count)
	if all.most > playoutMost {
		// Lost packets come again a round trip later. Waiting for these cannot be hidden; frames that were faster than most are held, so that
		// there are fewer jumps, and the median delay stays as it is.
		return all.fast
	}
	if quick := p.quantiles(min(p.count, playoutQuick)); quick.most <= playoutMost {
		return max(all.slow, quick.slow)
	}
	return all.slow
}

// spread is the delay over the least that four, seven and nine of ten frames do not exceed.
type spread struct{ fast, slow, most time.Duration }

// quantiles looks at the last n frames.
func (p *playout) quantiles(n int) spread {
	s := p.sorted[:n]
	for i := range s {
		s[i] = p.late[(p.next-1-i+playoutSamples)%playoutSamples]
	}
	slices.Sort(s)
	return spread{s[n*4/10], s[n*7/10], s[n*9/10]}
}
