package h264

import (
	"encoding/binary"
	"math/bits"
)

// coeffTokenLen and coeffTokenBits are Table 9-5 at TotalCoeff * 4 + TrailingOnes, for 0 <= nC < 2, 2 <= nC < 4 and 4 <= nC < 8.
// The code for nC >= 8 is of fixed length.
var (
	coeffTokenLen = [3][68]uint8{
		{
			1, 0, 0, 0, 6, 2, 0, 0, 8, 6, 3, 0, 9, 8, 7, 5, 10, 9, 8, 6, 11, 10, 9, 7, 13, 11, 10, 8, 13, 13, 11, 9, 13, 13, 13, 10,
			14, 14, 13, 11, 14, 14, 14, 13, 15, 15, 14, 14, 15, 15, 15, 14, 16, 15, 15, 15, 16, 16, 16, 15, 16, 16, 16, 16, 16, 16, 16, 16,
		},
		{
			2, 0, 0, 0, 6, 2, 0, 0, 6, 5, 3, 0, 7, 6, 6, 4, 8, 6, 6, 4, 8, 7, 7, 5, 9, 8, 8, 6, 11, 9, 9, 6, 11, 11, 11, 7,
			12, 11, 11, 9, 12, 12, 12, 11, 12, 12, 12, 11, 13, 13, 13, 12, 13, 13, 13, 13, 13, 14, 13, 13, 14, 14, 14, 13, 14, 14, 14, 14,
		},
		{
			4, 0, 0, 0, 6, 4, 0, 0, 6, 5, 4, 0, 6, 5, 5, 4, 7, 5, 5, 4, 7, 5, 5, 4, 7, 6, 6, 4, 7, 6, 6, 4, 8, 7, 7, 5,
			8, 8, 7, 6, 9, 8, 8, 7, 9, 9, 8, 8, 9, 9, 9, 8, 10, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
		},
	}
	coeffTokenBits = [3][68]uint8{
		{
			1, 0, 0, 0, 5, 1, 0, 0, 7, 4, 1, 0, 7, 6, 5, 3, 7, 6, 5, 3, 7, 6, 5, 4, 15, 6, 5, 4, 11, 14, 5, 4, 8, 10, 13, 4,
			15, 14, 9, 4, 11, 10, 13, 12, 15, 14, 9, 12, 11, 10, 13, 8, 15, 1, 9, 12, 11, 14, 13, 8, 7, 10, 9, 12, 4, 6, 5, 8,
		},
		{
			3, 0, 0, 0, 11, 2, 0, 0, 7, 7, 3, 0, 7, 10, 9, 5, 7, 6, 5, 4, 4, 6, 5, 6, 7, 6, 5, 8, 15, 6, 5, 4, 11, 14, 13, 4,
			15, 10, 9, 4, 11, 14, 13, 12, 8, 10, 9, 8, 15, 14, 13, 12, 11, 10, 9, 12, 7, 11, 6, 8, 9, 8, 10, 1, 7, 6, 5, 4,
		},
		{
			15, 0, 0, 0, 15, 14, 0, 0, 11, 15, 13, 0, 8, 12, 14, 12, 15, 10, 11, 11, 11, 8, 9, 10, 9, 14, 13, 9, 8, 10, 9, 8, 15, 14, 13, 13,
			11, 14, 10, 12, 15, 10, 13, 12, 11, 14, 9, 12, 8, 10, 13, 8, 13, 7, 9, 12, 9, 12, 11, 10, 5, 8, 7, 6, 1, 4, 3, 2,
		},
	}
	chromaTokenLen  = [20]uint8{2, 0, 0, 0, 6, 1, 0, 0, 6, 6, 3, 0, 6, 7, 7, 6, 6, 8, 8, 7}
	chromaTokenBits = [20]uint8{1, 0, 0, 0, 7, 1, 0, 0, 4, 6, 1, 0, 3, 3, 2, 5, 2, 3, 2, 0}
)

