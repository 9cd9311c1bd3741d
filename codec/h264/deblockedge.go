package h264

// edge holds the thresholds of one edge (clause 8.7.2.2).
type edge struct {
	alpha, beta int32
	tc0         *[4]uint8
}

func newEdge(qp, a, b int32) edge {
	i := min(max(qp+a, 0), 51)
	j := min(max(qp+b, 0), 51)
	return edge{int32(alphaTable[i]), int32(betaTable[j]), &tc0Table[i]}
}

func abs(v int32) int32 {
	m := v >> 31
	return (v ^ m) - m
}

// normal is the filter for bS below 4 (clause 8.7.2.3): it returns p1, p0, q0 and q1.
func normal(p2, p1, p0, q0, q1, q2, tc0, beta int32) (int32, int32, int32, int32) {
	tc := tc0
	avg := (p0 + q0 + 1) >> 1
	n1, m1 := p1, q1
	if abs(p2-p0) < beta {
		tc++
		n1 += min(max((p2+avg-2*p1)>>1, -tc0), tc0)
	}
	if abs(q2-q0) < beta {
		tc++
		m1 += min(max((q2+avg-2*q1)>>1, -tc0), tc0)
	}
	delta := min(max(((q0-p0)<<2+p1-q1+4)>>3, -tc), tc)
	return n1, int32(clip(p0 + delta)), int32(clip(q0 - delta)), m1
}

// lumaVertical filters the rows of the vertical edge at o, as many for each of the four strengths.
func lumaVertical(p []byte, o, stride int, bs *[4]uint8, rows int, e *edge) {
	alpha, beta := e.alpha, e.beta
	for k := 0; k < 4; k++ {
		b := bs[k]
		if b == 0 {
			o += rows * stride
			continue
		}
		tc0 := int32(e.tc0[b&3])
		for i := 0; i < rows; i++ {
			s := p[o-4 : o+4 : o+4]
			o += stride
			p1, p0, q0, q1 := int32(s[2]), int32(s[3]), int32(s[4]), int32(s[5])
			if abs(p0-q0) >= alpha || abs(p1-p0) >= beta || abs(q1-q0) >= beta {
				continue
			}
			p2, q2 := int32(s[1]), int32(s[6])
			if b < 4 {
				p1, p0, q0, q1 = normal(p2, p1, p0, q0, q1, q2, tc0, beta)
				s[2], s[3], s[4], s[5] = uint8(p1), uint8(p0), uint8(q0), uint8(q1)
				continue
			}
			strong := abs(p0-q0) < alpha>>2+2 // clause 8.7.2.4
			if strong && abs(p2-p0) < beta {
				p3 := int32(s[0])
				s[3] = uint8((p2 + 2*p1 + 2*p0 + 2*q0 + q1 + 4) >> 3)
				s[2] = uint8((p2 + p1 + p0 + q0 + 2) >> 2)
				s[1] = uint8((2*p3 + 3*p2 + p1 + p0 + q0 + 4) >> 3)
			} else {
				s[3] = uint8((2*p1 + p0 + q1 + 2) >> 2)
			}
			if strong && abs(q2-q0) < beta {
				q3 := int32(s[7])
				s[4] = uint8((p1 + 2*p0 + 2*q0 + 2*q1 + q2 + 4) >> 3)
				s[5] = uint8((p0 + q0 + q1 + q2 + 2) >> 2)
				s[6] = uint8((2*q3 + 3*q2 + q1 + q0 + p0 + 4) >> 3)
			} else {
				s[4] = uint8((2*q1 + q0 + p1 + 2) >> 2)
			}
		}
	}
}

