package h264

// sps is a sequence parameter set (clause 7.3.2.1.1). It is not changed once parsed.
type sps struct {
	raw []byte // the NAL unit, to recognise a repetition

	profile, constraints, level uint8
	id                          uint32
	scaling                     scalingLists
	scalingPresent              bool

	log2MaxFrameNum    uint
	pocType            uint32
	log2MaxPOCLsb      uint
	deltaPOCZero       bool // delta_pic_order_always_zero_flag
	offsetNonRef       int32
	offsetTopToBottom  int32
	offsetRefFrame     []int32
	expectedDeltaCycle int32

	maxRefs     int // max_num_ref_frames
	gapsAllowed bool
	mbWidth     int
	mbHeight    int  // of a frame
	mono        bool // chroma_format_idc 0: decoded as 4:2:0 with chroma samples of 128
	frameOnly   bool
	mbaff       bool
	direct8x8   bool

	cropLeft, cropRight, cropTop, cropBottom int // luma samples

	colour        Colour
	reorderKnown  bool // bitstream_restriction_flag
	reorderFrames int  // max_num_reorder_frames
	dpbFrames     int  // max_dec_frame_buffering, or what the level allows
}

func parseSPS(nal []byte, r *bitReader, lim *limits) (*sps, error) {
	s := &sps{raw: append([]byte(nil), nal...)}
	s.profile = uint8(r.u(8))
	s.constraints = uint8(r.u(8))
	s.level = uint8(r.u(8))
	s.id = r.ue()
	if s.id > 31 {
		return nil, errSyntax
	}
	switch s.profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		chroma := r.ue()
		if chroma > 1 || r.ue() != 0 || r.ue() != 0 {
			return nil, unsupported("only 8-bit 4:2:0 and monochrome video is decoded")
		}
		s.mono = chroma == 0
		if r.flag() { // qpprime_y_zero_transform_bypass_flag
			return nil, unsupported("lossless coding is not decoded")
		}
		if r.flag() {
			s.scalingPresent = true
			if err := s.scaling.parse(r, 8); err != nil {
				return nil, err
			}
		}
	case 66, 77, 88:
	default:
		return nil, unsupported("this profile is not decoded")
	}
	n := r.ue()
	if n > 12 {
		return nil, errSyntax
	}
	s.log2MaxFrameNum = uint(n) + 4
	switch s.pocType = r.ue(); s.pocType {
	case 0:
		if n = r.ue(); n > 12 {
			return nil, errSyntax
		}
		s.log2MaxPOCLsb = uint(n) + 4
	case 1:
		s.deltaPOCZero = r.flag()
		s.offsetNonRef = r.se()
		s.offsetTopToBottom = r.se()
		if n = r.ue(); n > 255 {
			return nil, errSyntax
		}
		s.offsetRefFrame = make([]int32, n)
		for i := range s.offsetRefFrame {
			s.offsetRefFrame[i] = r.se()
			s.expectedDeltaCycle += s.offsetRefFrame[i]
		}
	case 2:
	default:
		return nil, errSyntax
	}
	refs := r.ue()
	if refs > 16 {
		return nil, errSyntax
	}
	s.maxRefs = int(refs)
	s.gapsAllowed = r.flag()
	w, h := r.ue(), r.ue()
	s.frameOnly = r.flag()
	if r.overrun() || w >= 1<<10 || h >= 1<<10 {
		return nil, errSyntax
	}
	s.mbWidth = int(w) + 1
	s.mbHeight = int(h) + 1
	if !s.frameOnly {
		s.mbHeight *= 2
		s.mbaff = r.flag()
	}
	s.direct8x8 = r.flag()
	if !s.frameOnly && !s.direct8x8 {
		return nil, errSyntax // clause 7.4.2.1.1
	}
	size := s.mbWidth * s.mbHeight
	if size > lim.frameMBs || s.mbWidth*16 > lim.width || s.mbHeight*16 > lim.height {
		return nil, ErrTooLarge
	}
	if r.flag() {
		unitX, unitY := 2, 2 // CropUnitX and CropUnitY (clause 7.4.2.1.1)
		if s.mono {
			unitX, unitY = 1, 1
		}
		if !s.frameOnly {
			unitY *= 2
		}
		l, rt, t, b := r.ue(), r.ue(), r.ue(), r.ue()
		if max(l, rt, t, b) > 1<<14 {
			return nil, errSyntax
		}
		s.cropLeft, s.cropRight = int(l)*unitX, int(rt)*unitX
		s.cropTop, s.cropBottom = int(t)*unitY, int(b)*unitY
		if s.cropLeft+s.cropRight >= s.mbWidth*16 || s.cropTop+s.cropBottom >= s.mbHeight*16 {
			return nil, errSyntax
		}
	}
	s.colour = unspecifiedColour
	s.dpbFrames = levelDPB(s, size)
	if r.flag() {
		s.parseVUI(r)
	}
	if r.overrun() {
		return nil, errSyntax
	}
	s.dpbFrames = max(s.dpbFrames, s.maxRefs)
	if s.dpbFrames*size > lim.dpbMBs {
		// A stream that claims more than its size allows may still be decoded with the references that it uses.
		if s.maxRefs*size > lim.dpbMBs {
			return nil, ErrTooLarge
		}
		s.dpbFrames = max(s.maxRefs, lim.dpbMBs/size)
	}
	return s, nil
}

