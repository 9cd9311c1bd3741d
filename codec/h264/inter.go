package h264

// implicitWeights holds w1 of clause 8.4.2.3.1 by reference indices: of the picture, or of top and bottom field macroblocks.
type implicitWeights [3][32][32]int16

// predBuffers is scratch space of inter prediction.
type predBuffers struct {
	y      [16*16 + 16]byte
	cb, cr [8*8 + 16]byte
	half   [16*16 + 16]byte
	edge   [24*32 + 32]byte // a block with its surroundings, where these lie outside the picture
}

const edgeStride = 32

func (d *Decoder) initImplicit(h *sliceHeader) {
	cur := d.cur
	poc := min(cur.poc[0], cur.poc[1])
	if h.structure != wholeFrame {
		poc = cur.poc[h.structure-1]
	}
	for i := 0; i < h.refs[0]; i++ {
		for j := 0; j < h.refs[1]; j++ {
			d.weightTable[0][i][j] = implicitWeight(poc, d.list[0][i], d.list[1][j])
		}
	}
	if !h.mbaff {
		return
	}
	for b := 0; b < 2; b++ {
		for i := 0; i < 2*h.refs[0]; i++ {
			for j := 0; j < 2*h.refs[1]; j++ {
				d.weightTable[1+b][i][j] = implicitWeight(cur.poc[b], d.fieldRef(0, i, b == 1), d.fieldRef(1, j, b == 1))
			}
		}
	}
}

func implicitWeight(poc int32, a, b refPic) int16 {
	k, ok := distScale(poc, a.poc(), b.poc())
	if !ok || a.long || b.long || k>>2 < -64 || k>>2 > 128 {
		return 32
	}
	return int16(k >> 2)
}

// predictInter is inter prediction (clause 8.4.2) of the current macroblock, into the picture.
func (d *Decoder) predictInter() {
	m := &d.mb
	switch {
	case m.cur.typ&mb16x16 != 0:
		d.predictPart(12, 0, 0, 16, 16)
	case m.cur.typ == mb16x8:
		d.predictPart(12, 0, 0, 16, 8)
		d.predictPart(28, 0, 8, 16, 8)
	case m.cur.typ == mb8x16:
		d.predictPart(12, 0, 0, 8, 16)
		d.predictPart(14, 8, 0, 8, 16)
	case m.cur.typ&mbDirect != 0 && d.direct.uniform:
		d.predictPart(12, 0, 0, 16, 16)
	default:
		for q := 0; q < 4; q++ {
			at := quarterAt[q]
			x, y := q&1*8, q>>1*8
			shape := m.sub[q]
			if m.cur.direct8>>q&1 != 0 {
				shape = 3
				if d.active.direct8x8 {
					shape = 0
				}
			}
			switch shape {
			case 0:
				d.predictPart(at, x, y, 8, 8)
			case 1:
				d.predictPart(at, x, y, 8, 4)
				d.predictPart(at+8, x, y+4, 8, 4)
			case 2:
				d.predictPart(at, x, y, 4, 8)
				d.predictPart(at+1, x+4, y, 4, 8)
			default:
				d.predictPart(at, x, y, 4, 4)
				d.predictPart(at+1, x+4, y, 4, 4)
				d.predictPart(at+8, x, y+4, 4, 4)
				d.predictPart(at+9, x+4, y+4, 4, 4)
			}
		}
	}
}

