package seal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sealcam/sealcam/codec"
)

// Frame is one coded picture on its way into a Sealer.
type Frame struct {
	Key bool // decoding can start here; opens a new GOP
	// Final says that nothing follows in this stream before a new GOP, because the agent stopped it. A final frame that is no key
	// frame may be without data.
	Final    bool
	GOP      uint32 // grows by at least one from GOP to GOP
	Index    uint32 // in the GOP: 0 for the key frame, then one up at a time
	Captured codec.Timestamp
	Config   codec.Config // of the frame's GOP
	Data     []byte       // as codec.AccessUnit.Data, at most codec.MaxAccessUnit
}

// ErrFrame is returned by Seal for a frame that breaks the rules stated at the fields of Frame.
var ErrFrame = errors.New("seal: not a valid frame")

// The plaintext, integers big-endian:
//
//	version(1) ‖ flags(1) ‖ GOP(4) ‖ index(4) ‖ captured(8) ‖ config hash(16) ‖ length(4) ‖ payload(length) ‖ zero padding
//
// payload is the access unit; in a key frame, config length(2) ‖ config ‖ access unit.
const (
	plainVersion    = 1
	plainHeaderSize = 1 + 1 + 4 + 4 + 8 + 16 + 4
	maxPadding      = 255
	maxConfigRecord = 6 + codec.MaxProfile
	maxPlain        = plainHeaderSize + 2 + maxConfigRecord + codec.MaxAccessUnit + maxPadding
)

const (
	flagKey    = 1 << 0
	flagConfig = 1 << 1
	flagFinal  = 1 << 2
	knownFlags = flagKey | flagConfig | flagFinal
)

// errPlain is what parsePlain returns; it stays inside the package.
var errPlain = errors.New("seal: malformed plaintext")

func (f *Frame) check() error {
	switch {
	case f.Key != (f.Index == 0):
		return fmt.Errorf("%w: key frames, and only they, have index 0", ErrFrame)
	case len(f.Data) > codec.MaxAccessUnit:
		return fmt.Errorf("%w: access unit of %d bytes, at most %d fit", ErrFrame, len(f.Data), codec.MaxAccessUnit)
	case len(f.Data) == 0 && (f.Key || !f.Final):
		return fmt.Errorf("%w: no data", ErrFrame)
	}
	return nil
}

// suits reports whether a frame may be of a stream: sound in that of sound, where each frame is a small key frame, pictures in all others.
func (f *Frame) suits(stream Stream) bool {
	if stream == Sound {
		return f.Key && f.Config.Codec.Sound() && len(f.Data) <= codec.MaxSoundUnit
	}
	return !f.Config.Codec.Sound()
}

func plainSize(f *Frame, record []byte) int {
	n := plainHeaderSize + len(f.Data)
	if f.Key {
		n += 2 + len(record)
	}
	return n
}

// appendPlain appends the plaintext of a frame that passed check. record and hash are those of f.Config.
func appendPlain(dst []byte, f *Frame, record []byte, hash codec.ConfigHash) []byte {
	var flags byte
	length := len(f.Data)
	if f.Key {
		flags |= flagKey | flagConfig
		length += 2 + len(record)
	}
	if f.Final {
		flags |= flagFinal
	}
	dst = append(dst, plainVersion, flags)
	dst = binary.BigEndian.AppendUint32(dst, f.GOP)
	dst = binary.BigEndian.AppendUint32(dst, f.Index)
	dst = binary.BigEndian.AppendUint64(dst, uint64(f.Captured))
	dst = append(dst, hash[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(length))
	if f.Key {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(record)))
		dst = append(dst, record...)
	}
	return append(dst, f.Data...)
}

// parsePlain reads a plaintext. The Frame's Data is part of b; its Config is set in key frames only.
func parsePlain(b []byte) (f Frame, hash codec.ConfigHash, err error) {
	if len(b) < plainHeaderSize || b[0] != plainVersion || b[1]&^knownFlags != 0 {
		return Frame{}, hash, errPlain
	}
	flags := b[1]
	f.Key, f.Final = flags&flagKey != 0, flags&flagFinal != 0
	if f.Key != (flags&flagConfig != 0) {
		return Frame{}, hash, errPlain
	}
	f.GOP = binary.BigEndian.Uint32(b[2:])
	f.Index = binary.BigEndian.Uint32(b[6:])
	f.Captured = codec.Timestamp(binary.BigEndian.Uint64(b[10:]))
	copy(hash[:], b[18:34])
	length := uint64(binary.BigEndian.Uint32(b[34:]))
	b = b[plainHeaderSize:]
	if length > uint64(len(b)) || !zeroPadding(b[length:]) {
		return Frame{}, hash, errPlain
	}
	f.Data = b[:length:length]
	if f.Key {
		if f.Config, f.Data, err = parseConfig(f.Data); err != nil || f.Config.Hash() != hash {
			return Frame{}, hash, errPlain
		}
	}
	if f.check() != nil {
		return Frame{}, hash, errPlain
	}
	return f, hash, nil
}

func parseConfig(b []byte) (c codec.Config, rest []byte, err error) {
	if len(b) < 2 {
		return c, nil, errPlain
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > maxConfigRecord || n > len(b)-2 {
		return c, nil, errPlain
	}
	c, err = codec.ParseConfig(b[2 : 2+n])
	return c, b[2+n:], err
}

func zeroPadding(b []byte) bool {
	if len(b) > maxPadding {
		return false
	}
	var or byte
	for _, c := range b {
		or |= c
	}
	return or == 0
}
