package h264

// cabacSkip decodes mb_skip_flag (clause 9.3.3.1.1.1).
func (d *Decoder) cabacSkip() bool {
	m := &d.mb
	ctx := 11
	if d.hdr.kind == sliceB {
		ctx = 24
	}
	if m.a >= 0 && d.mbs[m.a].typ&mbSkip == 0 {
		ctx++
	}
	if m.b >= 0 && d.mbs[m.b].typ&mbSkip == 0 {
		ctx++
	}
	return d.c.bin(ctx) != 0
}

// cabacField decodes mb_field_decoding_flag (clause 9.3.3.1.1.2).
func (d *Decoder) cabacField(addr int) bool {
	ctx := 70
	first := addr &^ 1
	if d.mb.x > 0 {
		if p := d.inSlice(first - 2); p >= 0 && d.mbs[p].field {
			ctx++
		}
	}
	if p := d.inSlice(first - 2*d.width); p >= 0 && d.mbs[p].field {
		ctx++
	}
	return d.c.bin(ctx) != 0
}

// cabacIntraType decodes mb_type of an intra macroblock behind its first bin (clause 9.3.2.5). step is 1 in I slices, whose later bins
// have more contexts, else 0.
func (d *Decoder) cabacIntraType(base, step int) uint32 {
	c := &d.c
	if c.tap != nil {
		c.tap.steer(steerType, 0)
	}
	if c.terminate() != 0 {
		return 25
	}
	t := uint32(1)
	t += 12 * uint32(c.bin(base+1))
	if c.bin(base+2) != 0 {
		t += 4 + 4*uint32(c.bin(base+2+step))
	}
	if c.tap != nil {
		c.tap.steer(steerIntra16, 0)
	}
	t += 2 * uint32(c.bin(base+3+step))
	t += uint32(c.bin(base + 3 + 2*step))
	return t
}

// macroblockCABAC decodes one macroblock that is not skipped (clause 7.3.5) from a CABAC coded slice.
func (d *Decoder) macroblockCABAC() error {
	m := &d.mb
	c := &d.c
	h := &d.hdr
	d.fillNonZero()
	var t uint32
	switch h.kind {
	case sliceI:
		ctx := 3
		if m.a >= 0 && d.mbs[m.a].typ&mbI4 == 0 {
			ctx++
		}
		if m.b >= 0 && d.mbs[m.b].typ&mbI4 == 0 {
			ctx++
		}
		if c.bin(ctx) == 0 {
			return d.intraCABAC(0)
		}
		return d.intraCABAC(d.cabacIntraType(5, 1))
	case sliceP:
		if c.bin(14) != 0 {
			if c.bin(17) == 0 {
				return d.intraCABAC(0)
			}
			return d.intraCABAC(d.cabacIntraType(17, 0))
		}
		if c.bin(15) == 0 {
			t = 3 * uint32(c.bin(16))
		} else {
			t = 2 - uint32(c.bin(17))
		}
	case sliceB:
		ctx := 27
		if m.a >= 0 && d.mbs[m.a].typ&mbDirect == 0 {
			ctx++
		}
		if m.b >= 0 && d.mbs[m.b].typ&mbDirect == 0 {
			ctx++
		}
		switch {
		case c.bin(ctx) == 0:
			t = 0
		case c.bin(27+3) == 0:
			t = 1 + uint32(c.bin(27+5))
		default:
			v := uint32(c.bin(27+4)) << 3
			v |= uint32(c.bin(27+5)) << 2
			v |= uint32(c.bin(27+5)) << 1
			v |= uint32(c.bin(27 + 5))
			switch {
			case v < 8:
				t = v + 3
			case v == 13:
				if c.bin(32) == 0 {
					return d.intraCABAC(0)
				}
				return d.intraCABAC(d.cabacIntraType(32, 0))
			case v == 14:
				t = 11
			case v == 15:
				t = 22
			default:
				t = (v<<1 | uint32(c.bin(27+5))) - 4
			}
		}
	}
	d.beginInter()
	noSub8x8 := true
	switch {
	case h.kind == sliceP && t == 3 || h.kind == sliceB && t == 22:
		m.cur.typ = mb8x8
		for i := range m.sub {
			m.sub[i] = d.cabacSubType()
		}
		noSub8x8 = d.subTypes()
		for l := 0; l < 2; l++ {
			for i := 0; i < 4; i++ {
				if m.subMask[i]>>l&1 == 0 || m.cur.direct8>>i&1 != 0 {
					continue
				}
				v, err := d.cabacRef(l, i)
				if err != nil {
					return err
				}
				m.partRef[l][i] = v
			}
		}
		d.setRefs()
		for l := 0; l < 2; l++ {
			for i := 0; i < 4; i++ {
				if m.subMask[i]>>l&1 != 0 && m.cur.direct8>>i&1 == 0 {
					d.subVectors(l, i, true)
				}
			}
		}
	case h.kind == sliceB && t == 0:
		m.cur.typ = mbDirect
		m.cur.direct8 = 15
		d.directMB()
		noSub8x8 = d.active.direct8x8
	default:
		d.partitions(t)
		n := 2
		if m.cur.typ == mb16x16 {
			n = 1
		}
		for l := 0; l < 2; l++ {
			for i := 0; i < n; i++ {
				q := m.quarter(i)
				if m.subMask[q]>>l&1 == 0 {
					continue
				}
				v, err := d.cabacRef(l, q)
				if err != nil {
					return err
				}
				m.setPartRef(l, i, v)
			}
		}
		d.setRefs()
		d.partVectors(true)
	}
	m.cur.cbp = d.cabacCBP()
	m.cur.t8x8 = false
	if m.cur.cbp&15 != 0 && h.pps.transform8x8 && noSub8x8 {
		m.cur.t8x8 = d.cabacTransform8x8()
	}
	d.endInter()
	return d.residualAndReconstruct(false)
}

