//go:build !js

package rtp

import (
	"errors"

	"github.com/pion/rtp"
)

// errPacket is returned for a packet that is none of this transport's.
var errPacket = errors.New("rtp: not a packet of a frame")

// bufferSize is how many packets a depacketizer holds; a power of two that divides 2^16. It is libwebrtc's, so that the native
// receiver accepts what a browser accepts.
const bufferSize = 2048

// held is a packet that waits for the rest of its frame.
type held struct {
	payload    []byte // nil: free
	seq        uint16
	first      bool // starts a frame
	last       bool // ends one
	continuous bool // follows a chain of packets from a first one
}

// depacketizer puts the frames of one slot together (RFC 7741). Packets may come in any order and twice; frames come out as they
// become complete. It takes any bytes and holds at most bufferSize packets.
type depacketizer struct {
	buffer [bufferSize]held
}

// push takes a packet and returns the frame that it completes, or nil. It keeps p.Payload until then.
func (d *depacketizer) push(p *rtp.Packet) ([]byte, error) {
	if len(p.Payload) < 2 || p.Payload[0] != descriptorFirst && p.Payload[0] != descriptorNext {
		return nil, errPacket
	}
	seq := p.SequenceNumber
	h := &d.buffer[seq%bufferSize]
	if h.payload != nil && h.seq == seq {
		return nil, nil // twice
	}
	if h.payload != nil && int16(seq-h.seq) < 0 {
		return nil, nil // a full buffer later
	}
	*h = held{payload: p.Payload[1:], seq: seq, first: p.Payload[0] == descriptorFirst, last: p.Marker}
	before := d.at(seq - 1)
	h.continuous = h.first || before != nil && before.continuous && !before.last
	// Every packet becomes continuous once, so all the walks together cost no more than the packets.
	for h.continuous {
		if h.last {
			return d.take(h.seq), nil
		}
		next := d.at(h.seq + 1)
		if next == nil || next.first || next.continuous {
			return nil, nil
		}
		next.continuous = true
		h = next
	}
	return nil, nil
}

func (d *depacketizer) at(seq uint16) *held {
	if h := &d.buffer[seq%bufferSize]; h.payload != nil && h.seq == seq {
		return h
	}
	return nil
}

// take removes the frame that ends at last and returns its bytes, or nil if its beginning was overwritten.
func (d *depacketizer) take(last uint16) []byte {
	first, size := last, 0
	for h := d.at(first); ; h = d.at(first) {
		if h == nil {
			for seq := first + 1; seq != last+1; seq++ {
				d.buffer[seq%bufferSize] = held{}
			}
			return nil
		}
		size += len(h.payload)
		if h.first {
			break
		}
		first--
	}
	frame := make([]byte, 0, size)
	for seq := first; seq != last+1; seq++ {
		h := &d.buffer[seq%bufferSize]
		frame = append(frame, h.payload...)
		*h = held{}
	}
	return frame
}
