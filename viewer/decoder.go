package viewer

import (
	"errors"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer/gate"
)

// What the gate makes and takes, under the names that decoders and the stage use.
type (
	Picture     = gate.Picture
	Pixels      = gate.Pixels
	PixelLayout = gate.PixelLayout
	Matrix      = gate.Matrix
)

// The layouts and matrices of gate.
const (
	LayoutI420 = gate.LayoutI420
	LayoutNV12 = gate.LayoutNV12
	LayoutRGBA = gate.LayoutRGBA
	BT601      = gate.BT601
	BT709      = gate.BT709
)

// PixelsLen returns how many bytes a picture takes, and 0 for an unknown layout or a side outside 1..8192.
func PixelsLen(l PixelLayout, width, height int) int { return gate.PixelsLen(l, width, height) }

var (
	// ErrBacklog is returned by Decode while more than three units wait. The viewer offers the unit again after the next Decoded, or
	// a younger key frame in its place.
	ErrBacklog = errors.New("viewer: the decoder has enough to do")
	// ErrUnsupported is what a DecoderFactory returns, or a Decoder reports, for a coding that cannot be decoded here at all.
	ErrUnsupported = errors.New("viewer: this coding cannot be decoded here")
	// ErrTooSlow is what a Decoder reports for a stream that this device cannot decode as fast as it comes. Another stream of the camera
	// is watched if it has one; else the tile says so, and the stream is tried again after a while.
	ErrTooSlow = errors.New("viewer: this device is too slow to decode the stream")
)

// Unit is one coded picture on its way to a decoder.
type Unit struct {
	Key      bool
	Captured codec.Timestamp // comes back in Decoded
	Config   codec.Config
	Data     []byte // not to be changed; as codec.AccessUnit.Data
	// Skip says that the picture will not be shown, because the stream is catching up and younger units wait. A decoder may then save
	// itself the work of handing it over and report Decoded without pixels.
	Skip bool
}

// Decoder decodes one stream of one configuration. Its methods are called one at a time and must not block.
type Decoder interface {
	// Decode takes a unit; the first is a key frame. It returns ErrBacklog, with which the unit is not taken, or any other error
	// when the decoder is broken.
	Decode(Unit) error
	// Close ends the decoder. It is called once. Buffers that it lent stay lent.
	Close()
}

// Decoded is a unit's result. Every unit that Decode took has one, in the order in which pictures are shown.
type Decoded struct {
	Captured codec.Timestamp // the unit's
	Pixels   Pixels          // without Data if the unit was to be skipped
	// Slow says that the picture was left out because this device is too slow for all of them.
	Slow bool
	// Err says that the decoder is broken and gives nothing more; ErrUnsupported that no other would do better, ErrTooSlow that one would
	// do no better for now.
	Err error
}

// Named is a Decoder that says what it decodes with, for diagnosis: "webcodecs", "go" or "image".
type Named interface{ Name() string }

// DecoderFactory makes a decoder. It must not block: a decoder that finds out later that it cannot decode reports so through out.
// out may be called from any goroutine, also after Close, but never from within the factory, Decode or Close.
type DecoderFactory func(cfg codec.Config, out func(Decoded)) (Decoder, error)
