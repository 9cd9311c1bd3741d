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
