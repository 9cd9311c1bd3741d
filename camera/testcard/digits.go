package testcard

import (
	"image"
	"math"
)

// Segments of a digit, as they are named everywhere: A on top, then clockwise, G in the middle.
const (
	segA = 1 << iota
	segB
	segC
	segD
	segE
	segF
	segG
)

// glyphs says which segments are lit.
var glyphs = map[byte]int{
	'0': segA | segB | segC | segD | segE | segF,
	'1': segB | segC,
	'2': segA | segB | segG | segE | segD,
	'3': segA | segB | segG | segC | segD,
	'4': segF | segG | segB | segC,
	'5': segA | segF | segG | segC | segD,
	'6': segA | segF | segG | segE | segC | segD,
	'7': segA | segB | segC,
	'8': segA | segB | segC | segD | segE | segF | segG,
	'9': segA | segB | segC | segD | segF | segG,
	'-': segG,
	' ': 0,
}

// segment is the middle line of a bar: from one point to another, in parts of a digit's width and height.
type segment struct{ x0, y0, x1, y1 float64 }

var segments = [7]segment{
	{0, 0, 1, 0}, {1, 0, 1, .5}, {1, .5, 1, 1}, {0, 1, 1, 1}, {0, .5, 0, 1}, {0, 0, 0, .5}, {0, .5, 1, .5},
}

// font holds the masks of one size's segments, drawn once.
type font struct {
	width, height int
	thick         float64
	masks         [7]*image.Alpha
}

// newFont makes a font whose digits fill width × height pixels.
func newFont(width, height int) *font {
	f := &font{width: width, height: height, thick: float64(width) * .17}
	for i := range segments {
		f.masks[i] = f.mask(i)
	}
	return f
}

// middle returns the ends of a segment's middle line in pixels.
func (f *font) middle(i int) (x0, y0, x1, y1 float64) {
	s, m := segments[i], f.thick/2+.5
	w, h := float64(f.width)-2*m, float64(f.height)-2*m
	return m + s.x0*w, m + s.y0*h, m + s.x1*w, m + s.y1*h
}

// mask draws a bar with pointed ends: all points whose distance along the bar and across it together stay within bounds. Edges are
// smoothed with 4×4 samples a pixel.
func (f *font) mask(i int) *image.Alpha {
	m := image.NewAlpha(image.Rect(0, 0, f.width, f.height))
	x0, y0, x1, y1 := f.middle(i)
	length := math.Hypot(x1-x0, y1-y0)
	ux, uy := (x1-x0)/length, (y1-y0)/length
	gap := f.thick * .14
	inside := func(x, y float64) bool {
		along := (x-x0)*ux + (y-y0)*uy
		across := math.Abs((y-y0)*ux - (x-x0)*uy)
		return across <= f.thick/2 && across+gap <= along && across+gap <= length-along
	}
	const n = 4
	for y := range f.height {
		for x := range f.width {
			hits := 0
			for sy := range n {
				for sx := range n {
					if inside(float64(x)+(float64(sx)+.5)/n, float64(y)+(float64(sy)+.5)/n) {
						hits++
					}
				}
			}
			m.Pix[m.PixOffset(x, y)] = uint8(hits * 255 / (n * n))
		}
	}
	return m
}
