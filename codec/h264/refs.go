package h264

// refPic is an entry of a reference picture list: a frame, or a field of it.
type refPic struct {
	f         *frame
	structure uint8
	long      bool
}

// id names the reference picture within the current one: the frame store and the fields.
func (p refPic) id() int8 { return p.f.slot<<2 | int8(p.structure) }

func (p refPic) poc() int32 {
	switch p.structure {
	case topField:
		return p.f.poc[0]
	case bottomField:
		return p.f.poc[1]
	}
	return min(p.f.poc[0], p.f.poc[1])
}

// refLists holds RefPicList0 and RefPicList1 of the current slice.
type refLists struct {
	list [2][33]refPic
	init [2][64]refPic // before modification
	work [2][20]*frame
}

// buildLists is reference picture list construction (clause 8.2.4). It reports how many entries had to be replaced.
func (d *Decoder) buildLists(h *sliceHeader, out func(*Picture)) (missing int) {
	if h.kind == sliceI {
		return 0
	}
	var n [2]int
	maxNum := int32(1) << h.sps.log2MaxFrameNum
	for _, f := range d.frames {
		f.wrap = f.frameNum
		if f.wrap > h.frameNum {
			f.wrap -= maxNum
		}
	}
	if h.structure == wholeFrame {
		n = d.initFrameLists(h)
	} else {
		n = d.initFieldLists(h)
	}
	lists := 1
	if h.kind == sliceB {
		lists = 2
		if n[1] > 1 && n[0] == n[1] { // clause 8.2.4.2.3, last paragraph
			same := true
			for i := 0; i < n[0]; i++ {
				same = same && d.init[0][i] == d.init[1][i]
			}
			if same {
				d.init[1][0], d.init[1][1] = d.init[1][1], d.init[1][0]
			}
		}
	}
	for l := 0; l < lists; l++ {
		list := &d.list[l]
		for i := range list {
			list[i] = refPic{}
		}
		copy(list[:h.refs[l]], d.init[l][:n[l]])
		missing += d.modify(h, l)
		// Every index of a conforming stream has a picture. Where one is missing the nearest known stands in.
		var stand refPic
		for i := 0; i < h.refs[l]; i++ {
			if list[i].f != nil && !(list[i].f.nonExisting && stand.f != nil) {
				stand = list[i]
				break
			}
		}
		for i := 0; i < h.refs[l]; i++ {
			if list[i].f != nil {
				continue
			}
			if i < n[l] || h.reorderCount[l] > 0 || i == 0 {
				missing++
			}
			if stand.f == nil {
				stand = d.standIn(h, out)
			}
			list[i] = stand
		}
	}
	return missing
}

// standIn returns a reference for a stream that has none.
func (d *Decoder) standIn(h *sliceHeader, out func(*Picture)) refPic {
	f := d.newestRef()
	if f == nil {
		f = d.take(out)
		f.nonExisting = true
		f.coded, f.short = wholeFrame, wholeFrame
		f.frameNum = (h.frameNum - 1) & (1<<h.sps.log2MaxFrameNum - 1)
		f.conceal(nil)
	}
	return refPic{f: f, structure: h.structure}
}

// sortFrames orders fs by key, ascending or descending.
func sortFrames(fs []*frame, key func(*frame) int32, down bool) {
	for i := 1; i < len(fs); i++ {
		f := fs[i]
		k := key(f)
		j := i
		for j > 0 && (key(fs[j-1]) > k) != down && key(fs[j-1]) != k {
			fs[j] = fs[j-1]
			j--
		}
		fs[j] = f
	}
}

func byWrap(f *frame) int32  { return f.wrap }
func byLong(f *frame) int32  { return f.longIdx }
func byOrder(f *frame) int32 { return f.order() }

// initFrameLists is clauses 8.2.4.2.1 and 8.2.4.2.3.
func (d *Decoder) initFrameLists(h *sliceHeader) (n [2]int) {
	put := func(l int, fs []*frame, long bool) {
		for _, f := range fs {
			if n[l] < len(d.init[l]) {
				d.init[l][n[l]] = refPic{f, wholeFrame, long}
				n[l]++
			}
		}
	}
	cur := d.cur
	if h.kind == sliceP {
		fs := d.collect(0, func(f *frame) bool { return f.short == wholeFrame && f != cur })
		sortFrames(fs, byWrap, true)
		put(0, fs, false)
	} else {
		poc := min(cur.poc[0], cur.poc[1])
		before := d.collect(0, func(f *frame) bool { return f.short == wholeFrame && f != cur && f.order() < poc })
		after := d.collect(1, func(f *frame) bool { return f.short == wholeFrame && f != cur && f.order() >= poc })
		sortFrames(before, byOrder, true)
		sortFrames(after, byOrder, false)
		put(0, before, false)
		put(0, after, false)
		put(1, after, false)
		put(1, before, false)
	}
	fs := d.collect(0, func(f *frame) bool { return f.long == wholeFrame && f != cur })
	sortFrames(fs, byLong, false)
	put(0, fs, true)
	if h.kind == sliceB {
		put(1, fs, true)
	}
	return n
}