// total_zeros, Tables 9-7 and 9-8, by tzVlcIndex - 1; for chroma DC Table 9-9 a.
var (
	totalZerosLen = [15][]uint8{
		{1, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 9},
		{3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 6, 6},
		{4, 3, 3, 3, 4, 4, 3, 3, 4, 5, 5, 6, 5, 6},
		{5, 3, 4, 4, 3, 3, 3, 4, 3, 4, 5, 5, 5},
		{4, 4, 4, 3, 3, 3, 3, 3, 4, 5, 4, 5},
		{6, 5, 3, 3, 3, 3, 3, 3, 4, 3, 6},
		{6, 5, 3, 3, 3, 2, 3, 4, 3, 6},
		{6, 4, 5, 3, 2, 2, 3, 3, 6},
		{6, 6, 4, 2, 2, 3, 2, 5},
		{5, 5, 3, 2, 2, 2, 4},
		{4, 4, 3, 3, 1, 3},
		{4, 4, 2, 1, 3},
		{3, 3, 1, 2},
		{2, 2, 1},
		{1, 1},
	}
	totalZerosBits = [15][]uint8{
		{1, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 1},
		{7, 6, 5, 4, 3, 5, 4, 3, 2, 3, 2, 3, 2, 1, 0},
		{5, 7, 6, 5, 4, 3, 4, 3, 2, 3, 2, 1, 1, 0},
		{3, 7, 5, 4, 6, 5, 4, 3, 3, 2, 2, 1, 0},
		{5, 4, 3, 7, 6, 5, 4, 3, 2, 1, 1, 0},
		{1, 1, 7, 6, 5, 4, 3, 2, 1, 1, 0},
		{1, 1, 5, 4, 3, 3, 2, 1, 1, 0},
		{1, 1, 1, 3, 3, 2, 2, 1, 0},
		{1, 0, 1, 3, 2, 1, 1, 1},
		{1, 0, 1, 3, 2, 1, 1},
		{0, 1, 1, 2, 1, 3},
		{0, 1, 1, 1, 1},
		{0, 1, 1, 1},
		{0, 1, 1},
		{0, 1},
	}
	chromaZerosLen  = [3][]uint8{{1, 2, 3, 3}, {1, 2, 2}, {1, 1}}
	chromaZerosBits = [3][]uint8{{1, 1, 1, 0}, {1, 1, 0}, {1, 0}}
)

// run_before, Table 9-10, by zerosLeft - 1 for up to six; above, the table is regular (see runBefore).
var (
	runBeforeLen  = [6][]uint8{{1, 1}, {1, 2, 2}, {2, 2, 2, 2}, {2, 2, 2, 3, 3}, {2, 2, 3, 3, 3, 3}, {2, 3, 3, 3, 3, 3, 3}}
	runBeforeBits = [6][]uint8{{1, 0}, {1, 1, 0}, {3, 2, 1, 0}, {3, 2, 1, 1, 0}, {3, 2, 3, 2, 1, 0}, {3, 0, 1, 3, 2, 5, 4}}
)

// Look-up tables made from the codes above: length << 8 | value at the next bits of the stream; length 0 is no code.
var (
	tokenShort  [4][256]uint16  // by 8 bits; set 3 is chroma DC
	tokenLong   [3][2048]uint16 // by 16 bits below 2048
	zerosLookup [15][512]uint16
	zerosChroma [3][8]uint16
	runLookup   [6][8]uint16
)

func buildCAVLC() {
	fill := func(t []uint16, width uint, length, code uint8, value int) {
		if length == 0 {
			return
		}
		n := uint(length)
		if n > width {
			return
		}
		first := int(code) << (width - n)
		for i := first; i < first+1<<(width-n) && i < len(t); i++ {
			t[i] = uint16(length)<<8 | uint16(value)
		}
	}
	for set := range coeffTokenLen {
		for i, n := range coeffTokenLen[set] {
			if n <= 8 {
				fill(tokenShort[set][:], 8, n, coeffTokenBits[set][i], i)
			} else {
				fill(tokenLong[set][:], 16, n, coeffTokenBits[set][i], i)
			}
		}
	}
	for i, n := range chromaTokenLen {
		fill(tokenShort[3][:], 8, n, chromaTokenBits[i], i)
	}
	for t := range totalZerosLen {
		for i, n := range totalZerosLen[t] {
			fill(zerosLookup[t][:], 9, n, totalZerosBits[t][i], i)
		}
	}
	for t := range chromaZerosLen {
		for i, n := range chromaZerosLen[t] {
			fill(zerosChroma[t][:], 3, n, chromaZerosBits[t][i], i)
		}
	}
	for t := range runBeforeLen {
		for i, n := range runBeforeLen[t] {
			fill(runLookup[t][:], 3, n, runBeforeBits[t][i], i)
		}
	}
}

