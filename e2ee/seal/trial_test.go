package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// court is a Verifier whose verdicts come when the test says so.
type court struct {
	cases  []courtCase
	closed bool // it takes nothing
}

type courtCase struct {
	genuine bool // what a true verdict would be
	done    func(bool, error)
}

func (c *court) Verify(key identity.AgentPublic, message, sig []byte, done func(bool, error)) bool {
	if c.closed {
		return false
	}
	c.cases = append(c.cases, courtCase{key.Verify(message, sig), done})
	return true
}

// try begins a trial; decided counts how often it was said that a verdict is there.
func (c *court) try(o *seal.Opener, sealed []byte) (trial *seal.Trial, decided *int) {
	decided = new(int)
	return o.Try(seal.Main, sealed, c, func() { *decided++ }), decided
}

// judge gives the true verdict of the case with that number.
func (c *court) judge(i int) { c.cases[i].done(c.cases[i].genuine, nil) }

func wantTrial(t *testing.T, trial *seal.Trial, want seal.Reason) {
	t.Helper()
	opened, err := trial.Open()
	if seal.ReasonOf(err) != want || (err == nil) != (want == seal.NoReason) {
		t.Errorf("got %v (%v), want %v", err, seal.ReasonOf(err), want)
	}
	if opened.Valid() != (want == seal.NoReason) || opened.Valid() != (opened.Data() != nil) {
		t.Errorf("valid: %v, %d bytes of data", opened.Valid(), len(opened.Data()))
	}
}

func forge(sealed []byte) []byte {
	forged := bytes.Clone(sealed)
	forged[len(forged)-1] ^= 1
	return forged
}

// What a Verifier says decides, and without its word the Opener finds out itself.
func TestTrial(t *testing.T) {
	silent := func(*court) {}
	first := func(c *court) { c.judge(0) }
	says := func(genuine bool, err error) func(*court) {
		return func(c *court) { c.cases[0].done(genuine, err) }
	}
	for _, test := range []struct {
		name   string
		forged bool
		act    func(*court)
		ready  bool
		want   seal.Reason
	}{
		{"right", false, first, true, seal.NoReason},
		{"wrong", true, first, true, seal.Signature},
		{"said to be wrong", false, says(false, nil), true, seal.Signature},
		{"right, no answer", false, silent, false, seal.NoReason},
		{"wrong, no answer", true, silent, false, seal.Signature},
		{"right, an error", false, says(false, errors.New("broken")), true, seal.NoReason},
		{"wrong, an error", true, says(true, errors.New("broken")), true, seal.Signature},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			o, c := f.opener(), &court{}
			sealed := f.seal(f.sealer(seal.Main), keyFrame(1))
			if test.forged {
				sealed = forge(sealed)
			}
			trial, decided := c.try(o, sealed)
			if trial.Ready() || *decided != 0 || len(c.cases) != 1 {
				t.Fatalf("ready %v, decided %d times, %d cases", trial.Ready(), *decided, len(c.cases))
			}
			if test.act(c); trial.Ready() != test.ready || (*decided == 1) != test.ready {
				t.Errorf("ready %v, decided %d times", trial.Ready(), *decided)
			}
			wantTrial(t, trial, test.want)
		})
	}
}

// A Verifier that takes nothing leaves the work to the Opener.
func TestTrialWithoutVerifier(t *testing.T) {
	f := newFixture(t)
	o, c := f.opener(), &court{closed: true}
	sealed := f.seal(f.sealer(seal.Main), keyFrame(1))
	for _, test := range []struct {
		sealed []byte
		want   seal.Reason
	}{{forge(sealed), seal.Signature}, {sealed, seal.NoReason}, {sealed, seal.Replay}} {
		trial, _ := c.try(o, test.sealed)
		if !trial.Ready() {
			t.Error("not ready")
		}
		wantTrial(t, trial, test.want)
	}
}

// What is no frame of the epoch's never gets as far as the signature.
func TestTrialRefusesFirst(t *testing.T) {
	f := newFixture(t)
	o, c := f.opener(), &court{}
	sealed := f.seal(f.sealer(seal.Main), keyFrame(1))
	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-signatureSize-1] ^= 1
	other := newFixture(t)
	other.epoch.Number++
	for want, sealed := range map[seal.Reason][]byte{
		seal.Truncated:    sealed[:20],
		seal.Auth:         damaged,
		seal.WrongStream:  f.seal(f.sealer(seal.Sub), keyFrame(1)),
		seal.UnknownEpoch: other.seal(other.sealer(seal.Main), keyFrame(1)),
	} {
		trial, _ := c.try(o, sealed)
		if !trial.Ready() {
			t.Errorf("%v: not ready", want)
		}
		wantTrial(t, trial, want)
		if o.Stats().Refused(want) != 1 {
			t.Errorf("%v is counted %d times", want, o.Stats().Refused(want))
		}
	}
	if len(c.cases) != 0 {
		t.Errorf("%d signatures were looked at", len(c.cases))
	}
}

// A verdict that comes when the matter is decided changes nothing, whatever it says.
func TestLateVerdict(t *testing.T) {
	f := newFixture(t)
	o, c := f.opener(), &court{}
	sealed := f.seal(f.sealer(seal.Main), keyFrame(1))
	bad, _ := c.try(o, forge(sealed))
	good, _ := c.try(o, sealed)
	wantTrial(t, bad, seal.Signature)
	wantTrial(t, good, seal.NoReason)
	c.cases[0].done(true, nil)
	c.cases[1].done(true, nil)
	wantTrial(t, bad, seal.Signature)
	wantTrial(t, good, seal.Replay)
	if s := o.Stats(); s.Opened != 1 {
		t.Errorf("opened %d", s.Opened)
	}
}

// Neither a forgery nor a frame whose verdict is awaited counts as seen; of two copies one is opened, in whatever order verdicts come.
func TestTrialsInAnyOrder(t *testing.T) {
	f := newFixture(t)
	o, c := f.opener(), &court{}
	s := f.sealer(seal.Main)
	first, second := f.seal(s, keyFrame(1)), f.seal(s, deltaFrame(1, 1))
	var all []*seal.Trial
	for _, sealed := range [][]byte{forge(first), first, second, first} {
		trial, _ := c.try(o, sealed)
		all = append(all, trial)
	}
	for i := range all {
		c.judge(len(all) - 1 - i)
	}
	wantTrial(t, all[2], seal.NoReason)
	wantTrial(t, all[0], seal.Signature)
	wantTrial(t, all[3], seal.NoReason)
	wantTrial(t, all[1], seal.Replay)
}

// An epoch that is dropped while a verdict is awaited takes its window along, and with it the frame.
func TestTrialOfDroppedEpoch(t *testing.T) {
	f := newFixture(t)
	o, c := f.opener(), &court{}
	trial, _ := c.try(o, f.seal(f.sealer(seal.Main), keyFrame(1)))
	for i := range uint64(seal.MaxEpochs) {
		next := f.epoch
		next.Number += i + 1
		if err := o.AddEpoch(next); err != nil {
			t.Fatal(err)
		}
	}
	c.judge(0)
	wantTrial(t, trial, seal.UnknownEpoch)
}
