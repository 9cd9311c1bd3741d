package h264

import "encoding/binary"

// predict4 is Intra_4x4 prediction (clause 8.3.1.2). Modes whose samples are missing, which no conforming stream has, use grey ones.
func predict4(p []byte, o, stride, mode int, left, top, tl, tr bool) {
	// e holds the samples around the block from the lower left corner to the upper right one: e[0..3] left from the bottom up,
	// e[4] corner, e[5..12] above.
	var e [13]int32
	if top {
		r := p[o-stride : o-stride+8 : o-stride+8]
		for i := 0; i < 4; i++ {
			e[5+i] = int32(r[i])
		}
		if tr {
			for i := 4; i < 8; i++ {
				e[5+i] = int32(r[i])
			}
		} else {
			e[9], e[10], e[11], e[12] = e[8], e[8], e[8], e[8]
		}
	} else {
		for i := 5; i < 13; i++ {
			e[i] = 128
		}
	}
	if left {
		q := o - 1
		e[3] = int32(p[q])
		e[2] = int32(p[q+stride])
		e[1] = int32(p[q+2*stride])
		e[0] = int32(p[q+3*stride])
	} else {
		e[0], e[1], e[2], e[3] = 128, 128, 128, 128
	}
	e[4] = 128
	if tl && o > stride {
		e[4] = int32(p[o-stride-1])
	}
	var w [4]uint32 // rows, least significant byte first
	f3 := func(i int) uint32 { return uint32(e[i-1]+2*e[i]+e[i+1]+2) >> 2 }
	f2 := func(i int) uint32 { return uint32(e[i]+e[i+1]+1) >> 1 }
	switch mode {
	case 0:
		v := uint32(e[5]) | uint32(e[6])<<8 | uint32(e[7])<<16 | uint32(e[8])<<24
		w = [4]uint32{v, v, v, v}
	case 1:
		for i := range w {
			w[i] = uint32(e[3-i]) * 0x01010101
		}
	case 2:
		var dc int32
		switch {
		case left && top:
			dc = (e[0] + e[1] + e[2] + e[3] + e[5] + e[6] + e[7] + e[8] + 4) >> 3
		case left:
			dc = (e[0] + e[1] + e[2] + e[3] + 2) >> 2
		case top:
			dc = (e[5] + e[6] + e[7] + e[8] + 2) >> 2
		default:
			dc = 128
		}
		v := uint32(dc) * 0x01010101
		w = [4]uint32{v, v, v, v}
	case 3: // diagonal down left
		k := uint64(f3(6)) | uint64(f3(7))<<8 | uint64(f3(8))<<16 | uint64(f3(9))<<24 | uint64(f3(10))<<32 | uint64(f3(11))<<40 |
			uint64((e[11]+3*e[12]+2)>>2)<<48
		w = [4]uint32{uint32(k), uint32(k >> 8), uint32(k >> 16), uint32(k >> 24)}
	case 4: // diagonal down right
		k := uint64(f3(1)) | uint64(f3(2))<<8 | uint64(f3(3))<<16 | uint64(f3(4))<<24 | uint64(f3(5))<<32 | uint64(f3(6))<<40 | uint64(f3(7))<<48
		w = [4]uint32{uint32(k >> 24), uint32(k >> 16), uint32(k >> 8), uint32(k)}
	case 5: // vertical right
		w[0] = f2(4) | f2(5)<<8 | f2(6)<<16 | f2(7)<<24
		w[1] = f3(4) | f3(5)<<8 | f3(6)<<16 | f3(7)<<24
		w[2] = f3(3) | w[0]<<8
		w[3] = f3(2) | w[1]<<8
	case 6: // horizontal down
		w[0] = f2(3) | f3(4)<<8 | f3(5)<<16 | f3(6)<<24
		w[1] = f2(2) | f3(3)<<8 | w[0]<<16
		w[2] = f2(1) | f3(2)<<8 | w[1]<<16
		w[3] = f2(0) | f3(1)<<8 | w[2]<<16
	case 7: // vertical left
		w[0] = f2(5) | f2(6)<<8 | f2(7)<<16 | f2(8)<<24
		w[1] = f3(6) | f3(7)<<8 | f3(8)<<16 | f3(9)<<24
		w[2] = w[0]>>8 | f2(9)<<24
		w[3] = w[1]>>8 | f3(10)<<24
	default: // horizontal up
		last := uint32(e[0])
		h := uint32(e[1]+3*e[0]+2) >> 2
		w[0] = f2(2) | f3(2)<<8 | f2(1)<<16 | f3(1)<<24
		w[1] = w[0]>>16 | f2(0)<<16 | h<<24
		w[2] = w[1]>>16 | last<<16 | last<<24
		w[3] = last * 0x01010101
	}
	for i := range w {
		binary.LittleEndian.PutUint32(p[o:o+4:o+4], w[i])
		o += stride
	}
}

