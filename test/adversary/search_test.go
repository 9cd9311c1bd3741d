package adversary

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// No sequence of moves of a hostile server breaks a promise: what is drawn is of this camera and stream, under a key that this viewer was
// given, never twice and never backwards, decodable, nothing of before a restart after it, and as old as it says. The benchmark
// (./build.sh bench trust) goes on to longer sequences.
func TestNoSequenceBreaksAPromise(t *testing.T) {
	const moves, least = 3, 50_000
	for plan, name := range map[ClockPlan]string{Steady: "steady clocks", SetBack: "clocks set back at a restart"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Search(t.Context(), Options{Moves: moves, Clocks: plan})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("up to %d moves from %d starts: %d states by %d moves; %d conditions of a viewer, by %d steps of real ones and %d TLS sessions",
				moves, len(starts), r.States, r.Moves, r.Viewers, r.Steps, r.Sessions)
			if r.Broken != "" {
				t.Errorf("broken: %s", r.Broken)
			}
			if r.States < least || r.Viewers < 4_000 || r.Sessions < 40 {
				t.Errorf("the search saw too little: %+v", r)
			}
		})
	}
}

// The search finds what there is to find: with any one of the viewer's defences taken away, three moves break a promise.
func TestEachDefenceIsNeeded(t *testing.T) {
	for weakness, want := range map[Weakness]string{
		Unsealed:      "a key that was not given",
		ForgetsSeen:   "drawn twice",
		ForgetsOrder:  "a picture that is 12s old",
		ForgetsGOPs:   "without the frame before it",
		KeepsEpochs:   "without the frame before it",
		TrustsStreams: "another stream's picture",
	} {
		t.Run(fmt.Sprintf("%d %s", weakness, want), func(t *testing.T) {
			t.Parallel()
			r, err := Search(t.Context(), Options{Moves: 3, Weakness: weakness})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(r.Broken, want) {
				t.Errorf("found %q, want %q among %d states", r.Broken, want, r.States)
			}
		})
	}
}

// Equal receivers have one fingerprint, and whatever matters changes it.
func TestFingerprint(t *testing.T) {
	w, err := newWorld(Steady)
	if err != nil {
		t.Fatal(err)
	}
	paths := map[[32]byte]int{}
	for i, path := range [][]input{
		nil,
		{{what: timePassed}},
		{{what: gotWelcome}},
		{{what: gotWelcome}, {what: gotFrame, frame: frameOf(0, 0, 0)}},
		{{what: gotFrame, frame: frameOf(0, 0, 0)}}, // held until its key comes
		{{what: gotWelcome}, {what: gotFrame, frame: frameOf(0, 0, 2)}},
		{{what: gotWelcome}, {what: sessionOver}},
	} {
		for range 2 {
			r := newReceiver(w, owner, Whole)
			for _, in := range path {
				r.take(in)
			}
			print := fingerprint(r)
			if other, known := paths[print]; known && other != i {
				t.Errorf("path %d and path %d have the same fingerprint", i, other)
			}
			paths[print] = i
		}
		if len(paths) != i+1 {
			t.Fatalf("path %d has two fingerprints", i)
		}
	}
	// What is refused is forgotten: otherwise a flood of it would make a viewer another one.
	once, often := newReceiver(w, owner, Whole), newReceiver(w, owner, Whole)
	for _, r := range []*receiver{once, often} {
		r.take(input{what: gotWelcome})
		r.take(input{what: gotFrame, frame: frameOf(1, 0, 0)})
	}
	for range 100 {
		often.take(input{what: gotFrame, frame: frameOf(1, 0, 0)})
		often.take(input{what: gotFrame, frame: frameOf(0, 0, 1)})
	}
	if often.opener.Stats().RefusedTotal() != 201 || fingerprint(once) != fingerprint(often) {
		t.Error("refused frames left a trace")
	}
}