// cabacSubType decodes sub_mb_type (Tables 9-37 and 9-38).
func (d *Decoder) cabacSubType() uint8 {
	c := &d.c
	if d.hdr.kind == sliceP {
		switch {
		case c.bin(21) != 0:
			return 0
		case c.bin(22) == 0:
			return 1
		case c.bin(23) != 0:
			return 2
		}
		return 3
	}
	if c.bin(36) == 0 {
		return 0
	}
	if c.bin(37) == 0 {
		return 1 + uint8(c.bin(39))
	}
	t := uint8(3)
	if c.bin(38) != 0 {
		if c.bin(39) != 0 {
			return 11 + uint8(c.bin(39))
		}
		t += 4
	}
	t += 2 * uint8(c.bin(39))
	return t + uint8(c.bin(39))
}

// cabacRef decodes ref_idx of list l for the partition that begins in quarter i (clause 9.3.3.1.1.6).
func (d *Decoder) cabacRef(l, i int) (int8, error) {
	m := &d.mb
	n := d.activeRefs(l)
	if n == 1 {
		return 0, nil
	}
	// above0 tells whether an earlier quarter of this macroblock counts.
	above0 := func(q int) bool { return m.partRef[l][q] > 0 && m.cur.direct8>>q&1 == 0 }
	ctx := 54
	if i&1 == 0 && m.refGtA[l][i>>1] || i&1 != 0 && above0(i-1) {
		ctx++
	}
	if i < 2 && m.refGtB[l][i] || i >= 2 && above0(i-2) {
		ctx += 2
	}
	if d.c.tap != nil {
		d.c.tap.steer(steerRef, n)
	}
	v := 0
	for d.c.bin(ctx) != 0 {
		if v++; v >= n {
			return 0, errSyntax
		}
		if ctx < 58 {
			ctx = 58
		} else {
			ctx = 59
		}
	}
	return int8(v), nil
}

// cabacMVD decodes one component of mvd (clause 9.3.3.1.1.7) for the sum of its neighbours' absolute values.
func (d *Decoder) cabacMVD(base int, sum int) int32 {
	c := &d.c
	ctx := base
	if sum > 32 {
		ctx += 2
	} else if sum > 2 {
		ctx++
	}
	if c.bin(ctx) == 0 {
		return 0
	}
	v := int32(1)
	ctx = base + 3
	for v < 9 && c.bin(ctx) != 0 {
		if ctx < base+6 {
			ctx++
		}
		v++
	}
	if v == 9 {
		v += c.expGolomb(3)
	}
	if c.bypass() != 0 {
		return -v
	}
	return v
}