// levelDPB returns MaxDpbFrames of clause A.3.1 item h.
func levelDPB(s *sps, size int) int {
	var mbs int
	switch {
	case s.level == 11 && s.constraints&0x10 != 0 && s.profile <= 88, s.level <= 10: // 1b, 1
		mbs = 396
	case s.level <= 11:
		mbs = 900
	case s.level <= 20:
		mbs = 2376
	case s.level <= 21:
		mbs = 4752
	case s.level <= 30:
		mbs = 8100
	case s.level <= 31:
		mbs = 18000
	case s.level <= 32:
		mbs = 20480
	case s.level <= 41:
		mbs = 32768
	case s.level <= 42:
		mbs = 34816
	case s.level <= 50:
		mbs = 110400
	case s.level <= 52:
		mbs = 184320
	default:
		mbs = 696320
	}
	n := min(mbs/size, 16)
	// The intra profiles hold no picture back (clause A.3.1, max_dec_frame_buffering inferred to be 0).
	if s.constraints&0x10 != 0 && (s.profile == 44 || s.profile == 100 || s.profile == 110 || s.profile == 122 || s.profile == 244) {
		n = 0
	}
	return n
}

// parseVUI reads what the decoder uses of Annex E. Overruns are found by the caller.
func (s *sps) parseVUI(r *bitReader) {
	if r.flag() { // aspect_ratio_info_present_flag
		if r.u(8) == 255 {
			r.skip(32)
		}
	}
	if r.flag() { // overscan_info_present_flag
		r.skip(1)
	}
	if r.flag() { // video_signal_type_present_flag
		r.skip(3)
		s.colour.FullRange = r.flag()
		if r.flag() {
			s.colour.Primaries = uint8(r.u(8))
			s.colour.Transfer = uint8(r.u(8))
			s.colour.Matrix = uint8(r.u(8))
		}
	}
	if r.flag() { // chroma_loc_info_present_flag
		r.ue()
		r.ue()
	}
	if r.flag() { // timing_info_present_flag
		r.skip(65)
	}
	nal := r.flag()
	if nal {
		skipHRDParams(r)
	}
	vcl := r.flag()
	if vcl {
		skipHRDParams(r)
	}
	if nal || vcl {
		r.skip(1)
	}
	r.skip(1)     // pic_struct_present_flag
	if r.flag() { // bitstream_restriction_flag
		r.skip(1)
		r.ue()
		r.ue()
		r.ue()
		r.ue()
		reorder, buffering := r.ue(), r.ue()
		if !r.overrun() && buffering <= 16 && reorder <= buffering {
			s.reorderKnown = true
			s.reorderFrames = int(reorder)
			s.dpbFrames = int(buffering)
		}
	}
}

func skipHRDParams(r *bitReader) {
	n := r.ue()
	r.skip(8)
	for i := uint32(0); i <= n && i < 32; i++ {
		r.ue()
		r.ue()
		r.skip(1)
	}
	r.skip(20)
}
