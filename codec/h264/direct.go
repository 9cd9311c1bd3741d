package h264

// directState is what direct prediction (clause 8.4.1.2) derives once per slice.
type directState struct {
	col      *frame
	colField int  // field of col that frame macroblocks use where it was coded as fields: 0 top, 1 bottom
	colShort bool // RefPicList1[0] is a short-term reference
	uniform  bool // the whole macroblock got one motion

	frameIndex [40]int8     // lowest index in RefPicList0 by frame store, or -1
	fieldIndex [160]int8    // the same by field, in field pictures
	scale      [3][64]int32 // DistScaleFactor by reference index: of the picture, or of top and bottom field macroblocks
	fixed      [3][64]bool  // no scaling: long-term reference or equal order counts
}

// distScale is DistScaleFactor (clause 8.4.1.2.3); ok is false where it does not apply.
func distScale(cur, poc0, poc1 int32) (int32, bool) {
	td := min(max(poc1-poc0, -128), 127)
	if td == 0 {
		return 0, false
	}
	tb := min(max(cur-poc0, -128), 127)
	a := td / 2
	tx := (16384 + max(a, -a)) / td
	return min(max((tb*tx+32)>>6, -1024), 1023), true
}

// fieldRef returns the picture of reference index r for a field macroblock of the given parity in an MBAFF frame (clause 8.4.2.1).
func (d *Decoder) fieldRef(l, r int, bottom bool) refPic {
	p := d.list[l][r>>1&31]
	if (r&1 != 0) != bottom {
		p.structure = bottomField
	} else {
		p.structure = topField
	}
	return p
}

func (d *Decoder) initDirect(h *sliceHeader) {
	s := &d.direct
	p := d.list[1][0]
	s.col = p.f
	s.colShort = !p.long
	cur := d.cur
	poc := min(cur.poc[0], cur.poc[1])
	if h.structure == wholeFrame {
		top, bottom := p.f.poc[0]-poc, p.f.poc[1]-poc
		s.colField = 1
		if max(top, -top) < max(bottom, -bottom) {
			s.colField = 0
		}
	} else {
		s.colField = int(p.structure) - 1
		poc = cur.poc[h.structure-1]
	}
	if h.directSpatial {
		return
	}
	for i := range s.frameIndex {
		s.frameIndex[i] = -1
	}
	for i := range s.fieldIndex {
		s.fieldIndex[i] = -1
	}
	poc1 := p.poc()
	for i := h.refs[0] - 1; i >= 0; i-- {
		q := d.list[0][i]
		s.frameIndex[q.f.slot] = int8(i)
		s.fieldIndex[q.id()] = int8(i)
		v, ok := distScale(poc, q.poc(), poc1)
		s.scale[0][i], s.fixed[0][i] = v, !ok || q.long
	}
	if !h.mbaff {
		return
	}
	for b := 0; b < 2; b++ {
		poc1 := d.fieldRef(1, 0, b == 1).poc()
		for i := 0; i < 2*h.refs[0]; i++ {
			q := d.fieldRef(0, i, b == 1)
			v, ok := distScale(cur.poc[b], q.poc(), poc1)
			s.scale[1+b][i], s.fixed[1+b][i] = v, !ok || q.long
		}
	}
}

// How the vertical motion of the colocated macroblock relates to the current one.
const (
	oneToOne = iota
	frameToField
	fieldToFrame
)

// colocated returns the macroblock of the colocated picture and the block in it, in raster order, for the luma location x, y of the
// current macroblock (clause 8.4.1.2.1, Table 8-6).
func (d *Decoder) colocated(x, y int) (mb, blk, vertical int) {
	m := &d.mb
	f := d.direct.col
	addr := m.addr
	w := d.width
	half := w * d.active.mbHeight / 2 // macroblocks of a field
	yM := y
	switch {
	case d.hdr.structure != wholeFrame:
		switch {
		case f.fieldPair:
			mb = d.direct.colField*half + addr
		case !f.mbaff:
			mb = 2*w*(addr/w) + addr%w + w*(y/8)
			yM = 2 * y % 16
			vertical = frameToField
		case !f.field[2*addr]:
			mb = 2*addr + y/8
			yM = 2 * y % 16
			vertical = frameToField
		default:
			mb = 2*addr + int(d.hdr.structure) - 1
		}
	case !d.hdr.mbaff:
		if f.fieldPair {
			mb = d.direct.colField*half + w*(addr/(2*w)) + addr%w
			yM = 8*(addr/w%2) + 4*(y/8)
			vertical = fieldToFrame
		} else {
			mb = addr
		}
	case f.fieldPair:
		if m.field {
			mb = addr / 2
			if m.bottom {
				mb += half
			}
		} else {
			mb = d.direct.colField*half + addr/2
			yM = 8*(addr%2) + 4*(y/8)
			vertical = fieldToFrame
		}
	case !m.field && f.field[addr]:
		mb = addr&^1 + d.direct.colField
		yM = 8*(addr%2) + 4*(y/8)
		vertical = fieldToFrame
	case m.field && !f.field[addr]:
		mb = addr&^1 + y/8
		yM = 2 * y % 16
		vertical = frameToField
	default:
		mb = addr
	}
	return mb, yM>>2*4 + x>>2, vertical
}

// colMotion returns mvCol, refIdxCol and the id of the picture that it refers to; refIdxCol is -1 for intra.
func (d *Decoder) colMotion(mb, blk int) (mv int32, ref, pic int8) {
	f := d.direct.col
	q := mb*8 + blk>>3*2 + blk>>1&1
	if ref = f.ref[q]; ref >= 0 {
		return f.mv[mb*32+blk], ref, f.pic[q]
	}
	if ref = f.ref[q+4]; ref >= 0 {
		return f.mv[mb*32+16+blk], ref, f.pic[q+4]
	}
	return 0, -1, -1
}

