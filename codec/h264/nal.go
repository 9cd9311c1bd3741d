package h264

import (
	"iter"

	"github.com/sealcam/sealcam/codec/nal"
)

// UnitType is nal_unit_type (table 7-1).
type UnitType uint8

// The NAL units that matter to a camera viewer.
const (
	UnitSlice    UnitType = 1 // of a picture that is no IDR picture
	UnitIDR      UnitType = 5 // slice of an IDR picture
	UnitSEI      UnitType = 6
	UnitSPS      UnitType = 7
	UnitPPS      UnitType = 8
	UnitAUD      UnitType = 9
	UnitEndOfSeq UnitType = 10
	UnitFiller   UnitType = 12
)

// TypeOf returns the type of a NAL unit, 0 for an empty one or one with forbidden_zero_bit set.
func TypeOf(unit []byte) UnitType {
	if len(unit) == 0 || unit[0]&0x80 != 0 {
		return 0
	}
	return UnitType(unit[0] & 31)
}

// picture reports whether units of this type hold a picture's slices. Data partitioning (2 to 4) is left out: no decoder in use
// reads it.
func (t UnitType) picture() bool { return t == UnitSlice || t == UnitIDR }

// isReference reports nal_ref_idc != 0.
func isReference(unit []byte) bool { return len(unit) > 0 && unit[0]&0x60 != 0 }

const maxUnits = 1024 // NAL units of one access unit

// Starts reports whether unit cannot belong to the access unit that holds a picture already: the next picture's first slice, or
// what precedes it (7.4.1.2.3). A slice counts as first when it starts at macroblock 0, which holds for all profiles without
// arbitrary slice order.
func Starts(unit []byte) bool {
	switch t := TypeOf(unit); {
	case t.picture():
		return FirstOfPicture(unit)
	case t >= UnitSEI && t <= UnitAUD, t >= 14 && t <= 18:
		return true
	}
	return false
}

// FirstOfPicture reports whether a slice starts at macroblock 0: ue(v) of 0 is a single bit 1.
func FirstOfPicture(unit []byte) bool { return len(unit) > 1 && unit[1]&0x80 != 0 }

// IsPicture reports whether a unit is a slice.
func IsPicture(unit []byte) bool { return TypeOf(unit).picture() }

// RecoveryPoint reports whether an SEI unit holds a recovery point message (D.1.8): the mark of encoders that refresh the
// picture little by little in place of IDR pictures.
func RecoveryPoint(unit []byte) bool {
	if TypeOf(unit) != UnitSEI {
		return false
	}
	b := nal.Unescape(nil, unit[1:min(len(unit), 512)])
	for len(b) >= 2 && b[0] != 0x80 {
		kind, size := 0, 0
		for _, v := range []*int{&kind, &size} {
			for len(b) > 0 && b[0] == 255 {
				*v += 255
				b = b[1:]
			}
			if len(b) == 0 {
				return false
			}
			*v += int(b[0])
			b = b[1:]
		}
		if kind == 6 {
			return true
		}
		if size > len(b) {
			return false
		}
		b = b[size:]
	}
	return false
}

// Pictures groups the NAL units of a byte stream into access units. The yielded slice is used again for the next one.
func Pictures(b []byte) iter.Seq[[][]byte] { return nal.Pictures(b, maxUnits, IsPicture, Starts) }
