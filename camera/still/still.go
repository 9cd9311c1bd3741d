// Package still makes single JPEG pictures out of the key frames of a camera's H.264 or VP8 stream, for viewers who cannot decode video: small
// ones, in the camera's own shape. It starts no goroutines and keeps no pictures.
package still

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
)

// Bounds of what is decoded and of what comes out, in samples.
const (
	// MaxSide and MaxMacroblocks are those of a frame of 1920×1088, upright or not.
	MaxSide        = 1920
	MaxMacroblocks = 120 * 68
	// A still fits into MaxWidth×MaxHeight.
	MaxWidth, MaxHeight = 640, 360
)

// quality is image/jpeg's: some 30 kB a still.
const quality = 75

// maxPictures is of how many coded pictures a key frame may be: two fields.
const maxPictures = 2

// Errors of Make, beside those of package h264.
var (
	// ErrNoKey is returned for anything but a key frame of H.264 or VP8.
	ErrNoKey = errors.New("still: not a key frame of H.264 or VP8")
	// ErrNoPicture is returned for a key frame that is damaged, or that gives no picture by itself.
	ErrNoPicture = errors.New("still: the key frame gives no whole picture")
)

// Possible reports whether stills can be made of a stream: H.264 or VP8 within the bounds.
func Possible(c codec.Config) bool {
	w, h := int(c.Width), int(c.Height)
	return (c.Codec == codec.H264 || c.Codec == codec.VP8) && w > 0 && h > 0 && w <= MaxSide && h <= MaxSide && (w+15)/16*((h+15)/16) <= MaxMacroblocks
}

// Maker makes stills. The zero value is ready; it takes the memory of a decoder with the first key frame and keeps it for the next. It
// must not be used by several goroutines at once.
type Maker struct {
	decoder *h264.Decoder
	scaler  scaler
	picture image.YCbCr
	file    bytes.Buffer
}

// Make decodes a key frame by itself and returns it as a JPEG file of at most MaxWidth×MaxHeight, with the same capture time. The errors
// wrap ErrNoKey, ErrNoPicture, or h264.ErrUnsupported or ErrTooLarge; the Maker goes on with the next key frame.
func (m *Maker) Make(au codec.AccessUnit) (codec.AccessUnit, error) {
	if !au.Key {
		return codec.AccessUnit{}, ErrNoKey
	}
	var err error
	switch au.Config.Codec {
	case codec.H264:
		err = m.decodeH264(au)
	case codec.VP8:
		err = m.decodeVP8(au)
	default:
		err = ErrNoKey
	}
	if err != nil {
		return codec.AccessUnit{}, err
	}
	m.file.Reset()
	if err := jpeg.Encode(&m.file, &m.picture, &jpeg.Options{Quality: quality}); err != nil {
		return codec.AccessUnit{}, fmt.Errorf("still: %w", err)
	}
	size := m.picture.Rect.Size()
	return codec.AccessUnit{
		Data: bytes.Clone(m.file.Bytes()), Key: true, Captured: au.Captured,
		Config: codec.Config{Codec: codec.JPEG, Width: uint16(size.X), Height: uint16(size.Y)},
	}, nil
}

func (m *Maker) decodeH264(au codec.AccessUnit) error {
	if m.decoder == nil {
		m.decoder = h264.NewDecoder(h264.Options{
			MaxWidth: MaxSide, MaxHeight: MaxSide, MaxMacroblocks: MaxMacroblocks, MaxPictures: maxPictures, LowDelay: true,
		})
	}
	m.decoder.Reset() // whatever came before must not show through
	made := false
	take := func(p *h264.Picture) {
		if !p.Damaged && p.Key && !made {
			made = true
			m.draw(p)
		}
	}
	err := m.decoder.Decode(au, take)
	m.decoder.Flush(take) // streams that reorder pictures hold it back
	switch {
	case errors.Is(err, h264.ErrUnsupported), errors.Is(err, h264.ErrTooLarge):
		return fmt.Errorf("still: %w", err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNoPicture, err)
	case !made:
		return ErrNoPicture
	}
	return nil
}

func (m *Maker) decodeVP8(au codec.AccessUnit) error {
	p, err := decodeVP8(au.Data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoPicture, err)
	}
	size := p.Rect.Size()
	m.draw(&h264.Picture{Y: p.Y, Cb: p.Cb, Cr: p.Cr, YStride: p.YStride, ChromaStride: p.CStride, Width: size.X, Height: size.Y, Colour: h264.Colour{Primaries: 2, Transfer: 2, Matrix: 6}})
	return nil
}

// draw scales a decoded picture into the Maker's own, in the colours of a JPEG file.
func (m *Maker) draw(p *h264.Picture) {
	w, h := fit(p.Width, p.Height)
	m.resize(w, h)
	cw, ch := (w+1)/2, (h+1)/2
	m.scaler.scale(m.picture.Y, w, h, plane{p.Y, p.YStride, p.Width, p.Height})
	m.scaler.scale(m.picture.Cb, cw, ch, plane{p.Cb, p.ChromaStride, (p.Width + 1) / 2, (p.Height + 1) / 2})
	m.scaler.scale(m.picture.Cr, cw, ch, plane{p.Cr, p.ChromaStride, (p.Width + 1) / 2, (p.Height + 1) / 2})
	toJFIF(&m.picture, p.Colour.IsBT709(p.Height), p.Colour.FullRange)
}

// resize makes the picture w×h, of the memory that it has if that is enough.
func (m *Maker) resize(w, h int) {
	if m.picture.Rect == image.Rect(0, 0, w, h) {
		return
	}
	m.picture = *image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
}

// fit returns the largest size of the shape w×h within the bounds, and not above w×h.
func fit(w, h int) (int, int) {
	if w <= MaxWidth && h <= MaxHeight {
		return w, h
	}
	if w*MaxHeight >= h*MaxWidth {
		return MaxWidth, max((2*h*MaxWidth+w)/(2*w), 1)
	}
	return max((2*w*MaxHeight+h)/(2*h), 1), MaxHeight
}
