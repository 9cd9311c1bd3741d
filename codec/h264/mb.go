package h264

// Macroblock kinds, as flags.
const (
	mbI4     = 1 << iota // I_NxN: Intra_4x4 or Intra_8x8
	mbI16                // Intra_16x16
	mbPCM                // I_PCM
	mbSkip               // P_Skip or B_Skip
	mbDirect             // B_Skip or B_Direct_16x16
	mb16x16              // inter, one partition
	mb16x8
	mb8x16
	mb8x8
	mbLost // concealed

	mbIntra = mbI4 | mbI16 | mbPCM | mbLost
)

// macroblock is what later macroblocks of the picture and the deblocking filter need of one.
type macroblock struct {
	slice      int32 // number of its slice in the picture, from 1; 0 while not decoded
	typ        uint16
	cbp        uint16 // CodedBlockPattern; bits 8 to 10: coded_block_flag of the DC blocks of Y, Cb and Cr
	nz         uint16 // 4x4 luma blocks, in raster order, whose transform block has coefficients
	qp         uint8  // QPY
	chromaMode uint8  // intra_chroma_pred_mode
	direct8    uint8  // quarters predicted in direct mode
	field      bool   // field macroblock of an MBAFF frame
	t8x8       bool   // transform_size_8x8_flag
	ipred      [16]int8
	nnz        [24]uint8 // coefficients of each 4x4 block: 16 luma, 4 Cb, 4 Cr, in raster order
}

// none is the index of a neighbour that is not available.
const none = -1

// cacheBlock gives the cache index of a block in raster order. Caches of 4x4 blocks hold, at (y+1)*8 + x+4, those of the current
// macroblock with the column to the left (x = -1), the row above (y = -1) and the block above to the right (x = 4, y = -1).
var cacheBlock = [16]uint8{12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31, 36, 37, 38, 39}

// mbState is the macroblock being decoded.
type mbState struct {
	addr     int
	x, y     int // macroblock position; in an MBAFF frame y is the row of the pair's top macroblock
	pixX     int // luma position of the first sample, in the lines of the frame, field or field macroblock that it is predicted in
	pixY     int
	luma     int // index of the first sample
	chroma   int
	stride   int // from one line of the macroblock to the next
	cstride  int
	field    bool // field macroblock of an MBAFF frame
	bottom   bool // bottom macroblock of an MBAFF pair
	scan     int  // 1: field scan and contexts
	slice    int32
	cur      *macroblock
	a, b     int // neighbours (clauses 6.4.9 and 6.4.12), or none
	c, d     int
	dRow     int      // row of blocks that D is in
	left     [4]int   // macroblock to the left of each row of blocks
	leftRow  [4]uint8 // and the row of blocks in it
	mixed    bool     // MBAFF: the pair to the left is of the other kind
	pairLeft int      // MBAFF: first of the pair to the left, or none

	qp       int32
	qpc      [2]int32
	qpDelta  bool    // the macroblock before had an mb_qp_delta other than 0
	intraA   [2]bool // availability for intra prediction, of the upper and lower half of the column to the left
	intraB   bool
	intraC   bool
	intraD   bool
	sub      [4]uint8 // sub_mb_type
	subMask  [4]uint8 // lists used by each quarter: 1, 2 or 3
	partRef  [2][4]int8
	refGtA   [2][2]bool // CABAC ref_idx: whether the quarter to the left, above, has a reference index above 0
	refGtB   [2][2]bool
	nzLuma   [40]uint8
	nzChroma [2][16]uint8 // (y+1)*4 + x+1
	mv       [2][40]int32
	ref      [2][40]int8 // -1: not used, -2: not available
	mvd      [2][40]uint16
	ipred    [40]int8
	coef     [24 * 16]int32
	dc       [16]int32
}

// unavailable marks a count of coefficients whose block is not available.
const unavailable = 64

// locate makes addr the current macroblock: its place and its neighbours. field is used in MBAFF frames only.
func (d *Decoder) locate(addr int, field bool) {
	m := &d.mb
	m.addr = addr
	m.cur = &d.mbs[addr]
	stride := d.active.mbWidth * 16
	if d.hdr.mbaff {
		d.locateMBAFF(addr, field, stride)
		return
	}
	w := d.width
	m.y = addr / w
	m.x = addr - m.y*w
	m.pixX, m.pixY = m.x*16, m.y*16
	m.field, m.cur.field = false, false
	if d.hdr.structure == wholeFrame {
		m.stride, m.cstride = stride, stride/2
		m.luma, m.chroma = m.pixY*stride+m.pixX, m.pixY*stride/4+m.pixX/2
	} else {
		m.stride, m.cstride = stride*2, stride
		m.luma, m.chroma = m.pixY*stride*2+m.pixX, m.pixY*stride/2+m.pixX/2
		if d.hdr.structure == bottomField {
			m.luma += stride
			m.chroma += stride / 2
		}
	}
	m.a, m.b, m.c, m.d = none, none, none, none
	if m.x > 0 {
		m.a = d.inSlice(addr - 1)
		m.d = d.inSlice(addr - w - 1)
	}
	m.b = d.inSlice(addr - w)
	if m.x < w-1 {
		m.c = d.inSlice(addr - w + 1)
	}
	m.dRow = 3
	m.left = [4]int{m.a, m.a, m.a, m.a}
	m.leftRow = [4]uint8{0, 1, 2, 3}
}

