package h265

import "github.com/sealcam/sealcam/codec/nal"

// parseTools passes over the coding tools of an SPS and reads the frame rate from its VUI (E.2.1).
func (s *SPS) parseTools(r *nal.Reader) {
	for range 6 { // block sizes and transform depths
		r.UE()
	}
	if r.Flag() { // scaling lists
		if r.Flag() { // own ones
			skipScalingLists(r)
		}
	}
	r.Skip(2)     // asymmetric partitions, sample adaptive offset
	if r.Flag() { // PCM
		r.Skip(8)
		r.UE()
		r.UE()
		r.Skip(1)
	}
	if !skipReferenceSets(r) {
		return
	}
	if r.Flag() { // long-term reference pictures
		n := r.UE()
		if n > 32 {
			return
		}
		r.Skip(int(n) * (s.pocLSBBits + 1))
	}
	r.Skip(2) // temporal motion vectors, strong intra smoothing
	if !r.Flag() {
		return
	}
	if r.Flag() && r.U(8) == 255 { // aspect ratio
		r.Skip(32)
	}
	if r.Flag() { // overscan
		r.Skip(1)
	}
	if r.Flag() { // video signal type
		r.Skip(4)
		if r.Flag() {
			r.Skip(24)
		}
	}
	if r.Flag() { // chroma location
		r.UE()
		r.UE()
	}
	r.Skip(1) // neutral_chroma_indication_flag
	fields := r.Flag()
	r.Skip(1)     // frame_field_info_present_flag
	if r.Flag() { // default display window
		for range 4 {
			r.UE()
		}
	}
	timing := r.Flag()
	units, scale := r.U(32), r.U(32)
	if r.Err() != nil {
		return
	}
	s.FieldCoded = fields
	if timing && units > 0 && scale > 0 {
		// Rates beyond reason are a camera's mistake.
		if f := float64(scale) / float64(units); f >= 0.1 && f <= 300 {
			s.FrameRate = f
		}
	}
}

// skipScalingLists passes over scaling_list_data (7.3.4).
func skipScalingLists(r *nal.Reader) {
	for size := range 4 {
		step := 1
		if size == 3 {
			step = 3
		}
		for matrix := 0; matrix < 6; matrix += step {
			if !r.Flag() {
				r.UE()
				continue
			}
			if size > 1 {
				r.SE()
			}
			for range min(64, 1<<(4+2*size)) {
				r.SE()
			}
		}
	}
}

// skipReferenceSets passes over st_ref_pic_set (7.3.7), where a set may be coded as the difference to the one before it, so that
// the picture order differences must be known.
func skipReferenceSets(r *nal.Reader) bool {
	n := r.UE()
	if n > 64 {
		return false
	}
	var before, after []int64 // of the last set, nearest first
	for i := range n {
		if i > 0 && r.Flag() {
			before, after = predictSet(r, before, after)
		} else {
			neg, pos := r.UE(), r.UE()
			if neg > 16 || pos > 16 {
				return false
			}
			before, after = readDeltas(r, neg, -1), readDeltas(r, pos, 1)
		}
		if r.Err() != nil || len(before)+len(after) > 16 {
			return false
		}
	}
	return true
}

func readDeltas(r *nal.Reader, n uint32, sign int64) []int64 {
	var out []int64
	var d int64
	for range n {
		d += sign * (int64(r.UE()) + 1)
		r.Skip(1) // used_by_curr_pic
		out = append(out, d)
	}
	return out
}

// predictSet follows (7-61) and (7-62).
func predictSet(r *nal.Reader, before, after []int64) (newBefore, newAfter []int64) {
	negative := r.Flag()
	delta := int64(r.UE()) + 1
	if negative {
		delta = -delta
	}
	all := append(append([]int64(nil), before...), after...)
	use := make([]bool, len(all)+1)
	for j := range use {
		if use[j] = r.Flag(); !use[j] { // used_by_curr_pic_flag
			use[j] = r.Flag() // use_delta_flag
		}
	}
	take := func(j int, d int64) {
		switch {
		case use[j] && d < 0:
			newBefore = append(newBefore, d)
		case use[j] && d > 0:
			newAfter = append(newAfter, d)
		}
	}
	self := len(all)
	// Each list is filled from the nearest on; within the sign of the difference the order of the two loops differs.
	for j := self - 1; j >= len(before); j-- {
		if d := all[j] + delta; d < 0 {
			take(j, d)
		}
	}
	if delta < 0 {
		take(self, delta)
	}
	for j := range before {
		if d := all[j] + delta; d < 0 {
			take(j, d)
		}
	}
	for j := len(before) - 1; j >= 0; j-- {
		if d := all[j] + delta; d > 0 {
			take(j, d)
		}
	}
	if delta > 0 {
		take(self, delta)
	}
	for j := len(before); j < self; j++ {
		if d := all[j] + delta; d > 0 {
			take(j, d)
		}
	}
	return newBefore, newAfter
}
