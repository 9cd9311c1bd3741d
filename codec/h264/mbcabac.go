package h264

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
