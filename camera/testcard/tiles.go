package testcard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
)

// A picture is encoded in tiles of 10 × 1 MCUs of 16 × 16 pixels. With a restart marker between them (ITU-T T.81, B.2.1 and F.1.1.5)
// each tile's bits stand alone, so that a tile that did not change keeps its bits of the last picture.
const (
	mcu        = 16
	tileMCUs   = 10
	tileWidth  = mcu * tileMCUs
	tileHeight = mcu
	quality    = 88
)

var errEncoder = errors.New("testcard: the JPEG encoder made an unexpected file")

// tiles holds a picture's encoded tiles.
type tiles struct {
	columns, rows int
	scans         [][]byte
	dirty         []bool
	header        []byte // of the whole file, up to and with the scan header
	buffer        flushBuffer
}

// flushBuffer is a buffer that image/jpeg writes into without another one in between.
type flushBuffer struct{ bytes.Buffer }

// Flush does nothing.
func (*flushBuffer) Flush() error { return nil }

// newTiles takes a picture whose width is a multiple of a tile's.
func newTiles(m *image.RGBA) *tiles {
	b := m.Bounds()
	t := &tiles{columns: b.Dx() / tileWidth, rows: (b.Dy() + tileHeight - 1) / tileHeight}
	t.scans = make([][]byte, t.columns*t.rows)
	t.dirty = make([]bool, len(t.scans))
	t.touch(b)
	return t
}

// touch marks the tiles of an area as changed.
func (t *tiles) touch(r image.Rectangle) {
	if r.Empty() {
		return
	}
	for y := max(0, r.Min.Y/tileHeight); y <= min(t.rows-1, (r.Max.Y-1)/tileHeight); y++ {
		for x := max(0, r.Min.X/tileWidth); x <= min(t.columns-1, (r.Max.X-1)/tileWidth); x++ {
			t.dirty[y*t.columns+x] = true
		}
	}
}

// file encodes the changed tiles and puts the file together.
func (t *tiles) file(m *image.RGBA) ([]byte, error) {
	size := 0
	for i := range t.scans {
		if t.dirty[i] {
			if err := t.encode(m, i); err != nil {
				return nil, err
			}
			t.dirty[i] = false
		}
		size += len(t.scans[i]) + 2
	}
	out := make([]byte, 0, len(t.header)+size)
	out = append(out, t.header...)
	for i, s := range t.scans {
		out = append(out, s...)
		if i < len(t.scans)-1 {
			out = append(out, 0xff, 0xd0+byte(i%8)) // RST
		}
	}
	return append(out, 0xff, 0xd9), nil
}

// encode makes the bits of one tile: the scan of a picture that is the tile alone.
func (t *tiles) encode(m *image.RGBA, i int) error {
	at := image.Pt(i%t.columns*tileWidth, i/t.columns*tileHeight)
	r := image.Rectangle{at, at.Add(image.Pt(tileWidth, tileHeight))}.Intersect(m.Bounds())
	t.buffer.Reset()
	if err := stdjpeg.Encode(&t.buffer, m.SubImage(r), &stdjpeg.Options{Quality: quality}); err != nil {
		return fmt.Errorf("testcard: %w", err)
	}
	b := t.buffer.Bytes()
	header, scan, err := split(b)
	if err != nil {
		return err
	}
	t.scans[i] = append(t.scans[i][:0], scan...)
	if t.header == nil {
		t.header, err = wholeHeader(header, m.Bounds().Size())
	}
	return err
}

// split parts a file with one scan into its headers and the scan's bits.
func split(b []byte) (header, scan []byte, err error) {
	at := 2
	for at+4 <= len(b) && b[at] == 0xff {
		next := at + 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		if next > len(b)-2 {
			break
		}
		if b[at+1] == 0xda { // SOS
			return b[:next], b[next : len(b)-2], nil
		}
		at = next
	}
	return nil, nil, errEncoder
}

// wholeHeader makes the whole picture's headers from a tile's: another size, and a restart interval before the scan.
func wholeHeader(tile []byte, size image.Point) ([]byte, error) {
	var out []byte
	out = append(out, tile[:2]...)
	for at := 2; at < len(tile); {
		next := at + 2 + int(binary.BigEndian.Uint16(tile[at+2:]))
		segment := bytes.Clone(tile[at:next])
		switch tile[at+1] {
		case 0xc0: // SOF0
			if len(segment) < 18 || segment[11] != 0x22 { // 4:2:0, so that an MCU is 16 × 16
				return nil, errEncoder
			}
			binary.BigEndian.PutUint16(segment[5:], uint16(size.Y))
			binary.BigEndian.PutUint16(segment[7:], uint16(size.X))
		case 0xda: // SOS
			out = append(out, 0xff, 0xdd, 0, 4, 0, tileMCUs) // DRI
		}
		out = append(out, segment...)
		at = next
	}
	return out, nil
}
