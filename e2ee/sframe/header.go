package sframe

import (
	"errors"
	"math/bits"
)

// MaxHeader is the length in bytes of the longest header.
const MaxHeader = 1 + 8 + 8

// ErrHeader is returned for a header that is cut off or not written in the shortest way.
var ErrHeader = errors.New("sframe: malformed header")

// Header is the SFrame header of RFC 9605 §4.3: which key, and which counter value under it.
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+------------+------------+
//	|X|  K  |Y|  C  |   KID...   |   CTR...   |
//	+-+-+-+-+-+-+-+-+------------+------------+
//
// X clear: K is the KID. X set: the KID stands in K+1 bytes behind. The same for Y, C and CTR.
type Header struct {
	KID, CTR uint64
}

const inline = 8 // values below stand in the first byte

// Len returns the length in bytes of the encoded header, 1 to MaxHeader.
func (h Header) Len() int { return 1 + extra(h.KID) + extra(h.CTR) }

// Append appends the shortest encoding, the only valid one.
func (h Header) Append(dst []byte) []byte {
	k, c := extra(h.KID), extra(h.CTR)
	dst = append(dst, field(h.KID, k)<<4|field(h.CTR, c))
	dst = appendUint(dst, h.KID, k)
	return appendUint(dst, h.CTR, c)
}

// ParseHeader reads the header at the start of b and returns its length n. RFC 9605 §4.3 has the sender use the least number of
// bytes; anything longer is refused, so that a header has one encoding.
func ParseHeader(b []byte) (h Header, n int, err error) {
	if len(b) == 0 {
		return Header{}, 0, ErrHeader
	}
	rest := b[1:]
	if h.KID, rest, err = readField(b[0]>>4, rest); err != nil {
		return Header{}, 0, err
	}
	if h.CTR, rest, err = readField(b[0]&0xf, rest); err != nil {
		return Header{}, 0, err
	}
	return h, len(b) - len(rest), nil
}

// extra returns how many bytes v takes behind the first.
func extra(v uint64) int {
	if v < inline {
		return 0
	}
	return (bits.Len64(v) + 7) / 8
}

// field returns the four bits of the first byte for a value that takes n bytes behind it.
func field(v uint64, n int) byte {
	if n == 0 {
		return byte(v)
	}
	return 0x8 | byte(n-1)
}

func appendUint(dst []byte, v uint64, n int) []byte {
	for n > 0 {
		n--
		dst = append(dst, byte(v>>(8*n)))
	}
	return dst
}

func readField(f byte, b []byte) (v uint64, rest []byte, err error) {
	if f&0x8 == 0 {
		return uint64(f), b, nil
	}
	n := int(f&0x7) + 1
	if len(b) < n {
		return 0, nil, ErrHeader
	}
	for _, c := range b[:n] {
		v = v<<8 | uint64(c)
	}
	if extra(v) != n {
		return 0, nil, ErrHeader
	}
	return v, b[n:], nil
}
