package ladder

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/transport"
)

// finishTrials ends those that held, and those whose key frame does not come.
func (l *Ladder) finishTrials(now time.Time, p transport.Path, cameras []Camera) {
	for i := range cameras {
		c := &cameras[i]
		s := l.cameras[c.Number]
		t := s.trial
		if t == nil {
			continue
		}
		switch {
		case t.since.IsZero() && now.Sub(t.asked) > trialWaits:
			s.trial = nil
			l.nextUp = now.Add(l.wait)
		case !t.since.IsZero() && now.Sub(t.since) > trialFor+p.RTT:
			s.flush = append(s.flush, s.step.Stream)
			s.step, s.trial, s.late = t.step, nil, false
			s.path = c.find(s.step) > 0
			l.rose = now
			l.nextUp = now.Add(soon)
		}
	}
}

// rise begins to try more of the camera with the largest picture, if there is room.
func (l *Ladder) rise(now time.Time, p transport.Path, cameras []Camera) {
	c := l.candidate(cameras)
	if l.atTop(cameras) && now.Sub(l.limited) > recentUp {
		l.limit = 0
	}
	if c == nil || p.Queue > calmQueue || p.Loss > calmLoss {
		return
	}
	s := l.cameras[c.Number]
	at := c.find(s.step)
	need := l.needs(cameras, c, at-1)
	if !l.due(now, p, &c.Offers[at], need) || p.Known && !fits(p, need) {
		return
	}
	up := &c.Offers[at-1]
	if !up.moving() || !c.Offers[at].moving() {
		// Between key frames there is nothing that could stop: begin at once, or with the next one where it is the same stream.
		s.late = s.step.Stream == up.Stream
		s.step = up.Step
		s.path = at-1 > 0
		l.rose, l.nextUp = now, now.Add(soon+trialFor)
		return
	}
	s.trial = &trial{step: up.Step, asked: now}
}

// due says whether a step that needs so much may be tried now: after the wait, or sooner for motion where there is none and the path is known
// to carry it amply. Who has motion keeps it, and a failed try of more would cost some.
func (l *Ladder) due(now time.Time, p transport.Path, from *Offer, need transport.Bitrate) bool {
	if !now.Before(l.nextUp) {
		return true
	}
	return !from.moving() && p.Limited && need > 0 && p.Capacity >= ample*need && now.Sub(l.fell) >= firstWait
}

// candidate returns the camera with the largest picture among those that get less than they are wished for; nil if there is none, or one is
// being tried already.
func (l *Ladder) candidate(cameras []Camera) (best *Camera) {
	for i := range cameras {
		c := &cameras[i]
		s := l.cameras[c.Number]
		if s.trial != nil {
			return nil
		}
		if c.find(s.step) > 0 && (best == nil || c.Area > best.Area) {
			best = c
		}
	}
	return best
}

// needs returns what a camera's step takes beside everything else.
func (l *Ladder) needs(cameras []Camera, c *Camera, at int) transport.Bitrate {
	need := c.Offers[at].Rate
	for i := range cameras {
		if other := &cameras[i]; other.Number != c.Number {
			need += other.rate(l.cameras[other.Number].step)
		}
	}
	return need
}

// fits says whether the path is known to have room for so much.
func fits(p transport.Path, need transport.Bitrate) bool {
	if p.Limited {
		return float64(p.Capacity)*room >= float64(need)
	}
	// Packets came as fast as they were sent. If that was fast, nothing speaks against a try.
	return p.Capacity > 0 && p.Capacity >= min(need, usual/2)
}

// atTop says whether every camera gets what is wished for.
func (l *Ladder) atTop(cameras []Camera) bool {
	return !slices.ContainsFunc(cameras, func(c Camera) bool { return c.find(l.cameras[c.Number].step) > 0 })
}

// wantsProbe says whether it is time to find out how fast the path is, because more would be sent if it were fast enough.
func (l *Ladder) wantsProbe(now time.Time, p transport.Path, cameras []Camera) bool {
	c := l.candidate(cameras)
	if c == nil || l.silent || !p.Known || now.Before(l.nextUp.Add(-probeGap)) || p.Queue > calmQueue || now.Sub(l.probed) < probeGap {
		return false
	}
	if fits(p, l.needs(cameras, c, c.find(l.cameras[c.Number].step)-1)) {
		return false
	}
	l.probed = now
	return true
}
