package h264

import (
	"fmt"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/nal"
)

// maxParameterSet bounds a sequence or picture parameter set. Real ones take a few dozen bytes.
const maxParameterSet = 2048

// SPS is what a sequence parameter set (7.3.2.1.1) says that matters outside a decoder.
type SPS struct {
	ID                    uint8
	ProfileIDC            uint8
	Constraints           uint8 // constraint_set0_flag is the highest bit
	LevelIDC              uint8
	Width, Height         int // pixels, after cropping
	ChromaFormat          uint8
	BitDepth              uint8 // luma
	Interlaced            bool  // pictures may be fields
	RefFrames             int   // max_num_ref_frames
	FrameRate             float64
	FullRange             bool
	reorderFrames         int // max_num_reorder_frames, -1 when not said
	macroblocks           int // of a frame
	frameNumBits          int
	pocType               uint8
	pocLSBBits            int
	deltaPicOrderAlways0  bool
	separateColourPlanes  bool
	restrictionAt         int // bit at which bitstream_restriction_flag stands, or vui_parameters_present_flag if there is no VUI
	hasVUI                bool
	hasRestriction        bool
	bitstreamRestrictions bool
}

// Profile returns the codec string of RFC 6381 §3.3: avc1 and profile, constraints and level in hexadecimal digits.
func (s *SPS) Profile() string {
	return fmt.Sprintf("avc1.%02X%02X%02X", s.ProfileIDC, s.Constraints, s.LevelIDC)
}

// ProfileName returns the profile's usual name.
func (s *SPS) ProfileName() string {
	switch s.ProfileIDC {
	case 66:
		if s.Constraints&0x40 != 0 {
			return "Constrained Baseline"
		}
		return "Baseline"
	case 77:
		return "Main"
	case 88:
		return "Extended"
	case 100:
		return "High"
	case 110:
		return "High 10"
	case 122:
		return "High 4:2:2"
	case 244:
		return "High 4:4:4 Predictive"
	}
	return fmt.Sprintf("profile %d", s.ProfileIDC)
}

// Level returns the level as people write it, such as "4.1".
func (s *SPS) Level() string {
	if s.LevelIDC == 11 && s.Constraints&0x10 != 0 && (s.ProfileIDC == 66 || s.ProfileIDC == 77 || s.ProfileIDC == 88) {
		return "1b"
	}
	return fmt.Sprintf("%d.%d", s.LevelIDC/10, s.LevelIDC%10)
}

// Config returns the stream's configuration.
func (s *SPS) Config() codec.Config {
	return codec.Config{Codec: codec.H264, Width: uint16(s.Width), Height: uint16(s.Height), Profile: s.Profile()}
}

// FrameDuration returns the time between pictures, 0 when the SPS does not say.
func (s *SPS) FrameDuration() time.Duration {
	if s.FrameRate <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / s.FrameRate)
}

// Reordering says whether pictures are shown in another order than they are decoded in.
type Reordering uint8

// What parameter sets say about the order of pictures.
const (
	ReorderUnknown Reordering = iota // only the pictures can tell
	ReorderNone
	ReorderSome
)

// Reorders returns what the SPS says about the order of pictures.
func (s *SPS) Reorders() Reordering {
	switch {
	case s.reorderFrames == 0, s.pocType == 2, s.ProfileIDC == 66 && s.reorderFrames < 0:
		// Baseline has no B slices (A.2.1), picture order count type 2 no reordering (8.2.1.3).
		return ReorderNone
	case s.reorderFrames > 0:
		return ReorderSome
	}
	return ReorderUnknown
}

// ParseSPS reads a NAL unit of type 7. It refuses pictures beyond codec.MaxWidth × codec.MaxHeight.
func ParseSPS(unit []byte) (*SPS, error) {
	if TypeOf(unit) != UnitSPS || len(unit) < 5 {
		return nil, fmt.Errorf("h264: sequence parameter set: %w", nal.ErrCorrupt)
	}
	if len(unit) > maxParameterSet {
		return nil, fmt.Errorf("h264: sequence parameter set: %w", nal.ErrTooLarge)
	}
	r := nal.NewReader(nal.Unescape(make([]byte, 0, len(unit)), unit[1:]))
	s := &SPS{reorderFrames: -1, ChromaFormat: 1, BitDepth: 8}
	if err := s.parse(r); err != nil {
		return nil, fmt.Errorf("h264: sequence parameter set: %w", err)
	}
	return s, nil
}

