package layout

import "math"

// sameShape is how far, as a factor, shapes may differ that count as one: sizes in whole blocks are not exactly of the same shape.
const sameShape = 1.02

// Shape is the shape of a camera's pictures, which come in streams that may differ in it: the small stream of many cameras is narrower. The
// largest stream that was seen decides. Else a tile would take another shape whenever another stream comes, and with its size change the
// stream that suits it. The zero value knows no shape.
type Shape struct {
	seen [3]float64 // width by height, by stream; 0: not seen
}

// See notes the shape of a picture of a stream; 0 is the largest one. A stream that changes its shape belongs to a camera that was turned or
// set up anew: what was known of the others no longer holds.
func (s *Shape) See(stream int, width, height int) {
	if stream < 0 || stream >= len(s.seen) || width <= 0 || height <= 0 {
		return
	}
	now := float64(width) / float64(height)
	switch before := s.seen[stream]; {
	case before == 0:
	case math.Max(now/before, before/now) < sameShape:
		return
	default:
		s.seen = [3]float64{}
	}
	s.seen[stream] = now
}

// Aspect returns width by height; 0 if nothing was seen.
func (s *Shape) Aspect() float64 {
	for _, a := range s.seen {
		if a != 0 {
			return a
		}
	}
	return 0
}
