package main

import (
	"image"
	"math"
	"time"
)

// Size of the pictures: whole cells of the strip.
const (
	width, height = 672, 378
)

// scene is what a camera sees: a still part, painted once, and what moves.
type scene struct {
	still *image.RGBA
	moves func(c canvas, t float64)
}

// frame returns the picture at a time.
func (s *scene) frame(at time.Duration) canvas {
	c := canvas{image.NewRGBA(s.still.Rect)}
	copy(c.Pix, s.still.Pix)
	s.moves(c, at.Seconds())
	return c
}

func newScene(still func(canvas), moves func(canvas, float64)) *scene {
	c := canvas{image.NewRGBA(image.Rect(0, 0, width, height))}
	still(c)
	return &scene{c.RGBA, moves}
}

// nursery is Anna's: a child asleep at night.
func nursery() *scene {
	return newScene(func(c canvas) {
		c.slope(0, height, rgb(0x27305e), rgb(0x1a2044))
		c.box(0, 300, width, 80, 0, rgb(0x2c2440))
		c.box(0, 298, width, 4, 0, rgb(0x3a3058))
		// The window, with moon and stars.
		c.box(444, 52, 172, 140, 8, rgb(0x46507f))
		c.box(452, 60, 156, 124, 4, rgb(0x0d1333))
		c.oval(560, 102, 24, 24, rgb(0xf6ecc8))
		c.oval(551, 96, 21, 21, rgb(0x0d1333))
		for _, star := range [][2]float64{{474, 84}, {498, 128}, {520, 78}, {588, 150}, {482, 160}, {545, 160}} {
			c.oval(star[0], star[1], 1.8, 1.8, rgb(0xdfe6ff))
		}
		c.box(527, 60, 6, 124, 0, rgb(0x46507f))
		c.box(452, 120, 156, 5, 0, rgb(0x46507f))
		// A shelf with a lamp and a bear.
		c.box(40, 208, 84, 7, 3, rgb(0x8a6a55))
		c.line(80, 206, 80, 172, 5, rgb(0xa98a6e))
		c.box(58, 140, 44, 34, 10, rgb(0xf6c777))
		c.glow(80, 160, 130, rgb(0xffcf80), .42)
		// The crib: mattress, child and blanket, then the bars.
		c.box(170, 262, 300, 46, 8, rgb(0xcfd5ee))
		c.box(180, 232, 76, 40, 18, rgb(0xf4f5ff))
		c.oval(224, 238, 25, 22, rgb(0xf2c3a2))
		c.oval(219, 224, 20, 10, rgb(0x6b4a3a))
		c.line(228, 240, 236, 240, 2, rgb(0x8a5a48))
		c.oval(238, 247, 3, 2, rgb(0xd98878))
		c.box(246, 234, 216, 58, 26, rgb(0x6f8fd8))
		for i := range 5 {
			c.oval(280+float64(i)*40, 262+6*math.Sin(float64(i)*2), 6, 6, rgb(0x9db6ee))
		}
	}, func(c canvas, t float64) {
		// The blanket rises and falls.
		c.oval(330, 240-2.5*math.Sin(t*1.7), 74, 16, rgb(0x6f8fd8))
		for x := 166.0; x <= 474; x += 28 {
			c.box(x, 216, 6, 104, 3, rgb(0xe9dcc8))
		}
		c.box(158, 210, 324, 10, 5, rgb(0xf3e8d6))
		c.box(158, 306, 324, 10, 5, rgb(0xf3e8d6))
		c.box(154, 202, 10, 146, 5, rgb(0xf3e8d6))
		c.box(476, 202, 10, 146, 5, rgb(0xf3e8d6))
		// The mobile turns above.
		c.line(320, 14, 320, 74, 2.5, rgb(0xb9bfe0))
		for i, p := range []uint32{0xffd36e, 0xff9b9b, 0x9be3c8, 0xbfa7ff} {
			a := t*.8 + float64(i)*math.Pi/2
			x, y := 320+64*math.Cos(a), 74+10*math.Sin(a)
			c.line(320, 74, x, y, 2, rgb(0xb9bfe0))
			c.line(x, y, x, y+34, 1.2, rgb(0x8d95c4))
			c.oval(x, y+44, 11, 11, rgb(p))
		}
	})
}

