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
