package h264

// residualAndReconstruct reads mb_qp_delta and the residual of a macroblock whose prediction is known, and makes its samples.
// Those of inter prediction are in the picture already.
func (d *Decoder) residualAndReconstruct(intra bool) error {
	m := &d.mb
	c := m.cur
	m.clearNonZero()
	var err error
	if c.cbp != 0 || c.typ == mbI16 {
		if d.hdr.pps.cabac {
			if err = d.cabacQPDelta(); err == nil {
				err = d.residualCABAC(intra)
			}
		} else {
			if d.r.tap != nil {
				d.r.tap.element(steerQP, 0)
			}
			if err = d.deltaQP(d.r.se()); err == nil {
				err = d.residualCAVLC(intra)
			}
		}
	} else {
		m.qpDelta = false
	}
	c.qp = uint8(m.qp)
	m.storeNonZero()
	if err != nil {
		m.coef = [24 * 16]int32{} // what was read of it must not reach the next macroblock
		return err
	}
	c.nz = 0
	if c.cbp&15 != 0 {
		d.nonZeroMask()
	}
	if intra {
		d.reconstructIntra()
	} else if c.cbp&15 != 0 {
		d.addLuma()
	}
	if c.cbp>>4 != 0 {
		d.addChroma()
	}
	return nil
}

// nonZeroMask tells the deblocking filter which luma blocks have coefficients: with the 8x8 transform all four of a quarter together.
func (d *Decoder) nonZeroMask() {
	m := &d.mb
	c := m.cur
	mask := uint16(0)
	for i, n := range c.nnz[:16] {
		if n != 0 {
			mask |= 1 << i
		}
	}
	if c.t8x8 {
		for _, q := range [4]uint16{0x0033, 0x00CC, 0x3300, 0xCC00} {
			if mask&q != 0 {
				mask |= q
			}
		}
	}
	c.nz = mask
}

// addLuma adds the luma residual of an inter macroblock.
func (d *Decoder) addLuma() {
	m := &d.mb
	y := d.cur.y
	c := m.cur
	if c.t8x8 {
		for q := 0; q < 4; q++ {
			if c.cbp>>q&1 != 0 {
				add8x8(y, m.luma+q>>1*8*m.stride+q&1*8, m.stride, (*[64]int32)(m.coef[q*64:]))
			}
		}
		return
	}
	for b := 0; b < 16; b++ {
		d.addBlock(b)
	}
}

// addBlock adds the residual of 4x4 luma block b.
func (d *Decoder) addBlock(b int) {
	m := &d.mb
	r := int(blockRaster[b&15])
	n := m.cur.nnz[r&15]
	co := (*[16]int32)(m.coef[b*16:])
	if n == 0 && co[0] == 0 {
		return
	}
	o := m.luma + r>>2*4*m.stride + r&3*4
	if n == 0 || n == 1 && co[0] != 0 && m.cur.typ != mbI16 {
		addDC(d.cur.y, o, m.stride, 4, co[0])
		co[0] = 0
		return
	}
	add4x4(d.cur.y, o, m.stride, co)
}

// addChroma adds the chroma residual.
func (d *Decoder) addChroma() {
	m := &d.mb
	for i := 0; i < 2; i++ {
		p := d.cur.cb
		if i == 1 {
			p = d.cur.cr
		}
		for b := 0; b < 4; b++ {
			co := (*[16]int32)(m.coef[(16+4*i+b)*16:])
			o := m.chroma + b>>1*4*m.cstride + b&1*4
			if m.cur.nnz[16+4*i+b] != 0 {
				add4x4(p, o, m.cstride, co)
			} else if co[0] != 0 {
				addDC(p, o, m.cstride, 4, co[0])
				co[0] = 0
			}
		}
	}
}

// pcmSize is the count of samples of an I_PCM macroblock.
func (d *Decoder) pcmSize() int {
	if d.active.mono {
		return 256
	}
	return 384
}

// pcm copies the samples of an I_PCM macroblock (clause 8.3.5).
func (d *Decoder) pcm(b []byte) {
	m := &d.mb
	c := m.cur
	c.typ = mbPCM
	c.cbp = 0x72F // all that is coded, for the contexts of its neighbours
	c.nz = 0xFFFF
	c.t8x8 = false
	c.chromaMode = 0
	for i := range c.nnz {
		c.nnz[i] = 16
	}
	c.qp = 0 // qPp of the deblocking filter (clause 8.7.2.2); QPY itself stays for the next mb_qp_delta
	m.qpDelta = false
	o := m.luma
	for j := 0; j < 16; j++ {
		copy(d.cur.y[o:o+16], b[j*16:])
		o += m.stride
	}
	if d.active.mono {
		return
	}
	o = m.chroma
	for j := 0; j < 8; j++ {
		copy(d.cur.cb[o:o+8], b[256+j*8:])
		copy(d.cur.cr[o:o+8], b[320+j*8:])
		o += m.cstride
	}
}