// coeffToken reads coeff_token for the context nC, or -1 for chroma DC (clause 9.2.1). It returns TotalCoeff * 4 + TrailingOnes.
func (r *bitReader) coeffToken(nC int) (int, bool) {
	v := r.peek(16)
	var e uint16
	switch {
	case nC < 0:
		e = tokenShort[3][v>>8]
	case nC >= 8:
		r.pos += 6
		k := int(v >> 10)
		if k == 3 {
			return 0, true
		}
		k += 4 // TotalCoeff - 1 is in the upper four bits
		return k, k&3 <= k>>2
	default:
		set := 0
		if nC >= 4 {
			set = 2
		} else if nC >= 2 {
			set = 1
		}
		if e = tokenShort[set][v>>8]; e == 0 && v < 2048 {
			e = tokenLong[set][v&2047]
		}
	}
	r.pos += int(e >> 8)
	return int(e & 255), e != 0
}

// cavlc reads one block of transform coefficient levels (clauses 7.3.5.3.2 and 9.2): at most max of them along scan. Each level is
// scaled by dequant at its position and rounded by shift; a nil dequant leaves it as it is. It returns TotalCoeff.
func (r *bitReader) cavlc(nC, max int, scan []uint8, dequant []int32, shift uint, out []int32) (int, bool) {
	if r.tap != nil {
		r.tap.block(nC, max)
	}
	token, ok := r.coeffToken(nC)
	total, ones := token>>2, token&3
	if !ok || total > max {
		return 0, false
	}
	if total == 0 {
		return 0, true
	}
	var level [16]int32
	for i := 0; i < ones; i++ {
		level[i&15] = 1
		if r.flag() {
			level[i&15] = -1
		}
	}
	suffixLength := uint(0) // clause 9.2.2.1
	if total > 10 && ones < 3 {
		suffixLength = 1
	}
	for i := ones; i < total; i++ {
		v := binary.BigEndian.Uint64(r.buf[r.pos>>3:]) << (uint(r.pos) & 7)
		prefix := uint(bits.LeadingZeros64(v))
		if prefix > 25 {
			return 0, false
		}
		r.pos += int(prefix) + 1
		code := int32(min(prefix, 15) << suffixLength)
		size := suffixLength
		if prefix >= 15 {
			size = prefix - 3
		} else if prefix == 14 && suffixLength == 0 {
			size = 4
		}
		if size > 0 {
			v <<= prefix + 1
			code += int32(v >> (64 - size))
			r.pos += int(size)
		}
		if prefix >= 15 && suffixLength == 0 {
			code += 15
		}
		if prefix >= 16 {
			code += 1<<(prefix-3) - 4096
		}
		if i == ones && ones < 3 {
			code += 2
		}
		// (code + 2) >> 1 when even, (-code - 1) >> 1 when odd
		abs := (code + 2) >> 1
		l := abs
		if code&1 != 0 {
			l = -abs
		}
		level[i&15] = l
		if suffixLength == 0 {
			suffixLength = 1
		}
		if abs > 3<<(suffixLength-1) && suffixLength < 6 {
			suffixLength++
		}
	}
	zerosLeft := 0
	if total < max {
		var e uint16
		if nC < 0 {
			e = zerosChroma[total-1][r.peek(3)]
		} else {
			e = zerosLookup[(total-1)&15][r.peek(9)]
		}
		if e == 0 {
			return 0, false
		}
		r.pos += int(e >> 8)
		zerosLeft = int(e & 255)
	}
	k := zerosLeft + total - 1
	if k >= max {
		return 0, false
	}
	for i := 0; ; i++ {
		l := level[i&15]
		pos := scan[k]
		if dequant != nil {
			l = (l*dequant[pos] + 1<<shift>>1) >> shift
		}
		out[pos] = l
		if i == total-1 {
			return total, true
		}
		if zerosLeft > 0 {
			run := r.runBefore(zerosLeft)
			zerosLeft -= run
			if zerosLeft < 0 {
				return 0, false
			}
			k -= run
		}
		k--
	}
}

func (r *bitReader) runBefore(zerosLeft int) int {
	v := r.peek(16)
	if zerosLeft <= 6 {
		e := runLookup[(zerosLeft-1)&7][v>>13]
		r.pos += int(e >> 8)
		return int(e & 255)
	}
	if v >= 1<<13 { // 111 is 0, 001 is 6
		r.pos += 3
		return 7 - int(v>>13)
	}
	z := bits.LeadingZeros16(uint16(v))
	r.pos += z + 1
	return z + 4
}