// predictPart predicts the w by h samples at x, y of the macroblock from the motion at cache index at.
func (d *Decoder) predictPart(at, x, y, w, h int) {
	m := &d.mb
	f := d.cur
	hd := &d.hdr
	luma := m.luma + y*m.stride + x
	chroma := m.chroma + y/2*m.cstride + x/2
	r0, r1 := m.ref[0][at], int8(-1)
	if hd.kind == sliceB {
		r1 = m.ref[1][at]
	}
	if r0 >= 0 {
		d.compensate(0, r0, m.mv[0][at], x, y, w, h, f.y, f.cb, f.cr, luma, chroma, m.stride, m.cstride)
	}
	if r1 >= 0 && r0 < 0 {
		d.compensate(1, r1, m.mv[1][at], x, y, w, h, f.y, f.cb, f.cr, luma, chroma, m.stride, m.cstride)
	}
	explicit := hd.kind == sliceP && hd.pps.weighted || hd.kind == sliceB && hd.pps.weightedBipred == 1
	if r0 < 0 || r1 < 0 {
		if explicit {
			l, r := 0, r0
			if r0 < 0 {
				l, r = 1, r1
			}
			if m.field {
				r >>= 1
			}
			k := &hd.weights[l][r&31]
			if k.luma {
				weightBlock(f.y, luma, m.stride, w, h, k.w[0], k.o[0], hd.logWD[0])
			}
			if k.chr {
				weightBlock(f.cb, chroma, m.cstride, w/2, h/2, k.w[1], k.o[1], hd.logWD[1])
				weightBlock(f.cr, chroma, m.cstride, w/2, h/2, k.w[2], k.o[2], hd.logWD[1])
			}
		}
		return
	}
	b := &d.pred
	d.compensate(1, r1, m.mv[1][at], x, y, w, h, b.y[:], b.cb[:], b.cr[:], 0, 0, 16, 8)
	switch {
	case explicit:
		if m.field {
			r0, r1 = r0>>1, r1>>1
		}
		k0, k1 := &hd.weights[0][r0&31], &hd.weights[1][r1&31]
		if k0.luma || k1.luma {
			biWeightBlock(f.y, luma, m.stride, b.y[:], 16, w, h, k0.w[0], k1.w[0], k0.o[0]+k1.o[0], hd.logWD[0])
		} else {
			averageBlock(f.y, luma, m.stride, b.y[:], 0, 16, w, h)
		}
		if k0.chr || k1.chr {
			biWeightBlock(f.cb, chroma, m.cstride, b.cb[:], 8, w/2, h/2, k0.w[1], k1.w[1], k0.o[1]+k1.o[1], hd.logWD[1])
			biWeightBlock(f.cr, chroma, m.cstride, b.cr[:], 8, w/2, h/2, k0.w[2], k1.w[2], k0.o[2]+k1.o[2], hd.logWD[1])
			return
		}
	case hd.pps.weightedBipred == 2:
		v := 0
		if m.field {
			v = 1
			if m.bottom {
				v = 2
			}
		}
		w1 := int32(d.weightTable[v][r0&31][r1&31])
		if w1 != 32 {
			biWeightBlock(f.y, luma, m.stride, b.y[:], 16, w, h, 64-w1, w1, 0, 5)
			biWeightBlock(f.cb, chroma, m.cstride, b.cb[:], 8, w/2, h/2, 64-w1, w1, 0, 5)
			biWeightBlock(f.cr, chroma, m.cstride, b.cr[:], 8, w/2, h/2, 64-w1, w1, 0, 5)
			return
		}
		averageBlock(f.y, luma, m.stride, b.y[:], 0, 16, w, h)
	default:
		averageBlock(f.y, luma, m.stride, b.y[:], 0, 16, w, h)
	}
	averageBlock(f.cb, chroma, m.cstride, b.cb[:], 0, 8, w/2, h/2)
	averageBlock(f.cr, chroma, m.cstride, b.cr[:], 0, 8, w/2, h/2)
}

// compensate writes the w by h luma samples, and the chroma samples with them, that mv points to in reference r of list l (clause 8.4.2.2).
func (d *Decoder) compensate(l int, r int8, mv int32, x, y, w, h int, dy, dcb, dcr []byte, luma, chroma, ds, dcs int) {
	m := &d.mb
	var p refPic
	if m.field {
		p = d.fieldRef(l, int(r), m.bottom)
	} else {
		p = d.list[l][r&31]
	}
	f := p.f
	stride := d.active.mbWidth * 16
	width, height := stride, d.active.mbHeight*16
	base, cbase := 0, 0
	cstride := stride / 2
	vertical := 0
	if p.structure != wholeFrame {
		current := d.hdr.structure
		if m.field {
			current = topField
			if m.bottom {
				current = bottomField
			}
		}
		if p.structure == bottomField {
			base, cbase = stride, cstride
		}
		if p.structure != current { // Table 8-9
			vertical = -2
			if current == bottomField {
				vertical = 2
			}
		}
		stride, cstride = stride*2, cstride*2
		height /= 2
	}
	mx, my := int(int16(mv)), int(mv>>16)
	px, py := m.pixX+x+mx>>2, m.pixY+y+my>>2
	fx, fy := mx&3, my&3
	b := &d.pred
	if px >= 2 && py >= 2 && px+w+3 <= width && py+h+3 <= height {
		d.lumaBlock(dy, luma, ds, f.y, base+py*stride+px, stride, w, h, fx, fy)
	} else {
		fetch(b.edge[:], f.y[:len(f.y)-planePad], base, stride, width, height, px-2, py-2, w+5, h+5)
		d.lumaBlock(dy, luma, ds, b.edge[:], 2*edgeStride+2, edgeStride, w, h, fx, fy)
	}
	my += vertical
	cx, cy := (m.pixX+x)>>1+mx>>3, (m.pixY+y)>>1+my>>3
	fx, fy = mx&7, my&7
	w, h, width, height = w>>1, h>>1, width>>1, height>>1
	if cx >= 0 && cy >= 0 && cx+w+1 <= width && cy+h+1 <= height {
		o := cbase + cy*cstride + cx
		chromaBlock(dcb, chroma, dcs, f.cb, o, cstride, w, h, fx, fy)
		chromaBlock(dcr, chroma, dcs, f.cr, o, cstride, w, h, fx, fy)
		return
	}
	n := len(f.cb) - planePad
	fetch(b.edge[:], f.cb[:n], cbase, cstride, width, height, cx, cy, w+1, h+1)
	chromaBlock(dcb, chroma, dcs, b.edge[:], 0, edgeStride, w, h, fx, fy)
	fetch(b.edge[:], f.cr[:n], cbase, cstride, width, height, cx, cy, w+1, h+1)
	chromaBlock(dcr, chroma, dcs, b.edge[:], 0, edgeStride, w, h, fx, fy)
}