func (s *SPS) parse(r *nal.Reader) error {
	s.ProfileIDC = uint8(r.U(8))
	s.Constraints = uint8(r.U(8))
	s.LevelIDC = uint8(r.U(8))
	id := r.UE()
	if id > 31 {
		return nal.ErrCorrupt
	}
	s.ID = uint8(id)
	switch s.ProfileIDC {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		if err := s.parseHigh(r); err != nil {
			return err
		}
	}
	frameNum := r.UE()
	poc := r.UE()
	if frameNum > 12 || poc > 2 {
		return nal.ErrCorrupt
	}
	s.frameNumBits, s.pocType = int(frameNum)+4, uint8(poc)
	switch poc {
	case 0:
		lsb := r.UE()
		if lsb > 12 {
			return nal.ErrCorrupt
		}
		s.pocLSBBits = int(lsb) + 4
	case 1:
		s.deltaPicOrderAlways0 = r.Flag()
		r.SE()
		r.SE()
		n := r.UE()
		if n > 255 {
			return nal.ErrCorrupt
		}
		for range n {
			r.SE()
		}
	}
	refs := r.UE()
	r.Skip(1) // gaps_in_frame_num_value_allowed_flag
	if refs > 16 {
		return nal.ErrCorrupt
	}
	s.RefFrames = int(refs)
	if err := s.parseSize(r); err != nil {
		return err
	}
	s.restrictionAt = r.Pos()
	s.hasVUI = r.Flag()
	if r.Err() != nil {
		return r.Err()
	}
	if s.hasVUI {
		// Cameras are known to send a broken VUI: what comes after the size is used only as far as it can be read.
		s.parseVUI(r)
	}
	return nil
}

// parseHigh reads what only the High profiles have.
func (s *SPS) parseHigh(r *nal.Reader) error {
	chroma := r.UE()
	if chroma > 3 {
		return nal.ErrCorrupt
	}
	s.ChromaFormat = uint8(chroma)
	if chroma == 3 {
		s.separateColourPlanes = r.Flag()
	}
	luma, chromaDepth := r.UE(), r.UE()
	if luma > 6 || chromaDepth > 6 {
		return nal.ErrCorrupt
	}
	s.BitDepth = uint8(8 + luma)
	r.Skip(1)      // qpprime_y_zero_transform_bypass_flag
	if !r.Flag() { // seq_scaling_matrix_present_flag
		return r.Err()
	}
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if !r.Flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := int32(8), int32(8) // 7.3.2.1.1.1
		for range size {
			if next != 0 {
				next = (last + r.SE()) & 255
			}
			if next != 0 {
				last = next
			}
		}
	}
	return r.Err()
}

// parseSize reads the picture's size and cropping (7.4.2.1.1).
func (s *SPS) parseSize(r *nal.Reader) error {
	columns, rows := r.UE(), r.UE()
	frameOnly := r.Flag()
	s.Interlaced = !frameOnly
	fields := 1
	if !frameOnly {
		r.Skip(1) // mb_adaptive_frame_field_flag
		fields = 2
	}
	r.Skip(1) // direct_8x8_inference_flag
	var left, right, top, bottom uint32
	if r.Flag() {
		left, right, top, bottom = r.UE(), r.UE(), r.UE(), r.UE()
	}
	if r.Err() != nil {
		return r.Err()
	}
	// One macroblock over the limit is allowed before cropping.
	if columns > codec.MaxWidth/16 || rows > codec.MaxHeight/16 {
		return nal.ErrTooLarge
	}
	width, height := int(columns+1)*16, int(rows+1)*16*fields
	s.macroblocks = width / 16 * height / 16
	unitX, unitY := 1, fields
	if !s.separateColourPlanes {
		if s.ChromaFormat == 1 || s.ChromaFormat == 2 {
			unitX = 2
		}
		if s.ChromaFormat == 1 {
			unitY *= 2
		}
	}
	for _, c := range []uint32{left, right, top, bottom} {
		if c > codec.MaxWidth {
			return nal.ErrCorrupt
		}
	}
	s.Width = width - unitX*int(left+right)
	s.Height = height - unitY*int(top+bottom)
	if s.Width <= 0 || s.Height <= 0 {
		return nal.ErrCorrupt
	}
	if s.Width > codec.MaxWidth || s.Height > codec.MaxHeight {
		return nal.ErrTooLarge
	}
	return nil
}
