package h264

// locateMBAFF is locate for an MBAFF frame: clauses 6.4.10 and 6.4.12.2 (Table 6-4). Macroblock addresses go by pairs.
func (d *Decoder) locateMBAFF(addr int, field bool, stride int) {
	m := &d.mb
	w := d.width
	pair := addr >> 1
	row := pair / w
	m.x = pair - row*w
	m.y = row * 2
	m.field = field
	m.bottom = addr&1 != 0
	m.pixX = m.x * 16
	m.scan = 0
	top := m.y*16*stride + m.pixX
	ctop := m.y*8*(stride/2) + m.pixX/2
	if field {
		m.scan = 1
		m.pixY = row * 16
		m.stride, m.cstride = stride*2, stride
		m.luma, m.chroma = top, ctop
		if m.bottom {
			m.luma += stride
			m.chroma += stride / 2
		}
	} else {
		m.pixY = m.y * 16
		m.stride, m.cstride = stride, stride/2
		m.luma, m.chroma = top, ctop
		if m.bottom {
			m.pixY += 16
			m.luma += 16 * stride
			m.chroma += 8 * (stride / 2)
		}
	}

	first := addr &^ 1
	pa, pb, pc, pd := none, none, none, none
	if m.x > 0 {
		pa = d.inSlice(first - 2)
		pd = d.inSlice(first - 2*w - 2)
	}
	pb = d.inSlice(first - 2*w)
	if m.x < w-1 {
		pc = d.inSlice(first - 2*w + 2)
	}
	m.pairLeft = pa
	// above returns the macroblock of a pair above that holds the line before the first one.
	above := func(p int) int {
		switch {
		case p < 0:
			return none
		case field && !m.bottom && d.mbs[p].field:
			return p
		default:
			return p + 1
		}
	}
	m.b, m.c, m.d = above(pb), above(pc), above(pd)
	m.dRow = 3
	if !field && m.bottom {
		m.b = addr - 1
		m.c = none
		m.d = none
		if pa >= 0 {
			m.d = pa
			if d.mbs[pa].field { // line 15 of the pair is line 7 of its bottom field
				m.d, m.dRow = mbaffLeftD(pa)
			}
		}
	}
	m.mixed = false
	if pa < 0 {
		m.a = none
		m.left = [4]int{none, none, none, none}
		m.leftRow = [4]uint8{0, 1, 2, 3}
		return
	}
	bottom := 0
	if m.bottom {
		bottom = 1
	}
	if d.mbs[pa].field == field {
		m.a = pa + bottom
		m.left = [4]int{m.a, m.a, m.a, m.a}
		m.leftRow = [4]uint8{0, 1, 2, 3}
		return
	}
	m.mixed = true
	if field { // left pair of frame macroblocks: every second line of both
		m.left = [4]int{pa, pa, pa + 1, pa + 1}
		m.leftRow = [4]uint8{0, 2, 0, 2}
	} else { // left pair of field macroblocks: even lines are the top field's
		m.left = [4]int{pa, pa, pa, pa}
		r := uint8(2 * bottom)
		m.leftRow = [4]uint8{r, r, r + 1, r + 1}
	}
	m.a = m.left[0]
}

func mbaffLeftD(pa int) (mb, row int) { return pa + 1, 1 }

// chromaLeft returns the macroblock and the row of its 4x4 chroma blocks to the left of row i, where the pairs are of different kinds.
func (d *Decoder) chromaLeft(i int) (mb, row int) {
	m := &d.mb
	if m.field { // chroma lines 0 and 4: lines 0 and 8 of the frame pair, whose macroblocks have eight
		return m.pairLeft + i, 0
	}
	row = 0
	if m.bottom {
		row = 1
	}
	return m.pairLeft, row
}

// leftAbove returns macroblock, row of blocks for the block to the left of line 4*y - 1, y > 0, where the pairs are of different kinds.
func (d *Decoder) leftAbove(y int) (mb, row int) {
	m := &d.mb
	line := 4*y - 1
	if m.field { // line 2*line (+1) of the frame pair
		line *= 2
		if m.bottom {
			line++
		}
		return m.pairLeft + line>>4, line & 15 >> 2
	}
	if m.bottom {
		line += 16
	}
	return m.pairLeft + line&1, line >> 1 >> 2
}

// inferField is the inference of mb_field_decoding_flag where it is absent (clause 7.4.4): from the pair to the left, then above.
func (d *Decoder) inferField(addr int) bool {
	first := addr &^ 1
	x := addr >> 1 % d.width
	if x > 0 {
		if p := d.inSlice(first - 2); p >= 0 {
			return d.mbs[p].field
		}
	}
	if p := d.inSlice(first - 2*d.width); p >= 0 {
		return d.mbs[p].field
	}
	return false
}