// predict8 is Intra_8x8 prediction (clause 8.3.2.2).
func predict8(p []byte, o, stride, mode int, left, top, tl, tr bool) {
	// Samples as in predict4: r[0..7] left from the bottom up, r[8] corner, r[9..24] above; e the same after the filter of 8.3.2.2.1.
	var r, e [25]int32
	if top {
		s := p[o-stride : o-stride+16 : o-stride+16]
		for i := 0; i < 8; i++ {
			r[9+i] = int32(s[i])
		}
		if tr {
			for i := 8; i < 16; i++ {
				r[9+i] = int32(s[i])
			}
		} else {
			for i := 17; i < 25; i++ {
				r[i] = r[16]
			}
		}
	}
	if left {
		for i := 0; i < 8; i++ {
			r[7-i] = int32(p[o-1+i*stride])
		}
	}
	if tl && o > stride {
		r[8] = int32(p[o-stride-1])
	}
	if top {
		for i := 10; i < 24; i++ {
			e[i] = (r[i-1] + 2*r[i] + r[i+1] + 2) >> 2
		}
		if tl {
			e[9] = (r[8] + 2*r[9] + r[10] + 2) >> 2
		} else {
			e[9] = (3*r[9] + r[10] + 2) >> 2
		}
		e[24] = (r[23] + 3*r[24] + 2) >> 2
	} else {
		for i := 9; i < 25; i++ {
			e[i] = 128
		}
	}
	if left {
		for i := 1; i < 7; i++ {
			e[i] = (r[i-1] + 2*r[i] + r[i+1] + 2) >> 2
		}
		if tl {
			e[7] = (r[8] + 2*r[7] + r[6] + 2) >> 2
		} else {
			e[7] = (3*r[7] + r[6] + 2) >> 2
		}
		e[0] = (r[1] + 3*r[0] + 2) >> 2
	} else {
		for i := 0; i < 8; i++ {
			e[i] = 128
		}
	}
	switch {
	case !tl:
		e[8] = 128
	case top && left:
		e[8] = (r[7] + 2*r[8] + r[9] + 2) >> 2
	case top:
		e[8] = (3*r[8] + r[9] + 2) >> 2
	case left:
		e[8] = (3*r[8] + r[7] + 2) >> 2
	default:
		e[8] = r[8]
	}
	f3 := func(i int) uint8 { return uint8((e[i-1] + 2*e[i] + e[i+1] + 2) >> 2) }
	f2 := func(i int) uint8 { return uint8((e[i] + e[i+1] + 1) >> 1) }
	switch mode {
	case 0:
		for y := 0; y < 8; y++ {
			for x := 0; x < 8; x++ {
				p[o+x] = uint8(e[9+x])
			}
			o += stride
		}
	case 1:
		for y := 0; y < 8; y++ {
			fill(p[o:o+8], uint8(e[7-y]))
			o += stride
		}
	case 2:
		var sl, st, dc int32
		for i := 0; i < 8; i++ {
			sl += e[i]
			st += e[9+i]
		}
		switch {
		case left && top:
			dc = (sl + st + 8) >> 4
		case left:
			dc = (sl + 4) >> 3
		case top:
			dc = (st + 4) >> 3
		default:
			dc = 128
		}
		for y := 0; y < 8; y++ {
			fill(p[o:o+8], uint8(dc))
			o += stride
		}
	case 3:
		for y := 0; y < 8; y++ {
			for x := 0; x < 8; x++ {
				if x+y == 14 {
					p[o+x] = uint8((e[23] + 3*e[24] + 2) >> 2)
				} else {
					p[o+x] = f3(10 + x + y)
				}
			}
			o += stride
		}
	case 4:
		for y := 0; y < 8; y++ {
			for x := 0; x < 8; x++ {
				p[o+x] = f3(8 + x - y)
			}
			o += stride
		}
	case 5:
		for y := 0; y < 8; y++ {
			for x := 0; x < 8; x++ {
				switch z := 2*x - y; {
				case z >= 0 && z&1 == 0:
					p[o+x] = f2(8 + x - y>>1)
				case z >= 0:
					p[o+x] = f3(8 + x - y>>1)
				case z == -1:
					p[o+x] = f3(8)
				default:
					p[o+x] = f3(8 - (y - 2*x - 1))
				}
			}
			o += stride
		}
	case 6:
		for y := 0; y < 8; y++ {
			for x := 0; x < 8; x++ {
				switch z := 2*y - x; {
				case z >= 0 && z&1 == 0:
					p[o+x] = f2(7 - (y - x>>1))
				case z >= 0:
					p[o+x] = f3(8 - (y - x>>1 - 1) - 1)
				case z == -1:
					p[o+x] = f3(8)
				default:
					p[o+x] = f3(8 + x - 2*y - 1)
				}
			}
			o += stride
		}
	case 7:
		for y := 0; y < 8; y++ {
			for x := 0; x < 8; x++ {
				if y&1 == 0 {
					p[o+x] = f2(9 + x + y>>1)
				} else {
					p[o+x] = f3(10 + x + y>>1)
				}
			}
			o += stride
		}
	default:
		for y := 0; y < 8; y++ {
			for x := 0; x < 8; x++ {
				switch z := x + 2*y; {
				case z > 13:
					p[o+x] = uint8(e[0])
				case z == 13:
					p[o+x] = uint8((e[1] + 3*e[0] + 2) >> 2)
				case z&1 == 0:
					p[o+x] = f2(6 - (y + x>>1))
				default:
					p[o+x] = f3(6 - (y + x>>1))
				}
			}
			o += stride
		}
	}
}

// planePredict is plane prediction of luma and chroma (clauses 8.3.3.4 and 8.3.4.4).
func planePredict(p []byte, o, stride, size int, factor int32) {
	half := size / 2
	var h, v int32
	for i := 1; i <= half; i++ {
		h += int32(i) * (int32(p[o-stride+half-1+i]) - int32(p[o-stride+half-1-i]))
		v += int32(i) * (int32(p[o-1+(half-1+i)*stride]) - int32(p[o-1+(half-1-i)*stride]))
	}
	b, c := (factor*h+32)>>6, (factor*v+32)>>6
	a := 16 * (int32(p[o-1+(size-1)*stride]) + int32(p[o-stride+size-1]))
	row := a + 16 - int32(half-1)*(b+c)
	for y := 0; y < size; y++ {
		r := p[o : o+size]
		k := row
		for x := range r {
			r[x] = clip(k >> 5)
			k += b
		}
		row += c
		o += stride
	}
}
