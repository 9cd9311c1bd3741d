package diagnosis

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/viewer"
)

// window is over what time ages and rates are judged.
const window = 30 * time.Second

// mostSamples bounds what a Meter keeps: one sample a look, a few looks a second.
const mostSamples = 256

// Meter judges a camera's pictures over the last half minute. The zero value is ready. It costs nothing while nobody looks.
type Meter struct{ samples []sample }

type sample struct {
	at    time.Time
	age   time.Duration // of the picture that is shown; negative: none
	drawn uint64
}

// Look takes a sample.
func (m *Meter) Look(t *viewer.Tile, now time.Time) {
	s := sample{at: now, age: -1, drawn: t.Stats.Drawn()}
	if t.Picture != nil {
		s.age = t.Age
	}
	keep := 0
	for keep < len(m.samples) && (now.Sub(m.samples[keep].at) > window || len(m.samples)-keep >= mostSamples) {
		keep++
	}
	m.samples = append(m.samples[:copy(m.samples, m.samples[keep:])], s)
}

// Rate returns how many pictures came a second; false if it is not known yet.
func (m *Meter) Rate() (float64, bool) {
	if len(m.samples) < 2 {
		return 0, false
	}
	first, last := m.samples[0], m.samples[len(m.samples)-1]
	d := last.at.Sub(first.at)
	if d < time.Second || last.drawn < first.drawn {
		return 0, false
	}
	return float64(last.drawn-first.drawn) / d.Seconds(), true
}

// Age returns how old the pictures were that were shown: half of them less than p50, nearly all less than p95. False if there were none.
func (m *Meter) Age() (p50, p95 time.Duration, ok bool) {
	var ages []time.Duration
	for _, s := range m.samples {
		if s.age >= 0 {
			ages = append(ages, s.age)
		}
	}
	if len(ages) == 0 {
		return 0, 0, false
	}
	slices.Sort(ages)
	at := func(p float64) time.Duration { return ages[min(len(ages)-1, int(p*float64(len(ages))))] }
	return at(0.5), at(0.95), true
}
