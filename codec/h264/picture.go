package h264

import "errors"

var (
	errMissingParams = errors.New("h264: the stream's parameter sets have not arrived")
	errWaiting       = errors.New("h264: waiting for a key picture")
	errTooMany       = errors.New("h264: too many pictures or NAL units in one access unit")
)

// picState is what the macroblocks of one picture need, sized once for a stream.
type picState struct {
	refLists

	width, height int // of the current picture in macroblocks; of a field half a frame's
	mbs           []macroblock
	mvd           [][32]uint16 // absolute mvd by macroblock, list and block, x | y << 8, for CABAC
	groupOf       []uint8      // MbToSliceGroupMap, only with several slice groups
	groupUnits    []uint8      // scratch: the map of slice group units
	slices        []sliceInfo
	decoded       int // macroblocks of the current picture
	base          int // of the current field's motion in the frame store
	mb            mbState
	weightTable   implicitWeights
	direct        directState
	pred          predBuffers
	deb           deblockState
}

// sliceInfo is what the deblocking filter needs of a slice.
type sliceInfo struct {
	deblock      uint8
	alpha, beta  int32
	chromaOffset [2]int32
	kind         uint8
}

// allocate takes the memory that pictures of s need.
func (d *Decoder) allocate(s *sps) {
	n := s.mbWidth * s.mbHeight
	d.mbs = make([]macroblock, n)
	d.mvd = make([][32]uint16, n)
	d.groupOf = make([]uint8, n)
	d.slices = make([]sliceInfo, 0, 64)
}

// startPicture begins the picture of d.hdr: second field detection, gaps, order count, a frame store.
func (d *Decoder) startPicture(out func(*Picture)) error {
	h := &d.hdr
	if d.lim.pictures > 0 && d.pictures >= d.lim.pictures {
		return errTooMany
	}
	second := d.cur != nil && d.cur.coded == wholeFrame-h.structure && d.cur.frameNum == h.frameNum &&
		d.cur.isRef == (h.refIDC != 0) && !h.idr && h.sps == d.active
	if !second {
		d.endFrame(out)
	}
	key := h.idr || d.recovery && d.recoveryCount == 0
	if !d.started {
		if !key && !d.recovery && (h.kind != sliceI || d.everStarted) {
			return errWaiting
		}
		d.started, d.everStarted = true, true
		if !h.idr {
			d.prevRefFrameNum = h.frameNum
			d.tainted = true // until a recovery point takes effect
		}
	}
	d.activate(h.sps, out)
	h.pps.scale(h.sps)
	d.pictures++
	if h.idr {
		d.prevRefFrameNum = 0
		d.tainted = false
		d.recoverIn = -1
		if h.frameNum != 0 {
			d.damage.Slices++
		}
	} else if d.recovery {
		d.recoverIn = d.recoveryCount
	}
	d.recovery = false
	if !second {
		if d.recoverIn == 0 {
			d.tainted = false
		}
		d.recoverIn = max(d.recoverIn-1, -1)
	}
	if !second {
		if !h.idr && h.frameNum != d.prevRefFrameNum {
			maxNum := int32(1) << h.sps.log2MaxFrameNum
			if h.frameNum != (d.prevRefFrameNum+1)&(maxNum-1) {
				if !h.sps.gapsAllowed {
					d.damage.References++
					d.tainted = true
				}
				d.gap(h, out)
			}
		}
		if h.idr {
			// Every picture before an IDR picture precedes it in output order; they are shown whatever
			// no_output_of_prior_pics_flag says, since a viewer has no use for a gap.
			d.flushOutput(out)
			d.epoch++
			for _, f := range d.frames {
				f.short, f.long = 0, 0
			}
		}
		f := d.take(out)
		f.frameNum = h.frameNum
		f.isRef = h.refIDC != 0
		f.mbaff = h.mbaff
		f.fieldPair = h.structure != wholeFrame
		f.key = key
		d.cur = f
	}
	f := d.cur
	f.coded |= h.structure
	f.damaged = f.damaged || d.tainted
	d.poc.decode(h, f)
	d.inPic = true

	d.width, d.height = h.sps.mbWidth, h.sps.mbHeight
	d.base = 0
	if h.structure != wholeFrame {
		d.height /= 2
		if h.structure == bottomField {
			d.base = d.width * d.height
		}
	}
	d.decoded = 0
	d.slices = d.slices[:0]
	mbs := d.mbs[:d.width*d.height]
	for i := range mbs {
		mbs[i].slice = 0
	}
	d.groupMap(h)
	return nil
}

