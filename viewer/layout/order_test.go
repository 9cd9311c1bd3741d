package layout_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealcam/sealcam/viewer/layout"
)

func TestOrderRemembersTheAbsent(t *testing.T) {
	o := layout.NewOrder([]string{"porch", "attic", "garden", "porch"})
	if got := o.Arrange([]string{"garden", "new", "porch"}); !slices.Equal(got, []string{"porch", "garden", "new"}) {
		t.Errorf("%v", got)
	}
	if !o.Move([]string{"garden", "new", "porch"}, "new", 0) {
		t.Error("nothing moved")
	}
	// The attic's home is reached again.
	if got := o.Arrange([]string{"attic", "garden", "porch", "new"}); !slices.Equal(got, []string{"new", "porch", "attic", "garden"}) {
		t.Errorf("%v", got)
	}
	if o.Move([]string{"garden", "porch"}, "cellar", 0) || o.Move(nil, "porch", 0) || o.Move([]string{"porch"}, "porch", 5) {
		t.Error("what is not there, or alone, moved")
	}
}

func TestOrderMoves(t *testing.T) {
	for _, c := range []struct {
		move string
		to   int
		want string
	}{
		{"a", 2, "bcad"}, {"d", 0, "dabc"}, {"b", 1, "abcd"}, {"c", 99, "abdc"}, {"c", -1, "cabd"},
	} {
		present := []string{"a", "b", "c", "d"}
		var o layout.Order[string]
		o.Move(present, c.move, c.to)
		got := ""
		for _, k := range o.Arrange(present) {
			got += k
		}
		if got != c.want {
			t.Errorf("%s to %d: %s, want %s", c.move, c.to, got, c.want)
		}
	}
}

// Whatever is moved, no tile is lost or doubled, the moved one stands where it was put, and the others keep their order.
func TestOrderProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.IntRange(0, 700), 1, 64, rapid.ID)
		o := layout.NewOrder(rapid.SliceOfN(rapid.IntRange(0, 700), 0, 600).Draw(t, "remembered"))
		for range rapid.IntRange(1, 6).Draw(t, "moves") {
			present := keys.Draw(t, "present")
			before := o.Arrange(present)
			k := rapid.SampledFrom(present).Draw(t, "moved")
			to := rapid.IntRange(0, len(present)-1).Draw(t, "to")
			o.Move(present, k, to)
			after := o.Arrange(present)
			if after[to] != k {
				t.Fatalf("%d was put at %d: %v", k, to, after)
			}
			others := func(s []int) []int {
				return slices.DeleteFunc(slices.Clone(s), func(v int) bool { return v == k })
			}
			if !slices.Equal(others(before), others(after)) {
				t.Fatalf("the others changed: %v, %v", before, after)
			}
			if n := len(o.Keys()); n > 512 {
				t.Fatalf("%d are remembered", n)
			}
		}
	})
}
