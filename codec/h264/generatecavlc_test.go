package h264

// element and block implement bitTap: they write chosen values over the random bits that the decoder is about to read.

func (g *generator) bits(n int, v uint32) {
	r := &g.d.r
	for i := 0; i < n; i++ {
		p := g.at + i
		mask := byte(0x80) >> (p & 7)
		r.buf[p>>3] &^= mask
		if v>>(n-1-i)&1 != 0 {
			r.buf[p>>3] |= mask
		}
	}
	g.at += n
}

func (g *generator) ue(v uint32) {
	n := 0
	for (v+1)>>n > 1 {
		n++
	}
	g.bits(n, 0)
	g.bits(n+1, v+1)
}

func (g *generator) element(what steering, arg int) {
	d := g.d
	r := &d.r
	g.at = r.pos
	switch what {
	case steerRun:
		run := 0
		if g.rng.IntN(3) == 0 {
			run = g.rng.IntN(min(arg, 6) + 1)
		}
		g.ue(uint32(run))
		if run == arg {
			r.end = g.at
		}
	case steerEnd:
		n := d.width * d.height
		if arg >= n || !g.single && g.rng.IntN(3*n) == 0 {
			r.end = r.pos
		}
	case steerType:
		inter := [3]int{5, 23, 0}[d.hdr.kind]
		if inter > 0 && g.rng.IntN(5) != 0 {
			g.ue(uint32(g.rng.IntN(inter)))
			break
		}
		t := 0
		switch k := g.rng.IntN(40); {
		case k == 0:
			t = 25
		case k < 14:
			t = 1 + g.intraChoice(steerIntra16) + 4*g.rng.IntN(6)
		}
		g.ue(uint32(inter + t))
	case steerSub:
		g.ue(uint32(g.rng.IntN([3]int{4, 13, 0}[d.hdr.kind])))
	case steerRef:
		v := g.rng.IntN(arg)
		if arg == 2 {
			g.bits(1, uint32(1-v))
		} else {
			g.ue(uint32(v))
		}
	case steerIntraMode:
		if rem := g.remChoice(arg); rem < 0 {
			g.bits(1, 1)
		} else {
			g.bits(4, uint32(rem))
		}
	case steerChromaMode:
		g.ue(uint32(g.intraChoice(what)))
	case steerCBP:
		g.ue(uint32(g.rng.IntN(48)))
	case steerQP:
		v := g.qpDelta()
		if v > 0 {
			g.ue(uint32(2*v - 1))
		} else {
			g.ue(uint32(-2 * v))
		}
	}
}

// block writes a block of up to max levels (clause 9.2, read backwards).
func (g *generator) block(nC, max int) {
	g.at = g.d.r.pos
	rng := g.rng
	total := 0
	for total < max && rng.IntN(4) != 0 {
		total++
	}
	if rng.IntN(20) == 0 {
		total = max
	}
	ones := min(total, rng.IntN(4))
	token := total<<2 | ones
	switch {
	case nC < 0:
		g.bits(int(chromaTokenLen[token]), uint32(chromaTokenBits[token]))
	case nC >= 8:
		if total == 0 {
			g.bits(6, 3)
		} else {
			g.bits(6, uint32((total-1)<<2|ones))
		}
	default:
		set := 0
		if nC >= 4 {
			set = 2
		} else if nC >= 2 {
			set = 1
		}
		g.bits(int(coeffTokenLen[set][token]), uint32(coeffTokenBits[set][token]))
	}
	if total == 0 {
		return
	}
	g.bits(ones, uint32(rng.IntN(1<<ones)))
	suffix := 0
	if total > 10 && ones < 3 {
		suffix = 1
	}
	for i := ones; i < total; i++ {
		level := 1
		for rng.IntN(3) == 0 && level < 5 {
			level++
		}
		if i == total-1 && rng.IntN(8) == 0 { // long codes, within what FFmpeg's 16-bit coefficients hold
			level += rng.IntN(6000 / (29 << (g.d.mb.qp / 6)))
		}
		code := 2*level - 2 + rng.IntN(2)
		if i == ones && ones < 3 {
			level++
			if code = 2*level - 2 + rng.IntN(2); true {
				code -= 2
			}
		}
		switch {
		case suffix == 0 && code < 14:
			g.bits(code, 0)
			g.bits(1, 1)
		case suffix == 0 && code < 30:
			g.bits(14, 0)
			g.bits(5, uint32(16+code-14))
		case suffix == 0:
			g.bits(15, 0)
			g.bits(13, uint32(1<<12+code-30))
		case code < 15<<suffix:
			g.bits(code>>suffix, 0)
			g.bits(1+suffix, uint32(1<<suffix|code&(1<<suffix-1)))
		default:
			g.bits(15, 0)
			g.bits(13, uint32(1<<12+code-15<<suffix))
		}
		if suffix == 0 {
			suffix = 1
		}
		if level > 3<<(suffix-1) && suffix < 6 {
			suffix++
		}
	}
	if total == max {
		return
	}
	zeros := rng.IntN(max - total + 1)
	if nC < 0 {
		g.bits(int(chromaZerosLen[total-1][zeros]), uint32(chromaZerosBits[total-1][zeros]))
	} else {
		g.bits(int(totalZerosLen[total-1][zeros]), uint32(totalZerosBits[total-1][zeros]))
	}
	for i := 0; i < total-1 && zeros > 0; i++ {
		run := rng.IntN(zeros + 1)
		switch {
		case zeros <= 6:
			g.bits(int(runBeforeLen[zeros-1][run]), uint32(runBeforeBits[zeros-1][run]))
		case run < 7:
			g.bits(3, uint32(7-run))
		default:
			g.bits(run-3, 1)
		}
		zeros -= run
	}
}