func (d *Decoder) collect(w int, want func(*frame) bool) []*frame {
	fs := d.work[w][:0]
	for _, f := range d.frames {
		if len(fs) < cap(fs) && want(f) {
			fs = append(fs, f)
		}
	}
	return fs
}

// initFieldLists is clauses 8.2.4.2.2, 8.2.4.2.4 and 8.2.4.2.5.
func (d *Decoder) initFieldLists(h *sliceHeader) (n [2]int) {
	cur := d.cur
	if h.kind == sliceP {
		fs := d.collect(0, func(f *frame) bool { return f.short != 0 })
		sortFrames(fs, byWrap, true)
		n[0] = d.alternate(0, n[0], fs, h.structure, false)
	} else {
		poc := cur.poc[h.structure-1]
		// The first field of the current frame is among them with its own order count.
		before := d.collect(0, func(f *frame) bool { return f.short != 0 && d.fieldOrder(f) <= poc })
		after := d.collect(1, func(f *frame) bool { return f.short != 0 && d.fieldOrder(f) > poc })
		sortFrames(before, d.fieldOrder, true)
		sortFrames(after, d.fieldOrder, false)
		// Both halves form one list of frames before fields are picked.
		var both [40]*frame
		k := copy(both[:], before)
		k += copy(both[k:], after)
		n[0] = d.alternate(0, 0, both[:k], h.structure, false)
		k = copy(both[:], after)
		k += copy(both[k:], before)
		n[1] = d.alternate(1, 0, both[:k], h.structure, false)
	}
	fs := d.collect(0, func(f *frame) bool { return f.long != 0 })
	sortFrames(fs, byLong, false)
	n[0] = d.alternate(0, n[0], fs, h.structure, true)
	if h.kind == sliceB {
		n[1] = d.alternate(1, n[1], fs, h.structure, true)
	}
	return n
}

// fieldOrder is PicOrderCnt of an entry of refFrameList0ShortTerm: of the fields decoded before the current one.
func (d *Decoder) fieldOrder(f *frame) int32 {
	if f == d.cur {
		return f.poc[2-d.hdr.structure] // the other field
	}
	return f.order()
}

// alternate picks fields from frames, beginning with the parity of the current field (clause 8.2.4.2.5).
func (d *Decoder) alternate(l, n int, fs []*frame, structure uint8, long bool) int {
	marks := func(f *frame) uint8 {
		m := f.short
		if long {
			m = f.long
		}
		if f == d.cur {
			m &^= d.hdr.structure // not the field that is being decoded
		}
		return m
	}
	want := structure
	i := [3]int{} // next frame to look at, by parity
	for n < len(d.init[l]) {
		for i[want] < len(fs) && marks(fs[i[want]])&want == 0 {
			i[want]++
		}
		if i[want] >= len(fs) {
			// The rest of the other parity follows in order.
			want = wholeFrame - want
			for ; i[want] < len(fs) && n < len(d.init[l]); i[want]++ {
				if marks(fs[i[want]])&want != 0 {
					d.init[l][n] = refPic{fs[i[want]], want, long}
					n++
				}
			}
			return n
		}
		d.init[l][n] = refPic{fs[i[want]], want, long}
		n++
		i[want]++
		want = wholeFrame - want
	}
	return n
}

// modify is the modification process of clause 8.2.4.3. It reports how many pictures it could not find.
func (d *Decoder) modify(h *sliceHeader, l int) (missing int) {
	list := &d.list[l]
	size := h.refs[l]
	maxPicNum := int32(1) << h.sps.log2MaxFrameNum
	if h.structure != wholeFrame {
		maxPicNum *= 2
	}
	pred := h.currPicNum()
	idx := 0
	for _, m := range h.reorder[l][:h.reorderCount[l]] {
		var p refPic
		if m.op == 2 {
			p.f, p.structure = d.findLong(h, int32(m.value))
			p.long = true
		} else {
			diff := int32(m.value) + 1
			if diff < 0 || diff > maxPicNum {
				missing++
				continue
			}
			if m.op == 0 {
				if pred -= diff; pred < 0 {
					pred += maxPicNum
				}
			} else if pred += diff; pred >= maxPicNum {
				pred -= maxPicNum
			}
			num := pred
			if num > h.currPicNum() {
				num -= maxPicNum
			}
			p.f, p.structure = d.findShort(h, num)
		}
		if p.f == nil {
			missing++
			continue
		}
		if idx >= size {
			break
		}
		copy(list[idx+1:size+1], list[idx:size])
		list[idx] = p
		idx++
		k := idx
		for i := idx; i <= size; i++ {
			if list[i].f != p.f || list[i].structure != p.structure || list[i].long != p.long {
				list[k] = list[i]
				k++
			}
		}
	}
	return missing
}
