package h264

// Slice types (Table 7-6), modulo 5.
const (
	sliceP = 0
	sliceB = 1
	sliceI = 2
)

// Picture structures, also used as sets of fields.
const (
	topField    = 1
	bottomField = 2
	wholeFrame  = 3
)

type mmco struct {
	op   uint8
	a, b int32
}

type weight struct {
	w, o [3]int32 // Y, Cb, Cr
	luma bool     // luma_weight_flag, else the default
	chr  bool
}

// sliceHeader is slice_header() (clause 7.3.3) with what the NAL unit header adds.
type sliceHeader struct {
	nalType, refIDC uint8
	idr             bool
	firstMB         int
	kind            uint8 // sliceP, sliceB or sliceI
	pps             *pps
	sps             *sps
	frameNum        int32
	structure       uint8
	mbaff           bool
	idrPicID        uint32
	pocLsb          int32
	deltaPOCBottom  int32
	deltaPOC        [2]int32
	redundant       uint32
	directSpatial   bool
	refs            [2]int // num_ref_idx_active
	qp              int32
	cabacInit       int
	deblock         uint8 // disable_deblocking_filter_idc
	alpha, beta     int32 // FilterOffsetA, FilterOffsetB
	groupCycle      uint32

	reorder      [2][66]refMod
	reorderCount [2]int

	logWD   [2]uint // luma, chroma
	weights [2][32]weight

	noOutputOfPriorPics bool
	longTermIDR         bool
	adaptiveMarking     bool
	mmco                [66]mmco
	mmcoCount           int
}

// refMod is one entry of ref_pic_list_modification() (clause 7.3.3.1).
type refMod struct {
	op    uint8
	value uint32
}

// parseSliceHeader fills h. r stands behind the NAL unit header, which gave nalType and refIDC.
func (d *Decoder) parseSliceHeader(h *sliceHeader, r *bitReader) error {
	first := r.ue()
	kind := r.ue()
	id := r.ue()
	if kind > 9 || id > 255 {
		return errSyntax
	}
	h.kind = uint8(kind % 5)
	if h.kind > sliceI {
		return unsupported("SP and SI slices are not decoded")
	}
	p := d.pps[id]
	if p == nil {
		return errMissingParams
	}
	s := d.sps[p.spsID]
	if s == nil {
		return errMissingParams
	}
	h.pps, h.sps = p, s
	h.frameNum = int32(r.u(s.log2MaxFrameNum))
	h.structure = wholeFrame
	if !s.frameOnly && r.flag() {
		h.structure = topField
		if r.flag() {
			h.structure = bottomField
		}
	}
	h.mbaff = s.mbaff && h.structure == wholeFrame
	size := s.mbWidth * s.mbHeight
	if h.structure != wholeFrame {
		size /= 2
	}
	if h.mbaff {
		first *= 2
	}
	if first >= uint32(size) {
		return errSyntax
	}
	h.firstMB = int(first)
	h.idr = h.nalType == 5
	if h.idr {
		if h.idrPicID = r.ue(); h.idrPicID > 65535 || h.kind != sliceI && h.structure == wholeFrame {
			return errSyntax
		}
	}
	h.pocLsb, h.deltaPOCBottom, h.deltaPOC = 0, 0, [2]int32{}
	switch s.pocType {
	case 0:
		h.pocLsb = int32(r.u(s.log2MaxPOCLsb))
		if p.bottomPOCPresent && h.structure == wholeFrame {
			h.deltaPOCBottom = r.se()
		}
	case 1:
		if !s.deltaPOCZero {
			h.deltaPOC[0] = r.se()
			if p.bottomPOCPresent && h.structure == wholeFrame {
				h.deltaPOC[1] = r.se()
			}
		}
	}
	h.redundant = 0
	if p.redundantPicCnt {
		if h.redundant = r.ue(); h.redundant > 127 {
			return errSyntax
		}
	}
	h.directSpatial = h.kind == sliceB && r.flag()
	h.refs = [2]int{}
	if h.kind != sliceI {
		h.refs = p.refsDefault
		if r.flag() { // num_ref_idx_active_override_flag
			n := r.ue()
			if n > 31 {
				return errSyntax
			}
			h.refs[0] = int(n) + 1
			if h.kind == sliceB {
				if n = r.ue(); n > 31 {
					return errSyntax
				}
				h.refs[1] = int(n) + 1
			}
		}
		if h.kind != sliceB {
			h.refs[1] = 0
		}
		if h.structure == wholeFrame && max(h.refs[0], h.refs[1]) > 16 {
			return errSyntax
		}
	}
	if r.overrun() {
		return errSyntax
	}
	h.reorderCount = [2]int{}
	for l := 0; l < 2 && h.refs[l] > 0; l++ {
		if err := h.parseModification(r, l); err != nil {
			return err
		}
	}
	if p.weighted && h.kind == sliceP || p.weightedBipred == 1 && h.kind == sliceB {
		if err := h.parseWeights(r); err != nil {
			return err
		}
	}
	if h.refIDC != 0 {
		if err := h.parseMarking(r); err != nil {
			return err
		}
	}
	h.cabacInit = 0
	if p.cabac && h.kind != sliceI {
		n := r.ue()
		if n > 2 {
			return errSyntax
		}
		h.cabacInit = int(n) + 1
	}
	h.qp = p.qp + r.se()
	if h.qp < 0 || h.qp > 51 {
		return errSyntax
	}
	h.deblock, h.alpha, h.beta = 0, 0, 0
	if p.deblockControl {
		idc := r.ue()
		if idc > 2 {
			return errSyntax
		}
		h.deblock = uint8(idc)
		if idc != 1 {
			a, b := r.se(), r.se()
			if a < -6 || a > 6 || b < -6 || b > 6 {
				return errSyntax
			}
			h.alpha, h.beta = a*2, b*2
		}
	}
	if g := &p.groups; g.count > 1 && g.mapType >= 3 && g.mapType <= 5 {
		// slice_group_change_cycle has Ceil(Log2(PicSizeInMapUnits / SliceGroupChangeRate + 1)) bits, the quotient rounded up.
		units := uint32(s.mapUnits())
		n := (units + g.changeRate - 1) / g.changeRate
		if g.changeRate >= units {
			n = 1
		}
		w := uint(0)
		for 1<<w < n+1 {
			w++
		}
		h.groupCycle = r.u(w)
	}
	if r.overrun() {
		return errSyntax
	}
	return nil
}

