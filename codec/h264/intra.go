package h264

import "encoding/binary"

// beginIntra prepares an intra macroblock.
func (d *Decoder) beginIntra() {
	m := &d.mb
	m.cur.t8x8 = false
	m.cur.direct8 = 0
	d.storeIntraMotion()
	d.intraAvailability()
}

// fillIntraModes loads the prediction modes around the current macroblock (clause 8.3.1.1): -1 makes DC the predicted mode.
func (d *Decoder) fillIntraModes() {
	m := &d.mb
	mode := func(i int) int8 {
		switch {
		case i < 0:
			return -1
		case d.mbs[i].typ&mbIntra == 0 && d.hdr.pps.constrainedIntra:
			return -1
		}
		return 2
	}
	if m.b >= 0 && d.mbs[m.b].typ == mbI4 {
		copy(m.ipred[4:8], d.mbs[m.b].ipred[12:16])
	} else {
		v := mode(m.b)
		m.ipred[4], m.ipred[5], m.ipred[6], m.ipred[7] = v, v, v, v
	}
	for i := 0; i < 4; i++ {
		n := m.left[i]
		if n >= 0 && d.mbs[n].typ == mbI4 {
			m.ipred[11+8*i] = d.mbs[n].ipred[m.leftRow[i]&3*4+3]
		} else {
			m.ipred[11+8*i] = mode(n)
		}
	}
}

// setIntraMode derives the mode of the size by size blocks from 4x4 block b on. rem is rem_intra4x4_pred_mode, or -1 where
// the predicted mode is used.
func (d *Decoder) setIntraMode(b, size, rem int) {
	m := &d.mb
	at := int(cacheBlock[blockRaster[b&15]&15])
	v := min(m.ipred[at-1], m.ipred[at-8])
	if v < 0 {
		v = 2
	}
	if rem >= 0 {
		if int8(rem) >= v {
			rem++
		}
		v = int8(rem)
	}
	m.ipred[at] = v
	if size == 2 {
		m.ipred[at+1], m.ipred[at+8], m.ipred[at+9] = v, v, v
	}
}

func (m *mbState) storeIntraModes() {
	for i := 0; i < 4; i++ {
		copy(m.cur.ipred[4*i:4*i+4], m.ipred[12+8*i:16+8*i])
	}
}

// Blocks in raster order whose neighbour above to the right lies in the macroblock and precedes them.
const trInside = cInside1

// reconstructIntra predicts and adds the residual of the current intra macroblock (clause 8.3).
func (d *Decoder) reconstructIntra() {
	m := &d.mb
	c := m.cur
	y := d.cur.y
	switch {
	case c.typ == mbI16:
		d.predict16(int(m.sub[0]))
		if c.cbp&15 != 0 || c.cbp&0x100 != 0 || !d.hdr.pps.cabac {
			for b := 0; b < 16; b++ {
				d.addBlock(b)
			}
		}
	case c.t8x8:
		for q := 0; q < 4; q++ {
			x, yy := q&1, q>>1
			left := x == 1 || m.intraA[yy]
			top := yy == 1 || m.intraB
			var tl, tr bool
			switch q {
			case 0:
				tl, tr = m.intraD, m.intraB
			case 1:
				tl, tr = m.intraB, m.intraC
			case 2:
				tl, tr = d.leftAboveIntra(8), true
			case 3:
				tl, tr = true, false
			}
			o := m.luma + yy*8*m.stride + x*8
			predict8(y, o, m.stride, int(m.ipred[quarterAt[q]]), left, top, tl, tr)
			if c.cbp>>q&1 != 0 {
				add8x8(y, o, m.stride, (*[64]int32)(m.coef[q*64:]))
			}
		}
	default:
		for b := 0; b < 16; b++ {
			r := int(blockRaster[b])
			bx, by := r&3, r>>2
			left := bx > 0 || m.intraA[by>>1]
			top := by > 0 || m.intraB
			tl := bx > 0 && top || bx == 0 && (by == 0 && m.intraD || by > 0 && d.leftAboveIntra(by*4))
			tr := false
			switch {
			case by > 0:
				tr = trInside>>r&1 != 0
			case bx < 3:
				tr = m.intraB
			default:
				tr = m.intraC
			}
			o := m.luma + by*4*m.stride + bx*4
			predict4(y, o, m.stride, int(m.ipred[cacheBlock[r]]), left, top, tl, tr)
			d.addBlock(b)
		}
	}
	d.predictChroma(d.cur.cb, int(c.chromaMode))
	d.predictChroma(d.cur.cr, int(c.chromaMode))
}

