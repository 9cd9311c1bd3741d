package rtsp

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/nal"
)

// bench feeds packets to a track and keeps what comes out.
type bench struct {
	track   *track
	got     []codec.AccessUnit
	refused []error
	now     codec.Timestamp
}

func newBench(f format.Format) *bench {
	b := &bench{now: testStart}
	b.track = newTrack(newPayload(f), 90000, func(au codec.AccessUnit) { b.got = append(b.got, au) }, func(err error) { b.refused = append(b.refused, err) })
	return b
}

func (b *bench) feed(list []*rtp.Packet) {
	for _, p := range list {
		b.now += 100
		b.track.packet(p, b.now)
	}
}

// stream encodes a clip with 30 pictures a second.
func stream(t testing.TB, c clip) [][]*rtp.Packet {
	encode := packets(t, c)
	var out [][]*rtp.Packet
	for i, p := range c.pictures {
		list := encode(p)
		for _, pkt := range list {
			pkt.Timestamp = uint32(i * 3000)
		}
		out = append(out, list)
	}
	return out
}

// Cameras that do not set the marker bit, set it on every packet, or send parameter sets apart lose no picture.
func TestMarkers(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func([]*rtp.Packet)
		lost int // pictures that may be missing
	}{
		{"as it should be", func([]*rtp.Packet) {}, 0},
		{"never", func(l []*rtp.Packet) {
			for _, p := range l {
				p.Marker = false
			}
		}, 1}, // the last one is still waited for
		{"on every packet", func(l []*rtp.Packet) {
			for _, p := range l {
				p.Marker = true
			}
		}, 16}, // one GOP to find out
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := h264Clip(t, "baseline.h264") // two slices
			b := newBench(c.format)
			for _, list := range stream(t, c) {
				tt.edit(list)
				b.feed(list)
			}
			if n := len(b.got); n < len(c.pictures)-tt.lost {
				t.Fatalf("%d of %d pictures; %v", n, len(c.pictures), b.refused)
			}
			for i, au := range b.got {
				if n := len(slicesOf(t, au)); n != 2 && i > 0 {
					t.Fatalf("picture %d has %d slices of 2", i, n)
				}
			}
		})
	}
}

func TestGaps(t *testing.T) {
	c := h264Clip(t, "main.h264")
	lists := stream(t, c)
	t.Run("repeated and old packets are dropped", func(t *testing.T) {
		b := newBench(c.format)
		var old []*rtp.Packet
		for _, list := range lists {
			b.feed(list)
			b.feed(list[:1])
			b.feed(old)
			old = list
		}
		if len(b.got) != len(lists) || len(b.refused) != 0 {
			t.Errorf("%d of %d pictures, refused %v", len(b.got), len(lists), b.refused)
		}
	})
	t.Run("a whole picture is lost", func(t *testing.T) {
		b := newBench(c.format)
		for i, list := range lists {
			if i != 5 {
				b.feed(list)
			}
		}
		// 0 to 4, then from the next key at 15 on.
		if len(b.got) != len(lists)-10 || b.track.lost != len(lists[5]) {
			t.Errorf("%d pictures, %d packets lost", len(b.got), b.track.lost)
		}
		if !b.got[5].Key {
			t.Error("goes on without a key picture")
		}
	})
	t.Run("lost just before a key picture", func(t *testing.T) {
		b := newBench(c.format)
		for i, list := range lists {
			if i != 14 {
				b.feed(list)
			}
		}
		if len(b.got) != len(lists)-1 {
			t.Errorf("%d pictures of %d", len(b.got), len(lists)-1)
		}
	})
}

