package photo

import (
	"errors"
	"math"

	"github.com/sealcam/sealcam/viewer/gate"
)

// ErrPixels is returned for pixels that are not what their layout says.
var ErrPixels = errors.New("photo: the picture's pixels are not whole")

// Picture is a decoded picture. The bytes are not changed.
type Picture struct {
	Layout        gate.PixelLayout
	Width, Height int    // pixels
	Data          []byte // gate.PixelsLen bytes
	FullRange     bool   // luma 0..255 instead of 16..235
	Matrix        gate.Matrix
}

func (p *Picture) sound() bool {
	n := gate.PixelsLen(p.Layout, p.Width, p.Height)
	return n > 0 && len(p.Data) == n
}

// row writes a row as red, green and blue bytes. Each pixel takes the chroma sample that covers it, as the stage draws it at full size.
func (p *Picture) row(dst []byte, y int, c *conversion) {
	if p.Layout == gate.LayoutRGBA {
		for x, at := 0, 4*p.Width*y; x < p.Width; x, at = x+1, at+4 {
			copy(dst[3*x:], p.Data[at:at+3])
		}
		return
	}
	stride := (p.Width + 7) &^ 7
	rows := (p.Height + 1) / 2
	luma := p.Data[stride*y:]
	cb := p.Data[stride*p.Height:]
	cr, step := cb[1:], 2
	if p.Layout == gate.LayoutI420 {
		cr, step = cb[stride/2*((rows+1)&^1):], 1
		cb, cr = cb[stride/2*(y/2):], cr[stride/2*(y/2):]
	} else {
		cb, cr = cb[stride*(y/2):], cr[stride*(y/2):]
	}
	for x := range p.Width {
		i := x / 2 * step
		dst[3*x], dst[3*x+1], dst[3*x+2] = c.rgb(luma[x], cb[i], cr[i])
	}
}

// conversion holds YUV to RGB as tables in 16.16 fixed point, for each value of a sample.
type conversion struct {
	luma, redCr, greenCb, greenCr, blueCb [256]int32
}

// newConversion follows ITU-R BT.601 §2.5 and BT.709 §3; the sample values are those of ITU-T H.264 table E-4 and E-5.
func newConversion(m gate.Matrix, fullRange bool) *conversion {
	kr, kb := 0.299, 0.114
	if m == gate.BT709 {
		kr, kb = 0.2126, 0.0722
	}
	kg := 1 - kr - kb
	black, white, chroma := 16.0, 219.0, 224.0
	if fullRange {
		black, white, chroma = 0, 255, 255
	}
	fixed := func(v float64) int32 { return int32(math.Round(v * (1 << 16))) }
	c := &conversion{}
	for i := range 256 {
		l, d := (float64(i)-black)*255/white, (float64(i)-128)*255/chroma
		c.luma[i] = fixed(l) + 1<<15
		c.redCr[i] = fixed(d * 2 * (1 - kr))
		c.blueCb[i] = fixed(d * 2 * (1 - kb))
		c.greenCb[i] = fixed(-d * 2 * kb * (1 - kb) / kg)
		c.greenCr[i] = fixed(-d * 2 * kr * (1 - kr) / kg)
	}
	return c
}

func (c *conversion) rgb(y, cb, cr byte) (r, g, b byte) {
	l := c.luma[y]
	return clamp(l + c.redCr[cr]), clamp(l + c.greenCb[cb] + c.greenCr[cr]), clamp(l + c.blueCb[cb])
}

func clamp(v int32) byte { return byte(max(0, min(255, v>>16))) }
