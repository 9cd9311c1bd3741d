package h264

import (
	"encoding/binary"
	"math/bits"
)

// readPad is the count of zero bytes that follow every payload handed to a bit or CABAC reader. No macroblock and no section of
// a header between two overrun checks can consume as much, so the readers need no check at each symbol: they may run into the
// padding, and the check that follows reports it.
const readPad = 8192

// bitReader reads the raw byte sequence payload of a NAL unit (clause 7.2). Its buffer ends in readPad zero bytes.
type bitReader struct {
	buf []byte
	pos int // next bit
	end int // first bit after the payload

	// tap, which only tests set, writes the bits that are about to be read: it makes streams out of the decoder's own contexts.
	tap bitTap
}

type bitTap interface {
	element(what steering, arg int)
	block(nC, max int) // a block of transform coefficient levels
}

// overrun reports whether more was read than the payload holds.
func (r *bitReader) overrun() bool { return r.pos > r.end }

// peek returns the next n bits, 1 to 32.
func (r *bitReader) peek(n uint) uint32 {
	v := binary.BigEndian.Uint64(r.buf[r.pos>>3:]) << (uint(r.pos) & 7)
	return uint32(v >> ((64 - n) & 63))
}

func (r *bitReader) skip(n int) { r.pos += n }

// u reads an unsigned integer of n bits, 0 to 32.
func (r *bitReader) u(n uint) uint32 {
	if n == 0 {
		return 0
	}
	v := r.peek(n)
	r.pos += int(n)
	return v
}

func (r *bitReader) flag() bool {
	v := r.buf[r.pos>>3] << (uint(r.pos) & 7)
	r.pos++
	return v&0x80 != 0
}

// ue reads an Exp-Golomb code (clause 9.1). A prefix of more than 31 zeros, which no syntax element has, gives the largest value.
func (r *bitReader) ue() uint32 {
	v := binary.BigEndian.Uint64(r.buf[r.pos>>3:]) << (uint(r.pos) & 7)
	z := bits.LeadingZeros64(v)
	if z > 24 { // up to 24 zeros the whole code is in the 57 valid bits
		return r.ueLong()
	}
	n := uint(2*z + 1)
	r.pos += int(n)
	return uint32(v>>(64-n)) - 1
}

func (r *bitReader) ueLong() uint32 {
	z := bits.LeadingZeros32(r.peek(32))
	if z > 31 {
		r.pos += 33
		return 1<<32 - 1
	}
	r.pos += z + 1
	return 1<<uint(z) - 1 + r.u(uint(z))
}

// se reads a signed Exp-Golomb code (clause 9.1.1).
func (r *bitReader) se() int32 {
	k := r.ue()
	if k&1 != 0 {
		return int32(k>>1) + 1
	}
	return -int32(k >> 1)
}

// moreData is more_rbsp_data() of clause 7.2: whether anything precedes the trailing bits.
func (r *bitReader) moreData() bool { return r.pos < r.end }

// trimTrailing returns the count of bits before rbsp_stop_one_bit. Trailing zero bytes (cabac_zero_words) are dropped.
func trimTrailing(b []byte) int {
	n := len(b)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	if n == 0 {
		return 0
	}
	return n*8 - 1 - bits.TrailingZeros8(b[n-1])
}

// nextNAL finds the first NAL unit of an Annex B byte stream: its bytes without start code and trailing zeros, and what follows.
func nextNAL(b []byte) (nal, rest []byte) {
	i := startCode(b, 0)
	if i < 0 {
		return nil, nil
	}
	i += 3
	j := startCode(b, i)
	if j < 0 {
		return b[i:], nil
	}
	rest = b[j:]
	for j > i && b[j-1] == 0 {
		j--
	}
	return b[i:j], rest
}

// startCode returns the index of the next 00 00 01 at or after i, or -1.
func startCode(b []byte, i int) int {
	for ; i+2 < len(b); i++ {
		if b[i+2] > 1 {
			i += 2
			continue
		}
		if b[i] == 0 && b[i+1] == 0 && b[i+2] == 1 {
			return i
		}
	}
	return -1
}

// appendRBSP appends the payload of a NAL unit without its emulation prevention bytes (clause 7.3.1) and readPad zero bytes.
func appendRBSP(dst, src []byte) []byte {
	for {
		i := emulation(src)
		if i < 0 {
			break
		}
		dst = append(dst, src[:i]...)
		src = src[i+1:]
	}
	dst = append(dst, src...)
	return append(dst, zeros[:]...)
}

var zeros [readPad]byte

// emulation returns the index of the first emulation_prevention_three_byte, or -1.
func emulation(b []byte) int {
	for i := 2; i < len(b); i++ {
		if b[i] > 3 {
			i += 2
			continue
		}
		if b[i] == 3 && b[i-1] == 0 && b[i-2] == 0 {
			return i
		}
	}
	return -1
}