// A camera that sends fragments without end, or without content, keeps no memory.
func TestEndlessPicture(t *testing.T) {
	c := h264Clip(t, "main.h264")
	for _, tt := range []struct {
		name    string
		payload []byte
		count   int
	}{
		{"empty fragments", []byte{0x7c, 0x05}, 3 * maxPackets},
		{"large fragments", append([]byte{0x7c, 0x05}, make([]byte, 60000)...), 400},
		{"single units", []byte{0x06, 1, 2, 3}, 3 * maxPackets},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(c.format)
			first := append([]byte{0x7c, 0x85}, tt.payload[2:]...)
			for n := range tt.count {
				p := tt.payload
				if n == 0 && tt.payload[0] == 0x7c {
					p = first
				}
				b.feed([]*rtp.Packet{{Header: rtp.Header{SequenceNumber: uint16(n), Timestamp: 9}, Payload: p}})
				if b.track.packets > maxPackets || b.track.bytes > codec.MaxAccessUnit || len(b.track.pending) > maxUnits {
					t.Fatalf("keeps %d packets, %d bytes, %d units", b.track.packets, b.track.bytes, len(b.track.pending))
				}
			}
			if len(b.refused) == 0 || len(b.got) != 0 {
				t.Errorf("%d pictures, refused %v", len(b.got), b.refused)
			}
		})
	}
}

func TestLatenessEndsTheConnection(t *testing.T) {
	c := h264Clip(t, "main.h264")
	b := newBench(c.format)
	for round := range 30 {
		for i, list := range stream(t, c) {
			for _, p := range list {
				p.SequenceNumber = b.track.sequence + 1
				p.Timestamp = uint32((round*len(c.pictures) + i) * 3000)
				b.now += codec.Timestamp(40_000 / len(list)) // 25 arrive where 30 were taken
				b.track.packet(p, b.now)
			}
		}
	}
	late := func(err error) bool {
		var e *Error
		return errors.As(err, &e) && e.Problem == Lagging
	}
	if !slices.ContainsFunc(b.refused, late) {
		t.Error("12 s late, and nothing said")
	}
}

// FuzzTrack sends packets as hostile cameras may: each is length(2) ‖ marker and timestamp change(1) ‖ sequence step(1) ‖ payload.
func FuzzTrack(f *testing.F) {
	if seeds, err := os.ReadDir("testdata/fuzz/FuzzTrack"); err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	formats := []format.Format{&format.H264{PacketizationMode: 1}, &format.H265{}, &format.MJPEG{}}
	f.Fuzz(func(t *testing.T, kind uint8, in []byte) {
		b := newBench(formats[int(kind)%len(formats)])
		var seq uint16
		var ts uint32
		for len(in) >= 4 {
			n := min(int(binary.BigEndian.Uint16(in)), len(in)-4)
			seq += uint16(int8(in[3])) + 1
			ts += uint32(in[2]>>1) * 300
			b.feed([]*rtp.Packet{{Header: rtp.Header{SequenceNumber: seq, Timestamp: ts, Marker: in[2]&1 == 1}, Payload: in[4 : 4+n]}})
			in = in[4+n:]
		}
		seen := map[codec.Timestamp]bool{}
		for i, au := range b.got {
			if i == 0 && !au.Key || len(au.Data) > codec.MaxAccessUnit || seen[au.Captured] {
				t.Fatalf("picture %d: key %v, %d bytes", i, au.Key, len(au.Data))
			}
			seen[au.Captured] = true
			if _, err := au.Config.AppendBinary(nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, err := range b.refused {
			if errors.Is(err, nal.ErrNoPicture) {
				t.Fatal("harmless units were refused")
			}
		}
	})
}

// BenchmarkTrack is what one second of a 1080p30 camera with 3 Mbit/s costs after gortsplib: 30 pictures of 9 packets.
func BenchmarkTrack(b *testing.B) {
	c := h264Clip(b, "main.h264")
	encode := packets(b, c)
	slice := lastOf(c.pictures[1])
	large := slices.Clone(slice)
	for i := range 12_000 {
		large = append(large, byte(i*7+i>>5)|1) // no start codes
	}
	n := newBench(c.format)
	n.feed(encode(c.pictures[0]))
	stamp := uint32(0)
	for b.Loop() {
		for range 30 {
			list := encode([][]byte{large})
			stamp += 3000
			for _, p := range list {
				p.Timestamp = stamp
			}
			n.feed(list)
		}
		n.got = n.got[:0]
	}
	if len(n.refused) > 0 {
		b.Fatal(n.refused[0])
	}
}
