//go:build !js

package rtp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/transport"
)

// packetsOf returns the packets that a Sender makes of frames, and the frames as they come out.
func packetsOf(firstSeq uint16, frames ...transport.Frame) (packets []*rtp.Packet, whole [][]byte) {
	s := newSlot(&SenderStats{}, newPath(), firstSeq)
	for _, f := range frames {
		s.push(f)
	}
	for _, p := range drain(s, 0) {
		b := make([]byte, 1+p.length)
		if p.offset == 0 {
			b[0] = descriptorFirst
			whole = append(whole, make([]byte, p.frame.size()))
			p.frame.copyAt(whole[len(whole)-1], 0)
		}
		p.frame.copyAt(b[1:], int(p.offset))
		packets = append(packets, &rtp.Packet{Header: headerOf(p.seq, p.marker), Payload: b})
	}
	return packets, whole
}

func TestDepacketizerOrder(t *testing.T) {
	var frames []transport.Frame
	for n := range 40 {
		frames = append(frames, frameOf(0, n, 1+n*400))
	}
	packets, whole := packetsOf(65400, frames...)
	random := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		name    string
		reorder func([]*rtp.Packet) []*rtp.Packet
	}{
		{"in order", func(p []*rtp.Packet) []*rtp.Packet { return p }},
		{"backwards", func(p []*rtp.Packet) []*rtp.Packet {
			for i := range len(p) / 2 {
				p[i], p[len(p)-1-i] = p[len(p)-1-i], p[i]
			}
			return p
		}},
		{"shuffled", func(p []*rtp.Packet) []*rtp.Packet {
			random.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
			return p
		}},
		{"each twice", func(p []*rtp.Packet) (out []*rtp.Packet) {
			for _, p := range p {
				out = append(out, p, p)
			}
			return out
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d depacketizer
			want := map[string]int{}
			for _, f := range whole {
				want[string(f)]++
			}
			for _, p := range c.reorder(append([]*rtp.Packet(nil), packets...)) {
				f, err := d.push(p)
				if err != nil {
					t.Fatal(err)
				}
				if f != nil {
					want[string(f)]--
				}
			}
			for f, n := range want {
				// A packet that is a frame of its own comes out as often as it comes in; SRTP's replay window is in front.
				if n > 0 || n < 0 && (c.name != "each twice" || len(f) > fragmentSize) {
					t.Errorf("frame of %d bytes: %d missing", len(f), n)
				}
			}
		})
	}
}

func TestDepacketizerGaps(t *testing.T) {
	packets, whole := packetsOf(7, frameOf(0, 0, 5000), frameOf(0, 1, 5000), frameOf(0, 2, 5000))
	per := len(packets) / 3
	for missing := range per { // any packet of the second frame
		var d depacketizer
		var got [][]byte
		for i, p := range packets {
			if i == per+missing {
				continue
			}
			if f, _ := d.push(p); f != nil {
				got = append(got, f)
			}
		}
		if len(got) != 2 || !bytes.Equal(got[0], whole[0]) || !bytes.Equal(got[1], whole[2]) {
			t.Errorf("without packet %d of the second frame: %d frames", missing, len(got))
		}
		if f, _ := d.push(packets[per+missing]); !bytes.Equal(f, whole[1]) {
			t.Errorf("packet %d came late and completed nothing", missing)
		}
	}
}

// A chain longer than the buffer overwrites its own beginning.
func TestDepacketizerOverrun(t *testing.T) {
	var d depacketizer
	for i := range 3*bufferSize + 5 {
		b := []byte{descriptorNext, byte(i)}
		if i == 0 {
			b[0] = descriptorFirst
		}
		last := i == 3*bufferSize+4
		if f, err := d.push(&rtp.Packet{Header: headerOf(uint16(i), last), Payload: b}); f != nil || err != nil {
			t.Fatalf("packet %d: frame of %d bytes, %v", i, len(f), err)
		}
	}
	for i := range d.buffer {
		if d.buffer[i].payload != nil {
			t.Fatalf("packet %d of a broken chain is still held", i)
		}
	}
}

func FuzzDepacketizer(f *testing.F) {
	// Input: records of seq(2), flags(1: bit 0 marker), length(1), payload.
	record := func(packets []*rtp.Packet) (b []byte) {
		for _, p := range packets {
			n := min(len(p.Payload), 255)
			b = binary.BigEndian.AppendUint16(b, p.SequenceNumber)
			flags := byte(0)
			if p.Marker {
				flags = 1
			}
			b = append(b, flags, byte(n))
			b = append(b, p.Payload[:n]...)
		}
		return b
	}
	packets, _ := packetsOf(65534, frameOf(1, 0, 3000), frameOf(1, 1, 100))
	f.Add(record(packets))
	f.Add(record([]*rtp.Packet{packets[1], packets[0], packets[0], packets[3], packets[2]}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		var d depacketizer
		pushed, out := 0, 0
		starts := map[string]bool{}
		for len(in) >= 4 {
			n := min(int(in[3]), len(in)-4)
			p := &rtp.Packet{Header: headerOf(binary.BigEndian.Uint16(in), in[2]&1 == 1), Payload: in[4 : 4+n]}
			in = in[4+n:]
			frame, err := d.push(p)
			if err != nil {
				continue
			}
			pushed += n - 1
			if p.Payload[0] == descriptorFirst {
				starts[string(p.Payload[1:])] = true
			}
			if frame == nil {
				continue
			}
			out += len(frame)
			begins := false
			for s := range starts {
				begins = begins || bytes.HasPrefix(frame, []byte(s))
			}
			if !begins {
				t.Fatalf("a frame of %d bytes begins with no first packet", len(frame))
			}
			camera, number, sealed, err := parseFrame(frame)
			if err == nil && !bytes.Equal(append(appendFrameHeader(nil, frame[0]&1 == 0, camera, number, uint32(len(sealed))), sealed...)[10:], frame[10:]) {
				t.Fatal("a parsed frame does not marshal to what it was")
			}
		}
		if out > pushed {
			t.Fatalf("%d bytes came out of %d", out, pushed)
		}
	})
}
