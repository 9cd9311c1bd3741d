package h264

// Partition masks of B macroblock types 4 to 21 (Table 7-14): lists of the first and the second partition; 1 is list 0, 2 is list 1.
var biMasks = [18][2]uint8{
	{1, 1}, {1, 1}, {2, 2}, {2, 2}, {1, 2}, {1, 2}, {2, 1}, {2, 1}, {1, 3}, {1, 3}, {2, 3}, {2, 3}, {3, 1}, {3, 1}, {3, 2}, {3, 2}, {3, 3}, {3, 3},
}

// Sub-macroblock types of B slices (Table 7-18): lists, and the shape as in P slices (0: 8x8, 1: 8x4, 2: 4x8, 3: 4x4).
var (
	subMaskB  = [13]uint8{3, 1, 2, 3, 1, 1, 2, 2, 3, 3, 1, 2, 3}
	subShapeB = [13]uint8{0, 0, 0, 0, 1, 2, 1, 2, 1, 2, 3, 3, 3}
)

// quarter returns the first quarter of partition i.
func (m *mbState) quarter(i int) int {
	if m.cur.typ == mb16x8 {
		return i * 2
	}
	return i
}

// partitions interprets mb_type of Tables 7-13 and 7-14, other than 8x8 and direct, and sets the lists of each quarter.
func (d *Decoder) partitions(t uint32) {
	m := &d.mb
	var a, b uint8 = 1, 1
	if d.hdr.kind == sliceP {
		m.cur.typ = [3]uint16{mb16x16, mb16x8, mb8x16}[t%3]
	} else if t <= 3 {
		m.cur.typ = mb16x16
		a, b = uint8(t), uint8(t)
	} else {
		m.cur.typ = mb16x8
		if t&1 != 0 {
			m.cur.typ = mb8x16
		}
		k := biMasks[(t-4)%18]
		a, b = k[0], k[1]
	}
	if m.cur.typ == mb16x8 {
		m.subMask = [4]uint8{a, a, b, b}
	} else {
		m.subMask = [4]uint8{a, b, a, b}
	}
}

// subTypes interprets sub_mb_type and derives the motion of direct sub-macroblocks. It reports whether transform_size_8x8_flag may
// follow (clause 7.3.5).
func (d *Decoder) subTypes() bool {
	m := &d.mb
	ok := true
	if d.hdr.kind == sliceP {
		m.subMask = [4]uint8{1, 1, 1, 1}
		for _, s := range m.sub {
			ok = ok && s == 0
		}
		return ok
	}
	for i, s := range m.sub {
		m.subMask[i] = subMaskB[s]
		m.sub[i] = subShapeB[s]
		if s == 0 {
			m.cur.direct8 |= 1 << i
			m.subMask[i] = 0
			ok = ok && d.active.direct8x8
		} else {
			ok = ok && m.sub[i] == 0
		}
	}
	if m.cur.direct8 != 0 {
		d.directQuarters(m.cur.direct8)
	}
	return ok
}

// setPartRef sets the reference of partition i for each of its quarters.
func (m *mbState) setPartRef(l, i int, v int8) {
	switch m.cur.typ {
	case mb16x16:
		m.partRef[l] = [4]int8{v, v, v, v}
	case mb16x8:
		m.partRef[l][i*2], m.partRef[l][i*2+1] = v, v
	default:
		m.partRef[l][i], m.partRef[l][i+2] = v, v
	}
}

// setRefs puts the references of all partitions but direct ones into the cache.
func (d *Decoder) setRefs() {
	m := &d.mb
	for l := 0; l < 2; l++ {
		ref := &m.ref[l]
		for i := 0; i < 4; i++ {
			if m.cur.direct8>>i&1 != 0 {
				continue
			}
			at := quarterAt[i]
			v := m.partRef[l][i]
			ref[at], ref[at+1], ref[at+8], ref[at+9] = v, v, v, v
		}
	}
}

// quarterAt is the cache index of the first block of each quarter.
var quarterAt = [4]int{12, 14, 28, 30}

// Blocks, in raster order, whose neighbour C inside the macroblock precedes them in decoding order, for widths of one and two blocks.
const (
	cInside1 = 1<<4 | 1<<6 | 1<<8 | 1<<9 | 1<<10 | 1<<12 | 1<<14
	cInside2 = 1 << 8
)

// neighbourC returns motion and reference of C, or of D where C is not available (clause 8.4.1.3.2).
func (d *Decoder) neighbourC(l, at, w int) (mv int32, ref int8) {
	m := &d.mb
	if at < 20 {
		if ref = m.ref[l][at-8+w]; ref != -2 {
			return m.mv[l][at-8+w], ref
		}
	} else {
		blk := uint(at-12)>>3*4 + uint(at-12)&7
		if w == 1 && cInside1>>blk&1 != 0 || w == 2 && cInside2>>blk&1 != 0 {
			return m.mv[l][at-8+w], m.ref[l][at-8+w]
		}
	}
	if m.mixed && at > 12 && (at-12)&7 == 0 {
		i, row := d.leftAbove((at - 12) >> 3)
		o := d.base + i
		mv = d.cur.mv[o*32+l*16+row*4+3]
		ref = d.cur.ref[o*8+l*4+row>>1*2+1]
		return scaleMotion(mv, ref, m.field)
	}
	return m.mv[l][at-9], m.ref[l][at-9]
}

