package h265

import (
	"iter"

	"github.com/sealcam/sealcam/codec/nal"
)

// UnitType is nal_unit_type (table 7-1).
type UnitType uint8

// The NAL units that matter to a camera viewer. Slices have types below 32.
const (
	UnitRASLN     UnitType = 8 // leading pictures that need what comes before their CRA picture
	UnitRASLR     UnitType = 9
	UnitBLAFirst  UnitType = 16
	UnitBLALast   UnitType = 18
	UnitIDRFirst  UnitType = 19
	UnitIDRLast   UnitType = 20
	UnitCRA       UnitType = 21
	UnitVPS       UnitType = 32
	UnitSPS       UnitType = 33
	UnitPPS       UnitType = 34
	UnitAUD       UnitType = 35
	UnitFiller    UnitType = 38
	UnitPrefixSEI UnitType = 39
	unitInvalid   UnitType = 255
)

// TypeOf returns the type of a NAL unit. For units that are too short, have forbidden_zero_bit set, or belong to an enhancement
// layer it returns a value that no unit has.
func TypeOf(unit []byte) UnitType {
	if len(unit) < 2 || unit[0]&0x81 != 0 || unit[1]&0xf8 != 0 || unit[1]&7 == 0 {
		return unitInvalid
	}
	return UnitType(unit[0] >> 1)
}

// picture reports whether the type is that of a slice segment (0 to 9 and 16 to 21; the others are reserved).
func (t UnitType) picture() bool { return t <= UnitRASLR || t >= UnitBLAFirst && t <= UnitCRA }

// irap reports an intra random access point: IDR, BLA or CRA.
func (t UnitType) irap() bool { return t >= UnitBLAFirst && t <= UnitCRA }

func (t UnitType) idr() bool { return t == UnitIDRFirst || t == UnitIDRLast }

func (t UnitType) bla() bool { return t >= UnitBLAFirst && t <= UnitBLALast }

func (t UnitType) rasl() bool { return t == UnitRASLN || t == UnitRASLR }

const maxUnits = 1024 // NAL units of one access unit

// IsPicture reports whether a unit is a slice segment.
func IsPicture(unit []byte) bool { return TypeOf(unit).picture() }

// FirstOfPicture reports first_slice_segment_in_pic_flag.
func FirstOfPicture(unit []byte) bool { return len(unit) > 2 && unit[2]&0x80 != 0 }

// Starts reports whether unit cannot belong to the access unit that holds a picture already (7.4.2.4.4).
func Starts(unit []byte) bool {
	switch t := TypeOf(unit); {
	case t.picture():
		return FirstOfPicture(unit)
	case t >= UnitVPS && t <= UnitAUD, t == UnitPrefixSEI, t >= 41 && t <= 44, t >= 48 && t <= 55:
		return true
	}
	return false
}

// Pictures groups the NAL units of a byte stream into access units. The yielded slice is used again for the next one.
func Pictures(b []byte) iter.Seq[[][]byte] { return nal.Pictures(b, maxUnits, IsPicture, Starts) }
