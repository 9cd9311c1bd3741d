package still

import (
	"bytes"
	"errors"
	"image"

	xvp8 "golang.org/x/image/vp8"

	"github.com/sealcam/sealcam/codec/vp8"
)

var errVP8 = errors.New("the VP8 frame is damaged")

// decodeVP8 decodes a key frame by itself, in BT.601 with narrow range as all of VP8 is (RFC 6386 §9.2). The picture shares no memory
// with others.
func decodeVP8(data []byte) (p *image.YCbCr, err error) {
	h, err := vp8.Parse(data)
	switch {
	case err != nil:
		return nil, err
	case !h.Key || !Possible(h.Config()):
		return nil, errVP8
	}
	// The library was written for files; a frame must not end the program.
	defer func() {
		if recover() != nil {
			p, err = nil, errVP8
		}
	}()
	d := xvp8.NewDecoder()
	d.Init(bytes.NewReader(data), len(data))
	if _, err := d.DecodeFrameHeader(); err != nil {
		return nil, errVP8
	}
	if p, err = d.DecodeFrame(); err != nil {
		return nil, errVP8
	}
	return p, nil
}
