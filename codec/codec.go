package codec

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Timestamp is a capture instant in microseconds on the agent's capture clock: a clock that starts at the wall time of the
// agent's start and then only runs forward, whatever happens to the wall clock.
type Timestamp int64

// Add returns t moved by d, rounded towards zero to whole microseconds.
func (t Timestamp) Add(d time.Duration) Timestamp { return t + Timestamp(d/time.Microsecond) }

// Sub returns the time from u to t.
func (t Timestamp) Sub(u Timestamp) time.Duration { return time.Duration(t-u) * time.Microsecond }

// Codec names a coding format on the wire.
type Codec uint8

// The codecs a camera may deliver. Zero is not a codec.
const (
	H264 Codec = 1 // ITU-T H.264, Annex B byte stream
	H265 Codec = 2 // ITU-T H.265, Annex B byte stream
	JPEG Codec = 3 // ITU-T T.81, one file a picture
)

// String returns the codec's usual name.
func (c Codec) String() string {
	switch c {
	case H264:
		return "H.264"
	case H265:
		return "H.265"
	case JPEG:
		return "JPEG"
	}
	return fmt.Sprintf("codec(%d)", uint8(c))
}

// Limits of a Config: what a viewer accepts before any memory is taken for pictures.
const (
	MaxWidth   = 8192 // pixels
	MaxHeight  = 8192 // pixels
	MaxProfile = 64   // bytes of Config.Profile
)

// Config says how to decode a stream until the next Config. It is comparable.
type Config struct {
	Codec         Codec
	Width, Height uint16 // pixels, after cropping
	// Profile is the codec string of RFC 6381 that WebCodecs takes, such as "avc1.4D0028"; empty for JPEG.
	Profile string
}

// ErrConfig is returned for a malformed configuration record.
var ErrConfig = errors.New("codec: malformed configuration")

// AppendBinary appends the wire form: codec(1) ‖ width(2) ‖ height(2) ‖ profile length(1) ‖ profile. It never fails for a
// valid Config.
func (c Config) AppendBinary(b []byte) ([]byte, error) {
	if err := c.valid(); err != nil {
		return b, err
	}
	b = append(b, byte(c.Codec))
	b = binary.BigEndian.AppendUint16(b, c.Width)
	b = binary.BigEndian.AppendUint16(b, c.Height)
	b = append(b, byte(len(c.Profile)))
	return append(b, c.Profile...), nil
}

// ParseConfig reads exactly one wire form. Nothing may follow it.
func ParseConfig(b []byte) (Config, error) {
	if len(b) < 6 || len(b) != 6+int(b[5]) {
		return Config{}, ErrConfig
	}
	c := Config{
		Codec:   Codec(b[0]),
		Width:   binary.BigEndian.Uint16(b[1:]),
		Height:  binary.BigEndian.Uint16(b[3:]),
		Profile: string(b[6:]),
	}
	return c, c.valid()
}

func (c Config) valid() error {
	if c.Codec < H264 || c.Codec > JPEG || c.Width == 0 || c.Height == 0 || c.Width > MaxWidth || c.Height > MaxHeight {
		return ErrConfig
	}
	if len(c.Profile) > MaxProfile || (c.Profile == "") != (c.Codec == JPEG) {
		return ErrConfig
	}
	for _, r := range []byte(c.Profile) {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '.' {
			return ErrConfig
		}
	}
	return nil
}

// ConfigHash identifies a Config inside sealed frames.
type ConfigHash [16]byte

// Hash returns the first 16 bytes of SHA-256("sealcam config v1" ‖ wire form).
func (c Config) Hash() (h ConfigHash) {
	b, _ := c.AppendBinary([]byte("sealcam config v1"))
	s := sha256.Sum256(b)
	copy(h[:], s[:])
	return h
}

// MaxAccessUnit bounds the bytes of one coded picture.
const MaxAccessUnit = 4 << 20

// AccessUnit is one coded picture with everything needed to decode it after the pictures before it. Once handed on, Data is
// shared and must not be changed.
type AccessUnit struct {
	Data     []byte // Annex B (key pictures start with their parameter sets) or one JPEG file
	Key      bool   // decoding can start here
	Captured Timestamp
	Config   Config
}
