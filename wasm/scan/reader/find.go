// Package reader finds QR codes in pictures. Its library brings a megabyte of tables for texts of the whole world, so the page loads it only
// to scan (see package scan).
package reader

import (
	"errors"
	"fmt"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// maxSide bounds the pictures that are searched, in pixels: the search's time and memory grow with them.
const maxSide = 2048

// What Find refuses.
var (
	ErrNone    = errors.New("reader: no QR code to be seen")
	ErrPicture = errors.New("reader: not a picture of the stated size")
)

// Find returns the text of the QR code in a picture, of which it gets the brightness of each pixel, row by row from the top. It returns
// ErrNone or ErrPicture, wrapped or not.
func Find(luma []byte, width, height int) (text string, err error) {
	if width < 1 || height < 1 || width > maxSide || height > maxSide || len(luma) != width*height {
		return "", ErrPicture
	}
	// The library indexes by what it reads off the picture, which is whatever somebody holds before the camera.
	defer func() {
		if r := recover(); r != nil {
			text, err = "", fmt.Errorf("%w (%v)", ErrNone, r)
		}
	}()
	source, err := gozxing.NewPlanarYUVLuminanceSource(luma, width, height, 0, 0, width, height, false)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrPicture, err)
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(source))
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrPicture, err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		return "", ErrNone
	}
	return result.GetText(), nil
}
