package h264

// slidingWindow is clause 8.2.5.3. cur is not counted.
func (d *Decoder) slidingWindow(frameNum int32, cur *frame) {
	maxNum := int32(1) << d.active.log2MaxFrameNum
	for {
		n := 0
		var oldest *frame
		for _, f := range d.frames {
			if f == cur || f.marked() == 0 {
				continue
			}
			n++
			if f.short != 0 {
				f.wrap = f.frameNum
				if f.wrap > frameNum {
					f.wrap -= maxNum
				}
				if oldest == nil || f.wrap < oldest.wrap {
					oldest = f
				}
			}
		}
		if n < max(d.active.maxRefs, 1) || oldest == nil {
			return
		}
		oldest.short = 0
	}
}

// mark is decoded reference picture marking (clause 8.2.5) for the picture h of frame cur. It reports a reset by
// memory_management_control_operation 5.
func (d *Decoder) mark(h *sliceHeader, cur *frame) (reset bool) {
	if h.idr {
		for _, f := range d.frames {
			if f != cur {
				f.short, f.long = 0, 0
			}
		}
		if h.longTermIDR {
			cur.long, cur.longIdx = cur.long|h.structure, 0
			d.maxLongIdx = 0
		} else {
			cur.short |= h.structure
			d.maxLongIdx = -1
		}
		return false
	}
	long := false
	if !h.adaptiveMarking {
		if cur.short == 0 || cur.coded == h.structure { // not the second field of a reference frame
			d.slidingWindow(h.frameNum, cur)
		}
	} else {
		for _, m := range h.mmco[:h.mmcoCount] {
			switch m.op {
			case 1:
				d.unmarkShort(h, m.a)
			case 2:
				d.unmarkLong(h, m.a)
			case 3:
				d.shortToLong(h, m.a, m.b)
			case 4:
				d.maxLongIdx = m.a - 1
				for _, f := range d.frames {
					if f.long != 0 && f.longIdx > d.maxLongIdx {
						f.long = 0
					}
				}
			case 5:
				for _, f := range d.frames {
					if f != cur {
						f.short, f.long = 0, 0
					}
				}
				cur.short, cur.long = 0, 0
				d.maxLongIdx = -1
				reset = true
			case 6:
				for _, f := range d.frames { // another frame may hold the index
					if f != cur && f.long != 0 && f.longIdx == m.a {
						f.long = 0
					}
				}
				if cur.long != 0 && cur.longIdx != m.a {
					cur.long = 0
				}
				cur.short &^= h.structure
				cur.long |= h.structure
				cur.longIdx = m.a
				long = true
			}
		}
	}
	if !long {
		cur.short |= h.structure
	}
	// A stream that marks more than it declared must not keep the buffer full for ever.
	for d.countMarked() > max(d.active.maxRefs, 1) {
		if !d.dropOldest(cur) {
			break
		}
	}
	return reset
}

func (d *Decoder) countMarked() int {
	n := 0
	for _, f := range d.frames {
		if f.marked() != 0 {
			n++
		}
	}
	return n
}

// dropOldest unmarks the oldest reference but keep: a short-term one if there is one. It reports whether there was any.
func (d *Decoder) dropOldest(keep *frame) bool {
	var old *frame
	for _, f := range d.frames {
		if f.marked() != 0 && f != keep && (old == nil || f.short != 0 && (old.short == 0 || f.wrap < old.wrap)) {
			old = f
		}
	}
	if old == nil {
		return false
	}
	old.short, old.long = 0, 0
	return true
}

// findShort returns the frame and the field that picNum names among short-term references (clause 8.2.4.1).
func (d *Decoder) findShort(h *sliceHeader, picNum int32) (*frame, uint8) {
	maxNum := int32(1) << h.sps.log2MaxFrameNum
	for _, f := range d.frames {
		if f.short == 0 {
			continue
		}
		wrap := f.frameNum
		if wrap > h.frameNum {
			wrap -= maxNum
		}
		if h.structure == wholeFrame {
			if wrap == picNum && f.short == wholeFrame && f != d.cur {
				return f, wholeFrame
			}
			continue
		}
		if f.short&h.structure != 0 && 2*wrap+1 == picNum {
			return f, h.structure
		}
		if f.short&^h.structure != 0 && 2*wrap == picNum {
			return f, wholeFrame - h.structure
		}
	}
	return nil, 0
}

func (d *Decoder) findLong(h *sliceHeader, picNum int32) (*frame, uint8) {
	for _, f := range d.frames {
		if f.long == 0 {
			continue
		}
		if h.structure == wholeFrame {
			if f.longIdx == picNum && f.long == wholeFrame {
				return f, wholeFrame
			}
			continue
		}
		if f.long&h.structure != 0 && 2*f.longIdx+1 == picNum {
			return f, h.structure
		}
		if f.long&^h.structure != 0 && 2*f.longIdx == picNum {
			return f, wholeFrame - h.structure
		}
	}
	return nil, 0
}

// currPicNum is CurrPicNum, and picNumX that of clause 8.2.5.4.1.
func (h *sliceHeader) currPicNum() int32 {
	if h.structure == wholeFrame {
		return h.frameNum
	}
	return 2*h.frameNum + 1
}

func (d *Decoder) unmarkShort(h *sliceHeader, diff int32) {
	if f, s := d.findShort(h, h.currPicNum()-(diff+1)); f != nil {
		f.short &^= s
	}
}

func (d *Decoder) unmarkLong(h *sliceHeader, num int32) {
	if f, s := d.findLong(h, num); f != nil {
		f.long &^= s
	}
}

func (d *Decoder) shortToLong(h *sliceHeader, diff, idx int32) {
	f, s := d.findShort(h, h.currPicNum()-(diff+1))
	if f == nil {
		return
	}
	for _, g := range d.frames {
		if g != f && g.long != 0 && g.longIdx == idx {
			g.long = 0
		}
	}
	if f.long != 0 && f.longIdx != idx {
		f.long = 0
	}
	f.short &^= s
	f.long |= s
	f.longIdx = idx
}