// cabacCBP decodes coded_block_pattern (clause 9.3.3.1.1.4).
func (d *Decoder) cabacCBP() uint16 {
	m := &d.mb
	c := &d.c
	// A neighbouring quarter that is not coded raises the index.
	left, above := [2]int{}, [2]int{}
	if m.a >= 0 {
		for i := range left {
			q := m.leftRow[2*i]>>1*2 + 1
			if d.mbs[m.left[2*i]].cbp>>q&1 == 0 {
				left[i] = 1
			}
		}
	}
	if m.b >= 0 {
		for i := range above {
			if d.mbs[m.b].cbp>>(2+i)&1 == 0 {
				above[i] = 2
			}
		}
	}
	b0 := c.bin(73 + left[0] + above[0])
	b1 := c.bin(73 + 1 - b0 + above[1])
	b2 := c.bin(73 + left[1] + 2 - 2*b0)
	b3 := c.bin(73 + 1 - b2 + 2 - 2*b1)
	cbp := uint16(b0 | b1<<1 | b2<<2 | b3<<3)
	if d.active.mono {
		return cbp
	}

	ctx := 77
	if m.a >= 0 && d.mbs[m.a].cbp>>4&3 != 0 {
		ctx++
	}
	if m.b >= 0 && d.mbs[m.b].cbp>>4&3 != 0 {
		ctx += 2
	}
	if c.bin(ctx) == 0 {
		return cbp
	}
	ctx = 81
	if m.a >= 0 && d.mbs[m.a].cbp>>4&3 == 2 {
		ctx++
	}
	if m.b >= 0 && d.mbs[m.b].cbp>>4&3 == 2 {
		ctx += 2
	}
	return cbp | 16<<c.bin(ctx)
}

func (d *Decoder) cabacTransform8x8() bool {
	m := &d.mb
	ctx := 399
	if m.a >= 0 && d.mbs[m.a].t8x8 {
		ctx++
	}
	if m.b >= 0 && d.mbs[m.b].t8x8 {
		ctx++
	}
	return d.c.bin(ctx) != 0
}

// cabacQPDelta decodes mb_qp_delta (clause 9.3.3.1.1.5).
func (d *Decoder) cabacQPDelta() error {
	m := &d.mb
	ctx := 60
	if m.qpDelta {
		ctx++
	}
	if d.c.tap != nil {
		d.c.tap.steer(steerQP, 0)
	}
	v := int32(0)
	for d.c.bin(ctx) != 0 {
		if v++; v > 52 {
			return errSyntax
		}
		if ctx < 62 {
			ctx = 62
		} else {
			ctx = 63
		}
	}
	m.qpDelta = v != 0
	if v&1 != 0 {
		return d.deltaQP((v + 1) >> 1)
	}
	return d.deltaQP(-(v >> 1))
}

func (d *Decoder) intraCABAC(t uint32) error {
	m := &d.mb
	c := &d.c
	cur := m.cur
	d.beginIntra()
	if t == 25 {
		if c.tap != nil {
			d.pcm(c.tap.pcm())
			return nil
		}
		pos, n := c.bytePos(), d.pcmSize()
		if pos+n > c.end {
			return errSyntax
		}
		d.pcm(c.buf[pos : pos+n])
		c.start(c.buf, pos+n, c.end)
		return nil
	}
	if t == 0 {
		cur.typ = mbI4
		cur.t8x8 = d.hdr.pps.transform8x8 && d.cabacTransform8x8()
		d.fillIntraModes()
		step, size := 1, 1
		if cur.t8x8 {
			step, size = 4, 2
		}
		for i := 0; i < 16; i += step {
			if c.tap != nil {
				c.tap.steer(steerIntraMode, i)
			}
			rem := -1
			if c.bin(68) == 0 {
				rem = c.bin(69)
				rem |= c.bin(69) << 1
				rem |= c.bin(69) << 2
			}
			d.setIntraMode(i, size, rem)
		}
		m.storeIntraModes()
	} else {
		cur.typ = mbI16
	}
	cur.chromaMode = 0
	if !d.active.mono {
		cur.chromaMode = d.cabacChromaMode()
	}
	if t == 0 {
		cur.cbp = d.cabacCBP()
	} else {
		cur.cbp = d.intra16CBP(t)
	}
	m.sub[0] = uint8(t-1) & 3
	return d.residualAndReconstruct(true)
}

// cabacChromaMode decodes intra_chroma_pred_mode (clause 9.3.3.1.1.8).
func (d *Decoder) cabacChromaMode() uint8 {
	m := &d.mb
	c := &d.c
	ctx := 64
	if m.a >= 0 && d.mbs[m.a].chromaMode != 0 {
		ctx++
	}
	if m.b >= 0 && d.mbs[m.b].chromaMode != 0 {
		ctx++
	}
	if c.tap != nil {
		c.tap.steer(steerChromaMode, 0)
	}
	if c.bin(ctx) == 0 {
		return 0
	}
	mode := uint8(1)
	for mode < 3 && c.bin(67) != 0 {
		mode++
	}
	return mode
}

