package rtsp

import (
	"errors"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph265"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpmjpeg"
	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/codec/h265"
	"github.com/sealcam/sealcam/codec/jpeg"
	"github.com/sealcam/sealcam/codec/nal"
)

// errMore says that a packet completes nothing yet, or is the rest of something whose beginning was missed.
var errMore = errors.New("more packets needed")

// payload knows one payload format.
type payload interface {
	// units returns the NAL units (or the JPEG file) that a packet completes, or errMore. They may be parts of the packet.
	units(*rtp.Packet) ([][]byte, error)
	// reset drops what was collected.
	reset()
	// assemble makes an access unit; its errors wrap those of package nal where they say that a key picture is missing.
	assemble(units [][]byte) (codec.AccessUnit, error)
	// interrupt says that data were lost.
	interrupt()
	// picture says whether a unit is part of a picture, first whether it is the first part.
	picture(unit []byte) bool
	first(unit []byte) bool
	// fields says whether pictures may come as two fields with one timestamp.
	fields() bool
}

// newPayload returns nil for a format that browsers cannot play.
func newPayload(f format.Format) payload {
	switch f := f.(type) {
	case *format.H264:
		p := &h264Payload{mode: f.PacketizationMode}
		sps, pps := f.SafeParams()
		for _, u := range [][]byte{sps, pps} {
			if len(u) > 0 {
				p.assembler.Learn(u) // what cannot be read comes in the stream, or the pictures are refused
			}
		}
		p.reset()
		return p
	case *format.H265:
		if f.MaxDONDiff != 0 {
			return nil
		}
		p := &h265Payload{}
		vps, sps, pps := f.SafeParams()
		for _, u := range [][]byte{vps, sps, pps} {
			if len(u) > 0 {
				p.assembler.Learn(u)
			}
		}
		p.reset()
		return p
	case *format.MJPEG:
		p := &jpegPayload{}
		p.reset()
		return p
	}
	return nil
}

// alone returns a packet marked as the last of its access unit: gortsplib's decoders then give NAL units as they come, and the
// grouping into access units is ours (see track).
func alone(pkt *rtp.Packet) *rtp.Packet {
	c := *pkt
	c.Marker = true
	return &c
}

type h264Payload struct {
	mode      int
	decoder   *rtph264.Decoder
	assembler h264.Assembler
}

func (p *h264Payload) units(pkt *rtp.Packet) ([][]byte, error) {
	units, err := p.decoder.Decode(alone(pkt))
	if errors.Is(err, rtph264.ErrMorePacketsNeeded) || errors.Is(err, rtph264.ErrNonStartingPacketAndNoPrevious) {
		return nil, errMore
	}
	return units, err
}

func (p *h264Payload) reset() {
	p.decoder = &rtph264.Decoder{PacketizationMode: min(p.mode, 1)}
	p.decoder.Init() // fails for the interleaved mode only
}

func (p *h264Payload) assemble(units [][]byte) (codec.AccessUnit, error) {
	return p.assembler.Assemble(units)
}
func (p *h264Payload) interrupt()               { p.assembler.Interrupt() }
func (p *h264Payload) picture(unit []byte) bool { return h264.IsPicture(unit) }
func (p *h264Payload) first(unit []byte) bool   { return h264.FirstOfPicture(unit) }
func (p *h264Payload) fields() bool {
	s := p.assembler.SPS()
	return s != nil && s.Interlaced
}

type h265Payload struct {
	decoder   *rtph265.Decoder
	assembler h265.Assembler
}

func (p *h265Payload) units(pkt *rtp.Packet) ([][]byte, error) {
	units, err := p.decoder.Decode(alone(pkt))
	if errors.Is(err, rtph265.ErrMorePacketsNeeded) || errors.Is(err, rtph265.ErrNonStartingPacketAndNoPrevious) {
		return nil, errMore
	}
	return units, err
}

func (p *h265Payload) reset() {
	p.decoder = &rtph265.Decoder{}
	p.decoder.Init() // cannot fail without decoding order numbers
}

func (p *h265Payload) assemble(units [][]byte) (codec.AccessUnit, error) {
	return p.assembler.Assemble(units)
}
func (p *h265Payload) interrupt()               { p.assembler.Interrupt() }
func (p *h265Payload) picture(unit []byte) bool { return h265.IsPicture(unit) }
func (p *h265Payload) first(unit []byte) bool   { return h265.FirstOfPicture(unit) }
func (p *h265Payload) fields() bool             { return false } // each field is a picture of its own

type jpegPayload struct{ decoder *rtpmjpeg.Decoder }

func (p *jpegPayload) units(pkt *rtp.Packet) ([][]byte, error) {
	file, err := p.decoder.Decode(pkt)
	if errors.Is(err, rtpmjpeg.ErrMorePacketsNeeded) || errors.Is(err, rtpmjpeg.ErrNonStartingPacketAndNoPrevious) {
		return nil, errMore
	}
	if err != nil {
		return nil, err
	}
	return [][]byte{file}, nil
}

func (p *jpegPayload) reset() {
	p.decoder = &rtpmjpeg.Decoder{}
	p.decoder.Init() // never fails
}

func (p *jpegPayload) assemble(units [][]byte) (codec.AccessUnit, error) {
	if len(units) != 1 {
		return codec.AccessUnit{}, nal.ErrCorrupt
	}
	return jpeg.AccessUnit(units[0])
}
func (p *jpegPayload) interrupt()          {}
func (p *jpegPayload) picture([]byte) bool { return true }
func (p *jpegPayload) first([]byte) bool   { return true }
func (p *jpegPayload) fields() bool        { return false }
