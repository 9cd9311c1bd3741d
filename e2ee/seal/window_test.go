package seal

import (
	"math/rand/v2"
	"testing"
)

func TestWindow(t *testing.T) {
	for name, steps := range map[string][]struct {
		ctr  uint64
		want bool
	}{
		"zero first":        {{0, true}, {0, false}, {1, true}, {1, false}, {0, false}},
		"starts anywhere":   {{9999, true}, {9999, false}, {9998, true}, {9998, false}},
		"edge":              {{1024, true}, {1, true}, {0, false}, {1, false}},
		"moves on":          {{0, true}, {1023, true}, {1024, true}, {0, false}, {1, true}, {1, false}},
		"jump of one ring":  {{5, true}, {5 + 2048, true}, {5 + 2048 - 1023, true}, {5 + 2048 - 1024, false}, {5, false}},
		"jump of many":      {{5, true}, {1 << 40, true}, {1<<40 - 1023, true}, {1<<40 - 1024, false}, {5, false}},
		"same bit of ring":  {{7, true}, {7 + 2048, true}, {7 + 4096, true}, {7 + 4096, false}},
		"highest":           {{1<<64 - 1, true}, {1<<64 - 1, false}, {1<<64 - 2, true}, {1<<64 - 1024, true}, {1<<64 - 1025, false}},
		"from zero to high": {{0, true}, {1<<64 - 1, true}, {0, false}},
	} {
		var w window
		for i, s := range steps {
			if got := w.accept(s.ctr); got != s.want {
				t.Errorf("%s, step %d: %d gave %v", name, i, s.ctr, got)
			}
		}
	}
}

// The ring agrees with a set that remembers everything.
func TestWindowAgainstModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var w window
		seen := map[uint64]bool{}
		var last, at uint64
		for range 5000 {
			switch random.IntN(20) {
			case 0:
				at += random.Uint64N(5000)
			case 1, 2, 3:
				at++
			default:
				at = last - min(last, random.Uint64N(1500))
			}
			want := !seen[at] && (len(seen) == 0 || at > last || last-at < windowSize)
			if got := w.accept(at); got != want {
				t.Fatalf("%d after %d: %v", at, last, got)
			}
			if want {
				seen[at] = true
				last = max(last, at)
			}
		}
	}
}
