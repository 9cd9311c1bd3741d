package rtsp

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpmpeg4audio"
	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/aac"
	"github.com/sealcam/sealcam/codec/opus"
)

// maxUnitsOfSound is how many units one packet may hold.
const maxUnitsOfSound = 32

// soundFormat is a format of sound that is handed on, and how its packets are read.
type soundFormat struct {
	config codec.Config
	// units returns what a packet completes.
	units func(*rtp.Packet) ([][]byte, error)
	// reset drops what was collected.
	reset func()
	// lasts is how long a unit sounds; 0 for one that is malformed.
	lasts func(unit []byte) time.Duration
}

// newSoundFormat returns nil for a format that is not handed on.
func newSoundFormat(f format.Format) *soundFormat {
	whole := func(pkt *rtp.Packet) ([][]byte, error) { return [][]byte{pkt.Payload}, nil }
	s := &soundFormat{units: whole, reset: func() {}}
	switch f := f.(type) {
	case *format.MPEG4Audio: // RFC 3640
		if f.Config == nil {
			return nil
		}
		specific, err := f.Config.Marshal()
		if err != nil {
			return nil
		}
		config, err := aac.CodecConfig(specific)
		if err != nil {
			return nil
		}
		said, err := aac.Parse(specific)
		if err != nil {
			return nil
		}
		var decoder *rtpmpeg4audio.Decoder
		s.reset = func() {
			decoder = &rtpmpeg4audio.Decoder{SizeLength: f.SizeLength, IndexLength: f.IndexLength, IndexDeltaLength: f.IndexDeltaLength}
			decoder.Init() // never fails
		}
		s.reset()
		s.units = func(pkt *rtp.Packet) ([][]byte, error) { return decoder.Decode(pkt) }
		s.lasts = func([]byte) time.Duration { return samplesLast(said.Frame, int(said.Rate)) }
		s.config = config
	case *format.G711: // RFC 3551 §4.5.14
		s.config = codec.Config{Codec: codec.PCMA, Rate: uint32(f.SampleRate), Channels: uint8(f.ChannelCount)}
		if f.MULaw {
			s.config.Codec = codec.PCMU
		}
		s.lasts = func(unit []byte) time.Duration { return samplesLast(len(unit)/f.ChannelCount, f.SampleRate) }
	case *format.Opus: // RFC 7587
		if f.ChannelCount > 2 {
			return nil
		}
		s.config = codec.Config{Codec: codec.Opus, Rate: opus.Rate, Channels: uint8(f.ChannelCount)}
		s.lasts = func(unit []byte) time.Duration {
			d, _ := opus.Duration(unit) // 0 with an error
			return d
		}
	default:
		return nil
	}
	if _, err := s.config.AppendBinary(nil); err != nil {
		return nil
	}
	return s
}

func samplesLast(n, rate int) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(rate)
}

// chooseSound picks the first format of sound that is handed on; nil if there is none.
func chooseSound(d *description.Session) (*description.Media, format.Format, *soundFormat) {
	for _, m := range d.Medias {
		if m.Type != description.MediaTypeAudio || m.IsBackChannel {
			continue
		}
		for _, f := range m.Formats {
			if s := newSoundFormat(f); s != nil {
				return m, f, s
			}
		}
	}
	return nil, nil, nil
}

// soundTrack turns one connection's packets of sound into units. One goroutine uses it.
type soundTrack struct {
	format   *soundFormat
	timeline timeline
	deliver  func(codec.AccessUnit)
	sequence uint16
	started  bool
}

// packet takes the next packet. A packet cannot be sent before its last sample was heard, so its first one was captured as much earlier as
// the packet sounds; else sound would lag behind the picture by that.
func (t *soundTrack) packet(pkt *rtp.Packet, arrival codec.Timestamp) {
	switch gap := pkt.SequenceNumber - t.sequence - 1; {
	case !t.started:
		t.started = true
	case gap > 0xff00:
		return // came already
	case gap > 0:
		t.format.reset()
	}
	t.sequence = pkt.SequenceNumber
	units, err := t.format.units(pkt)
	if err != nil || len(units) == 0 || len(units) > maxUnitsOfSound {
		return
	}
	var all time.Duration
	for _, u := range units {
		d := t.format.lasts(u)
		if len(u) == 0 || len(u) > codec.MaxSoundUnit || d <= 0 {
			return
		}
		all += d
	}
	captured := t.timeline.at(pkt.Timestamp, arrival.Add(-all))
	for _, u := range units {
		t.deliver(codec.AccessUnit{Data: bytes.Clone(u), Key: true, Captured: captured, Config: t.format.config})
		captured = captured.Add(t.format.lasts(u))
	}
}

// setupSound asks the camera for its sound beside its pictures. One that refuses is watched without.
func (s *session) setupSound(client *gortsplib.Client, where *base.URL, offered *description.Session) {
	media, forma, f := chooseSound(offered)
	if s.config.Sound == nil || f == nil {
		return
	}
	if _, err := client.Setup(where, media, 0, 0); err != nil {
		s.config.Log.Info("the camera gives no sound", "error", explain(err, s.config.Address.HasPassword()).Error())
		return
	}
	track := &soundTrack{format: f, timeline: timeline{rate: int64(forma.ClockRate())}, deliver: s.config.Sound}
	client.OnPacketRTP(media, forma, func(pkt *rtp.Packet) {
		defer func() {
			if v := recover(); v != nil {
				s.config.Log.Error("depacketiser panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				s.fail(&Error{Problem: Garbage, Detail: "panic"})
			}
		}()
		track.packet(pkt, s.config.Clock.Now())
	})
}
