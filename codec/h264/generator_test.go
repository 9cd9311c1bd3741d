package h264

import "math/rand/v2"

// The generator makes valid streams of random syntax elements for what no encoder at hand makes: field pictures, every
// cabac_init_idc, list modification, long-term references, explicit weights in MBAFF frames and so on. It drives a decoder
// whose CABAC engine asks the generator for each bin, and encodes the bins with the decoder's own contexts (clause 9.3.4). What the
// stream means is then decided by another decoder: FFmpeg.

type bitWriter struct {
	b []byte
	n uint // bits in the last byte
}

func (w *bitWriter) bit(v int) {
	if w.n == 0 {
		w.b = append(w.b, 0)
	}
	w.b[len(w.b)-1] |= byte(v&1) << (7 - w.n)
	w.n = (w.n + 1) & 7
}

func (w *bitWriter) u(n int, v uint32) {
	for i := n - 1; i >= 0; i-- {
		w.bit(int(v >> i & 1))
	}
}

func (w *bitWriter) flag(v bool) {
	if v {
		w.bit(1)
	} else {
		w.bit(0)
	}
}

func (w *bitWriter) ue(v uint32) {
	n := 0
	for (v+1)>>n > 1 {
		n++
	}
	w.u(n, 0)
	w.u(n+1, v+1)
}

func (w *bitWriter) se(v int32) {
	if v > 0 {
		w.ue(uint32(2*v - 1))
	} else {
		w.ue(uint32(-2 * v))
	}
}

func (w *bitWriter) trailing() []byte {
	w.bit(1)
	for w.n != 0 {
		w.bit(0)
	}
	return w.b
}

// escape makes a NAL unit of a payload.
func escape(header byte, payload []byte) []byte {
	out := []byte{0, 0, 0, 1, header}
	zero := 0
	for _, v := range payload {
		if zero >= 2 && v <= 3 {
			out = append(out, 3)
			zero = 0
		}
		if v == 0 {
			zero++
		} else {
			zero = 0
		}
		out = append(out, v)
	}
	return out
}

// generator implements cabacTap.
type generator struct {
	d   *Decoder
	rng *rand.Rand
	w   *bitWriter

	low, rngE   uint32
	outstanding int
	first       bool

	forced  []int
	ones    int // forced zero after so many ones; negative: no limit
	endAt   int
	endSet  bool
	pcmNext bool
	single  bool
	at      int // CAVLC: where the next bits go
	sparse  int // of 100: chance of a bin that follows the context
}

func (g *generator) start() {
	g.low, g.rngE, g.outstanding, g.first = 0, 510, 0, true
	g.ones = -1
}

func (g *generator) put(b int) {
	if g.first {
		g.first = false
	} else {
		g.w.bit(b)
	}
	for ; g.outstanding > 0; g.outstanding-- {
		g.w.bit(1 - b)
	}
}

func (g *generator) renorm() {
	for g.rngE < 256 {
		switch {
		case g.low < 256:
			g.put(0)
		case g.low >= 512:
			g.low -= 512
			g.put(1)
		default:
			g.low -= 256
			g.outstanding++
		}
		g.rngE <<= 1
		g.low <<= 1
	}
}

func (g *generator) choose() (int, bool) {
	if len(g.forced) > 0 {
		v := g.forced[0]
		g.forced = g.forced[1:]
		return v, true
	}
	return 0, false
}

func (g *generator) bin(state uint8) int {
	v, ok := g.choose()
	if !ok {
		v = int(state & 1)
		if g.rng.IntN(100) >= g.sparse {
			v = g.rng.IntN(2)
		}
		if g.ones >= 0 {
			if g.ones == 0 {
				v = 0
			}
			if v == 1 {
				g.ones--
			} else {
				g.ones = -1
			}
		}
	}
	lps := uint32(rangeLPS[state>>1][g.rngE>>6&3])
	g.rngE -= lps
	if v != int(state&1) {
		g.low += g.rngE
		g.rngE = lps
	}
	g.renorm()
	return v
}

func (g *generator) bypass() int {
	v, ok := g.choose()
	if !ok {
		v = g.rng.IntN(2)
	}
	g.low <<= 1
	if v != 0 {
		g.low += g.rngE
	}
	switch {
	case g.low >= 1024:
		g.put(1)
		g.low -= 1024
	case g.low < 512:
		g.put(0)
	default:
		g.low -= 512
		g.outstanding++
	}
	return v
}

