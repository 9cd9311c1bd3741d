package rtsp

import (
	"bytes"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
)

var aacFormat = &format.MPEG4Audio{
	PayloadTyp: 96, SizeLength: 13, IndexLength: 3, IndexDeltaLength: 3,
	Config: &mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 1},
}

func TestSoundFormats(t *testing.T) {
	for _, c := range []struct {
		name string
		f    format.Format
		want codec.Config // zero: not handed on
	}{
		{"G.711 µ-law", &format.G711{MULaw: true, SampleRate: 8000, ChannelCount: 1}, codec.Config{Codec: codec.PCMU, Rate: 8000, Channels: 1}},
		{"G.711 A-law", &format.G711{PayloadTyp: 8, SampleRate: 16000, ChannelCount: 2}, codec.Config{Codec: codec.PCMA, Rate: 16000, Channels: 2}},
		{"AAC", aacFormat, codec.Config{Codec: codec.AAC, Rate: 48000, Channels: 1, Description: "\x11\x88"}},
		{"AAC without configuration", &format.MPEG4Audio{SizeLength: 13}, codec.Config{}},
		{"Opus", &format.Opus{PayloadTyp: 96, ChannelCount: 2}, codec.Config{Codec: codec.Opus, Rate: 48000, Channels: 2}},
		{"Opus of six channels", &format.Opus{PayloadTyp: 96, ChannelCount: 6}, codec.Config{}},
		{"G.711 of no rate", &format.G711{PayloadTyp: 8, ChannelCount: 1}, codec.Config{}},
		{"G.726", &format.G726{PayloadTyp: 97, BitRate: 32}, codec.Config{}},
	} {
		s := newSoundFormat(c.f)
		if got := s != nil; got != (c.want != codec.Config{}) || got && s.config != c.want {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}

// heard runs packets through a track, each arriving when its last sample was captured.
func heard(f format.Format, packets ...*rtp.Packet) (units []codec.AccessUnit) {
	track := &soundTrack{format: newSoundFormat(f), timeline: timeline{rate: int64(f.ClockRate())}, deliver: func(au codec.AccessUnit) { units = append(units, au) }}
	for i, p := range packets {
		track.packet(p, codec.Timestamp(1_000_000+(i+1)*20_000))
	}
	return units
}

func packet(n uint16, stamp uint32, payload []byte) *rtp.Packet {
	return &rtp.Packet{Header: rtp.Header{SequenceNumber: n, Timestamp: stamp, Marker: true}, Payload: payload}
}

// A unit's capture time is that of its first sample.
func TestSoundTimes(t *testing.T) {
	g711 := &format.G711{MULaw: true, SampleRate: 8000, ChannelCount: 1}
	units := heard(g711, packet(65535, 100, make([]byte, 160)), packet(0, 260, make([]byte, 160)), packet(0, 260, make([]byte, 160)), packet(1, 420, make([]byte, 160)))
	if len(units) != 3 {
		t.Fatalf("%d units", len(units))
	}
	for i, u := range units {
		if want := codec.Timestamp(1_000_000 + i*20_000); u.Captured != want || !u.Key || len(u.Data) != 160 {
			t.Errorf("unit %d captured at %d, want %d", i, u.Captured, want)
		}
	}
	// Two units in one packet of AAC (RFC 3640 §3.3.6): headers of 13 bits of size and 3 of index.
	two := []byte{0, 32, 0, 3 << 3, 0, 2 << 3, 'a', 'b', 'c', 'd', 'e'}
	units = heard(aacFormat, packet(1, 0, two))
	if len(units) != 2 || string(units[0].Data) != "abc" || string(units[1].Data) != "de" || units[1].Captured.Sub(units[0].Captured) != 21333*time.Microsecond {
		t.Errorf("%+v", units)
	}
}

func TestMalformedSound(t *testing.T) {
	opus := &format.Opus{PayloadTyp: 96, ChannelCount: 1}
	for name, c := range map[string]struct {
		f       format.Format
		payload []byte
	}{
		"empty":                   {&format.G711{MULaw: true, SampleRate: 8000, ChannelCount: 1}, nil},
		"more than half a second": {&format.G711{MULaw: true, SampleRate: 8000, ChannelCount: 1}, make([]byte, codec.MaxSoundUnit+1)},
		"Opus of no frames":       {opus, []byte{31<<3 | 3, 0}},
		"AAC cut short":           {aacFormat, []byte{0, 16, 0xff, 0xf8, 1}},
		"AAC without headers":     {aacFormat, []byte{0}},
	} {
		if units := heard(c.f, packet(1, 1, c.payload)); len(units) != 0 {
			t.Errorf("%s: %d units", name, len(units))
		}
	}
}

// A camera's sound comes with its pictures if it is wanted, and is not asked for otherwise.
func TestPlaySound(t *testing.T) {
	cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": h264Clip(t, "main.h264")}})
	speak := func() { // the fake camera's first media is A-law
		cam.mu.Lock()
		defer cam.mu.Unlock()
		stream := cam.streams["/main"]
		cam.spoken++
		p := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: cam.spoken, Timestamp: uint32(cam.spoken) * 160}, Payload: bytes.Repeat([]byte{0xd5}, 160)}
		stream.WritePacketRTP(stream.Desc.Medias[0], p) // fails when the camera is closed
	}
	for _, wanted := range []bool{true, false} {
		r := run(t, Config{Main: cam.url("", "", "/main"), Sound: wanted})
		r.wait(t, "pictures", func() bool {
			speak()
			return len(r.units[0]) > 5 && (!wanted || len(r.units[source.Sound]) > 3)
		})
		r.stop()
		if n := len(r.units[source.Sound]); !wanted && n > 0 {
			t.Errorf("%d units that nobody wanted", n)
		}
		for _, u := range r.units[source.Sound] {
			if u.Config != (codec.Config{Codec: codec.PCMA, Rate: 8000, Channels: 1}) || len(u.Data) != 160 {
				t.Fatalf("%+v", u)
			}
		}
	}
}

func FuzzSound(f *testing.F) {
	f.Add(uint8(0), []byte{0, 16, 0, 24, 1, 2, 3})
	formats := []format.Format{aacFormat, &format.G711{SampleRate: 8000, ChannelCount: 2}, &format.Opus{PayloadTyp: 96, ChannelCount: 2}}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		half := len(b) / 2
		for _, u := range heard(formats[int(which)%len(formats)], packet(1, 1, b), packet(2, 2, b[:half]), packet(4, 3, b[half:])) {
			if len(u.Data) == 0 || len(u.Data) > codec.MaxSoundUnit || !u.Key {
				t.Errorf("%+v", u)
			}
		}
	})
}
