package h264

import "github.com/sealcam/sealcam/codec/nal"

// parseVUI reads video usability information (E.1.1).
func (s *SPS) parseVUI(r *nal.Reader) {
	if r.Flag() && r.U(8) == 255 { // aspect ratio, Extended_SAR
		r.Skip(32)
	}
	if r.Flag() { // overscan
		r.Skip(1)
	}
	if r.Flag() { // video signal type
		r.Skip(3)
		s.FullRange = r.Flag()
		if r.Flag() {
			r.Skip(24)
		}
	}
	if r.Flag() { // chroma location
		r.UE()
		r.UE()
	}
	if r.Flag() { // timing
		units, scale := r.U(32), r.U(32)
		r.Skip(1) // fixed_frame_rate_flag
		if units > 0 && scale > 0 {
			// A tick is a field's time (E.2.1). Rates beyond reason are a camera's mistake.
			if f := float64(scale) / float64(units) / 2; f >= 0.1 && f <= 300 {
				s.FrameRate = f
			}
		}
	}
	nalHRD := r.Flag()
	if nalHRD {
		skipHRD(r)
	}
	vclHRD := r.Flag()
	if vclHRD {
		skipHRD(r)
	}
	if nalHRD || vclHRD {
		r.Skip(1) // low_delay_hrd_flag
	}
	r.Skip(1) // pic_struct_present_flag
	at := r.Pos()
	restricted := r.Flag()
	if r.Err() != nil {
		return
	}
	s.restrictionAt, s.bitstreamRestrictions = at, true
	if !restricted {
		return
	}
	s.hasRestriction = true
	r.Skip(1) // motion_vectors_over_pic_boundaries_flag
	for range 4 {
		r.UE()
	}
	reorder := r.UE()
	r.UE() // max_dec_frame_buffering
	if r.Err() == nil && reorder <= 16 {
		s.reorderFrames = int(reorder)
	}
}

func skipHRD(r *nal.Reader) {
	n := r.UE()
	r.Skip(8)
	if n > 31 {
		r.Skip(1 << 30) // makes the reader run over: nothing after this can be trusted
		return
	}
	for range n + 1 {
		r.UE()
		r.UE()
		r.Skip(1)
	}
	r.Skip(20)
}

// WithoutReordering returns the SPS unit with bitstream restrictions added that say max_num_reorder_frames = 0. Without them a
// decoder holds back as many pictures as its buffer takes before it shows the first (C.4.5.3), up to half a second. Use it only
// for streams that do not reorder. It returns unit itself when the SPS says so already or cannot be changed safely.
func WithoutReordering(unit []byte) []byte {
	s, err := ParseSPS(unit)
	if err != nil || s.hasRestriction || s.hasVUI && !s.bitstreamRestrictions {
		return unit
	}
	plain := nal.Unescape(nil, unit[1:])
	var w nal.Writer
	w.Copy(plain, s.restrictionAt)
	if !s.hasVUI {
		w.U(1, 1) // vui_parameters_present_flag
		w.U(0, 4) // aspect ratio, overscan, signal type, chroma location: not present
		w.U(0, 4) // timing, both HRDs, pic_struct: not present
	}
	w.U(1, 1)                         // bitstream_restriction_flag
	w.U(1, 1)                         // motion_vectors_over_pic_boundaries_flag
	w.UE(0)                           // max_bytes_per_pic_denom: no limit
	w.UE(0)                           // max_bits_per_mb_denom: no limit
	w.UE(15)                          // log2_max_mv_length_horizontal
	w.UE(15)                          // log2_max_mv_length_vertical
	w.UE(0)                           // max_num_reorder_frames
	w.UE(uint32(max(1, s.RefFrames))) // max_dec_frame_buffering
	w.Stop()
	return nal.Escape([]byte{unit[0]}, w.Bytes())
}
