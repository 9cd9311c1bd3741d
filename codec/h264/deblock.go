package h264

// deblockState is scratch space of the deblocking filter.
type deblockState struct {
	bs         [2][4][4]uint8 // boundary strengths: vertical and horizontal edges
	fieldAbove int            // MBAFF: the pair of field macroblocks above a frame macroblock, or none
}

// Tables 8-16 and 8-17, by indexA and indexB.
var (
	alphaTable = [52]uint8{
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 5, 6, 7, 8, 9, 10, 12, 13,
		15, 17, 20, 22, 25, 28, 32, 36, 40, 45, 50, 56, 63, 71, 80, 90, 101, 113, 127, 144, 162, 182, 203, 226, 255, 255,
	}
	betaTable = [52]uint8{
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4,
		6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18,
	}
	tc0Table = [52][4]uint8{ // by bS, 1 to 3
		17: {0, 0, 0, 1},
		{0, 0, 0, 1},
		{0, 0, 0, 1},
		{0, 0, 0, 1},
		{0, 0, 1, 1},
		{0, 0, 1, 1},
		{0, 1, 1, 1},
		{0, 1, 1, 1},
		{0, 1, 1, 1},
		{0, 1, 1, 1},
		{0, 1, 1, 2},
		{0, 1, 1, 2},
		{0, 1, 1, 2},
		{0, 1, 1, 2},
		{0, 1, 2, 3},
		{0, 1, 2, 3},
		{0, 2, 2, 3},
		{0, 2, 2, 4},
		{0, 2, 3, 4},
		{0, 2, 3, 4},
		{0, 3, 3, 5},
		{0, 3, 4, 6},
		{0, 3, 4, 6},
		{0, 4, 5, 7},
		{0, 4, 5, 8},
		{0, 4, 6, 9},
		{0, 5, 7, 10},
		{0, 6, 8, 11},
		{0, 6, 8, 13},
		{0, 7, 10, 14},
		{0, 8, 11, 16},
		{0, 9, 12, 18},
		{0, 10, 13, 20},
		{0, 11, 15, 23},
		{0, 13, 17, 25},
	}
)

// deblockPicture is the deblocking filter process (clause 8.7) for the picture that was just decoded.
func (d *Decoder) deblockPicture(h *sliceHeader) {
	all := true
	for i := range d.slices {
		all = all && d.slices[i].deblock == 1
	}
	if all {
		return
	}
	n := d.width * d.height
	d.deb.fieldAbove = none
	for addr := 0; addr < n; addr++ {
		c := &d.mbs[addr]
		if c.slice == 0 {
			continue
		}
		s := &d.slices[c.slice-1]
		if s.deblock == 1 {
			continue
		}
		if h.mbaff {
			d.deblockMBAFF(addr, c, s)
			continue
		}
		x := addr % d.width
		y := addr / d.width
		left, top := x > 0, y > 0
		if s.deblock == 2 {
			left = left && d.mbs[addr-1].slice == c.slice
			top = top && d.mbs[addr-d.width].slice == c.slice
		}
		stride := d.active.mbWidth * 16
		o := y*16*stride + x*16
		co := y*8*(stride/2) + x*8
		field := h.structure != wholeFrame
		if field {
			o, co = o+y*16*stride, co+y*8*(stride/2)
			if h.structure == bottomField {
				o, co = o+stride, co+stride/2
			}
			stride *= 2
		}
		d.strengths(addr, c, left, top, field)
		d.filterMB(addr, c, s, left, top, addr-1, addr-d.width, o, co, stride)
	}
}

// strengths derives bS (clause 8.7.2.1) of the edges of a macroblock whose neighbours are of its own kind.
func (d *Decoder) strengths(addr int, c *macroblock, left, top, field bool) {
	bs := &d.deb.bs
	limit := int32(4)
	if field {
		limit = 2
	}
	if c.typ&mbIntra != 0 {
		three := [4]uint8{3, 3, 3, 3}
		for i := 1; i < 4; i++ {
			bs[0][i], bs[1][i] = three, three
		}
		bs[0][0] = [4]uint8{4, 4, 4, 4}
		bs[1][0] = bs[0][0]
		if field {
			bs[1][0] = three
		}
		return
	}
	if left {
		bs[0][0] = d.edgeStrength(addr-1, addr, c, 0, limit, 4)
	}
	if top {
		v := uint8(4)
		if field {
			v = 3
		}
		bs[1][0] = d.edgeStrength(addr-d.width, addr, c, 1, limit, v)
	}
	d.innerStrengths(addr, c, limit)
}

// innerStrengths derives bS inside an inter macroblock.
func (d *Decoder) innerStrengths(addr int, c *macroblock, limit int32) {
	bs := &d.deb.bs
	if c.typ&mb16x16 != 0 && c.nz == 0 {
		for i := 1; i < 4; i++ {
			bs[0][i], bs[1][i] = [4]uint8{}, [4]uint8{}
		}
		return
	}
	// Bit b of v: block b or its neighbour to the left has coefficients; of w: above.
	v, w := c.nz|c.nz<<1, c.nz|c.nz<<4
	step := 1
	if c.t8x8 {
		step = 2
	}
	o := d.base + addr
	simple := c.typ&mb16x16 != 0
	for e := step; e < 4; e += step {
		for k := 0; k < 4; k++ {
			q := 4*k + e
			switch {
			case v>>q&1 != 0:
				bs[0][e][k] = 2
			case simple:
				bs[0][e][k] = 0
			default:
				bs[0][e][k] = d.motionDiffers(o, q-1, o, q, limit)
			}
			q = 4*e + k
			switch {
			case w>>q&1 != 0:
				bs[1][e][k] = 2
			case simple:
				bs[1][e][k] = 0
			default:
				bs[1][e][k] = d.motionDiffers(o, q-4, o, q, limit)
			}
		}
	}
}

