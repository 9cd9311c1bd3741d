package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
)

const (
	// MaxMemory bounds what decoding one file takes, in bytes: 18 million pixels of progressive 4:2:0, 42 million of baseline.
	MaxMemory = 256 << 20
	// maxScans bounds the work that a few bytes can ask for: each scan of a progressive file goes over the whole picture.
	maxScans = 64
)

// Picture is a decoded file. Its samples lie in planes of YCbCr 4:2:0, or in RGBA where the file is not coded as YCbCr.
type Picture struct {
	Width, Height int // pixels
	// Y has Height rows of Width samples; Cb and Cr have half of each, rounded up. The samples use the full range 0..255 with the matrix
	// of ITU-R BT.601 (ITU-T T.871 §7).
	Y, Cb, Cr             []byte
	YStride, ChromaStride int    // bytes from one row to the next
	RGBA                  []byte // rows of 4·Width bytes, opaque; nil if the planes are set
}

// Decode decodes a baseline or progressive file, with the standard Huffman tables if it has none (T.81 K.3). Chroma of a finer grid
// than 4:2:0 is averaged. Before it takes memory it checks that the picture needs at most limit bytes, 0 meaning MaxMemory; else the
// error wraps ErrTooLarge. A file that is cut short or damaged is an error that wraps ErrFormat.
func Decode(file []byte, limit int) (*Picture, error) {
	b, h, err := Repair(file)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > MaxMemory {
		limit = MaxMemory
	}
	if h.memory() > limit {
		return nil, fmt.Errorf("jpeg: %d×%d pixels: %w", h.Width, h.Height, ErrTooLarge)
	}
	if bytes.Count(b[h.scan:], []byte{0xff, markerSOS}) > maxScans {
		return nil, fmt.Errorf("jpeg: more than %d scans: %w", maxScans, ErrUnsupported)
	}
	m, err := stdjpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("jpeg: %w: %w", kind(err), err)
	}
	if m.Bounds() != image.Rect(0, 0, h.Width, h.Height) { // a second frame header, behind what Parse looked at
		return nil, fmt.Errorf("jpeg: two sizes: %w", ErrFormat)
	}
	p := &Picture{Width: h.Width, Height: h.Height}
	switch m := m.(type) {
	case *image.YCbCr:
		p.fromYCbCr(m)
	case *image.Gray:
		p.fromGray(m)
	case *image.RGBA:
		if m.Stride != 4*p.Width {
			return nil, fmt.Errorf("jpeg: rows of %d bytes: %w", m.Stride, ErrUnsupported)
		}
		p.RGBA = m.Pix
	case *image.CMYK:
		p.fromCMYK(m)
	default:
		return nil, fmt.Errorf("jpeg: %T: %w", m, ErrUnsupported)
	}
	return p, nil
}

// memory returns how many bytes decoding takes at most: the samples of whole MCUs, the coefficients of a progressive file as 32-bit
// numbers besides (T.81 A.2, G.1.1), and what Decode makes of them.
func (h *Header) memory() int {
	const mcu = 32 // the largest side: four blocks
	round := func(n int) int { return (n + mcu - 1) / mcu * mcu }
	samples := round(h.Width) * round(h.Height)
	planes, made := h.Components, 4 // RGBA, in case the file is coded so
	switch {
	case h.Components == 1:
		made = 1
	case h.Components == 4:
		made = 8 // CMYK, then RGBA
	case h.Subsampling == "4:2:0":
		planes = 2 // one and a half
	}
	total := samples * (planes + made)
	if h.Progressive {
		total += 4 * samples * planes
	}
	return total
}

// kind sorts an error of image/jpeg.
func kind(err error) error {
	var unsupported stdjpeg.UnsupportedError
	if errors.As(err, &unsupported) {
		return ErrUnsupported
	}
	return ErrFormat // also io.ErrUnexpectedEOF
}

// fromYCbCr takes the planes over, chroma as 4:2:0.
func (p *Picture) fromYCbCr(m *image.YCbCr) {
	p.Y, p.YStride = m.Y, m.YStride
	var across, down uint // binary logarithm of luma samples for each chroma sample
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio420:
		p.Cb, p.Cr, p.ChromaStride = m.Cb, m.Cr, m.CStride
		return
	case image.YCbCrSubsampleRatio422:
		across = 1
	case image.YCbCrSubsampleRatio440:
		down = 1
	case image.YCbCrSubsampleRatio411:
		across = 2
	case image.YCbCrSubsampleRatio410:
		across, down = 2, 1
	}
	width, height := (p.Width+1)/2, (p.Height+1)/2
	p.ChromaStride = width
	p.Cb, p.Cr = make([]byte, width*height), make([]byte, width*height)
	for y := range height {
		upper := 2 * y >> down * m.CStride
		lower := min(2*y+1, p.Height-1) >> down * m.CStride
		for x := range width {
			left, right := 2*x>>across, min(2*x+1, p.Width-1)>>across
			mean := func(c []byte) byte {
				return byte((int(c[upper+left]) + int(c[upper+right]) + int(c[lower+left]) + int(c[lower+right]) + 2) / 4)
			}
			p.Cb[y*width+x], p.Cr[y*width+x] = mean(m.Cb), mean(m.Cr)
		}
	}
}

// fromGray adds chroma planes without colour.
func (p *Picture) fromGray(m *image.Gray) {
	p.Y, p.YStride = m.Pix, m.Stride
	p.ChromaStride = (p.Width + 1) / 2
	p.Cb = bytes.Repeat([]byte{128}, p.ChromaStride*((p.Height+1)/2))
	p.Cr = p.Cb
}

func (p *Picture) fromCMYK(m *image.CMYK) {
	p.RGBA = make([]byte, 4*p.Width*p.Height)
	for y := range p.Height {
		row := p.RGBA[4*p.Width*y:]
		for x := range p.Width {
			c := m.Pix[y*m.Stride+4*x:]
			row[4*x], row[4*x+1], row[4*x+2] = color.CMYKToRGB(c[0], c[1], c[2], c[3])
			row[4*x+3] = 255
		}
	}
}
