package jpeg

import (
	"fmt"

	"github.com/sealcam/sealcam/codec"
)

// Repair makes a file that every decoder reads: it inserts the standard Huffman tables where a camera left them out (as motion JPEG
// in AVI files and USB webcams do), ends a file that has no EOI, and cuts what follows EOI. A file that needs nothing is returned
// as it is, without a copy.
func Repair(b []byte) ([]byte, Header, error) {
	h, err := Parse(b)
	if err != nil {
		return nil, Header{}, err
	}
	body := b[:h.length]
	open := body[len(body)-2] != 0xff || body[len(body)-1] != markerEOI
	if h.HasHuffman && !open {
		return body, h, nil
	}
	if !h.HasHuffman && h.Progressive {
		return nil, Header{}, fmt.Errorf("jpeg: progressive without Huffman tables: %w", ErrFormat)
	}
	out := make([]byte, 0, len(body)+len(standardTables)+2)
	out = append(out, body[:h.scan]...)
	if !h.HasHuffman {
		out = append(out, standardTables...)
	}
	out = append(out, body[h.scan:]...)
	if open {
		out = append(out, 0xff, markerEOI)
	}
	if !h.HasHuffman {
		h.scan += len(standardTables)
		h.HasHuffman = true
	}
	h.length = len(out)
	if len(out) > codec.MaxAccessUnit {
		return nil, Header{}, fmt.Errorf("jpeg: %w", ErrTooLarge)
	}
	return out, h, nil
}

// AccessUnit makes an access unit of one file, repaired. Captured is left zero. The result may share memory with b.
func AccessUnit(b []byte) (codec.AccessUnit, error) {
	data, h, err := Repair(b)
	if err != nil {
		return codec.AccessUnit{}, err
	}
	return codec.AccessUnit{Data: data, Key: true, Config: h.Config()}, nil
}
