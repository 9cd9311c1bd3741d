package jpeg

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sealcam/sealcam/codec"
)

// What may be wrong with a file.
var (
	// ErrFormat is returned for bytes that are no JPEG file, or one cut short within its headers.
	ErrFormat = errors.New("no JPEG file")
	// ErrUnsupported is returned for files that browsers do not show: lossless, hierarchical or arithmetic coding, 12 bits.
	ErrUnsupported = errors.New("unsupported kind of JPEG")
	// ErrTooLarge is returned for pictures beyond the limits of package codec.
	ErrTooLarge = errors.New("JPEG too large")
)

// Markers (table B.1).
const (
	markerSOF0 = 0xc0 // baseline
	markerSOF1 = 0xc1 // extended sequential
	markerSOF2 = 0xc2 // progressive
	markerDHT  = 0xc4
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerTEM  = 0x01
)

// maxSegments bounds the segments before the first scan.
const maxSegments = 256

// Header is what stands before a file's first scan.
type Header struct {
	Width, Height int // pixels
	Components    int
	Progressive   bool
	// Subsampling is J:a:b as people write it, such as "4:2:0"; empty for grey or unusual files.
	Subsampling string
	HasHuffman  bool // defines Huffman tables itself
	scan        int  // offset of the first SOS marker
	length      int  // up to and with EOI, or all
}

// Config returns the stream's configuration.
func (h *Header) Config() codec.Config {
	return codec.Config{Codec: codec.JPEG, Width: uint16(h.Width), Height: uint16(h.Height)}
}

// Parse reads a file's headers.
func Parse(b []byte) (Header, error) {
	var h Header
	if len(b) > codec.MaxAccessUnit {
		return Header{}, fmt.Errorf("jpeg: %w", ErrTooLarge)
	}
	if len(b) < 4 || b[0] != 0xff || b[1] != markerSOI {
		return Header{}, fmt.Errorf("jpeg: %w", ErrFormat)
	}
	at, quantisation := 2, false
	for range maxSegments {
		// Any marker may be preceded by fill bytes (B.1.1.2).
		for at+1 < len(b) && b[at] == 0xff && b[at+1] == 0xff {
			at++
		}
		if at+4 > len(b) || b[at] != 0xff {
			return Header{}, fmt.Errorf("jpeg: segment at %d: %w", at, ErrFormat)
		}
		marker := b[at+1]
		if marker == markerTEM || marker >= markerRST0 && marker <= markerRST7 {
			at += 2
			continue
		}
		size := int(binary.BigEndian.Uint16(b[at+2:]))
		if marker == 0 || marker == markerSOI || marker == markerEOI || size < 2 || at+2+size > len(b) {
			return Header{}, fmt.Errorf("jpeg: segment at %d: %w", at, ErrFormat)
		}
		body := b[at+4 : at+2+size]
		switch {
		case marker == markerDHT:
			h.HasHuffman = true
		case marker == markerDQT:
			quantisation = true
		case marker == markerSOS:
			if h.Components == 0 || !quantisation || len(body) < 1 || len(body) != 4+2*int(body[0]) {
				return Header{}, fmt.Errorf("jpeg: scan at %d: %w", at, ErrFormat)
			}
			h.scan = at
			h.length = end(b, at+2+size)
			if h.length <= at+2+size {
				return Header{}, fmt.Errorf("jpeg: empty scan: %w", ErrFormat)
			}
			return h, nil
		case marker >= markerSOF0 && marker <= 0xcf && marker != 0xc8 && marker != 0xcc:
			if err := h.frame(marker, body); err != nil {
				return Header{}, fmt.Errorf("jpeg: frame header: %w", err)
			}
		}
		at += 2 + size
	}
	return Header{}, fmt.Errorf("jpeg: too many segments: %w", ErrFormat)
}

// frame reads a frame header (B.2.2).
func (h *Header) frame(marker byte, b []byte) error {
	if marker > markerSOF2 {
		return ErrUnsupported
	}
	if h.Components != 0 || len(b) < 6 {
		return ErrFormat
	}
	n := int(b[5])
	if len(b) != 6+3*n || n == 0 {
		return ErrFormat
	}
	if b[0] != 8 || n != 1 && n != 3 && n != 4 {
		return ErrUnsupported
	}
	height, width := int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if height == 0 {
		return ErrUnsupported // the height comes after the scan (B.2.5), which no browser reads
	}
	if width == 0 {
		return ErrFormat
	}
	if width > codec.MaxWidth || height > codec.MaxHeight {
		return ErrTooLarge
	}
	for i := range n {
		if f := b[6+3*i+1]; f>>4 < 1 || f>>4 > 4 || f&15 < 1 || f&15 > 4 {
			return ErrFormat
		}
	}
	h.Width, h.Height, h.Components, h.Progressive = width, height, n, marker == markerSOF2
	if n == 3 && b[10] == b[13] {
		across, down := b[7]>>4/(b[10]>>4), b[7]&15/(b[10]&15)
		h.Subsampling = map[[2]byte]string{
			{1, 1}: "4:4:4", {2, 1}: "4:2:2", {1, 2}: "4:4:0", {2, 2}: "4:2:0", {4, 1}: "4:1:1",
		}[[2]byte{across, down}]
	}
	return nil
}

// end returns the offset after EOI, or len(b) for a file that has none.
func end(b []byte, at int) int {
	for ; at+1 < len(b); at++ {
		if b[at] == 0xff && b[at+1] == markerEOI {
			return at + 2
		}
	}
	return len(b)
}