// finishPicture ends the current coded picture: concealment, deblocking, marking.
func (d *Decoder) finishPicture(out func(*Picture)) {
	if !d.inPic {
		return
	}
	d.inPic = false
	h := &d.prev
	f := d.cur
	if lost := d.width*d.height - d.decoded; lost > 0 {
		d.damage.Macroblocks += lost
		f.damaged = true
		if h.refIDC != 0 {
			d.tainted = true
		}
		d.concealLost(h)
	}
	d.deblockPicture(h)
	if h.refIDC != 0 {
		reset := d.mark(h, f)
		d.prevRefFrameNum = h.frameNum
		if reset { // clause 8.2.1, memory_management_control_operation equal to 5
			d.prevRefFrameNum = 0
			switch h.structure {
			case wholeFrame:
				temp := min(f.poc[0], f.poc[1])
				f.poc[0] -= temp
				f.poc[1] -= temp
			case topField:
				f.poc[0] = 0
			case bottomField:
				f.poc[1] = 0
			}
			f.frameNum = 0
			cur := d.cur
			d.flushOutput(out)
			d.cur = cur
			d.epoch++
			f.epoch = d.epoch
		}
		d.poc.after(h, f, reset)
	} else {
		d.poc.after(h, f, false)
	}
	if f.coded == wholeFrame {
		d.endFrame(out)
	}
}

// endFrame hands the current frame store, whole or with one field only, to the output process.
func (d *Decoder) endFrame(out func(*Picture)) {
	f := d.cur
	if f == nil {
		return
	}
	d.cur = nil
	if f.coded != wholeFrame {
		d.fillField(f)
	}
	d.store(f, out)
}

// fillField gives the missing field of an unpaired one its neighbour's lines, for display.
func (d *Decoder) fillField(f *frame) {
	from := 0
	if f.coded == bottomField {
		from = 1
	}
	w := f.sps.mbWidth * 16
	for _, p := range [3]struct {
		b []byte
		w int
	}{{f.y, w}, {f.cb, w / 2}, {f.cr, w / 2}} {
		rows := (len(p.b) - planePad) / p.w
		for y := 0; y < rows; y += 2 {
			copy(p.b[(y+1-from)*p.w:(y+2-from)*p.w], p.b[(y+from)*p.w:(y+from+1)*p.w])
		}
	}
}

// concealLost gives every macroblock that was not decoded the samples at its place in the newest reference picture, or grey.
func (d *Decoder) concealLost(h *sliceHeader) {
	f := d.cur
	src := d.newestRef()
	for addr := range d.mbs[:d.width*d.height] {
		m := &d.mbs[addr]
		if m.slice != 0 {
			continue
		}
		x, y := addr%d.width, addr/d.width
		if h.mbaff {
			x, y = addr>>1%d.width, addr>>1/d.width*2+addr&1
		}
		*m = macroblock{typ: mbLost, qp: 51}
		at := (d.base + addr) * 8
		for i := at; i < at+8; i++ {
			f.ref[i], f.pic[i] = -1, -1
		}
		clear(f.mv[at*4 : at*4+32])
		f.field[d.base+addr] = h.structure != wholeFrame
		w := d.width * 16
		step, first := 1, 0
		if h.structure != wholeFrame {
			step = 2
			first = int(h.structure) - 1
		}
		for i := 0; i < 16; i++ {
			o := ((y*16+i)*step+first)*w + x*16
			if src == nil {
				fill(f.y[o:o+16], 128)
			} else {
				copy(f.y[o:o+16], src.y[o:o+16])
			}
		}
		for i := 0; i < 8; i++ {
			o := ((y*8+i)*step+first)*(w/2) + x*8
			if src == nil {
				fill(f.cb[o:o+8], 128)
				fill(f.cr[o:o+8], 128)
			} else {
				copy(f.cb[o:o+8], src.cb[o:o+8])
				copy(f.cr[o:o+8], src.cr[o:o+8])
			}
		}
	}
}
