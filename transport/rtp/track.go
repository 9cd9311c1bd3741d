//go:build !js

package rtp

import (
	"strings"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
)

// track is a webrtc.TrackLocal that writes packets to the one connection that it is bound to. pion's own copies each packet to
// serve several connections.
type track struct {
	id    string
	bound atomic.Pointer[binding]
}

type binding struct {
	id     string
	writer webrtc.TrackLocalWriter
	ssrc   uint32
	pt     uint8
}

func (t *track) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range c.CodecParameters() {
		if strings.EqualFold(codec.MimeType, webrtc.MimeTypeVP8) {
			t.bound.Store(&binding{c.ID(), c.WriteStream(), uint32(c.SSRC()), uint8(codec.PayloadType)})
			return codec, nil
		}
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

func (t *track) Unbind(c webrtc.TrackLocalContext) error {
	if b := t.bound.Load(); b != nil && b.id == c.ID() {
		t.bound.Store(nil)
	}
	return nil
}

func (t *track) ID() string                { return t.id }
func (t *track) RID() string               { return "" }
func (t *track) StreamID() string          { return t.id }
func (t *track) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeVideo }

// write sends one packet. It reports false when it went nowhere.
func (t *track) write(h *rtp.Header, payload []byte) bool {
	b := t.bound.Load()
	if b == nil {
		return false
	}
	h.SSRC, h.PayloadType = b.ssrc, b.pt
	_, err := b.writer.WriteRTP(h, payload)
	return err == nil
}
