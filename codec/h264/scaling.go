package h264

// scalingLists holds the six 4x4 and the two 8x8 (luma) lists in zig-zag order with what was transmitted for each.
type scalingLists struct {
	state [8]scalingState
	l4    [6][16]uint8
	l8    [2][64]uint8
}

type scalingState uint8

const (
	scalingAbsent  scalingState = iota // fall back (Table 7-2)
	scalingDefault                     // UseDefaultScalingMatrixFlag
	scalingSent
)

// Default scaling lists, Tables 7-3 and 7-4, in zig-zag order.
var (
	default4 = [2][16]uint8{
		{6, 13, 13, 20, 20, 20, 28, 28, 28, 28, 32, 32, 32, 37, 37, 42},
		{10, 14, 14, 20, 20, 20, 24, 24, 24, 24, 27, 27, 27, 30, 30, 34},
	}
	default8 = [2][64]uint8{
		{
			6, 10, 10, 13, 11, 13, 16, 16, 16, 16, 18, 18, 18, 18, 18, 23,
			23, 23, 23, 23, 23, 25, 25, 25, 25, 25, 25, 25, 27, 27, 27, 27,
			27, 27, 27, 27, 29, 29, 29, 29, 29, 29, 29, 31, 31, 31, 31, 31,
			31, 33, 33, 33, 33, 33, 36, 36, 36, 36, 38, 38, 38, 40, 40, 42,
		},
		{
			9, 13, 13, 15, 13, 15, 17, 17, 17, 17, 19, 19, 19, 19, 19, 21,
			21, 21, 21, 21, 21, 22, 22, 22, 22, 22, 22, 22, 24, 24, 24, 24,
			24, 24, 24, 24, 25, 25, 25, 25, 25, 25, 25, 27, 27, 27, 27, 27,
			27, 28, 28, 28, 28, 28, 30, 30, 30, 30, 32, 32, 32, 33, 33, 35,
		},
	}
)

func (s *scalingLists) parse(r *bitReader, count int) error {
	for i := 0; i < count; i++ {
		if !r.flag() {
			s.state[i] = scalingAbsent
			continue
		}
		var l []uint8
		if i < 6 {
			l = s.l4[i][:]
		} else {
			l = s.l8[i-6][:]
		}
		s.state[i] = scalingSent
		last, next := int32(8), int32(8)
		for j := range l { // clause 7.3.2.1.1.1
			if next != 0 {
				next = (last + r.se() + 256) & 255
				if j == 0 && next == 0 {
					s.state[i] = scalingDefault
					break
				}
			}
			if next != 0 {
				last = next
			}
			l[j] = uint8(last)
		}
		if r.overrun() {
			return errSyntax
		}
	}
	return nil
}

// lists resolves the fall-back rules of Table 7-2 into the lists that are in force for s and p.
func (p *pps) lists(s *sps) (l4 [6][16]uint8, l8 [2][64]uint8) {
	if !s.scalingPresent && !p.scalingPresent {
		for i := range l4 {
			for j := range l4[i] {
				l4[i][j] = 16
			}
		}
		for i := range l8 {
			for j := range l8[i] {
				l8[i][j] = 16
			}
		}
		return l4, l8
	}
	// Fall-back rule set A: the defaults.
	base4 := [2][16]uint8{default4[0], default4[1]}
	base8 := default8
	if s.scalingPresent {
		l4, l8 = s.scaling.resolve(base4, base8, 8)
		base4 = [2][16]uint8{l4[0], l4[3]} // rule set B for the picture
		base8 = l8
	}
	if p.scalingPresent {
		if !s.scalingPresent {
			l8 = base8
		}
		l4, l8 = p.scaling.resolve(base4, base8, 8)
	}
	return l4, l8
}

func (s *scalingLists) resolve(base4 [2][16]uint8, base8 [2][64]uint8, count int) (l4 [6][16]uint8, l8 [2][64]uint8) {
	for i := 0; i < 6; i++ {
		switch {
		case s.state[i] == scalingSent:
			l4[i] = s.l4[i]
		case s.state[i] == scalingDefault:
			l4[i] = default4[i/3]
		case i%3 == 0:
			l4[i] = base4[i/3]
		default:
			l4[i] = l4[i-1]
		}
	}
	for i := 0; i < 2; i++ {
		switch s.state[6+i] {
		case scalingSent:
			l8[i] = s.l8[i]
		case scalingDefault:
			l8[i] = default8[i]
		default:
			l8[i] = base8[i]
		}
	}
	return l4, l8
}

// normAdjust4 and normAdjust8 are v of clause 8.5.9.
var (
	normAdjust4 = [6][3]int32{{10, 16, 13}, {11, 18, 14}, {13, 20, 16}, {14, 23, 18}, {16, 25, 20}, {18, 29, 23}}
	normAdjust8 = [6][6]int32{
		{20, 18, 32, 19, 25, 24},
		{22, 19, 35, 21, 28, 26},
		{26, 23, 42, 24, 33, 31},
		{28, 25, 45, 26, 35, 33},
		{32, 28, 51, 30, 40, 38},
		{36, 32, 58, 34, 46, 43},
	}
)

// scale fills the tables LevelScale(qP % 6, i, j) << (qP / 6) of clause 8.5.9, indexed in raster order.
func (p *pps) scale(s *sps) {
	if p.scaledFor == s {
		return
	}
	l4, l8 := p.lists(s)
	for qp := 0; qp < 52; qp++ {
		sh := uint(qp / 6)
		for k := 0; k < 16; k++ {
			pos := int(zigzag4[k])
			i, j := pos>>2, pos&3
			v := normAdjust4[qp%6][2]
			if i&1 == 0 && j&1 == 0 {
				v = normAdjust4[qp%6][0]
			} else if i&1 == 1 && j&1 == 1 {
				v = normAdjust4[qp%6][1]
			}
			for l := range l4 {
				p.dequant4[l][qp][pos] = int32(l4[l][k]) * v << sh
			}
		}
		for k := 0; k < 64; k++ {
			pos := int(zigzag8[k])
			i, j := pos>>3, pos&7
			var n int
			switch {
			case i&3 == 0 && j&3 == 0:
				n = 0
			case i&1 == 1 && j&1 == 1:
				n = 1
			case i&3 == 2 && j&3 == 2:
				n = 2
			case i&3 == 0 && j&1 == 1 || i&1 == 1 && j&3 == 0:
				n = 3
			case i&3 == 0 && j&3 == 2 || i&3 == 2 && j&3 == 0:
				n = 4
			default:
				n = 5
			}
			v := normAdjust8[qp%6][n]
			for l := range l8 {
				p.dequant8[l][qp][pos] = int32(l8[l][k]) * v << sh
			}
		}
	}
	p.scaledFor = s
}
