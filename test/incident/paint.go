package main

import (
	"image"
	"image/color"
	"math"
)

// canvas is painted shape by shape. Coordinates are pixels from the upper left corner; edges are smooth over one pixel.
type canvas struct{ *image.RGBA }

// rgb is a colour as in CSS.
func rgb(v uint32) color.RGBA { return color.RGBA{byte(v >> 16), byte(v >> 8), byte(v), 255} }

// mix goes from one colour to another as t goes from 0 to 1.
func mix(a, b color.RGBA, t float64) color.RGBA {
	t = min(max(t, 0), 1)
	f := func(x, y byte) byte { return byte(float64(x) + (float64(y)-float64(x))*t + .5) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
}

// blend paints one pixel over what is there.
func (c canvas) blend(x, y int, p color.RGBA, alpha float64) {
	if alpha > 0 && image.Pt(x, y).In(c.Rect) {
		c.SetRGBA(x, y, mix(c.RGBAAt(x, y), p, alpha))
	}
}

// shape fills where a distance is negative, within a box.
func (c canvas) shape(x0, y0, x1, y1 float64, p color.RGBA, distance func(x, y float64) float64) {
	for y := max(int(y0)-1, 0); y <= min(int(y1)+1, c.Rect.Max.Y-1); y++ {
		for x := max(int(x0)-1, 0); x <= min(int(x1)+1, c.Rect.Max.X-1); x++ {
			c.blend(x, y, p, min(max(.5-distance(float64(x)+.5, float64(y)+.5), 0), 1))
		}
	}
}

// box is a rectangle with round corners.
func (c canvas) box(x, y, w, h, radius float64, p color.RGBA) {
	c.shape(x, y, x+w, y+h, p, func(px, py float64) float64 {
		dx := math.Abs(px-x-w/2) - w/2 + radius
		dy := math.Abs(py-y-h/2) - h/2 + radius
		return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius
	})
}

// oval is an ellipse, whose edge is smooth as far as it is nearly round.
func (c canvas) oval(x, y, rx, ry float64, p color.RGBA) {
	c.shape(x-rx, y-ry, x+rx, y+ry, p, func(px, py float64) float64 {
		return (math.Hypot((px-x)/rx, (py-y)/ry) - 1) * min(rx, ry)
	})
}

// line has round ends.
func (c canvas) line(x0, y0, x1, y1, width float64, p color.RGBA) {
	r := width / 2
	c.shape(min(x0, x1)-r, min(y0, y1)-r, max(x0, x1)+r, max(y0, y1)+r, p, func(px, py float64) float64 {
		dx, dy := x1-x0, y1-y0
		t := min(max(((px-x0)*dx+(py-y0)*dy)/(dx*dx+dy*dy+1e-9), 0), 1)
		return math.Hypot(px-x0-t*dx, py-y0-t*dy) - r
	})
}

// glow lightens a round area, most in its middle.
func (c canvas) glow(x, y, radius float64, p color.RGBA, strength float64) {
	for py := int(y - radius); py <= int(y+radius); py++ {
		for px := int(x - radius); px <= int(x+radius); px++ {
			d := math.Hypot(float64(px)-x, float64(py)-y) / radius
			if d < 1 {
				c.blend(px, py, p, strength*(1-d)*(1-d))
			}
		}
	}
}

// slope fills everything with colours that go from above to below.
func (c canvas) slope(y0, y1 int, above, below color.RGBA) {
	for y := y0; y < y1; y++ {
		p := mix(above, below, float64(y-y0)/float64(y1-y0))
		for x := range c.Rect.Dx() {
			c.SetRGBA(x, y, p)
		}
	}
}
