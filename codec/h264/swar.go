package h264

import "encoding/binary"

// Sample interpolation works on several samples at once inside 64-bit words: four lanes of 16 bits, the even samples of eight in one
// word and the odd ones in another. It needs no assembly and is as fast in WebAssembly, whose registers are as wide.
const (
	lanes8  = 0x00FF00FF00FF00FF
	lanes1  = 0x0001000100010001
	lanes32 = 0x0000FFFF0000FFFF
)

func load8(b []byte, i int) uint64     { return binary.LittleEndian.Uint64(b[i : i+8 : i+8]) }
func store8(b []byte, i int, v uint64) { binary.LittleEndian.PutUint64(b[i:i+8:i+8], v) }
func store4(b []byte, i int, v uint64) { binary.LittleEndian.PutUint32(b[i:i+4:i+4], uint32(v)) }

// average8 is (a + b + 1) >> 1 for each of eight samples.
func average8(a, b uint64) uint64 { return (a | b) - (a^b)>>1&0x7F7F7F7F7F7F7F7F }

// clamp takes lanes that hold a sample plus bias, 0 to bias + 511, and clips the sample to 0..255.
func clamp(t, bias uint64) uint64 {
	t = (t | 0x8000*lanes1) - bias*lanes1 // bit 15 stays where the sample is not negative
	m := t >> 15 & lanes1
	t &= m<<15 - m
	m = t >> 8 & lanes1
	return (t | (m<<8 - m)) & lanes8
}

// The six-tap filter (clause 8.4.2.2.1) on lanes. Inputs up to 255 give -2550 to 10710; tapBias keeps lanes from borrowing.
const tapBias = 80 * 32

func sixTap(a, b, c, d, e, f uint64) uint64 {
	return 20*(c+d) + (a + f) + tapBias*lanes1 - 5*(b+e)
}

// round5 is (x + 16) >> 5, clipped, of a result of sixTap.
func round5(t uint64) uint64 {
	return clamp((t+16*lanes1)>>5&(0x7FF*lanes1), 80)
}

// copyBlock copies w by h samples; w is 4, 8 or 16.
func copyBlock(dst []byte, do, ds int, src []byte, so, ss, w, h int) {
	switch w {
	case 16:
		for ; h > 0; h-- {
			d, s := dst[do:do+16:do+16], src[so:so+16:so+16]
			binary.LittleEndian.PutUint64(d, binary.LittleEndian.Uint64(s))
			binary.LittleEndian.PutUint64(d[8:], binary.LittleEndian.Uint64(s[8:]))
			do += ds
			so += ss
		}
	case 8:
		for ; h > 0; h-- {
			store8(dst, do, load8(src, so))
			do += ds
			so += ss
		}
	default:
		for ; h > 0; h-- {
			store4(dst, do, load8(src, so))
			do += ds
			so += ss
		}
	}
}

// averageBlock replaces dst by the rounded mean of dst and src.
func averageBlock(dst []byte, do, ds int, src []byte, so, ss, w, h int) {
	switch w {
	case 16:
		for ; h > 0; h-- {
			d, s := dst[do:do+16:do+16], src[so:so+16:so+16]
			binary.LittleEndian.PutUint64(d, average8(binary.LittleEndian.Uint64(d), binary.LittleEndian.Uint64(s)))
			binary.LittleEndian.PutUint64(d[8:], average8(binary.LittleEndian.Uint64(d[8:]), binary.LittleEndian.Uint64(s[8:])))
			do += ds
			so += ss
		}
	case 8:
		for ; h > 0; h-- {
			store8(dst, do, average8(load8(dst, do), load8(src, so)))
			do += ds
			so += ss
		}
	case 4:
		for ; h > 0; h-- {
			store4(dst, do, average8(load8(dst, do), load8(src, so)))
			do += ds
			so += ss
		}
	default:
		for ; h > 0; h-- {
			for i := 0; i < w; i++ {
				dst[do+i] = uint8((int(dst[do+i]) + int(src[so+i]) + 1) >> 1)
			}
			do += ds
			so += ss
		}
	}
}

// filterH gives the half samples between columns (b of Figure 8-4).
func filterH(dst []byte, do, ds int, src []byte, so, ss, w, h int) {
	for ; h > 0; h-- {
		for x := 0; x < w; x += 8 {
			s := src[so+x-2 : so+x+14 : so+x+14]
			e0 := binary.LittleEndian.Uint64(s[0:])
			o0 := e0 >> 8 & lanes8
			e0 &= lanes8
			e1 := binary.LittleEndian.Uint64(s[2:])
			o1 := e1 >> 8 & lanes8
			e1 &= lanes8
			e2 := binary.LittleEndian.Uint64(s[4:])
			o2 := e2 >> 8 & lanes8
			e2 &= lanes8
			e3 := binary.LittleEndian.Uint64(s[6:]) & lanes8
			v := round5(sixTap(e0, o0, e1, o1, e2, o2)) | round5(sixTap(o0, e1, o1, e2, o2, e3))<<8
			if w == 4 {
				store4(dst, do, v)
			} else {
				store8(dst, do+x, v)
			}
		}
		so += ss
		do += ds
	}
}