// lumaHorizontal filters the 16 columns of the horizontal edge above o; ps is the distance of the lines above it, qs of those below.
func lumaHorizontal(p []byte, o, ps, qs int, bs *[4]uint8, e *edge) {
	alpha, beta := e.alpha, e.beta
	r3, r2, r1, r0 := p[o-4*ps:o-4*ps+16:o-4*ps+16], p[o-3*ps:o-3*ps+16:o-3*ps+16], p[o-2*ps:o-2*ps+16:o-2*ps+16], p[o-ps:o-ps+16:o-ps+16]
	s0, s1, s2, s3 := p[o:o+16:o+16], p[o+qs:o+qs+16:o+qs+16], p[o+2*qs:o+2*qs+16:o+2*qs+16], p[o+3*qs:o+3*qs+16:o+3*qs+16]
	for k := 0; k < 4; k++ {
		b := bs[k]
		if b == 0 {
			continue
		}
		tc0 := int32(e.tc0[b&3])
		for i := 4 * k; i < 4*k+4; i++ {
			p1, p0, q0, q1 := int32(r1[i&15]), int32(r0[i&15]), int32(s0[i&15]), int32(s1[i&15])
			if abs(p0-q0) >= alpha || abs(p1-p0) >= beta || abs(q1-q0) >= beta {
				continue
			}
			p2, q2 := int32(r2[i&15]), int32(s2[i&15])
			if b < 4 {
				p1, p0, q0, q1 = normal(p2, p1, p0, q0, q1, q2, tc0, beta)
				r1[i&15], r0[i&15], s0[i&15], s1[i&15] = uint8(p1), uint8(p0), uint8(q0), uint8(q1)
				continue
			}
			strong := abs(p0-q0) < alpha>>2+2
			if strong && abs(p2-p0) < beta {
				p3 := int32(r3[i&15])
				r0[i&15] = uint8((p2 + 2*p1 + 2*p0 + 2*q0 + q1 + 4) >> 3)
				r1[i&15] = uint8((p2 + p1 + p0 + q0 + 2) >> 2)
				r2[i&15] = uint8((2*p3 + 3*p2 + p1 + p0 + q0 + 4) >> 3)
			} else {
				r0[i&15] = uint8((2*p1 + p0 + q1 + 2) >> 2)
			}
			if strong && abs(q2-q0) < beta {
				q3 := int32(s3[i&15])
				s0[i&15] = uint8((p1 + 2*p0 + 2*q0 + 2*q1 + q2 + 4) >> 3)
				s1[i&15] = uint8((p0 + q0 + q1 + q2 + 2) >> 2)
				s2[i&15] = uint8((2*q3 + 3*q2 + q1 + q0 + p0 + 4) >> 3)
			} else {
				s0[i&15] = uint8((2*q1 + q0 + p1 + 2) >> 2)
			}
		}
	}
}

// chromaSample filters one line across a chroma edge: p1, p0, q0, q1 to p0, q0.
func chromaSample(p1, p0, q0, q1 int32, b uint8, e *edge) (uint8, uint8) {
	if abs(p0-q0) >= e.alpha || abs(p1-p0) >= e.beta || abs(q1-q0) >= e.beta {
		return uint8(p0), uint8(q0)
	}
	if b == 4 {
		return uint8((2*p1 + p0 + q1 + 2) >> 2), uint8((2*q1 + q0 + p1 + 2) >> 2)
	}
	tc := int32(e.tc0[b&3]) + 1
	delta := min(max(((q0-p0)<<2+p1-q1+4)>>3, -tc), tc)
	return clip(p0 + delta), clip(q0 - delta)
}

func chromaVertical(p []byte, o, stride int, bs *[4]uint8, e *edge) {
	if e.alpha == 0 {
		return
	}
	for i := 0; i < 8; i++ {
		if b := bs[i>>1]; b != 0 {
			s := p[o-2 : o+2 : o+2]
			s[1], s[2] = chromaSample(int32(s[0]), int32(s[1]), int32(s[2]), int32(s[3]), b, e)
		}
		o += stride
	}
}

func chromaHorizontal(p []byte, o, ps, qs int, bs *[4]uint8, e *edge) {
	if e.alpha == 0 {
		return
	}
	r1, r0 := p[o-2*ps:o-2*ps+8:o-2*ps+8], p[o-ps:o-ps+8:o-ps+8]
	s0, s1 := p[o:o+8:o+8], p[o+qs:o+qs+8:o+qs+8]
	for i := 0; i < 8; i++ {
		if b := bs[i>>1]; b != 0 {
			r0[i], s0[i] = chromaSample(int32(r1[i]), int32(r0[i]), int32(s0[i]), int32(s1[i]), b, e)
		}
	}
}
