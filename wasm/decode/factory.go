//go:build js

package decode

import (
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer"
)

// maxQueue is how many access units may wait in a decoder. A longer queue would only grow while the page is busy, and with it
// the delay.
const maxQueue = 3

// Factory returns the decoders of this browser. meter measures all of them.
func Factory(meter *Meter) viewer.DecoderFactory {
	known := support{}
	return func(config codec.Config, out func(viewer.Decoded)) (viewer.Decoder, error) {
		switch config.Codec {
		case codec.H264, codec.H265:
			return newVideo(config, known, meter, out)
		case codec.JPEG:
			return newStill(config, meter, out), nil
		}
		return nil, fmt.Errorf("decode: %w: %v", viewer.ErrUnsupported, config.Codec)
	}
}

// HasVideo reports whether the browser has WebCodecs. Pages without a secure context have none.
func HasVideo() bool { return js.Global().Get("VideoDecoder").Truthy() }