// directMB derives the motion of a whole macroblock in direct mode.
func (d *Decoder) directMB() {
	d.direct.uniform = false
	d.directQuarters(15)
}

// directQuarters derives the motion of the quarters in mask.
func (d *Decoder) directQuarters(mask uint8) {
	if d.hdr.directSpatial {
		d.directSpatial(mask)
	} else {
		d.directTemporal(mask)
	}
}

// directSpatial is clause 8.4.1.2.2.
func (d *Decoder) directSpatial(mask uint8) {
	m := &d.mb
	var ref [2]int8
	var mv [2]int32
	for l := 0; l < 2; l++ {
		_, c := d.neighbourC(l, 12, 4)
		// MinPositive: negative values compare as the largest.
		r := min(uint8(m.ref[l][11]), uint8(m.ref[l][4]), uint8(c))
		ref[l] = int8(r)
		if ref[l] >= 0 {
			mv[l] = d.predictMV(l, 12, 4, ref[l])
		} else {
			ref[l] = -1
		}
	}
	check := d.direct.colShort
	if ref[0] < 0 && ref[1] < 0 {
		ref = [2]int8{}
		check = false
	} else if (ref[0] != 0 || mv[0] == 0) && (ref[1] != 0 || mv[1] == 0) {
		check = false
	}
	for q := 0; q < 4; q++ {
		if mask>>q&1 == 0 {
			continue
		}
		at := quarterAt[q]
		for l := 0; l < 2; l++ {
			r := &m.ref[l]
			r[at], r[at+1], r[at+8], r[at+9] = ref[l], ref[l], ref[l], ref[l]
			m.setMV(l, at, 2, 2, mv[l])
		}
	}
	d.direct.uniform = true
	if !check {
		return
	}
	zero := func(x, y int) bool { // colZeroFlag
		mb, blk, _ := d.colocated(x, y)
		v, r, _ := d.colMotion(mb, blk)
		vx, vy := int32(int16(v)), v>>16
		return r == 0 && vx >= -1 && vx <= 1 && vy >= -1 && vy <= 1
	}
	for q := 0; q < 4; q++ {
		if mask>>q&1 == 0 {
			continue
		}
		at := quarterAt[q]
		if d.active.direct8x8 {
			if zero(q&1*12, q>>1*12) {
				d.direct.uniform = false
				for l := 0; l < 2; l++ {
					if ref[l] == 0 {
						m.setMV(l, at, 2, 2, 0)
					}
				}
			}
			continue
		}
		for b := 0; b < 4; b++ {
			x, y := q&1*8+b&1*4, q>>1*8+b>>1*4
			if !zero(x, y) {
				continue
			}
			d.direct.uniform = false
			for l := 0; l < 2; l++ {
				if ref[l] == 0 {
					m.mv[l][at+b&1+b>>1*8] = 0
				}
			}
		}
	}
}

// directTemporal is clause 8.4.1.2.3.
func (d *Decoder) directTemporal(mask uint8) {
	m := &d.mb
	s := &d.direct
	variant := 0
	if m.field {
		variant = 1
		if m.bottom {
			variant = 2
		}
	}
	for q := 0; q < 4; q++ {
		if mask>>q&1 == 0 {
			continue
		}
		at := quarterAt[q]
		n, size := 4, 1
		if d.active.direct8x8 {
			n, size = 1, 2
		}
		for b := 0; b < n; b++ {
			x, y := q&1*8+b&1*4, q>>1*8+b>>1*4
			if n == 1 {
				x, y = q&1*12, q>>1*12
			}
			mb, blk, vertical := d.colocated(x, y)
			mv, refCol, pic := d.colMotion(mb, blk)
			ref0 := int8(0)
			if refCol >= 0 {
				ref0 = max(d.mapToList0(pic, vertical), 0)
			}
			vx, vy := int32(int16(mv)), mv>>16
			switch vertical {
			case frameToField:
				vy /= 2
			case fieldToFrame:
				vy *= 2
			}
			v0, v1 := pack(vx, vy), int32(0)
			if !s.fixed[variant][ref0] {
				k := s.scale[variant][ref0]
				x0, y0 := (k*vx+128)>>8, (k*vy+128)>>8
				v0, v1 = pack(x0, y0), pack(x0-vx, y0-vy)
			}
			a := at + b&1 + b>>1*8
			m.setMV(0, a, size, size, v0)
			m.setMV(1, a, size, size, v1)
			for l, r := range [2]int8{ref0, 0} {
				for i := 0; i < size; i++ {
					m.ref[l][a+i], m.ref[l][a+i+(size-1)*8] = r, r
				}
			}
		}
	}
}

// mapToList0 is the reference index in RefPicList0 of what the colocated block refers to, or -1.
func (d *Decoder) mapToList0(pic int8, vertical int) int8 {
	s := &d.direct
	slot := pic >> 2
	if slot < 0 {
		return -1
	}
	switch {
	case d.hdr.structure != wholeFrame:
		if vertical == frameToField { // the field of the same parity
			return s.fieldIndex[slot<<2|int8(d.hdr.structure)]
		}
		return s.fieldIndex[uint8(pic)]
	case d.mb.field:
		i := s.frameIndex[slot]
		if i < 0 {
			return -1
		}
		same := int8(topField)
		if d.mb.bottom {
			same = bottomField
		}
		if vertical == frameToField || pic&3 == same {
			return 2 * i
		}
		return 2*i + 1
	}
	return s.frameIndex[slot]
}
