package h264

import (
	"fmt"

	"github.com/sealcam/sealcam/codec/nal"
)

// PPS is the beginning of a picture parameter set (7.3.2.2).
type PPS struct {
	ID, SPS          uint8
	bottomFieldOrder bool // bottom_field_pic_order_in_frame_present_flag
}

// ParsePPS reads a NAL unit of type 8.
func ParsePPS(unit []byte) (*PPS, error) {
	if TypeOf(unit) != UnitPPS || len(unit) < 2 || len(unit) > maxParameterSet {
		return nil, fmt.Errorf("h264: picture parameter set: %w", nal.ErrCorrupt)
	}
	var buf [32]byte
	r := nal.NewReader(nal.Unescape(buf[:0], unit[1:min(len(unit), 24)]))
	id, sps := r.UE(), r.UE()
	r.Skip(1) // entropy_coding_mode_flag
	p := &PPS{ID: uint8(id), SPS: uint8(sps), bottomFieldOrder: r.Flag()}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("h264: picture parameter set: %w", err)
	}
	if id > 255 || sps > 31 {
		return nil, fmt.Errorf("h264: picture parameter set: %w", nal.ErrCorrupt)
	}
	return p, nil
}

// SliceKind is slice_type modulo 5 (table 7-6).
type SliceKind uint8

// The kinds of slices.
const (
	SliceP  SliceKind = 0
	SliceB  SliceKind = 1
	SliceI  SliceKind = 2
	SliceSP SliceKind = 3
	SliceSI SliceKind = 4
)

// SliceHeader is the beginning of a slice (7.3.3).
type SliceHeader struct {
	FirstMacroblock uint32
	Kind            SliceKind
	PPS             uint8
	IDR             bool
	Reference       bool // nal_ref_idc is not 0
	rest            [64]byte
	restLen         int
	at              int
}

// ParseSlice reads the fields of a slice that need no parameter sets.
func ParseSlice(unit []byte) (SliceHeader, error) {
	t := TypeOf(unit)
	if !t.picture() {
		return SliceHeader{}, fmt.Errorf("h264: slice: %w", nal.ErrCorrupt)
	}
	h := SliceHeader{IDR: t == UnitIDR, Reference: isReference(unit)}
	h.restLen = len(nal.Unescape(h.rest[:0], unit[1:min(len(unit), 1+len(h.rest))]))
	r := nal.NewReader(h.rest[:h.restLen])
	h.FirstMacroblock = r.UE()
	kind, pps := r.UE(), r.UE()
	if err := r.Err(); err != nil {
		return SliceHeader{}, fmt.Errorf("h264: slice: %w", err)
	}
	h.Kind, h.PPS, h.at = SliceKind(kind%5), uint8(pps), r.Pos()
	// An IDR picture has I and SI slices only, and is a reference (7.4.3, 7.4.1).
	if kind > 9 || pps > 255 || h.IDR && (!h.Reference || h.Kind != SliceI && h.Kind != SliceSI) {
		return SliceHeader{}, fmt.Errorf("h264: slice: %w", nal.ErrCorrupt)
	}
	return h, nil
}

// orderFields reads pic_order_cnt_lsb and what stands before it. It needs picture order count type 0.
func (h *SliceHeader) orderFields(s *SPS, p *PPS) (lsb int, bottom int32, err error) {
	r := nal.NewReader(h.rest[:h.restLen])
	r.Skip(h.at)
	if s.separateColourPlanes {
		r.Skip(2)
	}
	r.Skip(s.frameNumBits)
	field := false
	if s.Interlaced {
		if field = r.Flag(); field {
			r.Skip(1) // bottom_field_flag
		}
	}
	if h.IDR {
		r.UE() // idr_pic_id
	}
	lsb = int(r.U(s.pocLSBBits))
	if p.bottomFieldOrder && !field {
		bottom = r.SE()
	}
	if r.Err() != nil {
		return 0, 0, fmt.Errorf("h264: slice: %w", r.Err())
	}
	return lsb, bottom, nil
}
