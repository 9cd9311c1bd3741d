package mp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrFormat is returned for a file that is no MP4 file, or a broken one.
	ErrFormat = errors.New("mp4: not a valid MP4 file")
	// ErrNoVideo is returned for a file without an H.264 or H.265 track.
	ErrNoVideo = errors.New("mp4: no H.264 or H.265 video in the file")
	// ErrTooLong is returned for a file beyond the bounds of this package.
	ErrTooLong = errors.New("mp4: too many pictures")
)

const (
	maxIndex   = 64 << 20 // bytes of one box that is read into memory
	maxBoxes   = 1 << 20  // boxes at top level
	maxDepth   = 8
	maxSamples = 1 << 20 // pictures: 11 hours at 25 a second
)

// box is one box (14496-12, 4.2) in a file.
type box struct {
	kind   string
	at     int64 // of its first byte
	body   int64 // of its content
	end    int64
	header int64
}

// readBox reads the header of the box at an offset that must end by limit.
func readBox(r io.ReaderAt, at, limit int64) (box, error) {
	var h [16]byte
	if limit-at < 8 {
		return box{}, ErrFormat
	}
	if _, err := r.ReadAt(h[:8], at); err != nil {
		return box{}, fmt.Errorf("mp4: %w", err)
	}
	size, head := int64(binary.BigEndian.Uint32(h[:])), int64(8)
	switch size {
	case 0: // to the end
		size = limit - at
	case 1:
		if limit-at < 16 {
			return box{}, ErrFormat
		}
		if _, err := r.ReadAt(h[8:], at+8); err != nil {
			return box{}, fmt.Errorf("mp4: %w", err)
		}
		size, head = int64(binary.BigEndian.Uint64(h[8:])), 16
	}
	if size < head || size > limit-at {
		return box{}, ErrFormat
	}
	return box{kind: string(h[4:8]), at: at, body: at + head, end: at + size, header: head}, nil
}

// content reads a box's content into memory.
func (b box) content(r io.ReaderAt) ([]byte, error) {
	n := b.end - b.body
	if n > maxIndex {
		return nil, ErrTooLong
	}
	p := make([]byte, n)
	if _, err := r.ReadAt(p, b.body); err != nil && !(errors.Is(err, io.EOF) && n == 0) {
		return nil, fmt.Errorf("mp4: %w", err)
	}
	return p, nil
}

// children calls f for the boxes in memory one after the other.
func children(b []byte, f func(kind string, body []byte) error) error {
	for len(b) >= 8 {
		size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch size {
		case 0:
			size = uint64(len(b))
		case 1:
			if len(b) < 16 {
				return ErrFormat
			}
			size, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if size < head || size > uint64(len(b)) {
			return ErrFormat
		}
		if err := f(string(b[4:8]), b[head:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// fields reads big-endian numbers; after the end it gives zeros and says so.
type fields struct {
	b    []byte
	over bool
}

func (f *fields) bytes(n int) []byte {
	if n < 0 || n > len(f.b) {
		f.over, f.b = true, nil
		return make([]byte, min(max(n, 0), 8))
	}
	p := f.b[:n]
	f.b = f.b[n:]
	return p
}

func (f *fields) skip(n int) {
	if n > len(f.b) {
		f.over, f.b = true, nil
		return
	}
	f.b = f.b[n:]
}

func (f *fields) u8() uint8   { return f.bytes(1)[0] }
func (f *fields) u16() uint16 { return binary.BigEndian.Uint16(f.bytes(2)) }
func (f *fields) u32() uint32 { return binary.BigEndian.Uint32(f.bytes(4)) }
func (f *fields) u64() uint64 { return binary.BigEndian.Uint64(f.bytes(8)) }

// full reads the header of a full box.
func (f *fields) full() (version uint8, flags uint32) {
	v := f.u32()
	return uint8(v >> 24), v & 0xffffff
}

// entries reads a count and refuses it unless that many entries of a size are there.
func (f *fields) entries(size int) (int, error) {
	n := int64(f.u32())
	if f.over || n*int64(size) > int64(len(f.b)) {
		return 0, ErrFormat
	}
	if n > maxSamples {
		return 0, ErrTooLong
	}
	return int(n), nil
}
