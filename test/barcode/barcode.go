// Package barcode reads the strip that test/clips/make.sh burns into clips: which camera and which frame a picture shows.
//
// The strip starts in the upper left corner of the picture. It has 18 cells side by side, each 1/48 of the picture's width and
// 1/27 of its height: white, black, 12 bits of the frame's number, 4 bits of the camera, the lowest bit of both first; a white
// cell is a one.
package barcode

import (
	"errors"
	"fmt"
	"image"
)

// The strip's geometry and ranges.
const (
	Cells   = 18
	Columns = 48 // cells that the picture's width would hold
	Rows    = 27 // cells that the picture's height would hold
	Numbers = 1 << numberBits
	Cameras = 1 << cameraBits

	numberBits = 12
	cameraBits = 4
)

// minContrast is the least distance in luma between the white and the black cell: less is not a strip.
const minContrast = 64

// Reading is what a strip says.
type Reading struct {
	Number int // of the frame, modulo Numbers
	Camera int // 0 to 15
}

// Errors of Decode.
var (
	ErrNoStrip = errors.New("barcode: no strip here")
	ErrUnclear = errors.New("barcode: a cell is neither black nor white")
)

// Decode reads the lumas (0 to 255) at the cells' centres. A cell must be in the outer thirds between black and white, so that
// a blend of two frames is refused instead of read as a third.
func Decode(lumas []int) (Reading, error) {
	if len(lumas) != Cells {
		return Reading{}, fmt.Errorf("%w: %d cells, want %d", ErrNoStrip, len(lumas), Cells)
	}
	white, black := lumas[0], lumas[1]
	if white-black < minContrast {
		return Reading{}, fmt.Errorf("%w: first cells have luma %d and %d", ErrNoStrip, white, black)
	}
	var bits int
	for i, luma := range lumas[2:] {
		switch position := 3 * (luma - black); {
		case position >= 2*(white-black):
			bits |= 1 << i
		case position <= white-black:
		default:
			return Reading{}, fmt.Errorf("%w: cell %d has luma %d between %d and %d", ErrUnclear, i+2, luma, black, white)
		}
	}
	return Reading{Number: bits % Numbers, Camera: bits >> numberBits}, nil
}

// Center returns the centre of a cell as fractions of the picture's width and height.
func Center(cell int) (x, y float64) {
	return (float64(cell) + 0.5) / Columns, 0.5 / Rows
}

// DecodeRow reads the strip out of one row of RGBA pixels that crosses it. The row is that of the whole picture, whose width in
// pixels is len(row)/4.
func DecodeRow(row []byte) (Reading, error) {
	width := len(row) / 4
	if width < 2*Columns { // two pixels a cell
		return Reading{}, fmt.Errorf("%w: a picture %d pixels wide is too small", ErrNoStrip, width)
	}
	lumas := make([]int, Cells)
	for i := range lumas {
		x, _ := Center(i)
		at := 4 * int(x*float64(width))
		lumas[i] = luma(uint32(row[at]), uint32(row[at+1]), uint32(row[at+2]))
	}
	return Decode(lumas)
}

// DecodeImage reads the strip of the picture that fills the rectangle of img, such as a tile in a screenshot.
func DecodeImage(img image.Image, picture image.Rectangle) (Reading, error) {
	if !picture.In(img.Bounds()) || picture.Dx() < 2*Columns {
		return Reading{}, fmt.Errorf("%w: picture %v is too small or outside of %v", ErrNoStrip, picture, img.Bounds())
	}
	lumas := make([]int, Cells)
	for i := range lumas {
		x, y := Center(i)
		r, g, b, _ := img.At(picture.Min.X+int(x*float64(picture.Dx())), picture.Min.Y+int(y*float64(picture.Dy()))).RGBA()
		lumas[i] = luma(r>>8, g>>8, b>>8)
	}
	return Decode(lumas)
}

// luma is that of ITU-R BT.709 for 8-bit components.
func luma(r, g, b uint32) int {
	return int((2126*r + 7152*g + 722*b + 5000) / 10000)
}

// Distance returns how many frames later than from the number to is, between -Numbers/2 and Numbers/2-1: numbers wrap.
func Distance(from, to int) int {
	return ((to-from)%Numbers+Numbers+Numbers/2)%Numbers - Numbers/2
}