// lumaBlock is luma sample interpolation (clause 8.4.2.2.1) with the offsets fx and fy in quarters.
func (d *Decoder) lumaBlock(dst []byte, do, ds int, src []byte, so, ss, w, h, fx, fy int) {
	half := d.pred.half[:]
	switch fy<<2 | fx {
	case 0:
		copyBlock(dst, do, ds, src, so, ss, w, h)
	case 1, 3:
		filterH(dst, do, ds, src, so, ss, w, h)
		averageBlock(dst, do, ds, src, so+fx>>1, ss, w, h)
	case 2:
		filterH(dst, do, ds, src, so, ss, w, h)
	case 4, 12:
		filterV(dst, do, ds, src, so, ss, w, h)
		averageBlock(dst, do, ds, src, so+fy>>1*ss, ss, w, h)
	case 8:
		filterV(dst, do, ds, src, so, ss, w, h)
	case 10:
		filterHV(dst, do, ds, src, so, ss, w, h)
	case 6, 14:
		filterHV(dst, do, ds, src, so, ss, w, h)
		filterH(half, 0, 16, src, so+fy>>1*ss, ss, w, h)
		averageBlock(dst, do, ds, half, 0, 16, w, h)
	case 9, 11:
		filterHV(dst, do, ds, src, so, ss, w, h)
		filterV(half, 0, 16, src, so+fx>>1, ss, w, h)
		averageBlock(dst, do, ds, half, 0, 16, w, h)
	default: // the diagonal quarters 5, 7, 13 and 15
		filterH(dst, do, ds, src, so+fy>>1*ss, ss, w, h)
		filterV(half, 0, 16, src, so+fx>>1, ss, w, h)
		averageBlock(dst, do, ds, half, 0, 16, w, h)
	}
}

// fetch copies the w by h samples at x, y of a plane, whose borders repeat without end, to dst with edgeStride.
func fetch(dst, src []byte, base, stride, width, height, x, y, w, h int) {
	left := min(max(-x, 0), w)         // columns before the picture
	right := min(max(x+w-width, 0), w) // and behind it
	first := min(max(x, 0), width-1)   // the column that those take
	for j := 0; j < h; j++ {
		row := base + min(max(y+j, 0), height-1)*stride
		d := dst[j*edgeStride : j*edgeStride+w]
		switch {
		case left == w:
			fill(d, src[row])
		case right == w:
			fill(d, src[row+width-1])
		default:
			fill(d[:left], src[row])
			copy(d[left:w-right], src[row+first:row+first+w-left-right])
			fill(d[w-right:], src[row+width-1])
		}
	}
}

// weightBlock is explicit weighted prediction from one reference (clause 8.4.2.3.2).
func weightBlock(dst []byte, do, ds, w, h int, weight, offset int32, logWD uint) {
	round := int32(0)
	if logWD > 0 {
		round = 1 << (logWD - 1)
	}
	for ; h > 0; h-- {
		row := dst[do : do+w]
		for i, v := range row {
			row[i] = clip((int32(v)*weight+round)>>(logWD&31) + offset)
		}
		do += ds
	}
}

// biWeightBlock is weighted prediction from two references, the first of which is in dst; offset is the sum of both.
func biWeightBlock(dst []byte, do, ds int, src []byte, ss, w, h int, w0, w1, offset int32, logWD uint) {
	round := int32(1) << logWD
	offset = (offset + 1) >> 1
	so := 0
	for ; h > 0; h-- {
		row := dst[do : do+w]
		s := src[so : so+w]
		for i, v := range s {
			row[i] = clip((int32(row[i])*w0+int32(v)*w1+round)>>((logWD+1)&31) + offset)
		}
		do += ds
		so += ss
	}
}

func clip(v int32) uint8 {
	if uint32(v) > 255 {
		v = ^v >> 31 // 0 below, all ones above
	}
	return uint8(v)
}