// coded tells how a neighbouring block counts for coded_block_flag (clause 9.3.3.1.1.9): one that is not available as coded for
// intra macroblocks.
func coded(n uint8, intra bool) int {
	if n == unavailable {
		if intra {
			return 1
		}
		return 0
	}
	if n != 0 {
		return 1
	}
	return 0
}

// codedDC is the same for the DC block that bit of cbp tells of.
func (d *Decoder) codedDC(bit uint, intra bool) int {
	m := &d.mb
	inc := 0
	if m.a >= 0 {
		inc = int(d.mbs[m.a].cbp >> bit & 1)
	} else if intra {
		inc = 1
	}
	if m.b >= 0 {
		inc += int(d.mbs[m.b].cbp>>bit&1) * 2
	} else if intra {
		inc += 2
	}
	return inc
}

// residualCABAC reads residual() (clause 7.3.5.3).
func (d *Decoder) residualCABAC(intra bool) error {
	m := &d.mb
	c := &d.c
	cur := m.cur
	p := d.hdr.pps
	list := 0
	if !intra {
		list = 3
	}
	scan := &zigzag4
	scan8 := &zigzag8
	if m.scan == 1 {
		scan, scan8 = &field4, &field8
	}
	dq := p.dequant4[list][m.qp][:]
	cat, first := 2, 0
	if cur.typ == mbI16 {
		cat, first = 1, 1
		if c.bin(cbfBase[0]+d.codedDC(8, true)) != 0 {
			cur.cbp |= 0x100
			m.dc = [16]int32{}
			c.residual(0, m.scan, 16, scan[:], nil, 0, m.dc[:])
			d.lumaDC(dq[0])
		}
	}
	for b8 := 0; b8 < 4; b8++ {
		if cur.cbp>>b8&1 == 0 {
			continue
		}
		if cur.t8x8 {
			n := c.residual(5, m.scan, 64, scan8[:], p.dequant8[list/3][m.qp][:], 6, m.coef[b8*64:b8*64+64])
			at := int(cacheBlock[blockRaster[b8*4]&15])
			v := uint8(min(n, 16))
			m.nzLuma[at], m.nzLuma[at+1], m.nzLuma[at+8], m.nzLuma[at+9] = v, v, v, v
			continue
		}
		for b4 := 0; b4 < 4; b4++ {
			blk := b8*4 + b4
			at := int(cacheBlock[blockRaster[blk]&15])
			ctx := cbfBase[cat] + coded(m.nzLuma[at-1], intra) + 2*coded(m.nzLuma[at-8], intra)
			if c.bin(ctx) == 0 {
				continue
			}
			n := c.residual(cat, m.scan, 16-first, scan[first:], dq, 4, m.coef[blk*16:blk*16+16])
			m.nzLuma[at] = uint8(n)
		}
	}
	if cur.cbp>>4&3 == 0 {
		return nil
	}
	for i := 0; i < 2; i++ {
		if c.bin(cbfBase[3]+d.codedDC(uint(9+i), intra)) == 0 {
			continue
		}
		cur.cbp |= 0x200 << i
		m.dc[0], m.dc[1], m.dc[2], m.dc[3] = 0, 0, 0, 0
		c.residual(3, m.scan, 4, chromaDCScan[:], nil, 0, m.dc[:4])
		d.chromaDC(i, p.dequant4[list+1+i][m.qpc[i]][0])
	}
	if cur.cbp>>4&2 == 0 {
		return nil
	}
	for i := 0; i < 2; i++ {
		dq := p.dequant4[list+1+i][m.qpc[i]][:]
		nz := &m.nzChroma[i]
		for b := 0; b < 4; b++ {
			at := 5 + b&1 + b>>1*4
			ctx := cbfBase[4] + coded(nz[at-1], intra) + 2*coded(nz[at-4], intra)
			if c.bin(ctx) == 0 {
				continue
			}
			o := (16 + 4*i + b) * 16
			nz[at] = uint8(c.residual(4, m.scan, 15, scan[1:], dq, 4, m.coef[o:o+16]))
		}
	}
	return nil
}
