package h264

// orderState computes picture order counts (8.2.1) within a coded video sequence.
type orderState struct {
	sequence         int // coded video sequences so far
	highest          int
	reorders         bool
	prevMSB, prevLSB int
	current          int
	known            bool
}

// next takes the first slice of the next picture in decoding order. Memory management operation 5, which restarts the count
// within a sequence, is not followed: encoders of cameras do not use it.
func (o *orderState) next(h *SliceHeader, s *SPS, p *PPS) error {
	if h.IDR {
		*o = orderState{sequence: o.sequence + 1, reorders: o.reorders}
	}
	switch s.pocType {
	case 0:
		lsb, bottom, err := h.orderFields(s, p)
		if err != nil {
			return err
		}
		half := 1 << (s.pocLSBBits - 1)
		msb := o.prevMSB
		switch {
		case lsb < o.prevLSB && o.prevLSB-lsb >= half:
			msb += 2 * half
		case lsb > o.prevLSB && lsb-o.prevLSB > half:
			msb -= 2 * half
		}
		if h.Reference {
			o.prevMSB, o.prevLSB = msb, lsb
		}
		o.current, o.known = msb+lsb+min(0, int(bottom)), true
	case 2:
		if !h.IDR {
			o.current++
		}
		o.known = true
	default:
		o.known = false
		return nil
	}
	o.reorders = o.reorders || o.current < o.highest
	o.highest = max(o.highest, o.current)
	return nil
}

// Order returns the place in the order of showing of the picture that was assembled last: the number of its coded video sequence,
// and its picture order count in it. It is not known for picture order count type 1.
func (a *Assembler) Order() (sequence, count int, known bool) {
	return a.order.sequence, a.order.current, a.order.known
}

// Reorders reports whether a picture came that is shown before one decoded earlier.
func (a *Assembler) Reorders() bool { return a.order.reorders }