// filterV gives the half samples between rows (h of Figure 8-4).
func filterV(dst []byte, do, ds int, src []byte, so, ss, w, h int) {
	for x := 0; x < w; x += 8 {
		o := so + x - 2*ss
		r := load8(src, o)
		e0, o0 := r&lanes8, r>>8&lanes8
		r = load8(src, o+ss)
		e1, o1 := r&lanes8, r>>8&lanes8
		r = load8(src, o+2*ss)
		e2, o2 := r&lanes8, r>>8&lanes8
		r = load8(src, o+3*ss)
		e3, o3 := r&lanes8, r>>8&lanes8
		r = load8(src, o+4*ss)
		e4, o4 := r&lanes8, r>>8&lanes8
		o += 5 * ss
		q := do + x
		for i := 0; i < h; i++ {
			r = load8(src, o)
			e5, o5 := r&lanes8, r>>8&lanes8
			v := round5(sixTap(e0, e1, e2, e3, e4, e5)) | round5(sixTap(o0, o1, o2, o3, o4, o5))<<8
			if w == 4 {
				store4(dst, q, v)
			} else {
				store8(dst, q, v)
			}
			e0, e1, e2, e3, e4 = e1, e2, e3, e4, e5
			o0, o1, o2, o3, o4 = o1, o2, o3, o4, o5
			o += ss
			q += ds
		}
	}
}

// filterHV gives the half samples in the middle (j of Figure 8-4): columns first without rounding, then rows.
func filterHV(dst []byte, do, ds int, src []byte, so, ss, w, h int) {
	var rows [21][2]uint64
	for x := 0; x < w; x += 8 {
		o := so + x - 2*ss
		for i := range rows[:h+5] {
			s := src[o-2 : o+14 : o+14]
			e0 := binary.LittleEndian.Uint64(s[0:])
			o0 := e0 >> 8 & lanes8
			e0 &= lanes8
			e1 := binary.LittleEndian.Uint64(s[2:])
			o1 := e1 >> 8 & lanes8
			e1 &= lanes8
			e2 := binary.LittleEndian.Uint64(s[4:])
			o2 := e2 >> 8 & lanes8
			e2 &= lanes8
			e3 := binary.LittleEndian.Uint64(s[6:]) & lanes8
			rows[i] = [2]uint64{sixTap(e0, o0, e1, o1, e2, o2), sixTap(o0, e1, o1, e2, o2, e3)}
			o += ss
		}
		q := do + x
		for i := 0; i < h; i++ {
			r := rows[i : i+6 : i+6]
			v := middle(r[0][0], r[1][0], r[2][0], r[3][0], r[4][0], r[5][0]) |
				middle(r[0][1], r[1][1], r[2][1], r[3][1], r[4][1], r[5][1])<<8
			if w == 4 {
				store4(dst, q, v)
			} else {
				store8(dst, q, v)
			}
			q += ds
		}
	}
}

// middle filters results of sixTap once more and rounds by (x + 512) >> 10. The sums need 21 bits: two lanes of 32 bits a word. The biases of
// the inputs add up to 32 * tapBias = 80 << 10; with what is added here 256 << 10.
func middle(a, b, c, d, e, f uint64) uint64 {
	const extra = (256-80)<<10 + 512
	lo := 20*(c&lanes32+d&lanes32) + (a&lanes32 + f&lanes32) + extra*(1<<32+1) - 5*(b&lanes32+e&lanes32)
	a, b, c, d, e, f = a>>16, b>>16, c>>16, d>>16, e>>16, f>>16
	hi := 20*(c&lanes32+d&lanes32) + (a&lanes32 + f&lanes32) + extra*(1<<32+1) - 5*(b&lanes32+e&lanes32)
	lo = lo >> 10 & (0x3FF * (1<<32 + 1))
	hi = hi >> 10 & (0x3FF * (1<<32 + 1))
	return clamp(lo|hi<<16, 256)
}

// chromaBlock is the bilinear interpolation of clause 8.4.2.2.2 with the offsets fx and fy in eighths.
func chromaBlock(dst []byte, do, ds int, src []byte, so, ss, w, h, fx, fy int) {
	if fx|fy == 0 {
		if w >= 4 {
			copyBlock(dst, do, ds, src, so, ss, w, h)
			return
		}
	}
	if w >= 4 {
		a, b := uint64(8-fx), uint64(fx)
		c, d := uint64(8-fy), uint64(fy)
		r := load8(src, so)
		n := load8(src, so+1)
		e0, o0 := (r&lanes8)*a+(n&lanes8)*b, (r>>8&lanes8)*a+(n>>8&lanes8)*b
		for ; h > 0; h-- {
			so += ss
			r = load8(src, so)
			n = load8(src, so+1)
			e1, o1 := (r&lanes8)*a+(n&lanes8)*b, (r>>8&lanes8)*a+(n>>8&lanes8)*b
			e := (e0*c + e1*d + 32*lanes1) >> 6 & lanes8
			o := (o0*c + o1*d + 32*lanes1) >> 6 & lanes8
			if w == 4 {
				store4(dst, do, e|o<<8)
			} else {
				store8(dst, do, e|o<<8)
			}
			e0, o0 = e1, o1
			do += ds
		}
		return
	}
	a, b, c, d := (8-fx)*(8-fy), fx*(8-fy), (8-fx)*fy, fx*fy
	for ; h > 0; h-- {
		s, t := src[so:so+3:so+3], src[so+ss:so+ss+3:so+ss+3]
		dst[do] = uint8((a*int(s[0]) + b*int(s[1]) + c*int(t[0]) + d*int(t[1]) + 32) >> 6)
		dst[do+1] = uint8((a*int(s[1]) + b*int(s[2]) + c*int(t[1]) + d*int(t[2]) + 32) >> 6)
		so += ss
		do += ds
	}
}