// edgeStrength derives bS along the edge between macroblock p and the current inter macroblock, to its left (dir 0) or above (1).
func (d *Decoder) edgeStrength(p, addr int, c *macroblock, dir int, limit int32, intra uint8) (bs [4]uint8) {
	n := &d.mbs[p]
	if n.typ&mbIntra != 0 {
		return [4]uint8{intra, intra, intra, intra}
	}
	op, oq := d.base+p, d.base+addr
	for k := 0; k < 4; k++ {
		bq, bp := 4*k, 4*k+3
		if dir == 1 {
			bq, bp = k, 12+k
		}
		if c.nz>>bq&1 != 0 || n.nz>>bp&1 != 0 {
			bs[k] = 2
		} else {
			bs[k] = d.motionDiffers(op, bp, oq, bq, limit)
		}
	}
	return bs
}

// motionDiffers returns 1 where blocks p and q use other reference pictures, another number of vectors, or vectors that differ by four
// quarter samples; limit is what that is vertically.
func (d *Decoder) motionDiffers(op, bp, oq, bq int, limit int32) uint8 {
	f := d.cur
	pp := op*8 + bp>>3*2 + bp>>1&1
	pq := oq*8 + bq>>3*2 + bq>>1&1
	p0, p1 := f.pic[pp], f.pic[pp+4]
	q0, q1 := f.pic[pq], f.pic[pq+4]
	mp0, mp1 := f.mv[op*32+bp], f.mv[op*32+16+bp]
	mq0, mq1 := f.mv[oq*32+bq], f.mv[oq*32+16+bq]
	if p0 == q0 && p1 == q1 {
		if !far(mp0, mq0, limit) && !far(mp1, mq1, limit) {
			return 0
		}
		if p0 != p1 {
			return 1
		}
	} else if p0 != q1 || p1 != q0 {
		return 1
	}
	if far(mp0, mq1, limit) || far(mp1, mq0, limit) {
		return 1
	}
	return 0
}

func far(a, b, limit int32) bool {
	if a == b {
		return false
	}
	x := int32(int16(a)) - int32(int16(b))
	y := a>>16 - b>>16
	return x >= 4 || x <= -4 || y >= limit || y <= -limit
}

// filterMB filters the edges of one macroblock; p and t are those to its left and above.
func (d *Decoder) filterMB(addr int, c *macroblock, s *sliceInfo, left, top bool, p, t, o, co, stride int) {
	bs := &d.deb.bs
	f := d.cur
	qp := int32(c.qp)
	inner := newEdge(qp, s.alpha, s.beta)
	cstride := stride / 2
	step := 1
	if c.t8x8 {
		step = 2
	}
	if left {
		d.filterEdge(0, &bs[0][0], s, qp, int32(d.mbs[p].qp), o, co, stride)
	}
	for e := step; e < 4; e += step {
		if b := &bs[0][e]; *b != ([4]uint8{}) && inner.alpha != 0 {
			lumaVertical(f.y, o+4*e, stride, b, 4, &inner)
		}
	}
	var chroma [2]edge
	for i := range chroma {
		k := s.chromaQP(i, qp)
		chroma[i] = newEdge(k, s.alpha, s.beta)
	}
	if b := &bs[0][2]; *b != ([4]uint8{}) {
		chromaVertical(f.cb, co+4, cstride, b, &chroma[0])
		chromaVertical(f.cr, co+4, cstride, b, &chroma[1])
	}
	if top {
		if above := d.deb.fieldAbove; above >= 0 {
			d.filterFieldsAbove(c, s, above, o, co, stride)
		} else {
			d.filterEdge(1, &bs[1][0], s, qp, int32(d.mbs[t].qp), o, co, stride)
		}
	}
	for e := step; e < 4; e += step {
		if b := &bs[1][e]; *b != ([4]uint8{}) && inner.alpha != 0 {
			lumaHorizontal(f.y, o+4*e*stride, stride, stride, b, &inner)
		}
	}
	if b := &bs[1][2]; *b != ([4]uint8{}) {
		chromaHorizontal(f.cb, co+4*cstride, cstride, cstride, b, &chroma[0])
		chromaHorizontal(f.cr, co+4*cstride, cstride, cstride, b, &chroma[1])
	}
}

// filterEdge filters the left (dir 0) or top edge of a macroblock in all planes.
func (d *Decoder) filterEdge(dir int, b *[4]uint8, s *sliceInfo, qp, qpOther int32, o, co, stride int) {
	if *b == ([4]uint8{}) {
		return
	}
	f := d.cur
	e := newEdge((qp+qpOther+1)>>1, s.alpha, s.beta)
	if e.alpha != 0 {
		if dir == 0 {
			lumaVertical(f.y, o, stride, b, 4, &e)
		} else {
			lumaHorizontal(f.y, o, stride, stride, b, &e)
		}
	}
	for i := 0; i < 2; i++ {
		e := newEdge((s.chromaQP(i, qp)+s.chromaQP(i, qpOther)+1)>>1, s.alpha, s.beta)
		plane := f.cb
		if i == 1 {
			plane = f.cr
		}
		if dir == 0 {
			chromaVertical(plane, co, stride/2, b, &e)
		} else {
			chromaHorizontal(plane, co, stride/2, stride/2, b, &e)
		}
	}
}

func (s *sliceInfo) chromaQP(i int, qp int32) int32 {
	return int32(chromaQP[min(max(qp+s.chromaOffset[i], 0), 51)])
}
