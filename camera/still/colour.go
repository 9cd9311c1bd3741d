package still

import "image"

// Luma's parts of red and blue (ITU-R BT.601 and BT.709).
const (
	red601, blue601 = 0.299, 0.114
	red709, blue709 = 0.2126, 0.0722
)

// toJFIF changes a picture in place from the colours of video to those of a JPEG file: BT.601 in full range (ITU-T T.871 clause 7).
func toJFIF(p *image.YCbCr, bt709, fullRange bool) {
	if !bt709 && fullRange {
		return
	}
	luma, chroma, black := 1.0, 1.0, 0.0
	if !fullRange { // ITU-T H.264 clause E.2.1, video_full_range_flag: 16 to 235, and 112 to either side of 128
		luma, chroma, black = 255./219, 255./224, 16
	}
	red, blue := red601, blue601
	if bt709 {
		red, blue = red709, blue709
	}
	// Each of JFIF's components out of the video's two colour differences; its luma out of the video's as well, with weight one.
	yb, bb, rb := jfif(red, blue, 1, 0)
	yr, br, rr := jfif(red, blue, 0, 1)
	const one = 1 << 16
	fixed := func(v float64) int32 { return int32(v*one + 0.5*sign(v)) }
	yy, yCb, yCr := fixed(luma), fixed(yb*chroma), fixed(yr*chroma)
	cbCb, cbCr, crCb, crCr := fixed(bb*chroma), fixed(br*chroma), fixed(rb*chroma), fixed(rr*chroma)
	w, h := p.Rect.Dx(), p.Rect.Dy()
	for y := range h {
		row := p.Y[y*p.YStride : y*p.YStride+w]
		at := y / 2 * p.CStride
		for x := range row {
			cb, cr := int32(p.Cb[at+x/2])-128, int32(p.Cr[at+x/2])-128
			row[x] = clamp(yy*(int32(row[x])-int32(black)) + yCb*cb + yCr*cr)
		}
		if y%2 == 0 && y != h-1 {
			continue // the next row needs the same chroma still
		}
		for x := at; x < at+(w+1)/2; x++ {
			cb, cr := int32(p.Cb[x])-128, int32(p.Cr[x])-128
			p.Cb[x], p.Cr[x] = clamp(cbCb*cb+cbCr*cr+128*one), clamp(crCb*cb+crCr*cr+128*one)
		}
	}
}

// jfif returns BT.601's components of the colour with luma 0 and these colour differences, whose matrix has these parts of red and blue.
func jfif(red, blue, cb, cr float64) (y, cb601, cr601 float64) {
	r, b := 2*(1-red)*cr, 2*(1-blue)*cb
	g := -(red*r + blue*b) / (1 - red - blue)
	y = red601*r + (1-red601-blue601)*g + blue601*b
	return y, (b - y) / (2 * (1 - blue601)), (r - y) / (2 * (1 - red601))
}

func sign(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}

// clamp takes 16 bits of fraction away.
func clamp(v int32) byte { return byte(max(min((v+1<<15)>>16, 255), 0)) }