func (g *generator) terminate() int {
	v := 0
	if g.endSet {
		v = g.endAt
		g.endSet = false
	} else if g.pcmNext {
		v = 1
	}
	g.rngE -= 2
	if v != 0 {
		g.low += g.rngE
		g.rngE = 2
		g.renorm()
		g.put(int(g.low >> 9 & 1))
		g.w.u(2, g.low>>7&3|1)
		return 1
	}
	g.renorm()
	return 0
}

func (g *generator) pcm() []byte {
	for g.w.n != 0 {
		g.w.bit(0)
	}
	b := make([]byte, 384)
	for i := range b {
		b[i] = byte(1 + g.rng.IntN(255))
	}
	for _, v := range b {
		g.w.u(8, uint32(v))
	}
	g.pcmNext = false
	g.start()
	return b
}

func (g *generator) steer(what steering, arg int) {
	d := g.d
	m := &d.mb
	g.forced, g.ones = nil, -1
	switch what {
	case steerType:
		g.pcmNext = g.rng.IntN(40) == 0
		if g.pcmNext {
			m.cur.typ = mbPCM
		}
	case steerEnd:
		g.endSet = true
		n := d.width * d.height
		g.endAt = 0
		if arg >= n || !g.single && g.rng.IntN(3*n) == 0 {
			g.endAt = 1
		}
	case steerRef:
		g.ones = arg - 1
	case steerLevel:
		g.ones = 0
		for g.rng.IntN(3) == 0 && g.ones < 15 {
			g.ones++
		}
		if g.ones > 3 && m.qp > 20 {
			g.ones = 3
		}
	case steerQP:
		v := g.qpDelta()
		k := -2 * v
		if v > 0 {
			k = 2*v - 1
		}
		for ; k > 0; k-- {
			g.forced = append(g.forced, 1)
		}
		g.forced = append(g.forced, 0)
	case steerIntra16:
		v := g.intraChoice(what)
		g.forced = []int{v >> 1, v & 1}
	case steerChromaMode:
		v := g.intraChoice(what)
		for i := 0; i < v; i++ {
			g.forced = append(g.forced, 1)
		}
		if v < 3 {
			g.forced = append(g.forced, 0)
		}
	case steerIntraMode:
		rem := g.remChoice(arg)
		if rem < 0 {
			g.forced = []int{1}
			break
		}
		g.forced = []int{0, rem & 1, rem >> 1 & 1, rem >> 2}
	}
}

// qpDelta picks mb_qp_delta. It keeps the quantiser, wherever the slice began, where FFmpeg's 16-bit coefficients hold what is coded.
func (g *generator) qpDelta() int32 {
	qp := g.d.mb.qp
	if qp >= 10 && qp < 30 && g.rng.IntN(3) != 0 {
		return 0
	}
	return min(max(int32(10+g.rng.IntN(20))-qp, -26), 25)
}

// intraChoice picks a mode of Intra_16x16 or of chroma prediction whose samples are available.
func (g *generator) intraChoice(what steering) int {
	d := g.d
	m := &d.mb
	d.intraAvailability()
	left := m.intraA[0] && m.intraA[1]
	// Modes by name: their numbers differ between luma and chroma.
	dc, vertical, horizontal := 2, 0, 1
	if what == steerChromaMode {
		dc, vertical = 0, 2
	}
	ok := []int{dc}
	if m.intraB && (what == steerIntra16 || m.intraA[0] == m.intraA[1]) { // else FFmpeg 5.1 takes vertical prediction for DC
		ok = append(ok, vertical)
	}
	if left {
		ok = append(ok, horizontal)
	}
	if left && m.intraB && m.intraD {
		ok = append(ok, 3)
	}
	return ok[g.rng.IntN(len(ok))]
}

// remChoice picks rem_intra4x4_pred_mode of block b, or -1 for the predicted mode, so that the samples are available.
func (g *generator) remChoice(b int) int {
	d := g.d
	m := &d.mb
	r := int(blockRaster[b])
	x, y := r&3, r>>2
	left := x > 0 || m.intraA[y>>1]
	top := y > 0 || m.intraB
	tl := x > 0 && top || x == 0 && (y == 0 && m.intraD || y > 0 && d.leftAboveIntra(y*4))
	if x > 0 && y == 0 {
		tl = m.intraB
	}
	ok := []int{2}
	if top {
		ok = append(ok, 0, 3, 7)
	}
	if left {
		ok = append(ok, 1, 8)
	}
	if left && top && tl {
		ok = append(ok, 4, 5, 6)
	}
	want := ok[g.rng.IntN(len(ok))]
	at := int(cacheBlock[r])
	p := min(m.ipred[at-1], m.ipred[at-8])
	if p < 0 {
		p = 2
	}
	if want == int(p) {
		return -1
	}
	if want > int(p) {
		want--
	}
	return want
}
