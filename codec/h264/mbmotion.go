package h264

// beginInter loads what the motion of the current macroblock is predicted from.
func (d *Decoder) beginInter() {
	m := &d.mb
	m.cur.chromaMode = 0
	m.cur.direct8 = 0
	for l := range m.partRef {
		m.partRef[l] = [4]int8{-1, -1, -1, -1}
	}
	d.fillMotion()
}

// fillMotion loads vectors and references around the current macroblock and marks its own blocks as unused.
func (d *Decoder) fillMotion() {
	m := &d.mb
	f := d.cur
	lists := 1
	if d.hdr.kind == sliceB {
		lists = 2
	}
	for l := 0; l < lists; l++ {
		mv, ref := &m.mv[l], &m.ref[l]
		for y := 12; y < 40; y += 8 {
			ref[y], ref[y+1], ref[y+2], ref[y+3] = -1, -1, -1, -1
			mv[y], mv[y+1], mv[y+2], mv[y+3] = 0, 0, 0, 0
		}
		ref[16], ref[24], ref[32] = -2, -2, -2
		if m.b >= 0 {
			o := d.base + m.b
			copy(mv[4:8], f.mv[o*32+l*16+12:])
			r := f.ref[o*8+l*4 : o*8+l*4+4]
			ref[4], ref[5], ref[6], ref[7] = r[2], r[2], r[3], r[3]
		} else {
			ref[4], ref[5], ref[6], ref[7] = -2, -2, -2, -2
			mv[4], mv[5], mv[6], mv[7] = 0, 0, 0, 0
		}
		d.loadMotion(l, 8, m.c, 3, 0)
		d.loadMotion(l, 3, m.d, m.dRow, 3)
		if !m.mixed && m.a >= 0 {
			o := d.base + m.a
			v := f.mv[o*32+l*16 : o*32+l*16+16]
			mv[11], mv[19], mv[27], mv[35] = v[3], v[7], v[11], v[15]
			r := f.ref[o*8+l*4 : o*8+l*4+4]
			ref[11], ref[19], ref[27], ref[35] = r[1], r[1], r[3], r[3]
		} else {
			for i := 0; i < 4; i++ {
				d.loadMotion(l, 11+8*i, m.left[i], int(m.leftRow[i]), 3)
			}
		}
		if d.hdr.mbaff {
			d.scaleNeighbours(l)
		}
		if d.hdr.pps.cabac {
			d.fillMVD(l)
		}
	}
}

// loadMotion puts the block at row and column of macroblock i into the cache of list l.
func (d *Decoder) loadMotion(l, at, i, row, col int) {
	m := &d.mb
	if i < 0 {
		m.mv[l][at], m.ref[l][at] = 0, -2
		return
	}
	o := d.base + i
	m.mv[l][at] = d.cur.mv[o*32+l*16+row*4+col]
	m.ref[l][at] = d.cur.ref[o*8+l*4+row>>1*2+col>>1]
}

// scaleNeighbours adapts the motion of neighbours to the current macroblock where one is a frame and the other a field
// macroblock (clause 8.4.1.3.1).
func (d *Decoder) scaleNeighbours(l int) {
	m := &d.mb
	fix := func(at, i int) {
		if i >= 0 && d.mbs[i].field != m.field {
			m.mv[l][at], m.ref[l][at] = scaleMotion(m.mv[l][at], m.ref[l][at], m.field)
		}
	}
	for i := 4; i < 8; i++ {
		fix(i, m.b)
	}
	fix(8, m.c)
	fix(3, m.d)
	for i := 0; i < 4; i++ {
		fix(11+8*i, m.left[i])
	}
}

func scaleMotion(mv int32, ref int8, toField bool) (int32, int8) {
	if ref < 0 {
		return mv, ref
	}
	y := mv >> 16
	if toField {
		return pack(int32(int16(mv)), y/2), ref << 1
	}
	return pack(int32(int16(mv)), y*2), ref >> 1
}

func pack(x, y int32) int32 { return int32(uint32(uint16(x)) | uint32(y)<<16) }

