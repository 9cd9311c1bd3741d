package seal_test

import (
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

func TestChain(t *testing.T) {
	type step struct {
		frame seal.Frame
		want  seal.Verdict
	}
	k, d := keyFrame, deltaFrame
	changed := func(f seal.Frame) seal.Frame { f.Config.Width = 1280; return f }
	for name, steps := range map[string][]step{
		"in order":            {{k(1), seal.Take}, {d(1, 1), seal.Take}, {d(1, 2), seal.Take}, {k(2), seal.Take}, {d(2, 1), seal.Take}},
		"starts at a key":     {{d(1, 1), seal.Gap}, {d(1, 2), seal.Gap}, {k(2), seal.Take}, {d(1, 3), seal.Stale}},
		"twice":               {{k(1), seal.Take}, {k(1), seal.Duplicate}, {d(1, 1), seal.Take}, {d(1, 1), seal.Duplicate}, {k(1), seal.Duplicate}},
		"one missing":         {{k(1), seal.Take}, {d(1, 2), seal.Gap}, {d(1, 1), seal.Take}, {d(1, 2), seal.Take}},
		"next GOP's delta":    {{k(1), seal.Take}, {d(2, 1), seal.Gap}, {d(1, 1), seal.Take}, {k(2), seal.Take}, {d(2, 1), seal.Take}},
		"older GOP":           {{k(5), seal.Take}, {k(4), seal.Stale}, {d(4, 1), seal.Stale}, {d(5, 1), seal.Take}},
		"GOPs may be skipped": {{k(1), seal.Take}, {k(9), seal.Take}, {d(9, 1), seal.Take}, {d(1, 1), seal.Stale}},
		"other config":        {{k(1), seal.Take}, {changed(d(1, 1)), seal.Stale}, {d(1, 1), seal.Take}},
		"config changes":      {{k(1), seal.Take}, {changed(k(2)), seal.Take}, {d(2, 1), seal.Stale}, {changed(d(2, 1)), seal.Take}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s, o := f.sealer(seal.Main), f.opener()
			var c seal.Chain
			for i, step := range steps {
				opened, err := o.Open(seal.Main, f.seal(s, step.frame))
				if err != nil {
					t.Fatal(err)
				}
				if got := c.Accept(opened); got != step.want {
					t.Errorf("step %d: %v, want %v", i, got, step.want)
				}
			}
		})
	}
}

// A GOP sealed anew for those who joined goes on where the one before stopped.
func TestChainAcrossEpochs(t *testing.T) {
	f := newFixture(t)
	o := f.opener()
	var c seal.Chain
	run := func(want ...seal.Verdict) {
		t.Helper()
		s := f.sealer(seal.Main)
		for i, w := range want {
			frame := keyFrame(1)
			if i > 0 {
				frame = deltaFrame(1, uint32(i))
			}
			opened, err := o.Open(seal.Main, f.seal(s, frame))
			if err != nil {
				t.Fatal(seal.ReasonOf(err))
			}
			if got := c.Accept(opened); got != w {
				t.Errorf("index %d in epoch %d: %v, want %v", i, f.epoch.Number, got, w)
			}
		}
	}
	run(seal.Take, seal.Take)
	next, err := seal.NewEpoch(nil, f.epoch.Number+1)
	if err != nil {
		t.Fatal(err)
	}
	f.epoch = next
	if err := o.AddEpoch(next); err != nil {
		t.Fatal(err)
	}
	run(seal.Duplicate, seal.Duplicate, seal.Take, seal.Take)
	c.Reset()
	next.Number++
	next.ID[0] ^= 1
	f.epoch = next
	if err := o.AddEpoch(next); err != nil {
		t.Fatal(err)
	}
	run(seal.Take, seal.Take)
}

func TestChainKeepsToItsStream(t *testing.T) {
	f := newFixture(t)
	other := newFixture(t)
	other.src.Camera = identity.CameraID{4}
	open := func(f *fixture, stream seal.Stream, frame seal.Frame) seal.Opened {
		t.Helper()
		opened, err := f.opener().Open(stream, f.seal(f.sealer(stream), frame))
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}
	var c seal.Chain
	if got := c.Accept(seal.Opened{}); got != seal.Stale {
		t.Errorf("a value that no Opener made: %v", got)
	}
	if got := c.Accept(open(f, seal.Main, keyFrame(1))); got != seal.Take {
		t.Fatal(got)
	}
	for name, opened := range map[string]seal.Opened{
		"zero value":   {},
		"other stream": open(f, seal.Sub, keyFrame(2)),
		"other camera": open(other, seal.Main, keyFrame(2)),
	} {
		if got := c.Accept(opened); got != seal.Stale {
			t.Errorf("%s: %v", name, got)
		}
	}
}
