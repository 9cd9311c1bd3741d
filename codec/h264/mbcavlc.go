package h264

// macroblockCAVLC decodes one macroblock that is not skipped (clause 7.3.5) from an Exp-Golomb and CAVLC coded slice.
func (d *Decoder) macroblockCAVLC() error {
	m := &d.mb
	r := &d.r
	h := &d.hdr
	d.fillNonZero()
	if r.tap != nil {
		r.tap.element(steerType, 0)
	}
	t := r.ue()
	switch h.kind {
	case sliceI:
		return d.intraCAVLC(t)
	case sliceP:
		if t >= 5 {
			return d.intraCAVLC(t - 5)
		}
	case sliceB:
		if t >= 23 {
			return d.intraCAVLC(t - 23)
		}
	}
	d.beginInter()
	noSub8x8 := true
	switch {
	case h.kind == sliceP && t >= 3 || h.kind == sliceB && t == 22:
		m.cur.typ = mb8x8
		for i := range m.sub {
			if r.tap != nil {
				r.tap.element(steerSub, 0)
			}
			s := r.ue()
			if h.kind == sliceP && s > 3 || s > 12 {
				return errSyntax
			}
			m.sub[i] = uint8(s)
		}
		noSub8x8 = d.subTypes()
		for l := 0; l < 2; l++ {
			if h.kind == sliceP && l == 1 {
				break
			}
			for i := 0; i < 4; i++ {
				if m.subMask[i]>>l&1 == 0 {
					continue
				}
				v := uint32(0)
				if !(h.kind == sliceP && t == 4) { // P_8x8ref0
					v = d.teRef(l)
				}
				if v >= uint32(d.activeRefs(l)) {
					return errSyntax
				}
				m.partRef[l][i] = int8(v)
			}
		}
		d.setRefs()
		for l := 0; l < 2; l++ {
			for i := 0; i < 4; i++ {
				if m.subMask[i]>>l&1 != 0 && m.cur.direct8>>i&1 == 0 {
					d.subVectors(l, i, false)
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
				v := d.teRef(l)
				if v >= uint32(d.activeRefs(l)) {
					return errSyntax
				}
				m.setPartRef(l, i, int8(v))
			}
		}
		d.setRefs()
		d.partVectors(false)
	}
	cbp, ok := d.mappedCBP(1)
	if !ok {
		return errSyntax
	}
	m.cur.cbp = cbp
	m.cur.t8x8 = false
	if cbp&15 != 0 && h.pps.transform8x8 && noSub8x8 {
		m.cur.t8x8 = r.flag()
	}
	d.endInter()
	return d.residualAndReconstruct(false)
}

// teRef reads ref_idx: te(v) (clause 9.1).
func (d *Decoder) teRef(l int) uint32 {
	n := d.activeRefs(l)
	if n == 1 {
		return 0
	}
	if d.r.tap != nil {
		d.r.tap.element(steerRef, n)
	}
	if n == 2 {
		if d.r.flag() {
			return 0
		}
		return 1
	}
	return d.r.ue()
}

// activeRefs is the count of reference indices of list l for the current macroblock: twice as many fields as frames (clause 7.4.5.1).
func (d *Decoder) activeRefs(l int) int {
	if d.mb.field {
		return d.hdr.refs[l] * 2
	}
	return d.hdr.refs[l]
}

func (d *Decoder) intraCAVLC(t uint32) error {
	m := &d.mb
	r := &d.r
	c := m.cur
	if t > 25 {
		return errSyntax
	}
	d.beginIntra()
	if t == 25 {
		pos := (r.pos + 7) >> 3
		n := d.pcmSize()
		if pos+n > (r.end+7)>>3 {
			return errSyntax
		}
		d.pcm(r.buf[pos : pos+n])
		r.pos = (pos + n) * 8
		return nil
	}
	if t == 0 {
		c.typ = mbI4
		c.t8x8 = d.hdr.pps.transform8x8 && r.flag()
		d.fillIntraModes()
		if c.t8x8 {
			for i := 0; i < 4; i++ {
				d.setIntraMode(i*4, 2, d.intraRem(i*4))
			}
		} else {
			for i := 0; i < 16; i++ {
				d.setIntraMode(i, 1, d.intraRem(i))
			}
		}
		m.storeIntraModes()
	} else {
		c.typ = mbI16
	}
	c.chromaMode = 0
	if !d.active.mono {
		if r.tap != nil {
			r.tap.element(steerChromaMode, 0)
		}
		mode := r.ue()
		if mode > 3 {
			return errSyntax
		}
		c.chromaMode = uint8(mode)
	}
	if t == 0 {
		var ok bool
		if c.cbp, ok = d.mappedCBP(0); !ok {
			return errSyntax
		}
	} else {
		c.cbp = d.intra16CBP(t)
	}
	m.sub[0] = uint8(t-1) & 3 // Intra16x16PredMode
	return d.residualAndReconstruct(true)
}

// intraRem reads prev_intra4x4_pred_mode_flag and rem_intra4x4_pred_mode of block b: -1 for the predicted mode.
func (d *Decoder) intraRem(b int) int {
	r := &d.r
	if r.tap != nil {
		r.tap.element(steerIntraMode, b)
	}
	if r.flag() {
		return -1
	}
	return int(r.u(3))
}

// mappedCBP reads coded_block_pattern: me(v) (clause 9.1.2) for intra (0) or inter (1) prediction.
func (d *Decoder) mappedCBP(inter int) (uint16, bool) {
	if d.r.tap != nil {
		d.r.tap.element(steerCBP, 0)
	}
	v := d.r.ue()
	if d.active.mono {
		return uint16(monoBlockPattern[inter][v&15]), v < 16
	}
	if v > 47 {
		return 0, false
	}
	return uint16(codedBlockPattern[inter][v]), true
}

// intra16CBP is CodedBlockPattern by mb_type of Table 7-11.
func (d *Decoder) intra16CBP(t uint32) uint16 {
	cbp := uint16((t-1)>>2%3) << 4
	if d.active.mono {
		cbp = 0
	}
	if t >= 13 {
		cbp |= 15
	}
	return cbp
}

// deltaQP applies mb_qp_delta (clause 7.4.5).
func (d *Decoder) deltaQP(v int32) error {
	if v < -26 || v > 25 {
		return errSyntax
	}
	d.setQP((d.mb.qp + v + 52) % 52)
	return nil
}

// nC derives the context of coeff_token from the blocks to the left and above (clause 9.2.1).
func nC(a, b uint8) int {
	switch {
	case a == unavailable && b == unavailable:
		return 0
	case a == unavailable:
		return int(b)
	case b == unavailable:
		return int(a)
	}
	return (int(a) + int(b) + 1) >> 1
}

// residualCAVLC reads residual() (clause 7.3.5.3).
func (d *Decoder) residualCAVLC(intra bool) error {
	m := &d.mb
	r := &d.r
	c := m.cur
	p := d.hdr.pps
	list := 0
	if !intra {
		list = 3
	}
	scan := &zigzag4
	if m.scan == 1 {
		scan = &field4
	}
	dq := p.dequant4[list][m.qp][:]
	first := 0
	if c.typ == mbI16 {
		first = 1
		m.dc = [16]int32{}
		n, ok := r.cavlc(nC(m.nzLuma[11], m.nzLuma[4]), 16, scan[:], nil, 0, m.dc[:])
		if !ok {
			return errSyntax
		}
		if n > 0 {
			d.lumaDC(dq[0])
		}
	}
	for b8 := 0; b8 < 4; b8++ {
		if c.cbp>>b8&1 == 0 {
			continue
		}
		for b4 := 0; b4 < 4; b4++ {
			blk := b8*4 + b4
			at := int(cacheBlock[blockRaster[blk]&15])
			ctx := nC(m.nzLuma[at-1], m.nzLuma[at-8])
			var n int
			var ok bool
			if c.t8x8 {
				dq8 := p.dequant8[list/3][m.qp][:]
				n, ok = r.cavlc(ctx, 16, interleaved[m.scan][b4][:], dq8, 6, m.coef[b8*64:b8*64+64])
			} else {
				n, ok = r.cavlc(ctx, 16-first, scan[first:], dq, 4, m.coef[blk*16:blk*16+16])
			}
			if !ok {
				return errSyntax
			}
			m.nzLuma[at] = uint8(n)
		}
	}
	if c.cbp>>4 == 0 {
		return nil
	}
	for i := 0; i < 2; i++ {
		m.dc[0], m.dc[1], m.dc[2], m.dc[3] = 0, 0, 0, 0
		n, ok := r.cavlc(-1, 4, chromaDCScan[:], nil, 0, m.dc[:4])
		if !ok {
			return errSyntax
		}
		if n > 0 {
			c.cbp |= 0x200 << i
			d.chromaDC(i, p.dequant4[list+1+i][m.qpc[i]][0])
		}
	}
	if c.cbp>>4&2 == 0 {
		return nil
	}
	for i := 0; i < 2; i++ {
		dq := p.dequant4[list+1+i][m.qpc[i]][:]
		nz := &m.nzChroma[i]
		for b := 0; b < 4; b++ {
			at := 5 + b&1 + b>>1*4
			o := (16 + 4*i + b) * 16
			n, ok := r.cavlc(nC(nz[at-1], nz[at-4]), 15, scan[1:], dq, 4, m.coef[o:o+16])
			if !ok {
				return errSyntax
			}
			nz[at] = uint8(n)
		}
	}
	return nil
}
