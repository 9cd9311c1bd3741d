package gate

import "github.com/sealcam/sealcam/codec"

// PixelLayout says how a decoded picture lies in memory. Rows of luma and RGBA have no gaps but those stated.
type PixelLayout uint8

// The layouts. With S = width rounded up to a multiple of 8 and C = half the height, rounded up:
//
//	LayoutI420  Y: height rows of S bytes; U, then V: C rows, rounded up to an even number, of S/2 bytes each
//	LayoutNV12  Y: height rows of S bytes; C rows of S bytes, U and V taking turns
//	LayoutRGBA  height rows of 4·width bytes
const (
	LayoutI420 PixelLayout = 1
	LayoutNV12 PixelLayout = 2
	LayoutRGBA PixelLayout = 3
)

// String returns the layout's usual name.
func (l PixelLayout) String() string {
	switch l {
	case LayoutI420:
		return "I420"
	case LayoutNV12:
		return "NV12"
	case LayoutRGBA:
		return "RGBA"
	}
	return "unknown layout"
}

// PixelsLen returns how many bytes a picture takes, and 0 for an unknown layout or a side outside 1..8192.
func PixelsLen(l PixelLayout, width, height int) int {
	if width < 1 || width > codec.MaxWidth || height < 1 || height > codec.MaxHeight {
		return 0
	}
	stride := (width + 7) &^ 7
	chroma := (height + 1) / 2
	switch l {
	case LayoutI420:
		return stride * (height + (chroma+1)&^1)
	case LayoutNV12:
		return stride * (height + chroma)
	case LayoutRGBA:
		return 4 * width * height
	}
	return 0
}

// Matrix says how YUV becomes RGB. RGBA pictures ignore it.
type Matrix uint8

// The matrices.
const (
	BT601 Matrix = 1 // ITU-R BT.601, standard definition
	BT709 Matrix = 2 // ITU-R BT.709, high definition
)

// Pixels is a decoded picture in a buffer that its decoder lends. From the moment that they are handed on, the decoder must not touch
// Data until Release, which is called exactly once, also after the decoder was closed, from any goroutine; it may be nil. Release must
// return at once and must not call back into the viewer.
type Pixels struct {
	Layout        PixelLayout
	Width, Height int
	Data          []byte // PixelsLen bytes
	FullRange     bool   // luma 0..255 instead of 16..235
	Matrix        Matrix
	Release       func()
}

func (p *Pixels) sound() bool {
	n := PixelsLen(p.Layout, p.Width, p.Height)
	return n > 0 && len(p.Data) == n
}

// Free returns the buffer to its decoder. The caller must own the pixels and never use them again.
func (p *Pixels) Free() {
	release := p.Release
	*p = Pixels{}
	if release != nil {
		release()
	}
}