// fillMVD loads the absolute vector differences around the current macroblock and derives the contexts of ref_idx.
func (d *Decoder) fillMVD(l int) {
	m := &d.mb
	mvd := &m.mvd[l]
	for y := 12; y < 40; y += 8 {
		mvd[y], mvd[y+1], mvd[y+2], mvd[y+3] = 0, 0, 0, 0
	}
	if m.b >= 0 {
		copy(mvd[4:8], d.mvd[m.b][l*16+12:l*16+16])
	} else {
		mvd[4], mvd[5], mvd[6], mvd[7] = 0, 0, 0, 0
	}
	for i := 0; i < 4; i++ {
		v := uint16(0)
		if m.left[i] >= 0 {
			v = d.mvd[m.left[i]][l*16+int(m.leftRow[i])*4+3]
		}
		mvd[11+8*i] = v
	}
	if d.hdr.mbaff { // clause 9.3.3.1.1.7: compIdx 1
		fix := func(at, i int) {
			if i < 0 || d.mbs[i].field == m.field {
				return
			}
			x, y := mvd[at]&255, mvd[at]>>8
			if m.field {
				y /= 2
			} else {
				y = min(y*2, 255)
			}
			mvd[at] = x | y<<8
		}
		for i := 4; i < 8; i++ {
			fix(i, m.b)
		}
		for i := 0; i < 4; i++ {
			fix(11+8*i, m.left[i])
		}
	}
	for i := 0; i < 2; i++ {
		m.refGtA[l][i] = false
		if m.ref[l][11+16*i] > 0 {
			q := m.leftRow[2*i]>>1*2 + 1
			m.refGtA[l][i] = d.mbs[m.left[2*i]].direct8>>q&1 == 0
		}
		m.refGtB[l][i] = m.ref[l][4+2*i] > 0 && d.mbs[m.b].direct8>>(2+i)&1 == 0
	}
}

// endInter keeps the motion of the current macroblock for later ones and predicts its samples.
func (d *Decoder) endInter() {
	d.storeMotion()
	d.predictInter()
}

func (d *Decoder) storeMotion() {
	m := &d.mb
	f := d.cur
	o := d.base + m.addr
	f.field[o] = m.field || d.hdr.structure != wholeFrame
	for l := 0; l < 2; l++ {
		mv := f.mv[o*32+l*16 : o*32+l*16+16]
		ref := f.ref[o*8+l*4 : o*8+l*4+4]
		pic := f.pic[o*8+l*4 : o*8+l*4+4]
		if l == 1 && d.hdr.kind == sliceP {
			clear(mv)
			ref[0], ref[1], ref[2], ref[3] = -1, -1, -1, -1
			pic[0], pic[1], pic[2], pic[3] = -1, -1, -1, -1
			continue
		}
		c := &m.mv[l]
		copy(mv[0:4], c[12:16])
		copy(mv[4:8], c[20:24])
		copy(mv[8:12], c[28:32])
		copy(mv[12:16], c[36:40])
		for i := range ref {
			r := m.ref[l][quarterAt[i]]
			ref[i] = r
			pic[i] = -1
			if r >= 0 {
				pic[i] = d.refID(l, r)
			}
		}
	}
	if d.hdr.pps.cabac {
		v := &d.mvd[m.addr]
		for l := 0; l < 2; l++ {
			if m.cur.typ&(mbSkip|mbDirect) != 0 || l == 1 && d.hdr.kind == sliceP {
				clear(v[l*16 : l*16+16])
				continue
			}
			c := &m.mvd[l]
			copy(v[l*16:l*16+4], c[12:16])
			copy(v[l*16+4:l*16+8], c[20:24])
			copy(v[l*16+8:l*16+12], c[28:32])
			copy(v[l*16+12:l*16+16], c[36:40])
		}
	}
}

// refID names the reference picture of index r for the current macroblock.
func (d *Decoder) refID(l int, r int8) int8 {
	if !d.mb.field {
		return d.list[l][r&31].id()
	}
	p := d.list[l][r>>1&31]
	return p.f.slot<<2 | int8(d.mb.parity(r))
}

// parity is the field that reference index r of a field macroblock in an MBAFF frame selects (clause 8.4.2.1).
func (m *mbState) parity(r int8) uint8 {
	if (r&1 != 0) != m.bottom {
		return bottomField
	}
	return topField
}

// storeIntraMotion records that the current macroblock has no motion.
func (d *Decoder) storeIntraMotion() {
	o := d.base + d.mb.addr
	f := d.cur
	f.field[o] = d.mb.field || d.hdr.structure != wholeFrame
	ref := f.ref[o*8 : o*8+8]
	pic := f.pic[o*8 : o*8+8]
	for i := range ref {
		ref[i] = -1
	}
	for i := range pic {
		pic[i] = -1
	}
	if d.hdr.kind == sliceI {
		return // neighbours in the slice are intra as well, and others look at the references first
	}
	clear(f.mv[o*32 : o*32+32])
	if d.hdr.pps.cabac {
		d.mvd[d.mb.addr] = [32]uint16{}
	}
}