// leftAboveIntra reports whether the sample to the left of line y - 1 may be used.
func (d *Decoder) leftAboveIntra(y int) bool { return d.mb.intraA[(y-1)>>3] }

// predict16 is Intra_16x16 prediction (clause 8.3.3).
func (d *Decoder) predict16(mode int) {
	m := &d.mb
	p, o, stride := d.cur.y, m.luma, m.stride
	left := m.intraA[0] && m.intraA[1]
	var above [16]byte
	if m.intraB {
		copy(above[:], p[o-stride:o-stride+16])
	} else {
		fill(above[:], 128)
	}
	switch {
	case mode == 0:
		for y := 0; y < 16; y++ {
			copy(p[o:o+16], above[:])
			o += stride
		}
	case mode == 1:
		for y := 0; y < 16; y++ {
			v := byte(128)
			if left {
				v = p[o-1]
			}
			fill(p[o:o+16], v)
			o += stride
		}
	case mode == 2:
		var sl, st, dc int32
		if left {
			for y := 0; y < 16; y++ {
				sl += int32(p[o-1+y*stride])
			}
		}
		for _, v := range above {
			st += int32(v)
		}
		switch {
		case left && m.intraB:
			dc = (sl + st + 16) >> 5
		case left:
			dc = (sl + 8) >> 4
		case m.intraB:
			dc = (st + 8) >> 4
		default:
			dc = 128
		}
		for y := 0; y < 16; y++ {
			fill(p[o:o+16], uint8(dc))
			o += stride
		}
	default:
		if !left || !m.intraB || o <= stride {
			return
		}
		planePredict(p, o, stride, 16, 5)
	}
}

// predictChroma is chroma intra prediction (clause 8.3.4).
func (d *Decoder) predictChroma(p []byte, mode int) {
	m := &d.mb
	o, stride := m.chroma, m.cstride
	left := m.intraA[0] && m.intraA[1]
	switch mode {
	case 0:
		for b := 0; b < 4; b++ {
			x, y := b&1*4, b>>1*4
			hasLeft, hasTop := m.intraA[b>>1], m.intraB
			var sl, st, dc int32
			if hasLeft {
				for i := 0; i < 4; i++ {
					sl += int32(p[o-1+(y+i)*stride])
				}
			}
			if hasTop {
				for i := 0; i < 4; i++ {
					st += int32(p[o-stride+x+i])
				}
			}
			// Blocks on the diagonal use both sides, the others prefer their own (clause 8.3.4.1 to 3).
			switch {
			case b == 1 && hasTop:
				dc = (st + 2) >> 2
			case b == 2 && hasLeft:
				dc = (sl + 2) >> 2
			case hasLeft && hasTop:
				dc = (sl + st + 4) >> 3
			case hasLeft:
				dc = (sl + 2) >> 2
			case hasTop:
				dc = (st + 2) >> 2
			default:
				dc = 128
			}
			v := uint32(dc) * 0x01010101
			for i := 0; i < 4; i++ {
				binary.LittleEndian.PutUint32(p[o+x+(y+i)*stride:], v)
			}
		}
	case 1:
		for y := 0; y < 8; y++ {
			v := byte(128)
			if left {
				v = p[o-1]
			}
			fill(p[o:o+8], v)
			o += stride
		}
	case 2:
		if !m.intraB {
			return
		}
		for y := 0; y < 8; y++ {
			copy(p[o:o+8], p[m.chroma-stride:m.chroma-stride+8])
			o += stride
		}
	default:
		if !left || !m.intraB || o <= stride {
			return
		}
		planePredict(p, o, stride, 8, 34)
	}
}
