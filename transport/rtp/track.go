//go:build !js

package rtp

import (
	"encoding/binary"
	"strings"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
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

	// The header of every packet, kept by the one goroutine that writes them, because setting an extension allocates.
	header rtp.Header
	wide   [2]byte // the extension
}

func (t *track) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range c.CodecParameters() {
		if strings.EqualFold(codec.MimeType, webrtc.MimeTypeVP8) {
			b := &binding{id: c.ID(), writer: c.WriteStream(), ssrc: uint32(c.SSRC()), pt: uint8(codec.PayloadType)}
			for _, e := range c.HeaderExtensions() {
				if e.URI == sdp.TransportCCURI && b.header.SetExtension(uint8(e.ID), b.wide[:]) != nil {
					return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec // an id that no header can hold
				}
			}
			t.bound.Store(b)
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

// write sends one packet. It reports false when it went nowhere. Only one goroutine calls it.
func (t *track) write(p *packet, payload []byte) bool {
	b := t.bound.Load()
	if b == nil {
		return false
	}
	h := &b.header
	h.Version, h.SSRC, h.PayloadType = 2, b.ssrc, b.pt
	h.Marker, h.SequenceNumber, h.Timestamp = p.marker, p.seq, p.frame.timestamp
	binary.BigEndian.PutUint16(b.wide[:], p.wide)
	_, err := b.writer.WriteRTP(h, payload)
	return err == nil
}
