package main

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/sealcam/sealcam/test/barcode"
)

const (
	numberBits = 12
	cameraBits = 4
)

// drawStrip draws the strip of package barcode into a picture: whose it is and which one.
func drawStrip(img draw.Image, number, camera int) {
	b := img.Bounds()
	bits := number%barcode.Numbers | camera<<numberBits
	for cell := range barcode.Cells {
		white := cell == 0 || cell >= 2 && bits>>(cell-2)&1 == 1
		c := color.Gray{}
		if white {
			c.Y = 255
		}
		r := image.Rect(cell*b.Dx()/barcode.Columns, 0, (cell+1)*b.Dx()/barcode.Columns, b.Dy()/barcode.Rows).Add(b.Min)
		draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
}