// parlour is Ben's: an old man dozes on the couch, the cat beside him.
func parlour() *scene {
	return newScene(func(c canvas) {
		c.slope(0, height, rgb(0xf3c98b), rgb(0xe5a765))
		c.box(0, 306, width, 72, 0, rgb(0x8d5a3b))
		c.box(0, 302, width, 6, 0, rgb(0xb97b52))
		// Pictures on the wall, and the clock's case.
		c.box(70, 56, 92, 68, 4, rgb(0x7a4a2c))
		c.box(78, 64, 76, 52, 0, rgb(0xbfe0e6))
		c.box(78, 98, 76, 18, 0, rgb(0x6fa36b))
		c.oval(104, 99, 22, 9, rgb(0x6fa36b))
		c.oval(140, 76, 6, 6, rgb(0xfff3c4))
		c.box(184, 74, 56, 70, 4, rgb(0x7a4a2c))
		c.box(191, 81, 42, 56, 0, rgb(0xf6e7c9))
		c.oval(212, 102, 9, 10, rgb(0xc98a63))
		c.box(199, 114, 26, 23, 8, rgb(0x5d7fa8))
		c.box(562, 40, 56, 170, 8, rgb(0x6b3f26))
		c.oval(590, 72, 21, 21, rgb(0xfbf3df))
		c.box(572, 106, 36, 92, 4, rgb(0x3d2416))
		// The lamp.
		c.line(500, 300, 500, 130, 5, rgb(0x4e3322))
		c.box(468, 92, 64, 46, 10, rgb(0xfff0b8))
		c.glow(500, 126, 150, rgb(0xfff3c4), .5)
		// The couch and the man.
		c.box(128, 190, 330, 120, 26, rgb(0x3f7d6b))
		c.box(112, 226, 56, 98, 22, rgb(0x356b5b))
		c.box(418, 226, 56, 98, 22, rgb(0x356b5b))
		c.box(160, 268, 268, 46, 14, rgb(0x4b9480))
		c.box(220, 204, 92, 92, 30, rgb(0xb23b3b))
		c.line(232, 230, 236, 286, 22, rgb(0xa13333))
		c.line(300, 230, 296, 286, 22, rgb(0xa13333))
		c.line(244, 296, 236, 352, 26, rgb(0x3a4560))
		c.line(290, 296, 300, 352, 26, rgb(0x3a4560))
		c.box(216, 344, 36, 16, 8, rgb(0x2b1d16))
		c.box(288, 344, 36, 16, 8, rgb(0x2b1d16))
	}, func(c canvas, t float64) {
		// The head nods.
		nod := 4 * math.Max(0, math.Sin(t*.9))
		c.oval(268, 178+nod, 27, 30, rgb(0xeec09c))
		c.oval(243, 176+nod, 8, 16, rgb(0xe8e6e2))
		c.oval(293, 176+nod, 8, 16, rgb(0xe8e6e2))
		c.oval(268, 152+nod, 22, 7, rgb(0xe8e6e2))
		c.line(255, 178+nod, 263, 179+nod, 2.4, rgb(0x6b4a3a))
		c.line(274, 179+nod, 282, 178+nod, 2.4, rgb(0x6b4a3a))
		c.box(256, 190+nod, 25, 7, 3.5, rgb(0xf2f0ec))
		// The cat and its tail.
		tail := 14 * math.Sin(t*2.2)
		c.line(392, 262, 410, 238, 7, rgb(0x2f2a2d))
		c.line(410, 238, 416+tail, 214, 6, rgb(0x2f2a2d))
		c.oval(368, 262, 30, 17, rgb(0x2f2a2d))
		c.oval(340, 250, 14, 12, rgb(0x2f2a2d))
		c.line(332, 244, 330, 233, 6, rgb(0x2f2a2d))
		c.line(347, 243, 350, 233, 6, rgb(0x2f2a2d))
		// The clock.
		a := t * .7
		c.line(590, 72, 590+14*math.Sin(a), 72-14*math.Cos(a), 2.4, rgb(0x3d2416))
		c.line(590, 72, 590+9*math.Sin(a/12+2), 72-9*math.Cos(a/12+2), 3, rgb(0x3d2416))
		swing := 11 * math.Sin(t*math.Pi)
		c.line(590, 108, 590+swing, 172, 2, rgb(0xd9b25f))
		c.oval(590+swing, 176, 8, 8, rgb(0xe9c66f))
	})
}
