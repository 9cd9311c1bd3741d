package h264

import (
	"encoding/binary"
	"math/bits"
)

// cabac is the arithmetic decoding engine of clause 9.3. codIOffset is val >> extra: val holds extra bits beyond the nine that
// the standard's register has, so that the stream is read four bytes at a time.
type cabac struct {
	val   uint64
	rng   uint64 // codIRange
	extra int
	pos   int // next byte of buf
	end   int // bytes of payload in buf, which continues with readPad zero bytes
	buf   []byte
	state [512]uint8 // pStateIdx << 1 | valMPS

	// tap, which only tests set, is asked for each bin instead of the stream: it makes streams out of the decoder's own contexts.
	tap cabacTap
}

// cabacTap chooses bins. steer announces the syntax element that the next bins belong to where not every value is valid.
type cabacTap interface {
	steer(what steering, arg int)
	bin(state uint8) int
	bypass() int
	terminate() int
	pcm() []byte
}

type steering uint8

const (
	steerType       steering = iota // mb_type of an intra macroblock
	steerIntraMode                  // prev_intra4x4_pred_mode_flag; arg is the 4x4 block
	steerIntra16                    // Intra16x16PredMode
	steerChromaMode                 // intra_chroma_pred_mode
	steerRef                        // ref_idx; arg is the count of valid ones
	steerQP                         // mb_qp_delta
	steerLevel                      // coeff_abs_level_minus1
	steerEnd                        // end_of_slice_flag, or the end of the data; arg is the next macroblock
	steerRun                        // mb_skip_run; arg is the count of macroblocks left
	steerSub                        // sub_mb_type
	steerCBP                        // coded_block_pattern
)

// rangeLPS is Table 9-44, indexed by pStateIdx.
var rangeLPS = [64][4]uint8{
	{128, 176, 208, 240},
	{128, 167, 197, 227},
	{128, 158, 187, 216},
	{123, 150, 178, 205},
	{116, 142, 169, 195},
	{111, 135, 160, 185},
	{105, 128, 152, 175},
	{100, 122, 144, 166},
	{95, 116, 137, 158},
	{90, 110, 130, 150},
	{85, 104, 123, 142},
	{81, 99, 117, 135},
	{77, 94, 111, 128},
	{73, 89, 105, 122},
	{69, 85, 100, 116},
	{66, 80, 95, 110},
	{62, 76, 90, 104},
	{59, 72, 86, 99},
	{56, 69, 81, 94},
	{53, 65, 77, 89},
	{51, 62, 73, 85},
	{48, 59, 69, 80},
	{46, 56, 66, 76},
	{43, 53, 63, 72},
	{41, 50, 59, 69},
	{39, 48, 56, 65},
	{37, 45, 54, 62},
	{35, 43, 51, 59},
	{33, 41, 48, 56},
	{32, 39, 46, 53},
	{30, 37, 43, 50},
	{29, 35, 41, 48},
	{27, 33, 39, 45},
	{26, 31, 37, 43},
	{24, 30, 35, 41},
	{23, 28, 33, 39},
	{22, 27, 32, 37},
	{21, 26, 30, 35},
	{20, 24, 29, 33},
	{19, 23, 27, 31},
	{18, 22, 26, 30},
	{17, 21, 25, 28},
	{16, 20, 23, 27},
	{15, 19, 22, 25},
	{14, 18, 21, 24},
	{14, 17, 20, 23},
	{13, 16, 19, 22},
	{12, 15, 18, 21},
	{12, 14, 17, 20},
	{11, 14, 16, 19},
	{11, 13, 15, 18},
	{10, 12, 15, 17},
	{10, 12, 14, 16},
	{9, 11, 13, 15},
	{9, 11, 12, 14},
	{8, 10, 12, 14},
	{8, 9, 11, 13},
	{7, 9, 11, 12},
	{7, 9, 10, 12},
	{7, 8, 10, 11},
	{6, 8, 9, 11},
	{6, 7, 9, 10},
	{6, 7, 8, 9},
	{2, 2, 2, 2},
}

// transLPS is transIdxLPS of Table 9-45.
var transLPS = [64]uint8{
	0, 0, 1, 2, 2, 4, 4, 5, 6, 7, 8, 9, 9, 11, 11, 12, 13, 13, 15, 15, 16, 16, 18, 18, 19, 19, 21, 21, 22, 22, 23, 24,
	24, 25, 26, 26, 27, 27, 28, 29, 29, 30, 30, 30, 31, 32, 32, 33, 33, 33, 34, 34, 35, 35, 35, 36, 36, 36, 37, 37, 37, 38, 38, 63,
}

