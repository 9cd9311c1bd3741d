package nal

import (
	"bytes"
	"errors"
	"iter"
)

// What may be wrong with a bitstream. The packages of the two standards wrap these.
var (
	// ErrTruncated is returned when a structure ends before its last field.
	ErrTruncated = errors.New("bitstream ends too early")
	// ErrCorrupt is returned for values that the standard forbids, or that no decoder of ours accepts.
	ErrCorrupt = errors.New("corrupt bitstream")
	// ErrTooMany is returned when there are more NAL units than the caller allows.
	ErrTooMany = errors.New("too many NAL units")
	// ErrTooLarge is returned for a picture beyond codec.MaxAccessUnit.
	ErrTooLarge = errors.New("picture too large")
	// ErrWaiting is returned for pictures that cannot be decoded because no key picture came before them.
	ErrWaiting = errors.New("waiting for a key picture")
	// ErrNoPicture is returned for an access unit without a picture, such as parameter sets alone. It does no harm.
	ErrNoPicture = errors.New("no picture")
	// ErrParameters is returned for a picture whose parameter sets never came.
	ErrParameters = errors.New("parameter sets missing")
)

var startCode = []byte{0, 0, 1}

// Units yields the NAL units of a byte stream (H.264 and H.265, B.1.1) without start codes. The slices are parts of b. Bytes
// before the first start code, empty units and the zeros that may trail a unit are passed over.
func Units(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := bytes.Index(b, startCode)
		for i >= 0 {
			b = b[i+len(startCode):]
			i = bytes.Index(b, startCode)
			unit := b
			if i >= 0 {
				unit = b[:i]
			}
			unit = bytes.TrimRight(unit, "\x00")
			if len(unit) > 0 && !yield(unit) {
				return
			}
		}
	}
}

// Split collects the NAL units of a byte stream, at most limit of them. A stream without a start code is ErrCorrupt.
func Split(b []byte, limit int) ([][]byte, error) {
	var units [][]byte
	for u := range Units(b) {
		if len(units) == limit {
			return nil, ErrTooMany
		}
		units = append(units, u)
	}
	if units == nil {
		return nil, ErrCorrupt
	}
	return units, nil
}

// StartCodeLen is what Append adds to a NAL unit's length.
const StartCodeLen = 4

// Append appends a start code and one NAL unit.
func Append(dst, unit []byte) []byte {
	dst = append(dst, 0, 0, 0, 1)
	return append(dst, unit...)
}

// Pictures groups a byte stream's NAL units into access units. picture says whether a unit is part of a coded picture, starts
// whether it can only be the beginning of the next access unit, once the current one has a picture. Groups hold at most limit
// units; more are left out. The yielded slice is used again for the next group.
func Pictures(b []byte, limit int, picture, starts func(unit []byte) bool) iter.Seq[[][]byte] {
	return func(yield func([][]byte) bool) {
		var group [][]byte
		has := false
		for u := range Units(b) {
			if has && starts(u) {
				if !yield(group) {
					return
				}
				group, has = group[:0], false
			}
			if len(group) < limit {
				group = append(group, u)
			}
			has = has || picture(u)
		}
		if has {
			yield(group)
		}
	}
}
