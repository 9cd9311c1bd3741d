package layout_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealcam/sealcam/viewer/layout"
)

// Any zooming and panning leaves a picture of its own shape that covers as much of the stage as it can.
func TestZoomProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stage := layout.Rect{W: rapid.Float64Range(1, 4000).Draw(t, "w"), H: rapid.Float64Range(1, 4000).Draw(t, "h")}
		width, height := rapid.IntRange(1, 4096).Draw(t, "width"), rapid.IntRange(1, 4096).Draw(t, "height")
		var z layout.Zoom
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				x, y := rapid.Float64Range(0, stage.W).Draw(t, "x"), rapid.Float64Range(0, stage.H).Draw(t, "y")
				before := z.Frame(stage, width, height)
				z = z.By(rapid.Float64Range(0.2, 5).Draw(t, "factor"), stage, width, height, x, y)
				after := z.Frame(stage, width, height)
				checkFixed(t, stage, before, after, x, y)
			case 1:
				before := z.Frame(stage, width, height)
				dx, dy := rapid.Float64Range(-999, 999).Draw(t, "dx"), rapid.Float64Range(-999, 999).Draw(t, "dy")
				z = z.Pan(dx, dy, stage, width, height)
				after := z.Frame(stage, width, height)
				if moved := after.X - before.X; moved*dx < -1e-6 || math.Abs(moved) > math.Abs(dx)+1e-6 {
					t.Fatalf("panned by %v, moved by %v", dx, moved)
				}
			case 2: // the device is turned
				stage.W, stage.H = stage.H, stage.W
			}
			checkFrame(t, stage, z.Frame(stage, width, height), width, height)
		}
	})
}

func checkFrame(t *rapid.T, stage, f layout.Rect, width, height int) {
	const slack = 1e-6
	aspect := float64(width) / float64(height)
	if math.Abs(f.W/f.H/aspect-1) > slack {
		t.Fatalf("%v is not of the shape %v", f, aspect)
	}
	for _, side := range [][3]float64{{f.X, f.W, stage.W}, {f.Y, f.H, stage.H}} {
		at, size, room := side[0], side[1], side[2]
		e := slack * (size + room)
		if size < room && math.Abs(at-(room-size)/2) > e {
			t.Fatalf("%v is smaller than the stage %v and not in its middle", f, stage)
		}
		if size >= room && (at > e || at+size < room-e) {
			t.Fatalf("%v leaves room on the stage %v", f, stage)
		}
	}
	fit := layout.Fit(stage, aspect)
	if f.W < fit.W*(1-slack) || f.W > math.Max(layout.MaxPixel*float64(width), 2*fit.W)*(1+slack) {
		t.Fatalf("%v is too small or too large; it fits as %v", f, fit)
	}
}

// checkFixed: what was under the point still is, unless an edge of the picture came to an edge of the stage.
func checkFixed(t *rapid.T, stage, before, after layout.Rect, x, y float64) {
	for _, side := range [][6]float64{
		{x, before.X, before.W, after.X, after.W, stage.W}, {y, before.Y, before.H, after.Y, after.H, stage.H},
	} {
		at, from, size, to, newSize, room := side[0], side[1], side[2], side[3], side[4], side[5]
		e := 1e-6 * (newSize + room)
		if newSize <= room+e || size <= room+e || math.Abs(to) < e || math.Abs(to+newSize-room) < e {
			continue
		}
		if was, is := (at-from)/size, (at-to)/newSize; math.Abs(was-is)*newSize > 1e-3 {
			t.Fatalf("%v of the picture was under the pointer, then %v", was, is)
		}
	}
}

func TestZoomKeepsWhatIsUnderThePointer(t *testing.T) {
	stage := layout.Rect{W: 640, H: 360}
	z := layout.Zoom{}.By(2, stage, 1920, 1080, 160, 90)
	if f := z.Frame(stage, 1920, 1080); f != (layout.Rect{X: -160, Y: -90, W: 1280, H: 720}) {
		t.Errorf("%+v", f)
	}
	z = z.Pan(1000, 1000, stage, 1920, 1080)
	if f := z.Frame(stage, 1920, 1080); f != (layout.Rect{W: 1280, H: 720}) {
		t.Errorf("panned to the corner: %+v", f)
	}
	if z = z.By(0.1, stage, 1920, 1080, 0, 0); z != (layout.Zoom{}) {
		t.Errorf("zoomed out: %+v", z)
	}
	if z = z.By(math.NaN(), stage, 1920, 1080, 0, 0).By(math.Inf(1), stage, 1920, 1080, 0, 0); z.In() {
		t.Errorf("by no number: %+v", z)
	}
	// A picture that is smaller than the stage can be magnified as well.
	if z = z.By(1e9, stage, 16, 9, 0, 0); z.Scale() != 2 {
		t.Errorf("a tiny picture: %v", z.Scale())
	}
	if f := z.Frame(layout.Rect{}, 16, 9); !f.Empty() {
		t.Errorf("without a stage: %+v", f)
	}
}

func TestInset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stage := layout.Rect{W: rapid.Float64Range(1, 4000).Draw(t, "w"), H: rapid.Float64Range(1, 4000).Draw(t, "h")}
		aspect := rapid.Float64Range(0.2, 5).Draw(t, "aspect")
		for c := layout.BottomRight; c.Valid(); c++ {
			r := layout.Inset(stage, c, aspect, 20, 40)
			if r.Empty() || r.X < 0 || r.Y < 0 || r.X+r.W > stage.W+1e-9 || r.Y+r.H > stage.H+1e-9 || r.W > stage.W/2 && r.H > stage.H/2 {
				t.Fatalf("corner %d of %v: %v", c, stage, r)
			}
			if got := layout.Nearest(stage, r.X+r.W/2, r.Y+r.H/2); got != c {
				t.Fatalf("the inset of corner %d is nearest to %d", c, got)
			}
		}
	})
	if r := layout.Inset(layout.Rect{}, layout.TopLeft, 1, 5, 5); !r.Empty() {
		t.Errorf("%v", r)
	}
}