// predictMV is median prediction (clause 8.4.1.3) for a block w blocks wide.
func (d *Decoder) predictMV(l, at, w int, ref int8) int32 {
	m := &d.mb
	mvC, refC := d.neighbourC(l, at, w)
	refA, refB := m.ref[l][at-1], m.ref[l][at-8]
	mvA, mvB := m.mv[l][at-1], m.mv[l][at-8]
	if refB == -2 && refC == -2 && refA != -2 {
		return mvA
	}
	a, b, c := refA == ref, refB == ref, refC == ref
	switch {
	case a && !b && !c:
		return mvA
	case b && !a && !c:
		return mvB
	case c && !a && !b:
		return mvC
	}
	return pack(median(int32(int16(mvA)), int32(int16(mvB)), int32(int16(mvC))), median(mvA>>16, mvB>>16, mvC>>16))
}

func median(a, b, c int32) int32 { return max(min(a, b), min(max(a, b), c)) }

// readVector adds mvd to the prediction of the w by h blocks at at, and stores both.
func (d *Decoder) readVector(l, at, w, h int, pred int32, cabac bool) {
	m := &d.mb
	var x, y int32
	if cabac {
		a, b := m.mvd[l][at-1], m.mvd[l][at-8]
		x = d.cabacMVD(40, int(a&255)+int(b&255))
		y = d.cabacMVD(47, int(a>>8)+int(b>>8))
		v := uint16(min(max(x, -x), 127)) | uint16(min(max(y, -y), 127))<<8
		for j := 0; j < h; j++ {
			for i := at + 8*j; i < at+8*j+w; i++ {
				m.mvd[l][i] = v
			}
		}
	} else {
		x = d.r.se()
		y = d.r.se()
	}
	m.setMV(l, at, w, h, pack(int32(int16(pred))+x, pred>>16+y))
}

func (m *mbState) setMV(l, at, w, h int, v int32) {
	mv := &m.mv[l]
	for j := 0; j < h; j++ {
		for i := at; i < at+w; i++ {
			mv[i] = v
		}
		at += 8
	}
}

// partVectors reads the vectors of a 16x16, 16x8 or 8x16 macroblock.
func (d *Decoder) partVectors(cabac bool) {
	m := &d.mb
	for l := 0; l < 2; l++ {
		mask := uint8(1) << l
		ref := &m.ref[l]
		switch m.cur.typ {
		case mb16x16:
			if m.subMask[0]&mask != 0 {
				d.readVector(l, 12, 4, 4, d.predictMV(l, 12, 4, ref[12]), cabac)
			}
		case mb16x8: // directional prediction, clause 8.4.1.3
			if m.subMask[0]&mask != 0 {
				p := m.mv[l][4]
				if ref[4] != ref[12] {
					p = d.predictMV(l, 12, 4, ref[12])
				}
				d.readVector(l, 12, 4, 2, p, cabac)
			}
			if m.subMask[2]&mask != 0 {
				p := m.mv[l][27]
				if ref[27] != ref[28] {
					p = d.predictMV(l, 28, 4, ref[28])
				}
				d.readVector(l, 28, 4, 2, p, cabac)
			}
		case mb8x16:
			if m.subMask[0]&mask != 0 {
				p := m.mv[l][11]
				if ref[11] != ref[12] {
					p = d.predictMV(l, 12, 2, ref[12])
				}
				d.readVector(l, 12, 2, 4, p, cabac)
			}
			if m.subMask[1]&mask != 0 {
				p, refC := d.neighbourC(l, 14, 2)
				if refC != ref[14] {
					p = d.predictMV(l, 14, 2, ref[14])
				}
				d.readVector(l, 14, 2, 4, p, cabac)
			}
		}
	}
}

// subVectors reads the vectors of sub-macroblock i.
func (d *Decoder) subVectors(l, i int, cabac bool) {
	m := &d.mb
	at := quarterAt[i]
	ref := m.ref[l][at]
	switch m.sub[i] {
	case 0:
		d.readVector(l, at, 2, 2, d.predictMV(l, at, 2, ref), cabac)
	case 1:
		d.readVector(l, at, 2, 1, d.predictMV(l, at, 2, ref), cabac)
		d.readVector(l, at+8, 2, 1, d.predictMV(l, at+8, 2, ref), cabac)
	case 2:
		d.readVector(l, at, 1, 2, d.predictMV(l, at, 1, ref), cabac)
		d.readVector(l, at+1, 1, 2, d.predictMV(l, at+1, 1, ref), cabac)
	default:
		d.readVector(l, at, 1, 1, d.predictMV(l, at, 1, ref), cabac)
		d.readVector(l, at+1, 1, 1, d.predictMV(l, at+1, 1, ref), cabac)
		d.readVector(l, at+8, 1, 1, d.predictMV(l, at+8, 1, ref), cabac)
		d.readVector(l, at+9, 1, 1, d.predictMV(l, at+9, 1, ref), cabac)
	}
}

// skipMB infers a skipped macroblock (clauses 8.4.1.1 and 8.4.1.2).
func (d *Decoder) skipMB() {
	m := &d.mb
	c := m.cur
	m.qpDelta = false
	c.cbp, c.nz, c.t8x8, c.chromaMode, c.direct8 = 0, 0, false, 0, 0
	c.nnz = [24]uint8{}
	c.qp = uint8(m.qp)
	d.fillMotion()
	if d.hdr.kind == sliceB {
		c.typ = mbSkip | mbDirect
		c.direct8 = 15
		d.directMB()
	} else {
		c.typ = mbSkip | mb16x16
		ref, mv := &m.ref[0], &m.mv[0]
		v := int32(0)
		if ref[11] != -2 && ref[4] != -2 && (ref[11] != 0 || mv[11] != 0) && (ref[4] != 0 || mv[4] != 0) {
			v = d.predictMV(0, 12, 4, 0)
		}
		m.setMV(0, 12, 4, 4, v)
		for _, at := range quarterAt {
			ref[at], ref[at+1], ref[at+8], ref[at+9] = 0, 0, 0, 0
		}
	}
	d.endInter()
}
