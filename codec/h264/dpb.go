package h264

import "github.com/sealcam/sealcam/codec"

// frame is a frame store: the samples of a frame or of its two fields, the motion that later pictures may derive theirs from, and
// the state of clauses 8.2.4, 8.2.5 and C.4.
type frame struct {
	y, cb, cr []byte
	// Motion by macroblock address; those of a bottom field follow those of the top field. A vector is x in the low and y in the high half.
	mv    []int32 // 2 lists of 16 blocks in raster order
	ref   []int8  // 2 lists of 4 quarters: reference index, or -1
	pic   []int8  // the same: id of the reference picture, or -1
	field []bool  // field macroblock of an MBAFF frame

	slot      int8 // position among the decoder's frames
	sps       *sps
	coded     uint8 // fields decoded so far
	fieldPair bool  // coded as fields
	mbaff     bool
	isRef     bool // the picture was coded with nal_ref_idc not 0
	short     uint8
	long      uint8 // fields marked as used for short-term and long-term reference
	frameNum  int32
	wrap      int32 // FrameNumWrap
	longIdx   int32 // LongTermFrameIdx
	poc       [2]int32
	epoch     uint32 // counts IDR pictures and resets: every picture of an epoch is output before the next

	inUse       bool
	needed      bool // waits for output
	nonExisting bool // stands in for a missing frame (clause 8.2.5.2)
	key         bool
	damaged     bool
	captured    codec.Timestamp
}

// planePad bytes follow each plane, so that eight samples can be loaded from any position.
const planePad = 32

func newFrame(s *sps) *frame {
	n := s.mbWidth * s.mbHeight
	f := &frame{
		y:     make([]byte, n*256+planePad),
		cb:    make([]byte, n*64+planePad),
		cr:    make([]byte, n*64+planePad),
		mv:    make([]int32, n*32),
		ref:   make([]int8, n*8),
		pic:   make([]int8, n*8),
		field: make([]bool, n),
	}
	if s.mono {
		fill(f.cb, 128)
		fill(f.cr, 128)
	}
	return f
}

func (f *frame) release() {
	f.inUse, f.needed, f.short, f.long = false, false, 0, 0
}

func (f *frame) marked() uint8 { return f.short | f.long }

// activate makes s the active sequence parameter set (clause 7.4.1.2.1).
func (d *Decoder) activate(s *sps, out func(*Picture)) {
	if d.active == s {
		return
	}
	o := d.active
	d.active = s
	if o != nil && o.mbWidth == s.mbWidth && o.mbHeight == s.mbHeight && o.mono == s.mono {
		if o.dpbFrames > s.dpbFrames {
			d.flushOutput(out)
		}
		return
	}
	d.flushOutput(out)
	d.frames = d.frames[:0]
	d.cur = nil
	d.allocate(s)
}

// take returns a free frame store, a new one as long as the decoded picture buffer has not its full size.
func (d *Decoder) take(out func(*Picture)) *frame {
	for {
		used := 0
		var free *frame
		for _, f := range d.frames {
			if !f.needed && f.marked() == 0 && f != d.cur {
				f.inUse = false
			}
			if f.inUse {
				used++
			} else if free == nil {
				free = f
			}
		}
		if used <= d.active.dpbFrames && free != nil {
			return d.reuse(free)
		}
		if used <= d.active.dpbFrames {
			f := newFrame(d.active)
			f.slot = int8(len(d.frames))
			d.frames = append(d.frames, f)
			return d.reuse(f)
		}
		// C.4.5.3, and where marks that the stream should have removed leave no room, the oldest reference goes.
		if !d.bump(out) && !d.dropOldest(d.cur) {
			return d.reuse(d.frames[0]) // unreachable while the marks are consistent
		}
	}
}

func (d *Decoder) reuse(f *frame) *frame {
	f.inUse, f.needed, f.short, f.long, f.coded = true, false, 0, 0, 0
	f.sps = d.active
	f.fieldPair, f.mbaff, f.isRef, f.nonExisting, f.key, f.damaged = false, false, false, false, false, false
	f.frameNum, f.wrap, f.longIdx, f.poc = 0, 0, 0, [2]int32{}
	f.epoch = d.epoch
	f.captured = d.captured
	return f
}

// store finishes f: it makes room as clause C.4.5 has it and delivers what is due.
func (d *Decoder) store(f *frame, out func(*Picture)) {
	f.needed = !f.nonExisting
	for {
		used := 0
		for _, g := range d.frames {
			if g.needed || g.marked() != 0 {
				used++
			}
		}
		if used <= d.active.dpbFrames || !d.bump(out) {
			break
		}
	}
	d.outputDue(out)
}

// gap infers the frames between the previous reference frame and frame_num (clause 8.2.5.2).
func (d *Decoder) gap(h *sliceHeader, out func(*Picture)) {
	maxNum := int32(1) << h.sps.log2MaxFrameNum
	n := (h.frameNum - d.prevRefFrameNum + maxNum) & (maxNum - 1)
	first := d.prevRefFrameNum + 1
	if keep := int32(max(h.sps.maxRefs, 1)); n-1 > keep { // earlier ones would slide out again
		first = h.frameNum - keep + maxNum
	}
	last := d.newestRef()
	for num := first & (maxNum - 1); num != h.frameNum; num = (num + 1) & (maxNum - 1) {
		f := d.take(out)
		f.nonExisting = true
		f.frameNum = num
		f.coded = wholeFrame
		d.slidingWindow(num, f)
		f.short = wholeFrame
		if h.sps.pocType != 0 {
			g := *h
			g.frameNum, g.structure, g.refIDC, g.idr, g.deltaPOC = num, wholeFrame, 1, false, [2]int32{}
			d.poc.decode(&g, f)
			d.poc.after(&g, f, false)
		}
		f.conceal(last)
		d.prevRefFrameNum = num
	}
}

// newestRef returns the reference frame that was decoded last.
func (d *Decoder) newestRef() *frame {
	var best *frame
	for _, f := range d.frames {
		if f.marked() != 0 && f != d.cur && !f.nonExisting && (best == nil || f.epoch > best.epoch || f.epoch == best.epoch && f.order() > best.order()) {
			best = f
		}
	}
	return best
}

// conceal gives f the samples of src, or grey, and no motion.
func (f *frame) conceal(src *frame) {
	if src != nil {
		copy(f.y, src.y)
		copy(f.cb, src.cb)
		copy(f.cr, src.cr)
	} else {
		fill(f.y, 128)
		fill(f.cb, 128)
		fill(f.cr, 128)
	}
	for i := range f.ref {
		f.ref[i], f.pic[i] = -1, -1
	}
	clear(f.mv)
	clear(f.field)
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}