// The tables above by packed state: the range of the LPS at state << 2 | qCodIRangeIdx, and the next states.
var (
	lpsTable [512]uint8
	nextMPS  [256]uint8
	nextLPS  [256]uint8
)

// initialState is the packed state of each context by set (I, then cabac_init_idc 0 to 2) and SliceQP (clause 9.3.1.1).
var initialState [4][52][cabacContexts]uint8

func buildCABAC() {
	for s := 0; s < 64; s++ {
		for mps := 0; mps < 2; mps++ {
			p := s<<1 | mps
			for q := 0; q < 4; q++ {
				lpsTable[p<<2|q] = rangeLPS[s][q]
			}
			nextMPS[p] = uint8(min(s+1, 62)<<1 | mps)
			if s == 63 {
				nextMPS[p] = uint8(p)
			}
			m := mps
			if s == 0 {
				m ^= 1
			}
			nextLPS[p] = transLPS[s]<<1 | uint8(m)
		}
	}
	for set, parts := range cabacInit {
		for _, p := range parts {
			for i := 0; i+1 < len(p.mn); i += 2 {
				for qp := range initialState[set] {
					initialState[set][qp][p.first+i/2] = firstState(int(p.mn[i]), int(p.mn[i+1]), qp)
				}
			}
		}
	}
}

// firstState is the packed state that a pair m, n gives at SliceQP.
func firstState(m, n, qp int) uint8 {
	pre := min(max(m*qp>>4+n, 1), 126)
	if pre <= 63 {
		return uint8(63-pre) << 1
	}
	return uint8(pre-64)<<1 | 1
}

// start initialises the engine at a byte of buf (clause 9.3.1.2). buf holds end payload bytes and the padding.
func (c *cabac) start(buf []byte, pos, end int) {
	c.buf = buf
	c.end = end
	c.rng = 510
	c.val = uint64(binary.BigEndian.Uint32(buf[pos:]))
	c.pos = pos + 4
	c.extra = 32 - 9
}

// overrun reports whether bins were decoded beyond the payload. Up to four bytes may have been read ahead.
func (c *cabac) overrun() bool { return c.pos-(c.extra>>3) > c.end+2 }

func (c *cabac) refill() {
	c.val = c.val<<32 | uint64(binary.BigEndian.Uint32(c.buf[c.pos:]))
	c.pos += 4
	c.extra += 32
}

// bin is DecodeDecision (clause 9.3.3.2.1).
func (c *cabac) bin(ctx int) int {
	p := &c.state[ctx&511]
	s := *p
	if c.tap != nil {
		b := c.tap.bin(s)
		if b == int(s&1) {
			*p = nextMPS[s]
		} else {
			*p = nextLPS[s]
		}
		return b
	}
	lps := uint64(lpsTable[(uint(s)<<2|uint(c.rng>>6)&3)&511])
	rng := c.rng - lps
	scaled := rng << (uint(c.extra) & 63)
	b := int(s & 1)
	if c.val < scaled {
		*p = nextMPS[s]
		if rng >= 256 {
			c.rng = rng
			return b
		}
		c.rng = rng << 1
		c.extra--
	} else {
		c.val -= scaled
		*p = nextLPS[s]
		b ^= 1
		sh := uint(bits.LeadingZeros64(lps)) - 55
		c.rng = lps << (sh & 63)
		c.extra -= int(sh)
	}
	if c.extra < 8 {
		c.refill()
	}
	return b
}

// bypass is DecodeBypass (clause 9.3.3.2.3).
func (c *cabac) bypass() int {
	if c.tap != nil {
		return c.tap.bypass()
	}
	c.extra--
	scaled := c.rng << (uint(c.extra) & 63)
	b := 0
	if c.val >= scaled {
		c.val -= scaled
		b = 1
	}
	if c.extra < 8 {
		c.refill()
	}
	return b
}

// terminate is DecodeTerminate (clause 9.3.3.2.4).
func (c *cabac) terminate() int {
	if c.tap != nil {
		return c.tap.terminate()
	}
	c.rng -= 2
	if c.val >= c.rng<<(uint(c.extra)&63) {
		return 1
	}
	if c.rng < 256 {
		c.rng <<= 1
		c.extra--
		if c.extra < 8 {
			c.refill()
		}
	}
	return 0
}

// bytePos returns the first whole byte after what was decoded, where the samples of an I_PCM macroblock begin: the engine's nine
// bits belong to the flushing at termination (clause 9.3.4.5).
func (c *cabac) bytePos() int { return (c.pos*8 - c.extra + 7) >> 3 }

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
