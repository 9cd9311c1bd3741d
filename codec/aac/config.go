package aac

import (
	"errors"
	"fmt"

	"github.com/sealcam/sealcam/codec"
)

// The audio object types (14496-3 table 1.17) that are told apart here.
const (
	typeMain = 1
	typeLC   = 2
	typeSSR  = 3
	typeLTP  = 4
	typeSBR  = 5
	typePS   = 29
	typeELD  = 39
	escape   = 31
)

var (
	// ErrConfig is returned for a malformed AudioSpecificConfig.
	ErrConfig = errors.New("aac: malformed AudioSpecificConfig")
	// ErrUnsupported is returned for one that browsers cannot decode.
	ErrUnsupported = errors.New("aac: this kind of AAC is not played")
)

// rates are the sampling frequencies by their index (table 1.18).
var rates = [13]uint32{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// Config is what an AudioSpecificConfig says.
type Config struct {
	Type     uint8  // audio object type of the core coder
	Rate     uint32 // samples a second that the core coder gives; with SBR a decoder may give twice as many
	Channels uint8  // 1 to 8
	Frame    int    // samples of a unit and channel
}

// Parse reads an AudioSpecificConfig of at most codec.MaxDescription bytes. Its errors wrap ErrConfig or ErrUnsupported.
func Parse(b []byte) (Config, error) {
	if len(b) < 2 || len(b) > codec.MaxDescription {
		return Config{}, ErrConfig
	}
	r := bits{b: b}
	var c Config
	c.Type = r.objectType()
	c.Rate = r.rate()
	channels := r.read(4)
	if c.Type == typeSBR || c.Type == typePS {
		r.rate() // after SBR
		c.Type = r.objectType()
	}
	if r.over {
		return Config{}, ErrConfig
	}
	switch {
	case channels == 0 || channels > 7:
		return Config{}, fmt.Errorf("%w: channel configuration %d", ErrUnsupported, channels)
	case channels == 7:
		channels = 8
	}
	c.Channels = uint8(channels)
	if c.Rate < codec.MinRate || c.Rate > codec.MaxRate {
		return Config{}, ErrConfig
	}
	switch c.Type {
	case typeMain, typeLC, typeSSR, typeLTP:
		c.Frame = 1024
	case typeELD:
		c.Frame = 512
	default:
		return Config{}, fmt.Errorf("%w: object type %d", ErrUnsupported, c.Type)
	}
	if r.read(1) == 1 { // frameLengthFlag (GASpecificConfig, ELDSpecificConfig)
		c.Frame = c.Frame * 15 / 16
	}
	if r.over {
		return Config{}, ErrConfig
	}
	return c, nil
}

// CodecConfig makes the configuration of a stream out of its AudioSpecificConfig.
func CodecConfig(b []byte) (codec.Config, error) {
	c, err := Parse(b)
	if err != nil {
		return codec.Config{}, err
	}
	return codec.Config{Codec: codec.AAC, Rate: c.Rate, Channels: c.Channels, Description: string(b)}, nil
}

// Name returns the codec string of RFC 6381 for an AudioSpecificConfig, which WebCodecs takes, such as "mp4a.40.2".
func Name(b []byte) (string, error) {
	if _, err := Parse(b); err != nil {
		return "", err
	}
	r := bits{b: b}
	return fmt.Sprintf("mp4a.40.%d", r.objectType()), nil
}

// bits reads the most significant bit first. Beyond the end there are zeros, and over.
type bits struct {
	b    []byte
	at   int
	over bool
}

func (r *bits) read(n int) (v uint32) {
	for range n {
		v <<= 1
		if r.at>>3 >= len(r.b) {
			r.over = true
		} else {
			v |= uint32(r.b[r.at>>3]>>(7-r.at&7)) & 1
		}
		r.at++
	}
	return v
}

func (r *bits) objectType() uint8 {
	t := r.read(5)
	if t == escape {
		t = 32 + r.read(6)
	}
	return uint8(t)
}

// rate returns 0 for a reserved index.
func (r *bits) rate() uint32 {
	i := r.read(4)
	switch {
	case i == 15:
		return r.read(24)
	case int(i) < len(rates):
		return rates[i]
	}
	return 0
}
