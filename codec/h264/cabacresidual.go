package h264

import (
	"encoding/binary"
	"math/bits"
)

// Context offsets by ctxBlockCat (Tables 9-34 and 9-40), for frame and field macroblocks.
var (
	cbfBase  = [5]int{85, 89, 93, 97, 101}
	sigBase  = [2][6]int{{105, 120, 134, 149, 152, 402}, {277, 292, 306, 321, 324, 436}}
	lastBase = [2][6]int{{166, 181, 195, 210, 213, 417}, {338, 353, 367, 382, 385, 451}}
	absBase  = [6]int{227, 237, 247, 257, 266, 426}
)

// sigInc8 (frame, field) and lastInc8 are Table 9-43.
var (
	sigInc8 = [2][64]uint8{
		{
			0, 1, 2, 3, 4, 5, 5, 4, 4, 3, 3, 4, 4, 4, 5, 5, 4, 4, 4, 4, 3, 3, 6, 7, 7, 7, 8, 9, 10, 9, 8, 7,
			7, 6, 11, 12, 13, 11, 6, 7, 8, 9, 14, 10, 9, 8, 6, 11, 12, 13, 11, 6, 9, 14, 10, 9, 11, 12, 13, 11, 14, 10, 12,
		},
		{
			0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7, 7, 8, 4, 5, 6, 9, 10, 10, 8, 11, 12, 11, 9, 9, 10, 10, 8, 11, 12, 11,
			9, 9, 10, 10, 8, 11, 12, 11, 9, 9, 10, 10, 8, 13, 13, 9, 9, 10, 10, 8, 13, 13, 9, 9, 10, 10, 14, 14, 14, 14, 14,
		},
	}
	lastInc8 = [64]uint8{
		0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
		3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8,
	}
	identityInc = [64]uint8{
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	}
	chromaDCInc = [64]uint8{0, 1, 2}
)

// residual decodes one block of transform coefficient levels (clause 7.3.5.3.3): max of them along scan, whose coded_block_flag
// was 1. Each level is scaled by dequant at its position and rounded by shift; a nil dequant leaves it as it is. It returns the count of
// non-zero levels.
func (c *cabac) residual(cat, field, max int, scan []uint8, dequant []int32, shift uint, out []int32) int {
	var index [64]uint8
	sig, last := sigBase[field][cat], lastBase[field][cat]
	sigInc, lastInc := &identityInc, &identityInc
	switch cat {
	case 3:
		sigInc, lastInc = &chromaDCInc, &chromaDCInc
	case 5:
		sigInc, lastInc = &sigInc8[field], &lastInc8
	}
	n := 0
	if c.tap != nil {
		n = c.tapSignificance(sig, last, max, sigInc, lastInc, &index)
	} else {
		n = c.significance(sig, last, max, sigInc, lastInc, &index)
	}

	// Levels in reverse order (clause 9.3.2.3: prefix TU with cMax 14, suffix Exp-Golomb of order 0).
	base := absBase[cat]
	gtMax := 4
	if cat == 3 {
		gtMax = 3
	}
	eq1, gt1 := 1, 0
	for k := n - 1; k >= 0; k-- {
		inc := eq1
		if gt1 != 0 {
			inc = 0
		}
		level := int32(1)
		if c.tap != nil {
			c.tap.steer(steerLevel, 0)
		}
		if c.bin(base+inc) != 0 {
			ctx := base + 5 + min(gtMax, gt1)
			level = 2
			for level < 15 && c.bin(ctx) != 0 {
				level++
			}
			if level == 15 {
				level += c.expGolomb(0)
			}
			gt1++
		} else if eq1 < 4 {
			eq1++
		}
		if c.bypass() != 0 {
			level = -level
		}
		pos := scan[index[k&63]]
		if dequant != nil {
			level = (level*dequant[pos] + 1<<shift>>1) >> shift
		}
		out[pos] = level
	}
	return n
}

// significance decodes significant_coeff_flag and last_significant_coeff_flag. The engine's registers live in local variables.
func (c *cabac) significance(sig, last, max int, sigInc, lastInc *[64]uint8, index *[64]uint8) int {
	val, rng, extra := c.val, c.rng, uint(c.extra)
	n := 0
	i := 0
	for ; i < max-1; i++ {
		p := &c.state[(sig+int(sigInc[i&63]))&511]
		s := *p
		lps := uint64(lpsTable[(uint(s)<<2|uint(rng>>6)&3)&511])
		rng -= lps
		scaled := rng << (extra & 63)
		if val < scaled {
			*p = nextMPS[s]
			sh := (rng >> 8) ^ 1 // 1 when below 256
			rng <<= sh & 1
			extra -= uint(sh & 1)
		} else {
			val -= scaled
			*p = nextLPS[s]
			s ^= 1
			sh := uint(bits.LeadingZeros64(lps)) - 55
			rng = lps << (sh & 63)
			extra -= sh
		}
		if extra < 8 {
			val = val<<32 | uint64(binary.BigEndian.Uint32(c.buf[c.pos:]))
			c.pos += 4
			extra += 32
		}
		if s&1 == 0 {
			continue
		}
		index[n&63] = uint8(i)
		n++
		p = &c.state[(last+int(lastInc[i&63]))&511]
		s = *p
		lps = uint64(lpsTable[(uint(s)<<2|uint(rng>>6)&3)&511])
		rng -= lps
		scaled = rng << (extra & 63)
		if val < scaled {
			*p = nextMPS[s]
			sh := (rng >> 8) ^ 1
			rng <<= sh & 1
			extra -= uint(sh & 1)
		} else {
			val -= scaled
			*p = nextLPS[s]
			s ^= 1
			sh := uint(bits.LeadingZeros64(lps)) - 55
			rng = lps << (sh & 63)
			extra -= sh
		}
		if extra < 8 {
			val = val<<32 | uint64(binary.BigEndian.Uint32(c.buf[c.pos:]))
			c.pos += 4
			extra += 32
		}
		if s&1 != 0 {
			break
		}
	}
	if i == max-1 { // the last coefficient is inferred to be significant
		index[n&63] = uint8(i)
		n++
	}
	c.val, c.rng, c.extra = val, rng, int(extra)
	return n
}

func (c *cabac) tapSignificance(sig, last, max int, sigInc, lastInc *[64]uint8, index *[64]uint8) int {
	n := 0
	for i := 0; i < max-1; i++ {
		if c.bin(sig+int(sigInc[i])) == 0 {
			continue
		}
		index[n] = uint8(i)
		n++
		if c.bin(last+int(lastInc[i])) != 0 {
			return n
		}
	}
	index[n] = uint8(max - 1)
	return n + 1
}

// expGolomb decodes a suffix of bypass bins, UEGk of order k (clause 9.3.2.3). Absurd lengths, which only damage makes, end early.
func (c *cabac) expGolomb(k uint) int32 {
	v := int32(0)
	for c.bypass() != 0 {
		v += 1 << k
		if k++; k > 24 {
			return v
		}
	}
	for k > 0 {
		k--
		v += int32(c.bypass()) << k
	}
	return v
}
