package ladder

import (
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
	// drain is how long a fall may take to show where it was far enough; lossDrain, beyond a round trip, how long what was sent before it
	// may count as lost.
	drain     = 2500 * time.Millisecond
	lossDrain = 1500 * time.Millisecond
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
	// ample is how many times what moving pictures need a path must be known to carry for them to be back soon after a fall.
	ample = 2
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
