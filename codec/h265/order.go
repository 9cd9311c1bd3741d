package h265

// orderState computes picture order counts (8.3.1).
type orderState struct {
	sequence         int // coded video sequences so far
	prevMSB, prevLSB int
	current, highest int
}

// follow reads the order of the next picture in decoding order.
func (a *Assembler) follow(h *SliceHeader, s *SPS, p *PPS) error {
	lsb, err := h.orderField(s, p)
	if err != nil {
		return err
	}
	o := &a.order
	if h.Type.idr() || h.Type.bla() || h.Type == UnitCRA && !a.playing {
		*o = orderState{sequence: o.sequence + 1, prevLSB: lsb, current: lsb, highest: lsb}
		return nil
	}
	half := 1 << (s.pocLSBBits - 1)
	msb := o.prevMSB
	switch {
	case lsb < o.prevLSB && o.prevLSB-lsb >= half:
		msb += 2 * half
	case lsb > o.prevLSB && lsb-o.prevLSB > half:
		msb -= 2 * half
	}
	// The reference for the next picture is one of temporal id 0 that is no leading picture and no sub-layer
	// non-reference picture (even types below 16).
	if h.Layer0 && (h.Type >= UnitBLAFirst || h.Type&1 == 1 && h.Type < 6) {
		o.prevMSB, o.prevLSB = msb, lsb
	}
	o.current = msb + lsb
	if o.current < o.highest {
		a.reorders = true
	}
	o.highest = max(o.highest, o.current)
	return nil
}

// Order returns the place in the order of showing of the picture that was assembled last: the number of its coded video sequence,
// and its picture order count in it, which is always known in H.265.
func (a *Assembler) Order() (sequence, count int, known bool) {
	return a.order.sequence, a.order.current, true
}