// inSlice returns i if that macroblock belongs to the current slice, or none.
func (d *Decoder) inSlice(i int) int {
	if i < 0 || d.mbs[i].slice != d.mb.slice {
		return none
	}
	return i
}

// fillNonZero loads the counts of coefficients around the current macroblock.
func (d *Decoder) fillNonZero() {
	m := &d.mb
	if m.b >= 0 {
		n := &d.mbs[m.b].nnz
		copy(m.nzLuma[4:8], n[12:16])
		m.nzChroma[0][1], m.nzChroma[0][2] = n[18], n[19]
		m.nzChroma[1][1], m.nzChroma[1][2] = n[22], n[23]
	} else {
		m.nzLuma[4], m.nzLuma[5], m.nzLuma[6], m.nzLuma[7] = unavailable, unavailable, unavailable, unavailable
		m.nzChroma[0][1], m.nzChroma[0][2] = unavailable, unavailable
		m.nzChroma[1][1], m.nzChroma[1][2] = unavailable, unavailable
	}
	if m.a < 0 {
		for i := 0; i < 4; i++ {
			m.nzLuma[11+8*i] = unavailable
		}
		for i := 0; i < 2; i++ {
			m.nzChroma[0][4+4*i], m.nzChroma[1][4+4*i] = unavailable, unavailable
		}
		return
	}
	for i := 0; i < 4; i++ {
		m.nzLuma[11+8*i] = d.mbs[m.left[i]].nnz[m.leftRow[i]&3*4+3]
	}
	if !m.mixed {
		n := &d.mbs[m.a].nnz
		m.nzChroma[0][4], m.nzChroma[0][8] = n[17], n[19]
		m.nzChroma[1][4], m.nzChroma[1][8] = n[21], n[23]
		return
	}
	for i := 0; i < 2; i++ {
		mb, row := d.chromaLeft(i)
		n := &d.mbs[mb].nnz
		m.nzChroma[0][4+4*i], m.nzChroma[1][4+4*i] = n[17+2*row], n[21+2*row]
	}
}

// storeNonZero keeps the counts for later macroblocks.
func (m *mbState) storeNonZero() {
	n := &m.cur.nnz
	for i := 0; i < 4; i++ {
		copy(n[4*i:4*i+4], m.nzLuma[12+8*i:16+8*i])
	}
	for p := 0; p < 2; p++ {
		c := &m.nzChroma[p]
		n[16+4*p], n[17+4*p], n[18+4*p], n[19+4*p] = c[5], c[6], c[9], c[10]
	}
}

// clearNonZero zeroes the counts of the current macroblock in the cache.
func (m *mbState) clearNonZero() {
	for i := 0; i < 4; i++ {
		r := m.nzLuma[12+8*i : 16+8*i]
		r[0], r[1], r[2], r[3] = 0, 0, 0, 0
	}
	for p := 0; p < 2; p++ {
		c := &m.nzChroma[p]
		c[5], c[6], c[9], c[10] = 0, 0, 0, 0
	}
}

// intraAvailability derives which neighbours intra prediction may use (clause 8.3.1.2): with constrained_intra_pred_flag only intra ones.
func (d *Decoder) intraAvailability() {
	m := &d.mb
	ok := func(i int) bool {
		return i >= 0 && (!d.hdr.pps.constrainedIntra || d.mbs[i].typ&mbIntra != 0)
	}
	m.intraB, m.intraC, m.intraD = ok(m.b), ok(m.c), ok(m.d)
	if !m.mixed {
		a := ok(m.a)
		m.intraA = [2]bool{a, a}
		return
	}
	if m.field { // the halves lie in the two frame macroblocks of the pair
		m.intraA = [2]bool{ok(m.pairLeft), ok(m.pairLeft + 1)}
		return
	}
	a := ok(m.pairLeft) && ok(m.pairLeft+1) // lines alternate
	m.intraA = [2]bool{a, a}
}

// setQP sets the luma quantiser and derives those of chroma (clause 8.5.8).
func (d *Decoder) setQP(qp int32) {
	m := &d.mb
	m.qp = qp
	for i := range m.qpc {
		m.qpc[i] = int32(chromaQP[min(max(qp+d.hdr.pps.chromaOffset[i], 0), 51)])
	}
}
