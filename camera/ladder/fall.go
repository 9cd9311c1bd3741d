package ladder

import (
	"cmp"
	"slices"
	"time"

	"github.com/sealcam/sealcam/transport"
)

// congested says whether the path carries less than is sent.
func (l *Ladder) congested(now time.Time, p transport.Path, cameras []Camera) bool {
	if now.Sub(l.fell) < settle+p.RTT || !l.moving(cameras) {
		return false // single pictures go one at a time: the queue is theirs, and ends with them
	}
	// What stood in the queue at the fall, and the pictures with which a smaller stream begins, go by.
	if fell := now.Sub(l.fell); fell < drain && !l.trying() && l.taken(cameras) <= l.limit && (p.Loss < hopelessLoss || fell < lossDrain+p.RTT) {
		return false
	}
	if !p.Known {
		return p.Stalled
	}
	limit := growingQueue
	if l.trying() {
		limit = trialQueue
	}
	switch {
	case p.Growing && p.Queue > limit, p.Queue > standingQueue:
		return true
	case p.Queue > limit && p.Loss > overflowLoss:
		return true
	}
	return p.Loss > heavyLoss
}

// moving says whether moving pictures are sent of any camera.
func (l *Ladder) moving(cameras []Camera) bool {
	return slices.ContainsFunc(cameras, func(c Camera) bool {
		at := c.find(l.cameras[c.Number].step)
		return c.Offers[at].moving()
	})
}

func (l *Ladder) trying() bool {
	for _, s := range l.cameras {
		if s.trial != nil && !s.trial.since.IsZero() {
			return true
		}
	}
	return false
}

// fall makes do with what the path carries.
func (l *Ladder) fall(now time.Time, p transport.Path, cameras []Camera) {
	failed := now.Sub(l.rose) < recentUp
	if l.trying() {
		for _, s := range l.cameras {
			if s.trial != nil {
				s.flush = append(s.flush, s.trial.step.Stream)
				s.trial = nil
			}
		}
		failed = true
	} else {
		l.lower(now, p, cameras)
	}
	if failed {
		l.wait = min(2*l.wait, mostWait)
	} else if now.Sub(l.fell) > calmFor {
		l.wait = 0
	}
	l.wait = max(l.wait, firstWait)
	l.fell, l.nextUp = now, now.Add(l.wait)
}

// lower shares out anew what came through.
func (l *Ladder) lower(now time.Time, p transport.Path, cameras []Camera) {
	budget := l.taken(cameras) / 2
	if p.Known && p.Delivered > 0 {
		budget = p.Delivered
	}
	if p.Known && p.Limited && p.Capacity > 0 {
		budget = min(budget, p.Capacity)
	}
	budget = transport.Bitrate(float64(budget) * room)
	l.limit, l.limited = budget, now
	shares := share(budget, cameras)
	lowered := false
	for i := range cameras {
		c := &cameras[i]
		if shares[i] > c.find(l.cameras[c.Number].step) {
			l.lowerTo(c, shares[i], budget)
			lowered = true
		}
	}
	if lowered {
		return
	}
	// The path carries less than what came through just now says. What takes most goes down a step.
	most := -1
	for i := range cameras {
		c := &cameras[i]
		at := c.find(l.cameras[c.Number].step)
		if at+1 < len(c.Offers) && (most < 0 || c.Offers[at].Rate > cameras[most].rate(l.cameras[cameras[most].Number].step)) {
			most = i
		}
	}
	if most >= 0 {
		c := &cameras[most]
		l.lowerTo(c, c.find(l.cameras[c.Number].step)+1, budget)
	}
}

// lowerTo moves a camera down.
func (l *Ladder) lowerTo(c *Camera, at int, budget transport.Bitrate) {
	s, o := l.cameras[c.Number], &c.Offers[at]
	s.flush = append(s.flush, s.step.Stream)
	// Of the same stream the viewer has the last key frame.
	s.late = s.step.Stream == o.Stream || o.moving() && budget.Takes(o.CatchUp) > catchUpFor
	s.step, s.path = o.Step, true
	l.falls++
}

// share returns the step of each camera that a budget is enough for: the lowest for all, then more for the largest.
func share(budget transport.Bitrate, cameras []Camera) []int {
	at := make([]int, len(cameras))
	order := make([]int, len(cameras))
	for i := range cameras {
		order[i] = i
		at[i] = len(cameras[i].Offers) - 1
		budget -= cameras[i].Offers[at[i]].Rate
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cameras[b].Area, cameras[a].Area) })
	for _, i := range order {
		lowest := cameras[i].Offers[at[i]].Rate
		for step := range at[i] {
			if more := cameras[i].Offers[step].Rate - lowest; more <= budget {
				budget -= more
				at[i] = step
				break
			}
		}
	}
	return at
}
