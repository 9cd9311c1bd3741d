package ladder

import (
	"cmp"
	"slices"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

const (
	// A queue that grows is too long from here on, one that only stands from there on.
	growingQueue  = 100 * time.Millisecond
	standingQueue = 250 * time.Millisecond
	// A bigger stream that is tried has to leave the queue shorter than this.
	trialQueue = 70 * time.Millisecond
	// Nothing is tried while the queue is longer or more is lost.
	calmQueue = 50 * time.Millisecond
	calmLoss  = 0.09
	// heavyLoss is what no retransmission mends; with a queue it is the queue that overflows.
	heavyLoss    = 0.20
	overflowLoss = 0.08
	hopelessLoss = 0.5

	// settle, beyond a round trip, is how long a change takes to show.
	settle = 350 * time.Millisecond
	// drain is how long a fall may take to show where it was far enough.
	drain = 2500 * time.Millisecond
	// trialFor, beyond a round trip, is how long a bigger stream runs beside the smaller one.
	trialFor = 1200 * time.Millisecond
	// trialWaits is how long a trial waits for a key frame.
	trialWaits = 12 * time.Second
	// recentUp is how long after a rise a fall counts as its failure.
	recentUp = 8 * time.Second

	firstWait = 3 * time.Second // after a fall, before the first try
	mostWait  = time.Minute
	calmFor   = time.Minute // without a fall, and the waits begin small again
	soon      = 200 * time.Millisecond
	probeGap  = 1500 * time.Millisecond

	// room is what is left free of what the path is known to carry.
	room = 0.85
	// catchUpFor is how long the current group of pictures may take to be sent; else the next key frame is waited for.
	catchUpFor = 500 * time.Millisecond
	// switchFor is how long nothing new may be seen because the viewer wishes for another stream.
	switchFor = 150 * time.Millisecond
	// usual is how fast carriers send where nothing is known of the path.
	usual = 9 * transport.Mbit
)

// Step is one step of a camera's ladder.
type Step struct {
	Stream seal.Stream
	Keys   bool // key frames alone, each once the one before has arrived
}

// Offer is a step that a camera has, with what it takes.
type Offer struct {
	Step
	Rate    transport.Bitrate // of late; 0: not known
	CatchUp int               // bytes of the current group of pictures so far
	KeyAt   time.Time         // when its last key frame came
}

// Camera is a camera that the viewer watches, with its steps, the one that is wished for first. There is at least one.
type Camera struct {
	Number uint8
	Area   uint32 // of its picture
	Offers []Offer
}

func (c *Camera) find(s Step) int {
	return slices.IndexFunc(c.Offers, func(o Offer) bool { return o.Step == s })
}

// Feed is what is to be sent of a camera.
type Feed struct {
	Step
	// NextKey says that the feed, if it is new, begins with the stream's next key frame; else with the current group of pictures.
	NextKey bool
}

// Plan is what is to be sent of one camera from now on. What is sent already and stands in Feeds goes on as it is.
type Plan struct {
	Camera uint8
	Feeds  []Feed        // empty: nothing for now
	Flush  []seal.Stream // what waits of these streams is worthless
	Path   bool          // less than is wished for, because of the path
}

// Decision is the plans of all cameras, in their order.
type Decision struct {
	Plans []Plan
	Probe bool // find out how fast the path is
}

// Ladder is the state of one viewer's direct path. The zero value is ready.
type Ladder struct {
	cameras map[uint8]*state

	silent  bool
	fell    time.Time // last fall
	rose    time.Time // last rise that was kept
	nextUp  time.Time
	wait    time.Duration
	probed  time.Time
	limit   transport.Bitrate // what came through when the path was last found wanting; 0: it was not
	limited time.Time
	falls   int
}

// state is one camera's.
type state struct {
	step  Step
	trial *trial
	path  bool // the path is why step is not the first
	flush []seal.Stream
	late  bool // the step's feed begins with the next key frame
}

type trial struct {
	step  Step
	since time.Time // of its first key frame, zero before
	asked time.Time
}

// Falls returns how often less was sent because of the path.
func (l *Ladder) Falls() int { return l.falls }

// Decide is called many times a second with what is known of the path and with the cameras that are watched on it.
func (l *Ladder) Decide(now time.Time, p transport.Path, cameras []Camera) Decision {
	l.meet(now, p, cameras)
	switch {
	case p.Silent:
		l.hush(cameras)
	case l.silent:
		l.resume(now, cameras)
	case l.congested(now, p, cameras):
		l.fall(now, p, cameras)
	default:
		l.finishTrials(now, p, cameras)
		l.rise(now, p, cameras)
	}
	d := Decision{Probe: l.wantsProbe(now, p, cameras)}
	for i := range cameras {
		d.Plans = append(d.Plans, l.plan(&cameras[i]))
	}
	return d
}

// meet takes cameras in and forgets those that are no longer watched. A camera whose wish no longer holds its step gets the one next to it.
func (l *Ladder) meet(now time.Time, p transport.Path, cameras []Camera) {
	if l.cameras == nil {
		l.cameras = map[uint8]*state{}
	}
	for n := range l.cameras {
		if !slices.ContainsFunc(cameras, func(c Camera) bool { return c.Number == n }) {
			delete(l.cameras, n)
		}
	}
	for i := range cameras {
		c := &cameras[i]
		s := l.cameras[c.Number]
		if s == nil {
			s = &state{step: c.Offers[l.entry(c, cameras)].Step}
			s.path = s.step != c.Offers[0].Step
			l.cameras[c.Number] = s
		}
		if t := s.trial; t != nil {
			switch tried := c.find(t.step); {
			case tried < 0:
				s.trial = nil
			case t.since.IsZero() && c.Offers[tried].KeyAt.After(t.asked):
				t.since = now
			}
		}
		at := c.find(s.step)
		if at < 0 || at == 0 {
			s.path = false
		}
		if at != 0 && !s.path {
			l.follow(now, p, c, s)
		}
	}
}

// follow brings a camera that the path does not hold back to what is wished of it now. If that takes long to begin, what was sent so far
// goes on meanwhile.
func (l *Ladder) follow(now time.Time, p transport.Path, c *Camera, s *state) {
	if s.trial != nil {
		return
	}
	wished := &c.Offers[0]
	at := c.find(s.step)
	if at > 0 && c.Offers[at].moving() && wished.moving() && max(p.Capacity, usual).Takes(wished.CatchUp) > switchFor {
		s.trial = &trial{step: wished.Step, asked: now}
		return
	}
	if at < 0 || s.step.Stream != wished.Stream {
		s.flush = append(s.flush, s.step.Stream)
	}
	s.step, s.late = wished.Step, false
}

// entry returns the step at which a camera that was not watched before begins: the wished one, or what the path is known to carry.
func (l *Ladder) entry(c *Camera, cameras []Camera) int {
	if l.limit == 0 {
		return 0
	}
	left := l.limit
	for i := range cameras {
		if s := l.cameras[cameras[i].Number]; s != nil {
			left -= cameras[i].rate(s.step)
		}
	}
	for i, o := range c.Offers {
		if o.Rate <= left {
			return i
		}
	}
	return len(c.Offers) - 1
}

func (c *Camera) rate(s Step) transport.Bitrate {
	if at := c.find(s); at >= 0 {
		return c.Offers[at].Rate
	}
	return 0
}

// taken is what all steps take together.
func (l *Ladder) taken(cameras []Camera) (total transport.Bitrate) {
	for i := range cameras {
		total += cameras[i].rate(l.cameras[cameras[i].Number].step)
	}
	return total
}

// hush stops sending: nothing comes from the viewer.
func (l *Ladder) hush(cameras []Camera) {
	if l.silent {
		return
	}
	l.silent = true
	for i := range cameras {
		s := l.cameras[cameras[i].Number]
		s.flush = append(s.flush, s.step.Stream)
		if s.trial != nil {
			s.flush = append(s.flush, s.trial.step.Stream)
			s.trial = nil
		}
	}
}

// resume begins again with what is there soonest.
func (l *Ladder) resume(now time.Time, cameras []Camera) {
	l.silent = false
	for i := range cameras {
		c := &cameras[i]
		s := l.cameras[c.Number]
		for at := c.find(s.step) + 1; at < len(c.Offers) && c.Offers[at].moving(); at++ {
			s.step, s.path = c.Offers[at].Step, true
		}
		s.late = false
	}
	l.nextUp = now.Add(soon)
}

// moving says whether the step is moving pictures.
func (o *Offer) moving() bool { return !o.Keys && o.Stream != seal.Still }

// congested says whether the path carries less than is sent.
func (l *Ladder) congested(now time.Time, p transport.Path, cameras []Camera) bool {
	if now.Sub(l.fell) < settle+p.RTT || !l.moving(cameras) {
		return false // single pictures go one at a time: the queue is theirs, and ends with them
	}
	// What stood in the queue at the fall, and the pictures with which a smaller stream begins, go by.
	if now.Sub(l.fell) < drain && !l.trying() && l.taken(cameras) <= l.limit && p.Loss < hopelessLoss {
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
	if c == nil || now.Before(l.nextUp) || p.Queue > calmQueue || p.Loss > calmLoss {
		return
	}
	s := l.cameras[c.Number]
	at := c.find(s.step)
	if p.Known && !l.fits(now, p, cameras, c, at-1) {
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

// fits says whether the path is known to have room for a camera's step beside everything else.
func (l *Ladder) fits(now time.Time, p transport.Path, cameras []Camera, c *Camera, at int) bool {
	need := c.Offers[at].Rate
	for i := range cameras {
		if other := &cameras[i]; other.Number != c.Number {
			need += other.rate(l.cameras[other.Number].step)
		}
	}
	// Where packets came as fast as they were sent, nothing speaks against a try.
	return p.Capacity > 0 && (!p.Limited || float64(p.Capacity)*room >= float64(need))
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
	if l.fits(now, p, cameras, c, c.find(l.cameras[c.Number].step)-1) {
		return false
	}
	l.probed = now
	return true
}

// plan returns what is to be sent of a camera.
func (l *Ladder) plan(c *Camera) Plan {
	s := l.cameras[c.Number]
	p := Plan{Camera: c.Number, Flush: s.flush, Path: s.path}
	s.flush = nil
	if l.silent {
		p.Path = true
		return p
	}
	p.Feeds = append(p.Feeds, Feed{Step: s.step, NextKey: s.late})
	if s.trial != nil {
		p.Feeds = append(p.Feeds, Feed{Step: s.trial.step, NextKey: true})
	}
	return p
}
