package h264

// lumaDC is the transform of Intra_16x16 DC coefficients (clause 8.5.10); dq is LevelScale(QP % 6, 0, 0) << (QP / 6).
func (d *Decoder) lumaDC(dq int32) {
	m := &d.mb
	c := &m.dc
	for i := 0; i < 4; i++ {
		a, b, e, f := c[i], c[4+i], c[8+i], c[12+i]
		s0, s1, s2, s3 := a+b, a-b, e+f, e-f
		c[i], c[4+i], c[8+i], c[12+i] = s0+s2, s0-s2, s1-s3, s1+s3
	}
	for i := 0; i < 4; i++ {
		a, b, e, f := c[4*i], c[4*i+1], c[4*i+2], c[4*i+3]
		s0, s1, s2, s3 := a+b, a-b, e+f, e-f
		for j, v := range [4]int32{s0 + s2, s0 - s2, s1 - s3, s1 + s3} {
			m.coef[int(blockRaster[4*i+j])*16] = (v*dq + 32) >> 6
		}
	}
}

// chromaDC is the transform of the chroma DC coefficients of plane i (clause 8.5.11).
func (d *Decoder) chromaDC(i int, dq int32) {
	m := &d.mb
	a, b, c, e := m.dc[0], m.dc[1], m.dc[2], m.dc[3]
	o := (16 + 4*i) * 16
	m.coef[o] = (a + b + c + e) * dq >> 5
	m.coef[o+16] = (a - b + c - e) * dq >> 5
	m.coef[o+32] = (a + b - c - e) * dq >> 5
	m.coef[o+48] = (a - b - c + e) * dq >> 5
}

// addDC adds a block of size by size whose only coefficient is dc.
func addDC(dst []byte, o, stride, size int, dc int32) {
	dc = (dc + 32) >> 6
	if dc == 0 {
		return
	}
	for j := 0; j < size; j++ {
		r := dst[o : o+size]
		for i, v := range r {
			r[i] = clip(int32(v) + dc)
		}
		o += stride
	}
}

// add4x4 adds the inverse transform of c (clause 8.5.12) to the prediction and zeroes c.
func add4x4(dst []byte, o, stride int, c *[16]int32) {
	for i := 0; i < 16; i += 4 {
		a, b, e, f := c[i&15], c[(i+1)&15], c[(i+2)&15], c[(i+3)&15]
		z0, z1, z2, z3 := a+e, a-e, b>>1-f, b+f>>1
		c[i&15], c[(i+1)&15], c[(i+2)&15], c[(i+3)&15] = z0+z3, z1+z2, z1-z2, z0-z3
	}
	for i := 0; i < 4; i++ {
		a, b, e, f := c[i], c[4+i], c[8+i], c[12+i]
		z0, z1, z2, z3 := a+e+32, a-e+32, b>>1-f, b+f>>1
		c[i], c[4+i], c[8+i], c[12+i] = z0+z3, z1+z2, z1-z2, z0-z3
	}
	for j := 0; j < 16; j += 4 {
		r := dst[o : o+4 : o+4]
		r[0] = clip(int32(r[0]) + c[j&15]>>6)
		r[1] = clip(int32(r[1]) + c[(j+1)&15]>>6)
		r[2] = clip(int32(r[2]) + c[(j+2)&15]>>6)
		r[3] = clip(int32(r[3]) + c[(j+3)&15]>>6)
		o += stride
	}
	*c = [16]int32{}
}

// butterfly8 is the one-dimensional transform of clause 8.5.13.
func butterfly8(i0, i1, i2, i3, i4, i5, i6, i7 int32) (o0, o1, o2, o3, o4, o5, o6, o7 int32) {
	a0, a4 := i0+i4, i0-i4
	a2, a6 := i2>>1-i6, i2+i6>>1
	b0, b2, b4, b6 := a0+a6, a4+a2, a4-a2, a0-a6
	a1 := i5 - i3 - i7 - i7>>1
	a3 := i1 + i7 - i3 - i3>>1
	a5 := i7 - i1 + i5 + i5>>1
	a7 := i3 + i5 + i1 + i1>>1
	b1, b7 := a1+a7>>2, a7-a1>>2
	b3, b5 := a3+a5>>2, a3>>2-a5
	return b0 + b7, b2 + b5, b4 + b3, b6 + b1, b6 - b1, b4 - b3, b2 - b5, b0 - b7
}

// add8x8 is add4x4 for 8x8 blocks (clause 8.5.13).
func add8x8(dst []byte, o, stride int, c *[64]int32) {
	for i := 0; i < 64; i += 8 {
		r := c[i : i+8 : i+8]
		r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7] = butterfly8(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
	}
	for i := 0; i < 8; i++ {
		c[i], c[8+i], c[16+i], c[24+i], c[32+i], c[40+i], c[48+i], c[56+i] = butterfly8(c[i]+32, c[8+i], c[16+i], c[24+i], c[32+i], c[40+i], c[48+i], c[56+i])
	}
	for j := 0; j < 64; j += 8 {
		s := c[j : j+8 : j+8]
		r := dst[o : o+8 : o+8]
		r[0] = clip(int32(r[0]) + s[0]>>6)
		r[1] = clip(int32(r[1]) + s[1]>>6)
		r[2] = clip(int32(r[2]) + s[2]>>6)
		r[3] = clip(int32(r[3]) + s[3]>>6)
		r[4] = clip(int32(r[4]) + s[4]>>6)
		r[5] = clip(int32(r[5]) + s[5]>>6)
		r[6] = clip(int32(r[6]) + s[6]>>6)
		r[7] = clip(int32(r[7]) + s[7]>>6)
		o += stride
	}
	*c = [64]int32{}
}
