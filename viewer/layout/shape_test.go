package layout_test

import (
	"math"
	"testing"

	"github.com/sealcam/sealcam/viewer/layout"
)

func TestShape(t *testing.T) {
	type picture struct{ stream, width, height int }
	for _, c := range []struct {
		name string
		seen []picture
		want float64
	}{
		{"nothing", nil, 0},
		{"no picture at all", []picture{{0, 0, 9}, {0, 16, 0}, {-1, 1, 1}, {3, 1, 1}}, 0},
		{"one stream", []picture{{0, 1920, 1080}}, 16.0 / 9},
		{"the small stream first", []picture{{1, 704, 576}}, 704.0 / 576},
		{"then the large one", []picture{{1, 704, 576}, {0, 1920, 1080}}, 16.0 / 9},
		{"the small one in its place", []picture{{0, 1920, 1080}, {1, 704, 576}}, 16.0 / 9},
		{"stills of the small one", []picture{{0, 1920, 1080}, {1, 704, 576}, {2, 352, 288}}, 16.0 / 9},
		{"one size more of the same shape", []picture{{0, 1920, 1080}, {0, 1280, 720}, {0, 1920, 1088}}, 16.0 / 9},
		{"turned", []picture{{0, 1920, 1080}, {1, 640, 360}, {0, 1080, 1920}}, 9.0 / 16},
		{"turned while the small one is watched", []picture{{0, 1920, 1080}, {1, 640, 360}, {1, 360, 640}}, 9.0 / 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s layout.Shape
			for _, p := range c.seen {
				s.See(p.stream, p.width, p.height)
			}
			if got := s.Aspect(); math.Abs(got-c.want) > 1e-9 {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// Two streams of one camera that come in turns, as where the network changes, leave the tile as it is.
func TestShapeStays(t *testing.T) {
	var s layout.Shape
	s.See(0, 432, 756)
	for range 3 {
		for stream, size := range [][2]int{{432, 756}, {640, 360}, {320, 180}} {
			if s.See(stream, size[0], size[1]); s.Aspect() != 432.0/756 {
				t.Fatalf("%v after a picture of stream %d", s.Aspect(), stream)
			}
		}
	}
}
