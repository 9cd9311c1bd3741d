package vp8

import (
	"errors"
	"fmt"

	"github.com/sealcam/sealcam/codec"
)

// What may be wrong with a frame.
var (
	// ErrFormat is returned for bytes that are no VP8 frame, or one cut short.
	ErrFormat = errors.New("no VP8 frame")
	// ErrTooLarge is returned for pictures beyond the limits of package codec.
	ErrTooLarge = errors.New("VP8 picture too large")
	// ErrWaiting is returned for frames that cannot be decoded because no key frame came before them.
	ErrWaiting = errors.New("waiting for a key frame")
)

// Profile is the codec string of the WebCodecs registry; VP8 has no others.
const Profile = "vp8"

const (
	tagSize    = 3
	keySize    = tagSize + 7 // with start code and size
	maxVersion = 3           // RFC 6386 §9.1
)

// Header is the uncompressed data chunk at the beginning of a frame (RFC 6386 §9.1).
type Header struct {
	Key           bool
	Version       int // 0 to 3
	Shown         bool
	Width, Height int // pixels; zero for all but key frames
	first         int // bytes of the first partition
}

// Parse reads a frame's head, and checks that the frame is as long as it says.
func Parse(b []byte) (Header, error) {
	if len(b) < tagSize {
		return Header{}, fmt.Errorf("vp8: %w", ErrFormat)
	}
	if len(b) > codec.MaxAccessUnit {
		return Header{}, fmt.Errorf("vp8: %w", ErrTooLarge)
	}
	tag := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	h := Header{Key: tag&1 == 0, Version: int(tag >> 1 & 7), Shown: tag>>4&1 == 1, first: int(tag >> 5)}
	head := tagSize
	if h.Key {
		head = keySize
	}
	// The partitions after the first may be empty, the first never is.
	if h.Version > maxVersion || h.first == 0 || h.first > len(b)-head {
		return Header{}, fmt.Errorf("vp8: frame tag: %w", ErrFormat)
	}
	if !h.Key {
		return h, nil
	}
	if b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return Header{}, fmt.Errorf("vp8: start code: %w", ErrFormat)
	}
	// The two bits above each size wish for scaling, which no browser does.
	h.Width, h.Height = int(b[6])|int(b[7]&0x3f)<<8, int(b[8])|int(b[9]&0x3f)<<8
	switch {
	case h.Width == 0 || h.Height == 0:
		return Header{}, fmt.Errorf("vp8: size: %w", ErrFormat)
	case h.Width > codec.MaxWidth || h.Height > codec.MaxHeight:
		return Header{}, fmt.Errorf("vp8: size: %w", ErrTooLarge)
	}
	return h, nil
}

// Config returns the configuration of the stream that begins with this key frame.
func (h *Header) Config() codec.Config {
	return codec.Config{Codec: codec.VP8, Width: uint16(h.Width), Height: uint16(h.Height), Profile: Profile}
}

// Assembler makes access units of the frames of one stream. The zero value waits for a key frame. It is not safe for concurrent use.
type Assembler struct {
	config  codec.Config
	playing bool
}

// Interrupt says that a frame was lost: only a key frame goes on from here.
func (a *Assembler) Interrupt() { a.playing = false }

// Assemble makes an access unit of one frame. Captured is left zero; the result shares memory with frame. After any error the
// assembler waits for the next key frame.
func (a *Assembler) Assemble(frame []byte) (codec.AccessUnit, error) {
	h, err := Parse(frame)
	switch {
	case err != nil:
		a.playing = false
		return codec.AccessUnit{}, err
	case h.Key:
		a.config, a.playing = h.Config(), true
	case !a.playing:
		return codec.AccessUnit{}, fmt.Errorf("vp8: %w", ErrWaiting)
	}
	return codec.AccessUnit{Data: frame, Key: h.Key, Config: a.config}, nil
}
