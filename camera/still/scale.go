package still

// plane is a plane of 8-bit samples.
type plane struct {
	samples       []byte
	stride        int
	width, height int
}

// scaler makes planes smaller by the mean over each sample's area. What it needs is used again.
type scaler struct {
	columns axis
	row     []uint32 // of the source, scaled across
	sum     []uint32 // of rows
}

// axis says which samples of a row or column make each sample of the smaller one. Lengths are counted so that a sample of the source is to
// long, and one that is made from long.
type axis struct {
	from, to int
	first    []int    // of those that make a sample
	weights  []uint32 // taps for each sample
	taps     int
}

func (a *axis) prepare(from, to int) {
	if a.from == from && a.to == to {
		return
	}
	*a = axis{from: from, to: to, first: make([]int, to), taps: (from+to-1)/to + 1}
	a.weights = make([]uint32, to*a.taps)
	for i := range to {
		start, end := i*from, (i+1)*from
		a.first[i] = start / to
		for k := range a.taps {
			at := (a.first[i] + k) * to
			a.weights[i*a.taps+k] = uint32(max(min(end, at+to)-max(start, at), 0))
		}
	}
}

// scale fills to, w samples a row and h rows, with the smaller picture of p. A sum is at most 255 times the samples of p, which are
// far fewer than 2^24.
func (s *scaler) scale(to []byte, w, h int, p plane) {
	if w == p.width && h == p.height {
		for y := range h {
			copy(to[y*w:(y+1)*w], p.samples[y*p.stride:])
		}
		return
	}
	s.columns.prepare(p.width, w)
	s.row, s.sum = grow(s.row, w), grow(s.sum, w)
	clear(s.sum)
	area := uint32(p.width * p.height)
	y := 0 // row that is being made; its part of the source ends at (y+1)*p.height
	for j := range p.height {
		s.across(p.samples[j*p.stride : j*p.stride+p.width])
		for start, end := j*h, (j+1)*h; start < end; {
			stop := min(end, (y+1)*p.height)
			weight := uint32(stop - start)
			for x, v := range s.row {
				s.sum[x] += weight * v
			}
			if start = stop; stop == (y+1)*p.height {
				for x, v := range s.sum {
					to[y*w+x] = byte((v + area/2) / area)
				}
				clear(s.sum)
				y++
			}
		}
	}
}

// across scales one row of the source.
func (s *scaler) across(from []byte) {
	a := &s.columns
	for x := range s.row {
		sum := uint32(0)
		for k, weight := range a.weights[x*a.taps : (x+1)*a.taps] {
			if weight > 0 { // the last one may lie behind the row
				sum += weight * uint32(from[a.first[x]+k])
			}
		}
		s.row[x] = sum
	}
}

func grow(s []uint32, n int) []uint32 {
	if cap(s) < n {
		return make([]uint32, n)
	}
	return s[:n]
}
