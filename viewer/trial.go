package viewer

import (
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// Bounds of the frames whose signatures Config.Verifier checks. Beyond them the opener checks itself.
const (
	maxTrials     = 64 // of a camera
	maxTrialBytes = 8 << 20
	trialPatience = time.Second
)

// trials are a camera's frames that were decrypted and are not proven yet, in the order in which they came.
type trials struct {
	waiting []trial
	size    int // bytes of all
}

type trial struct {
	*seal.Trial
	via    control.Route
	stream seal.Stream
	came   time.Time
	size   int
}

func (t *trials) add(one trial) {
	t.waiting = append(t.waiting, one)
	t.size += one.size
}

func (t *trials) pop() trial {
	one := t.waiting[0]
	t.waiting[0] = trial{}
	t.waiting = t.waiting[1:]
	t.size -= one.size
	return one
}

func (t *trials) tooMuch() bool { return len(t.waiting) > maxTrials || t.size > maxTrialBytes }

// try begins to open a frame. What comes of it is passed on in the order in which frames came.
func (c *camera) try(now time.Time, via control.Route, stream seal.Stream, sealed []byte) {
	t := c.opener.Try(stream, sealed, c.v.cfg.Verifier, func() {
		c.v.mu.Lock()
		defer c.v.mu.Unlock()
		c.prove(c.v.now())
	})
	c.trials.add(trial{t, via, stream, now, len(sealed)})
	c.prove(now)
}

// prove passes on what is proven or refused.
func (c *camera) prove(now time.Time) {
	for t := &c.trials; len(t.waiting) > 0 && (t.waiting[0].Ready() || t.tooMuch()); {
		c.proveFirst(now)
	}
}

// hurry ends what has waited for too long.
func (c *camera) hurry(now time.Time) {
	for t := &c.trials; len(t.waiting) > 0 && now.Sub(t.waiting[0].came) > trialPatience; {
		c.proveFirst(now)
	}
	c.prove(now)
}

func (c *camera) proveFirst(now time.Time) {
	t := c.trials.pop()
	o, err := t.Open()
	c.proven(now, t.via, t.stream, &o, err)
}
