package h264

// deblockMBAFF filters one macroblock of an MBAFF frame (clause 8.7), whose neighbours may be of the other kind.
func (d *Decoder) deblockMBAFF(addr int, c *macroblock, s *sliceInfo) {
	w := d.width
	stride := d.active.mbWidth * 16
	pair := addr >> 1
	x, row := pair%w, pair/w
	first := addr &^ 1
	bottom := addr & 1
	o := row*32*stride + x*16
	co := row*16*(stride/2) + x*8
	ls := stride
	if c.field {
		o, co = o+bottom*stride, co+bottom*stride/2
		ls *= 2
	} else {
		o, co = o+bottom*16*stride, co+bottom*8*(stride/2)
	}
	left := x > 0
	pa, pb := first-2, first-2*w
	top := row > 0 || !c.field && bottom == 1
	if s.deblock == 2 {
		left = left && d.mbs[pa].slice == c.slice
		if row > 0 && (c.field || bottom == 0) {
			top = d.mbs[pb].slice == c.slice
		}
	}
	limit := int32(4)
	if c.field {
		limit = 2
	}
	intra := c.typ&mbIntra != 0
	bs := &d.deb.bs
	if intra {
		for i := 1; i < 4; i++ {
			bs[0][i], bs[1][i] = [4]uint8{3, 3, 3, 3}, [4]uint8{3, 3, 3, 3}
		}
	} else {
		d.innerStrengths(addr, c, limit)
	}

	leftMB, mixedLeft := pa+bottom, false
	if left {
		if d.mbs[pa].field == c.field {
			bs[0][0] = [4]uint8{4, 4, 4, 4}
			if !intra {
				bs[0][0] = d.edgeStrength(leftMB, addr, c, 0, limit, 4)
			}
		} else {
			mixedLeft = true
		}
	}
	topMB, twice := none, false
	if top {
		switch {
		case !c.field && bottom == 1:
			topMB = first
		case !c.field && d.mbs[pb].field:
			twice = true
		case c.field && d.mbs[pb].field:
			topMB = pb + bottom
		default:
			topMB = pb + 1
		}
		if topMB >= 0 {
			n := &d.mbs[topMB]
			v := uint8(4)
			if c.field || n.field {
				v = 3
			}
			switch {
			case intra || n.typ&mbIntra != 0:
				bs[1][0] = [4]uint8{v, v, v, v}
			case c.field != n.field:
				bs[1][0] = mixedStrength(n, c)
			default:
				bs[1][0] = d.edgeStrength(topMB, addr, c, 1, limit, v)
			}
		}
	}
	if mixedLeft {
		d.filterMixedLeft(addr, c, s, pa, o, co, ls)
	}
	d.deb.fieldAbove = none
	if twice {
		d.deb.fieldAbove = pb
	}
	d.filterMB(addr, c, s, left && !mixedLeft, top, leftMB, topMB, o, co, ls)
}

// mixedStrength is bS along the top edge between a frame and a field macroblock that are both inter.
func mixedStrength(p, q *macroblock) (bs [4]uint8) {
	for k := range bs {
		bs[k] = 1
		if p.nz>>(12+k)&1 != 0 || q.nz>>k&1 != 0 {
			bs[k] = 2
		}
	}
	return bs
}

// filterFieldsAbove filters the top edge of a frame macroblock below a pair of field macroblocks pb: each field's lines by themselves.
func (d *Decoder) filterFieldsAbove(c *macroblock, s *sliceInfo, pb, o, co, stride int) {
	for i := 0; i < 2; i++ {
		n := &d.mbs[pb+i]
		bs := [4]uint8{3, 3, 3, 3}
		if c.typ&mbIntra == 0 && n.typ&mbIntra == 0 {
			bs = mixedStrength(n, c)
		}
		d.filterEdge(1, &bs, s, int32(c.qp), int32(n.qp), o+i*stride, co+i*stride/2, 2*stride)
	}
}

// filterMixedLeft filters the left edge where the pair to the left, pa, is of the other kind: line by line, since the
// macroblock that a line belongs to alternates or changes in the middle.
func (d *Decoder) filterMixedLeft(addr int, c *macroblock, s *sliceInfo, pa, o, co, stride int) {
	f := d.cur
	bottom := addr & 1
	var bs [16]uint8
	var mb [16]int
	for y := range bs {
		var r int
		if c.field {
			line := 2*y + bottom
			mb[y], r = pa+line>>4, line&15>>2
		} else {
			line := y + 16*bottom
			mb[y], r = pa+line&1, line>>1>>2
		}
		n := &d.mbs[mb[y]]
		switch {
		case c.typ&mbIntra != 0 || n.typ&mbIntra != 0:
			bs[y] = 4
		case c.nz>>(y>>2*4)&1 != 0 || n.nz>>(r*4+3)&1 != 0:
			bs[y] = 2
		default:
			bs[y] = 1
		}
	}
	qp := int32(c.qp)
	for i := 0; i < 2; i++ { // the two macroblocks to the left
		other := int32(d.mbs[pa+i].qp)
		e := newEdge((qp+other+1)>>1, s.alpha, s.beta)
		var k [2]edge
		for j := range k {
			k[j] = newEdge((s.chromaQP(j, qp)+s.chromaQP(j, other)+1)>>1, s.alpha, s.beta)
		}
		for y := range bs {
			if mb[y] == pa+i && e.alpha != 0 {
				lumaVertical(f.y, o+y*stride, stride, &[4]uint8{bs[y]}, 1, &e)
			}
		}
		for y := 0; y < 8; y++ {
			l := y>>1<<2 + y&1
			if c.field {
				l = y << 1
			}
			if mb[l] != pa+i {
				continue
			}
			at := co + y*stride/2
			for j, p := range [2][]byte{f.cb, f.cr} {
				if k[j].alpha != 0 {
					t := p[at-2 : at+2]
					t[1], t[2] = chromaSample(int32(t[0]), int32(t[1]), int32(t[2]), int32(t[3]), bs[l], &k[j])
				}
			}
		}
	}
}
