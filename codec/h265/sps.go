package h265

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/nal"
)

// maxParameterSet bounds a parameter set. Real ones take at most a few hundred bytes.
const maxParameterSet = 4096

// SPS is what a sequence parameter set (7.3.2.2) says that matters outside a decoder.
type SPS struct {
	ID              uint8
	VPS             uint8
	ProfileSpace    uint8
	ProfileIDC      uint8
	HighTier        bool
	LevelIDC        uint8 // 30 times the level
	Compatibility   uint32
	Constraints     [6]byte // the 48 bits after the compatibility flags
	Width, Height   int     // pixels, after cropping
	ChromaFormat    uint8
	BitDepth        uint8 // luma
	FieldCoded      bool  // pictures are fields
	FrameRate       float64
	reorderFrames   int
	pocLSBBits      int
	separateColours bool
}

// Profile returns the codec string of ISO/IEC 14496-15 Annex E for streams that carry their parameter sets in band: "hev1.…".
func (s *SPS) Profile() string { return s.profile("hev1") }

// ProfileHVC1 is Profile for browsers that know the sample entry hvc1 only.
func (s *SPS) ProfileHVC1() string { return s.profile("hvc1") }

func (s *SPS) profile(entry string) string {
	var b strings.Builder
	b.WriteString(entry + ".")
	if s.ProfileSpace > 0 {
		b.WriteByte('A' + s.ProfileSpace - 1)
	}
	tier := 'L'
	if s.HighTier {
		tier = 'H'
	}
	fmt.Fprintf(&b, "%d.%X.%c%d", s.ProfileIDC, bits.Reverse32(s.Compatibility), tier, s.LevelIDC)
	n := len(s.Constraints)
	for n > 0 && s.Constraints[n-1] == 0 {
		n--
	}
	for _, c := range s.Constraints[:n] {
		fmt.Fprintf(&b, ".%X", c)
	}
	return b.String()
}

// ProfileName returns the profile's usual name.
func (s *SPS) ProfileName() string {
	switch s.ProfileIDC {
	case 1:
		return "Main"
	case 2:
		return "Main 10"
	case 3:
		return "Main Still Picture"
	case 4:
		return "Range Extensions"
	}
	return fmt.Sprintf("profile %d", s.ProfileIDC)
}

// Level returns the level as people write it, such as "4.1".
func (s *SPS) Level() string { return fmt.Sprintf("%d.%d", s.LevelIDC/30, s.LevelIDC%30/3) }

// Config returns the stream's configuration.
func (s *SPS) Config() codec.Config {
	return codec.Config{Codec: codec.H265, Width: uint16(s.Width), Height: uint16(s.Height), Profile: s.Profile()}
}

// FrameDuration returns the time between pictures, 0 when the SPS does not say.
func (s *SPS) FrameDuration() time.Duration {
	if s.FrameRate <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / s.FrameRate)
}

// Reorders reports whether pictures may be shown in another order than they are decoded in.
func (s *SPS) Reorders() bool { return s.reorderFrames > 0 }

// ParseSPS reads a NAL unit of type 33. It refuses pictures beyond codec.MaxWidth × codec.MaxHeight.
func ParseSPS(unit []byte) (*SPS, error) {
	if TypeOf(unit) != UnitSPS {
		return nil, fmt.Errorf("h265: sequence parameter set: %w", nal.ErrCorrupt)
	}
	if len(unit) > maxParameterSet {
		return nil, fmt.Errorf("h265: sequence parameter set: %w", nal.ErrTooLarge)
	}
	r := nal.NewReader(nal.Unescape(make([]byte, 0, len(unit)), unit[2:]))
	s := &SPS{}
	if err := s.parse(r); err != nil {
		return nil, fmt.Errorf("h265: sequence parameter set: %w", err)
	}
	return s, nil
}

func (s *SPS) parse(r *nal.Reader) error {
	s.VPS = uint8(r.U(4))
	subLayers := int(r.U(3)) // sps_max_sub_layers_minus1
	r.Skip(1)
	if subLayers > 6 {
		return nal.ErrCorrupt
	}
	s.parseProfile(r, subLayers)
	id := r.UE()
	if id > 15 {
		return nal.ErrCorrupt
	}
	s.ID = uint8(id)
	if err := s.parseSize(r); err != nil {
		return err
	}
	luma, chroma, lsb := r.UE(), r.UE(), r.UE()
	if luma > 8 || chroma > 8 || lsb > 12 {
		return nal.ErrCorrupt
	}
	s.BitDepth, s.pocLSBBits = uint8(8+luma), int(lsb)+4
	from := subLayers
	if r.Flag() { // sps_sub_layer_ordering_info_present_flag
		from = 0
	}
	for range subLayers - from + 1 {
		r.UE()
		reorder := r.UE()
		r.UE()
		if reorder > 16 {
			return nal.ErrCorrupt
		}
		s.reorderFrames = int(reorder)
	}
	if err := r.Err(); err != nil {
		return err
	}
	// What follows only leads to the frame rate: used as far as it can be read.
	s.parseTools(r)
	return nil
}

// parseProfile reads profile_tier_level (7.3.3).
func (s *SPS) parseProfile(r *nal.Reader, subLayers int) {
	s.ProfileSpace = uint8(r.U(2))
	s.HighTier = r.Flag()
	s.ProfileIDC = uint8(r.U(5))
	s.Compatibility = r.U(32)
	for i := range s.Constraints {
		s.Constraints[i] = byte(r.U(8))
	}
	s.LevelIDC = uint8(r.U(8))
	if subLayers == 0 {
		return
	}
	var profiles, levels int
	for i := range 8 {
		p, l := int(r.U(1)), int(r.U(1))
		if i < subLayers {
			profiles += p
			levels += l
		}
	}
	r.Skip(88*profiles + 8*levels)
}

func (s *SPS) parseSize(r *nal.Reader) error {
	chroma := r.UE()
	if chroma > 3 {
		return nal.ErrCorrupt
	}
	s.ChromaFormat = uint8(chroma)
	if chroma == 3 {
		s.separateColours = r.Flag()
	}
	width, height := r.UE(), r.UE()
	var crop [4]uint32 // left, right, top, bottom
	if r.Flag() {
		for i := range crop {
			crop[i] = r.UE()
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	// Room for one coding block over the limit before cropping.
	if width > codec.MaxWidth+64 || height > codec.MaxHeight+64 {
		return nal.ErrTooLarge
	}
	for _, c := range crop {
		if c > codec.MaxWidth {
			return nal.ErrCorrupt
		}
	}
	unitX, unitY := 1, 1 // table 6-1
	if chroma == 1 || chroma == 2 {
		unitX = 2
	}
	if chroma == 1 {
		unitY = 2
	}
	s.Width = int(width) - unitX*int(crop[0]+crop[1])
	s.Height = int(height) - unitY*int(crop[2]+crop[3])
	if s.Width <= 0 || s.Height <= 0 {
		return nal.ErrCorrupt
	}
	if s.Width > codec.MaxWidth || s.Height > codec.MaxHeight {
		return nal.ErrTooLarge
	}
	return nil
}