// mapUnits is PicSizeInMapUnits (clause 7.4.2.1.1).
func (s *sps) mapUnits() int {
	n := s.mbWidth * s.mbHeight
	if !s.frameOnly {
		n /= 2
	}
	return n
}

func (h *sliceHeader) parseModification(r *bitReader, l int) error {
	if !r.flag() {
		return nil
	}
	for n := 0; ; n++ {
		op := r.ue()
		if op == 3 {
			h.reorderCount[l] = n
			return nil
		}
		if op > 3 || n >= h.refs[l]+1 || n >= len(h.reorder[l]) || r.overrun() {
			return errSyntax
		}
		h.reorder[l][n] = refMod{uint8(op), r.ue()}
	}
}

// parseWeights reads pred_weight_table() (clause 7.3.3.2).
func (h *sliceHeader) parseWeights(r *bitReader) error {
	y, c := r.ue(), uint32(0)
	if !h.sps.mono {
		c = r.ue()
	}
	if y > 7 || c > 7 {
		return errSyntax
	}
	h.logWD = [2]uint{uint(y), uint(c)}
	for l := 0; l < 2; l++ {
		for i := 0; i < h.refs[l]; i++ {
			w := &h.weights[l][i]
			*w = weight{w: [3]int32{1 << y, 1 << c, 1 << c}}
			if w.luma = r.flag(); w.luma {
				w.w[0], w.o[0] = r.se(), r.se()
			}
			if w.chr = !h.sps.mono && r.flag(); w.chr {
				w.w[1], w.o[1] = r.se(), r.se()
				w.w[2], w.o[2] = r.se(), r.se()
			}
			for k := range w.w {
				if w.w[k] < -128 || w.w[k] > 128 || w.o[k] < -128 || w.o[k] > 127 {
					return errSyntax
				}
			}
			if r.overrun() {
				return errSyntax
			}
		}
	}
	return nil
}

// parseMarking reads dec_ref_pic_marking() (clause 7.3.3.3).
func (h *sliceHeader) parseMarking(r *bitReader) error {
	h.mmcoCount = 0
	h.adaptiveMarking, h.noOutputOfPriorPics, h.longTermIDR = false, false, false
	if h.idr {
		h.noOutputOfPriorPics = r.flag()
		h.longTermIDR = r.flag()
		return nil
	}
	if h.adaptiveMarking = r.flag(); !h.adaptiveMarking {
		return nil
	}
	for {
		op := r.ue()
		if op == 0 {
			return nil
		}
		if op > 6 || h.mmcoCount >= len(h.mmco) || r.overrun() {
			return errSyntax
		}
		m := mmco{op: uint8(op)}
		switch op {
		case 1, 2, 4, 6:
			m.a = int32(r.ue())
		case 3:
			m.a = int32(r.ue())
			m.b = int32(r.ue())
		}
		if m.a < 0 || m.b < 0 {
			return errSyntax
		}
		h.mmco[h.mmcoCount] = m
		h.mmcoCount++
	}
}

// samePicture reports whether h belongs to the same primary coded picture as the slice o before it (clause 7.4.1.2.4).
func (h *sliceHeader) samePicture(o *sliceHeader) bool {
	return h.sps == o.sps && h.pps == o.pps && h.frameNum == o.frameNum && h.structure == o.structure &&
		(h.refIDC == 0) == (o.refIDC == 0) && h.idr == o.idr && (!h.idr || h.idrPicID == o.idrPicID) &&
		h.pocLsb == o.pocLsb && h.deltaPOCBottom == o.deltaPOCBottom && h.deltaPOC == o.deltaPOC
}

// resets reports memory_management_control_operation 5, after which the next picture may have the same frame_num and order count.
func (h *sliceHeader) resets() bool {
	for _, m := range h.mmco[:h.mmcoCount] {
		if m.op == 5 && h.refIDC != 0 && h.adaptiveMarking {
			return true
		}
	}
	return false
}
