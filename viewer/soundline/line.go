package soundline

import (
	"math"
	"time"
)

const (
	// gap is how far behind its time the line may be before it jumps there, with silence in between; late, how far ahead before what is too
	// much is left out.
	gap  = 30 * time.Millisecond
	late = 30 * time.Millisecond
	// stretch is by how much at most the pitch changes while the line comes back to its time: a twelfth of a semitone.
	stretch = 0.005
	// settle is how long that may take.
	settle = 2 * time.Second
	// fade is how long what begins takes to be loud, so that it does not click.
	fade = 3 * time.Millisecond
	// Horizon is how far ahead of now anything is put onto the line.
	Horizon = 3 * time.Second
	// longest is how long a unit may be.
	longest = time.Second
)

// Block is samples for the output.
type Block struct {
	At       int64       // the output's frame at which it begins
	Channels [][]float32 // one or two, of the same length; to be used before the next Put
}

// Line is one source's line. Make it with New.
type Line struct {
	rate float64 // of the output, frames a second

	running bool
	next    int64   // the output's frame behind the last block
	phase   float64 // where in the next unit that frame lies, in its samples, from -3 on
	source  float64 // rate of the units
	before  [2][history]float32
	fading  int // frames until all is loud

	out   [2][]float32
	Jumps int // how often the line began anew
}

// history is how many samples before a unit the interpolation looks at.
const history = 3

// New returns a line for an output with so many frames a second.
func New(rate int) *Line { return &Line{rate: float64(rate)} }

// Put takes a unit: its samples by channel, of which the first two are used, at a rate; at is the output's frame at which its first sample is
// to be heard, first the earliest frame for which samples can still be put out. ok is false if nothing is to be played.
func (l *Line) Put(samples [][]float32, rate int, at float64, first int64) (b Block, ok bool) {
	channels := min(len(samples), 2)
	if channels == 0 || rate <= 0 || len(samples[0]) == 0 || channels == 2 && len(samples[1]) != len(samples[0]) {
		return Block{}, false
	}
	n := len(samples[0])
	if float64(n) > longest.Seconds()*float64(rate) || math.IsNaN(at) || at > float64(first)+l.frames(Horizon) {
		return Block{}, false
	}
	if l.source != float64(rate) {
		l.source, l.running = float64(rate), false
	}
	step := l.source / l.rate                    // samples of the unit a frame
	off := at - (float64(l.next) - l.phase/step) // where the unit's first sample would stand
	skip := 0.0
	switch {
	case !l.running, off > l.frames(gap), off < -l.frames(late), l.next < first:
		// Anew, at its time, without what should have been heard already or is covered by what was put there before.
		begin := math.Ceil(at)
		if l.running && begin < float64(l.next) {
			begin = float64(l.next)
		}
		begin = max(begin, float64(first))
		skip = (begin - at) * step
		if skip >= float64(n) {
			return Block{}, false
		}
		if l.running {
			l.Jumps++
		}
		l.running, l.next, l.phase = true, int64(begin), skip
		l.before = [2][history]float32{}
		l.fading = int(l.frames(fade))
	default:
		// off is how much too early the line is: positive, and it has to be longer.
		step *= 1 - min(max(off/l.frames(settle), -stretch), stretch)
	}
	b = Block{At: l.next}
	// The last samples wait for the next unit, since the interpolation looks ahead.
	const rounding = 1e-6
	count := max(0, int(math.Ceil((float64(n-2)-l.phase)/step-rounding)))
	for c := range channels {
		l.out[c] = l.out[c][:0]
		for i := range count {
			l.out[c] = append(l.out[c], l.sample(samples[c], c, l.phase+float64(i)*step))
		}
		l.fadeIn(l.out[c])
		b.Channels = append(b.Channels, l.out[c])
		l.keep(samples[c], c)
	}
	if channels == 1 {
		l.before[1] = l.before[0]
	}
	l.fading = max(0, l.fading-count)
	l.phase += float64(count)*step - float64(n)
	l.next += int64(count)
	return b, count > 0
}

func (l *Line) frames(d time.Duration) float64 { return d.Seconds() * l.rate }

// sample interpolates between four samples (Catmull and Rom's spline), of which those before the unit are remembered.
func (l *Line) sample(s []float32, c int, p float64) float32 {
	i := int(math.Floor(p))
	t := float32(p - float64(i))
	at := func(i int) float32 {
		if i < 0 {
			return l.before[c][max(0, history+i)]
		}
		return s[min(i, len(s)-1)]
	}
	a, b, d, e := at(i-1), at(i), at(i+1), at(i+2)
	return b + t*(d-a+t*(2*a-5*b+4*d-e+t*(3*(b-d)+e-a)))/2
}

// keep remembers a unit's end.
func (l *Line) keep(s []float32, c int) {
	for i := range history {
		if at := len(s) - history + i; at >= 0 {
			l.before[c][i] = s[at]
		} else {
			l.before[c][i] = 0
		}
	}
}

func (l *Line) fadeIn(s []float32) {
	whole := int(l.frames(fade))
	for i := range min(l.fading, len(s)) {
		s[i] *= float32(whole-l.fading+i) / float32(whole)
	}
}

// Stop forgets what was put: the next unit begins anew.
func (l *Line) Stop() { l.running = false }
