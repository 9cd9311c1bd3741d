// Package pace decides how often the stage is drawn where drawing is slow: without a graphics card a frame may take longer than the display
// shows it, and a page that draws all the time opens, decodes and answers too late. It imports the standard library only.
package pace

import "time"

const (
	// cheap is what a frame may cost without any rest: two fit into a display frame.
	cheap = 8 * time.Millisecond
	// rest is the pause after a frame, as a part of its cost.
	rest = 0.6
	// most bounds the pause: ten frames a second are drawn even where each takes as long as this.
	most = 50 * time.Millisecond
	// slack is how much sooner than its end a pause is over: waiting for the next display frame would make it much longer.
	slack = 3 * time.Millisecond
)

// Pace is the state. The zero value draws at once.
type Pace struct {
	cost  time.Duration // of a frame, smoothed
	until time.Time     // of the pause
}

// May reports whether the next frame may be drawn now.
func (p *Pace) May(now time.Time) bool { return !now.Before(p.until.Add(-slack)) }

// Drew takes a frame that was drawn: from its begin until the page could do something else again.
func (p *Pace) Drew(began, ended time.Time) {
	took := min(max(ended.Sub(began), 0), 4*most)
	if p.cost == 0 {
		p.cost = took
	}
	// Other work of the page may come in between and make a frame seem dear, but nothing makes it seem cheap.
	if took < p.cost {
		p.cost += (took - p.cost) / 2
	} else {
		p.cost += (took - p.cost) / 8
	}
	p.until = ended
	if p.cost > cheap {
		p.until = ended.Add(min(time.Duration(float64(p.cost)*rest), most))
	}
}

// Cost returns what a frame costs, smoothed.
func (p *Pace) Cost() time.Duration { return p.cost }
