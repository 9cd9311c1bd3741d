package viewer

import "time"

// Times of a lag.
const (
	lagLong  = time.Second     // late for so long: the path carries less than comes, whether it grows or not
	lagApart = 2 * time.Second // late frames so far from each other are not one lag
)

// lag tells a path that carries less than comes from one on which lost packets come again: there frames are late as well, but what was held up
// then comes at once, and soon one is on time again. The zero value has seen none that was late.
type lag struct {
	since, latest time.Time // when the first late frame in a row came, and the last
	first, last   time.Duration
}

// note takes a frame that came now, late by so much, of which limit is none.
func (g *lag) note(now time.Time, late, limit time.Duration) {
	switch {
	case late <= limit:
		*g = lag{}
		return
	case g.since.IsZero(), now.Sub(g.latest) > lagApart:
		g.since, g.first = now, late
	}
	g.latest, g.last = now, late
}

// lasts reports whether the path carries less than comes: frames are ever later for a while, by a third of it or more, or just late for long.
func (g *lag) lasts(while time.Duration) bool {
	long := g.latest.Sub(g.since)
	return long >= lagLong || long >= while && g.last-g.first >= while/3
}
