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
	VP8  Codec = 4 // RFC 6386, one frame a picture

	AAC  Codec = 16 // ISO/IEC 14496-3, raw access units
	Opus Codec = 17 // RFC 6716, one packet a unit
	PCMA Codec = 18 // ITU-T G.711 A-law, a byte a sample and channel, interleaved
	PCMU Codec = 19 // ITU-T G.711 µ-law, likewise
)

// Sound reports whether the codec is one of sound.
func (c Codec) Sound() bool { return c >= AAC && c <= PCMU }

// String returns the codec's usual name.
func (c Codec) String() string {
	switch c {
	case H264:
		return "H.264"
	case H265:
		return "H.265"
	case JPEG:
		return "JPEG"
	case VP8:
		return "VP8"
	case AAC:
		return "AAC"
	case Opus:
		return "Opus"
	case PCMA:
		return "G.711 A-law"
	case PCMU:
		return "G.711 µ-law"
	}
	return fmt.Sprintf("codec(%d)", uint8(c))
}

// Limits of a Config: what a viewer accepts before any memory is taken for pictures.
const (
	MaxWidth   = 8192 // pixels
	MaxHeight  = 8192 // pixels
	MaxProfile = 64   // bytes of Config.Profile

	MinRate        = 4000  // samples a second
	MaxRate        = 96000 // samples a second
	MaxChannels    = 8
	MaxDescription = 64 // bytes of Config.Description
)

// Config says how to decode a stream until the next Config. It is comparable.
type Config struct {
	Codec         Codec
	Width, Height uint16 // pixels, after cropping
	// Profile is the codec string of RFC 6381 that WebCodecs takes, such as "avc1.4D0028" or "vp8"; empty for JPEG.
	Profile string

	// Of sound, which has none of the above but the codec.
	Rate     uint32 // samples a second and channel
	Channels uint8
	// Description is the AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) of AAC, as bytes; empty for all other codecs.
	Description string
}

// ErrConfig is returned for a malformed configuration record.
var ErrConfig = errors.New("codec: malformed configuration")

// AppendBinary appends the wire form: codec(1) ‖ width(2) ‖ height(2) ‖ profile length(1) ‖ profile; of sound: codec(1) ‖ rate(3) ‖
// channels(1) ‖ description length(1) ‖ description. It never fails for a valid Config.
func (c Config) AppendBinary(b []byte) ([]byte, error) {
	if err := c.valid(); err != nil {
		return b, err
	}
	b = append(b, byte(c.Codec))
	if c.Codec.Sound() {
		b = append(b, byte(c.Rate>>16), byte(c.Rate>>8), byte(c.Rate), c.Channels, byte(len(c.Description)))
		return append(b, c.Description...), nil
	}
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
	c := Config{Codec: Codec(b[0])}
	if c.Codec.Sound() {
		c.Rate = uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		c.Channels, c.Description = b[4], string(b[6:])
	} else {
		c.Width, c.Height = binary.BigEndian.Uint16(b[1:]), binary.BigEndian.Uint16(b[3:])
		c.Profile = string(b[6:])
	}
	return c, c.valid()
}

func (c Config) valid() error {
	if c.Codec.Sound() {
		return c.validSound()
	}
	if c.Codec < H264 || c.Codec > VP8 || c.Width == 0 || c.Height == 0 || c.Width > MaxWidth || c.Height > MaxHeight {
		return ErrConfig
	}
	if len(c.Profile) > MaxProfile || (c.Profile == "") != (c.Codec == JPEG) || c.Rate != 0 || c.Channels != 0 || c.Description != "" {
		return ErrConfig
	}
	for _, r := range []byte(c.Profile) {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '.' {
			return ErrConfig
		}
	}
	return nil
}

func (c Config) validSound() error {
	if c.Width != 0 || c.Height != 0 || c.Profile != "" || c.Rate < MinRate || c.Rate > MaxRate || c.Channels == 0 || c.Channels > MaxChannels {
		return ErrConfig
	}
	if len(c.Description) > MaxDescription || (c.Description != "") != (c.Codec == AAC) {
		return ErrConfig
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

// MaxSoundUnit bounds the bytes of one unit of sound: AAC takes at most 768 a channel, an Opus packet 7,662, and of G.711 it is half a second.
const MaxSoundUnit = 8 << 10

// AccessUnit is one coded picture with everything needed to decode it after the pictures before it, or one unit of sound, each of which
// is Key and Captured when its first sample was. Once handed on, Data is shared and must not be changed.
type AccessUnit struct {
	Data     []byte // Annex B (key pictures start with their parameter sets), one JPEG file or one VP8 frame
	Key      bool   // decoding can start here
	Captured Timestamp
	Config   Config
}
