package h264

// decodeSlice decodes the slice data that follows d.hdr (clause 7.3.4).
func (d *Decoder) decodeSlice(out func(*Picture)) error {
	h := &d.hdr
	m := &d.mb
	if len(d.slices) >= d.width*d.height {
		return errSyntax // a slice has a macroblock at least
	}
	d.slices = append(d.slices, sliceInfo{h.deblock, h.alpha, h.beta, h.pps.chromaOffset, h.kind})
	m.slice = int32(len(d.slices))
	if missing := d.buildLists(h, out); missing > 0 {
		d.damage.References += missing
		d.tainted = d.tainted || h.refIDC != 0
		d.cur.damaged = true
	}
	if h.kind == sliceB {
		d.initDirect(h)
		if h.pps.weightedBipred == 2 {
			d.initImplicit(h)
		}
	}
	d.setQP(h.qp)
	m.qpDelta = false
	m.mixed = false
	m.bottom = false
	m.scan = 0
	if h.structure != wholeFrame {
		m.scan = 1
	}
	if h.pps.cabac {
		set := h.cabacInit
		copy(d.c.state[:], initialState[set][h.qp][:])
		pos := (d.r.pos + 7) >> 3 // cabac_alignment_one_bit
		d.c.start(d.r.buf, pos, (d.r.end+7)>>3)
		return d.sliceCABAC()
	}
	return d.sliceCAVLC()
}

// next returns the address after addr in its slice group (clause 8.2.2), or one beyond the picture.
func (d *Decoder) next(addr int) int {
	n := d.width * d.height
	if d.hdr.pps.groups.count == 1 {
		return addr + 1
	}
	g := d.groupOf[addr]
	for addr++; addr < n && d.groupOf[addr] != g; addr++ {
	}
	return addr
}

func (d *Decoder) sliceCABAC() error {
	h := &d.hdr
	m := &d.mb
	n := d.width * d.height
	addr := h.firstMB
	skipped := false   // of the macroblock before, in an MBAFF pair
	bottomSkip := -1   // mb_skip_flag of the bottom macroblock, when read with the top one
	field := false     // mb_field_decoding_flag of the pair
	fieldRead := false // it was present
	for {
		if addr >= n || d.mbs[addr].slice != 0 {
			return errSyntax
		}
		top := addr&1 == 0
		if h.mbaff {
			if top {
				field, fieldRead, bottomSkip = d.inferField(addr), false, -1
				d.mbs[addr].field, d.mbs[addr+1].field = field, field
			}
		}
		d.locate(addr, field)
		skip := false
		if h.kind != sliceI {
			if h.mbaff && !top && bottomSkip >= 0 {
				skip = bottomSkip == 1
			} else {
				skip = d.cabacSkip()
			}
			if skip && h.mbaff && top {
				// The bottom macroblock's flags decide how the skipped top one is inferred.
				m.cur.slice, m.cur.typ = m.slice, mbSkip
				d.locate(addr+1, field)
				bottomSkip = 0
				if d.cabacSkip() {
					bottomSkip = 1
				} else {
					field, fieldRead = d.cabacField(addr), true
				}
				m.cur = &d.mbs[addr]
				d.mbs[addr].slice = 0
				d.mbs[addr].field, d.mbs[addr+1].field = field, field
				d.locate(addr, field)
			}
		}
		if h.mbaff && !skip && !fieldRead && (top || skipped) {
			field, fieldRead = d.cabacField(addr), true
			d.mbs[addr&^1].field, d.mbs[addr|1].field = field, field
			d.locate(addr, field)
		}
		m.cur.slice = m.slice
		if skip {
			d.skipMB()
		} else if err := d.macroblockCABAC(); err != nil {
			d.mbs[addr].slice = 0
			return err
		}
		if d.c.overrun() {
			d.mbs[addr].slice = 0
			return errSyntax
		}
		d.decoded++
		skipped = skip
		if !h.mbaff || !top {
			if d.c.tap != nil {
				d.c.tap.steer(steerEnd, d.next(addr))
			}
			if d.c.terminate() != 0 {
				return nil
			}
		}
		addr = d.next(addr)
	}
}

func (d *Decoder) sliceCAVLC() error {
	h := &d.hdr
	m := &d.mb
	r := &d.r
	n := d.width * d.height
	addr := h.firstMB
	run := -1 // macroblocks still to skip; -1: mb_skip_run comes next
	skipped := false
	field := false
	for {
		if addr >= n || d.mbs[addr].slice != 0 {
			return errSyntax
		}
		top := addr&1 == 0
		skip := false
		last := false
		if h.kind != sliceI {
			if run < 0 {
				if r.tap != nil {
					r.tap.element(steerRun, n-addr)
				}
				v := r.ue()
				if v > uint32(n) || r.overrun() {
					return errSyntax
				}
				run = int(v)
			}
			if run > 0 {
				skip = true
				run--
				last = run == 0 && !r.moreData()
			} else {
				run = -1
			}
		}
		if h.mbaff {
			if top {
				field = d.inferField(addr)
				if !skip {
					field = r.flag()
				} else if run == 0 && !last { // the bottom macroblock is coded: its flag comes next
					field = r.peek(1) != 0
				}
				d.mbs[addr].field, d.mbs[addr+1].field = field, field
			} else if !skip && skipped {
				field = r.flag()
				d.mbs[addr].field, d.mbs[addr-1].field = field, field
			}
		}
		d.locate(addr, field)
		m.cur.slice = m.slice
		if skip {
			d.skipMB()
		} else if err := d.macroblockCAVLC(); err != nil {
			d.mbs[addr].slice = 0
			return err
		}
		if r.overrun() {
			d.mbs[addr].slice = 0
			return errSyntax
		}
		d.decoded++
		skipped = skip
		if r.tap != nil && !skip && (!h.mbaff || !top) {
			r.tap.element(steerEnd, d.next(addr))
		}
		if last || !skip && !r.moreData() {
			return nil
		}
		addr = d.next(addr)
	}
}
