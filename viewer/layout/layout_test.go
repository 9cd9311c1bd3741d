package layout_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealcam/sealcam/viewer/layout"
)

func TestGridColumns(t *testing.T) {
	const wide, tall = 16.0 / 9, 9.0 / 16
	for _, c := range []struct {
		name          string
		n             int
		w, h          float64
		aspect        float64
		columns, rows int
	}{
		{"one", 1, 1600, 900, wide, 1, 1},
		{"two on a wide screen", 2, 1900, 900, wide, 2, 1},
		{"two on a phone", 2, 390, 844, wide, 1, 2},
		{"four", 4, 1600, 900, wide, 2, 2},
		{"five", 5, 1600, 900, wide, 3, 2},
		{"nine", 9, 1600, 900, wide, 3, 3},
		{"ten", 10, 1600, 900, wide, 4, 3},
		{"nine on a phone", 9, 390, 844, wide, 2, 5},
		{"doorbells side by side", 3, 1600, 900, tall, 3, 1},
		{"a strip", 6, 6000, 500, wide, 6, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			aspects := make([]float64, c.n)
			for i := range aspects {
				aspects[i] = c.aspect
			}
			rects := layout.Grid(c.n, c.w, c.h, aspects)
			if got := int(math.Round(c.w / rects[0].W)); got != c.columns {
				t.Errorf("%d columns, want %d", got, c.columns)
			}
			if got := int(math.Round(c.h / rects[0].H)); got != c.rows {
				t.Errorf("%d rows, want %d", got, c.rows)
			}
		})
	}
}

func TestGridProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 64).Draw(t, "n")
		w := rapid.Float64Range(1, 8000).Draw(t, "w")
		h := rapid.Float64Range(1, 8000).Draw(t, "h")
		aspects := rapid.SliceOfN(rapid.Float64Range(-1, 5), 0, n).Draw(t, "aspects")
		rects := layout.Grid(n, w, h, aspects)
		if len(rects) != n {
			t.Fatalf("%d places for %d tiles", len(rects), n)
		}
		const slack = 1e-6
		for i, r := range rects {
			if r.Empty() || r.X < -slack || r.Y < -slack || r.X+r.W > w+slack || r.Y+r.H > h+slack {
				t.Fatalf("tile %d lies outside the stage: %+v", i, r)
			}
			for j, o := range rects[:i] {
				if r.X+slack < o.X+o.W && o.X+slack < r.X+r.W && r.Y+slack < o.Y+o.H && o.Y+slack < r.Y+r.H {
					t.Fatalf("tiles %d and %d overlap: %+v %+v", j, i, o, r)
				}
			}
			if i > 0 && (r.Y < rects[i-1].Y-slack || math.Abs(r.Y-rects[i-1].Y) < slack && r.X < rects[i-1].X) {
				t.Fatalf("tile %d comes before tile %d", i, i-1)
			}
			a := layout.DefaultAspect
			if i < len(aspects) && aspects[i] > 0 {
				a = aspects[i]
			}
			p := layout.Fit(r, a)
			if math.Abs(p.W/p.H/a-1) > 1e-6 || p.X < r.X-slack || p.Y < r.Y-slack || p.W > r.W+slack || p.H > r.H+slack {
				t.Fatalf("picture %+v does not fit %+v", p, r)
			}
			if math.Abs(p.W-r.W) > slack && math.Abs(p.H-r.H) > slack {
				t.Fatalf("picture %+v could be larger in %+v", p, r)
			}
		}
	})
}

// No other number of columns may show more.
func TestGridIsBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		w := rapid.Float64Range(100, 4000).Draw(t, "w")
		h := rapid.Float64Range(100, 4000).Draw(t, "h")
		aspect := rapid.Float64Range(0.3, 3).Draw(t, "aspect")
		aspects := make([]float64, n)
		for i := range aspects {
			aspects[i] = aspect
		}
		got := layout.Fit(layout.Grid(n, w, h, aspects)[0], aspect)
		for columns := 1; columns <= n; columns++ {
			rows := (n + columns - 1) / columns
			other := layout.Fit(layout.Rect{W: w / float64(columns), H: h / float64(rows)}, aspect)
			if other.W*other.H > got.W*got.H*(1+1e-6) {
				t.Fatalf("%d columns give %.0f×%.0f, but %d give %.0f×%.0f", int(math.Round(w/got.W)), got.W, got.H, columns, other.W, other.H)
			}
		}
	})
}

func TestNoStage(t *testing.T) {
	if got := layout.Grid(0, 100, 100, nil); got != nil {
		t.Errorf("no tiles: %v", got)
	}
	for _, size := range [][2]float64{{0, 100}, {100, 0}, {-1, 100}, {math.NaN(), 100}, {math.Inf(1), 100}} {
		for _, r := range layout.Grid(3, size[0], size[1], nil) {
			if !r.Empty() {
				t.Errorf("stage %v: %+v", size, r)
			}
		}
	}
	if r := layout.Fit(layout.Rect{X: 1, Y: 2}, 1); !r.Empty() || r.X != 1 || r.Y != 2 {
		t.Errorf("fit in nothing: %+v", r)
	}
}

func TestOne(t *testing.T) {
	rects := layout.One(3, 1, 800, 600)
	if len(rects) != 3 || !rects[0].Empty() || !rects[2].Empty() || rects[1] != (layout.Rect{W: 800, H: 600}) {
		t.Errorf("%+v", rects)
	}
	for _, r := range layout.One(3, 7, 800, 600) {
		if !r.Empty() {
			t.Errorf("no such tile: %+v", r)
		}
	}
}
