package viewer

import (
	"fmt"
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/session"
)

// court is a seal.Verifier whose verdicts come when the test says so.
type court struct{ verdicts []func() }

func (c *court) Verify(key identity.AgentPublic, message, sig []byte, done func(bool, error)) bool {
	genuine := key.Verify(message, sig)
	c.verdicts = append(c.verdicts, func() { done(genuine, nil) })
	return true
}

func newCourtLab(t failer) (*lab, *court) {
	l, c := newLab(t), &court{}
	l.c.v.cfg.Verifier = c
	return l, c
}

func (l *lab) arrive(sealed ...[]byte) {
	for _, s := range sealed {
		l.c.arrive(l.now, control.Peer, seal.Main, s)
	}
}

func (l *lab) wantFed(t *testing.T, what, want string) {
	t.Helper()
	if got := fmt.Sprint(l.fed); got != want {
		t.Errorf("%s: decoded %v, want %v", what, got, want)
	}
}

// No frame gets to the decoder before its verdict, and none before those that came earlier.
func TestVerdictsInAnyOrder(t *testing.T) {
	l, c := newCourtLab(t)
	l.arrive(l.seal(1, 0), l.seal(1, 1), l.seal(1, 2))
	l.wantFed(t, "no verdict", "[]")
	c.verdicts[2]()
	c.verdicts[1]()
	l.wantFed(t, "the first is awaited", "[]")
	c.verdicts[0]()
	l.wantFed(t, "all", "[[1 0] [1 1] [1 2]]")
	if s := l.c.stats; s.Held != 0 || l.c.trials.size != 0 || len(l.c.trials.waiting) != 0 {
		t.Errorf("%d held, %d bytes on trial", s.Held, l.c.trials.size)
	}
}

// A forged signature is refused, is reported, and keeps nothing back.
func TestForgedOnTrial(t *testing.T) {
	l, c := newCourtLab(t)
	forged := l.seal(1, 1)
	forged[len(forged)-1] ^= 1
	l.arrive(l.seal(1, 0), forged, l.seal(2, 0))
	for _, verdict := range c.verdicts {
		verdict()
	}
	l.wantFed(t, "one is forged", "[[1 0] [2 0]]")
	if n := l.c.opener.Stats().Refused(seal.Signature); n != 1 || l.c.forgedAt.IsZero() {
		t.Errorf("%d refused, reported at %v", n, l.c.forgedAt)
	}
}

// When the camera is watched no more, or the session is over, verdicts come too late.
func TestVerdictAfterClose(t *testing.T) {
	l, c := newCourtLab(t)
	l.arrive(l.seal(1, 0))
	l.c.wanted = false
	l.c.tidy(l.now)
	c.verdicts[0]()
	l.wantFed(t, "not watched", "[]")

	l.c.wanted = true
	l.arrive(l.seal(2, 0))
	l.c.part(l.c.h.session)
	l.c.h.session = nil
	c.verdicts[1]()
	l.wantFed(t, "session over", "[]")
	if l.c.trials.size != 0 || l.c.lanes[seal.Main] != nil {
		t.Error("something is left")
	}
}

// Verdicts of an agent before its restart do not reach the streams that began anew.
func TestVerdictAfterRestart(t *testing.T) {
	l, c := newCourtLab(t)
	l.arrive(l.seal(7, 0))
	// The same number with another key: the agent counts from below again.
	e, err := seal.NewEpoch(nil, l.epoch.Number)
	if err != nil {
		t.Fatal(err)
	}
	before := l.c.opener
	l.c.h.session.conn = new(session.Conn) // of nobody, so the new opener takes no epoch
	_ = l.c.epoch(l.now, &control.Epoch{Camera: l.c.number, Number: e.Number, ID: e.ID, Key: e.Key})
	if l.c.opener == before {
		t.Fatal("the opener is the same")
	}
	c.verdicts[0]()
	l.wantFed(t, "of before", "[]")
}

// Without verdicts pictures come all the same: the opener looks at the signatures itself, and refuses what is forged.
func TestVerdictThatNeverComes(t *testing.T) {
	l, c := newCourtLab(t)
	forged := l.seal(1, 1)
	forged[len(forged)-1] ^= 1
	l.arrive(l.seal(1, 0), forged)
	l.c.tick(l.now.Add(trialPatience))
	l.wantFed(t, "within patience", "[]")
	l.now = l.now.Add(trialPatience + time.Millisecond)
	l.c.tick(l.now)
	l.wantFed(t, "beyond", "[[1 0]]")
	for _, verdict := range c.verdicts {
		verdict()
	}
	l.wantFed(t, "late verdicts", "[[1 0]]")

	var many [][]byte
	for i := range uint32(maxTrials + 2) {
		many = append(many, l.seal(2, i))
	}
	l.arrive(many...)
	l.wantFed(t, "more than may wait", "[[1 0] [2 0] [2 1]]")
}

func TestTrialsAreBounded(t *testing.T) {
	var all trials
	all.add(trial{size: maxTrialBytes})
	if all.tooMuch() {
		t.Error("too early")
	}
	if all.add(trial{size: 1}); !all.tooMuch() {
		t.Error("too many bytes")
	}
	if all.pop(); all.tooMuch() || all.size != 1 {
		t.Errorf("%d bytes", all.size)
	}
}
