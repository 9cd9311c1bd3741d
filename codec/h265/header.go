package h265

import (
	"fmt"

	"github.com/sealcam/sealcam/codec/nal"
)

// PPS is the beginning of a picture parameter set (7.3.2.3).
type PPS struct {
	ID, SPS         uint8
	outputFlag      bool
	extraHeaderBits int
}

// ParsePPS reads a NAL unit of type 34.
func ParsePPS(unit []byte) (*PPS, error) {
	if TypeOf(unit) != UnitPPS || len(unit) > maxParameterSet {
		return nil, fmt.Errorf("h265: picture parameter set: %w", nal.ErrCorrupt)
	}
	var buf [32]byte
	r := nal.NewReader(nal.Unescape(buf[:0], unit[2:min(len(unit), 26)]))
	id, sps := r.UE(), r.UE()
	p := &PPS{ID: uint8(id), SPS: uint8(sps)}
	r.Skip(1) // dependent_slice_segments_enabled_flag
	p.outputFlag = r.Flag()
	p.extraHeaderBits = int(r.U(3))
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("h265: picture parameter set: %w", err)
	}
	if id > 63 || sps > 15 {
		return nil, fmt.Errorf("h265: picture parameter set: %w", nal.ErrCorrupt)
	}
	return p, nil
}

// parseVPSID reads what a video parameter set is stored under.
func parseVPSID(unit []byte) (uint8, error) {
	if TypeOf(unit) != UnitVPS || len(unit) < 6 || len(unit) > maxParameterSet {
		return 0, fmt.Errorf("h265: video parameter set: %w", nal.ErrCorrupt)
	}
	return unit[2] >> 4, nil
}

// SliceKind is slice_type (table 7-7).
type SliceKind uint8

// The kinds of slices.
const (
	SliceB SliceKind = 0
	SliceP SliceKind = 1
	SliceI SliceKind = 2
)

// SliceHeader is the beginning of a slice segment (7.3.6.1).
type SliceHeader struct {
	Type    UnitType
	First   bool // first segment of its picture
	PPS     uint8
	Layer0  bool // temporal id is 0
	rest    [64]byte
	restLen int
	at      int
}

// ParseSlice reads the fields of a slice segment that need no parameter sets.
func ParseSlice(unit []byte) (SliceHeader, error) {
	t := TypeOf(unit)
	if !t.picture() {
		return SliceHeader{}, fmt.Errorf("h265: slice: %w", nal.ErrCorrupt)
	}
	h := SliceHeader{Type: t, Layer0: unit[1]&7 == 1}
	h.restLen = len(nal.Unescape(h.rest[:0], unit[2:min(len(unit), 2+len(h.rest))]))
	r := nal.NewReader(h.rest[:h.restLen])
	h.First = r.Flag()
	if t.irap() {
		r.Skip(1) // no_output_of_prior_pics_flag
	}
	pps := r.UE()
	if err := r.Err(); err != nil {
		return SliceHeader{}, fmt.Errorf("h265: slice: %w", err)
	}
	// Intra random access pictures have temporal id 0 (7.4.2.2).
	if pps > 63 || t.irap() && !h.Layer0 {
		return SliceHeader{}, fmt.Errorf("h265: slice: %w", nal.ErrCorrupt)
	}
	h.PPS, h.at = uint8(pps), r.Pos()
	return h, nil
}

// orderField reads slice_pic_order_cnt_lsb of a picture's first segment, and checks the slice's kind on the way.
func (h *SliceHeader) orderField(s *SPS, p *PPS) (lsb int, err error) {
	r := nal.NewReader(h.rest[:h.restLen])
	r.Skip(h.at + p.extraHeaderBits)
	kind := SliceKind(min(r.UE(), 255))
	if p.outputFlag {
		r.Skip(1)
	}
	if s.separateColours {
		r.Skip(2)
	}
	if !h.Type.idr() {
		lsb = int(r.U(s.pocLSBBits))
	}
	if r.Err() != nil {
		return 0, fmt.Errorf("h265: slice: %w", r.Err())
	}
	// Pictures of the base layer at a random access point are intra coded (7.4.7.1).
	if kind > SliceI || h.Type.irap() && kind != SliceI {
		return 0, fmt.Errorf("h265: slice: %w", nal.ErrCorrupt)
	}
	return lsb, nil
}
