package rtp

import (
	"encoding/binary"
	"errors"
)

// MaxSlots bounds the video tracks of one peer connection.
const MaxSlots = 16

// MaxSealed bounds the sealed bytes of one frame on this transport. It is smaller than what the relay carries: libwebrtc's packet
// buffer holds 2048 packets, and a frame must fit with room for its neighbours.
const MaxSealed = 2 << 20

// Layout of a frame in front of its sealed bytes; see the package comment.
const (
	lookAlikeSize = 10
	wireOverhead  = lookAlikeSize + 1 + 4 + 4
)

// ErrFrame is returned for bytes that are not a frame of this transport.
var ErrFrame = errors.New("rtp: not a frame")

// errPadding is returned for a frame that holds nothing: it has the number 0.
var errPadding = errors.New("rtp: padding")

// ErrAck is returned for a malformed acknowledgement.
var ErrAck = errors.New("rtp: malformed acknowledgement")

// appendFrameHeader appends everything that stands before the sealed bytes.
func appendFrameHeader(b []byte, key bool, camera uint8, number, length uint32) []byte {
	tag := byte(0x10) // show_frame, version 0 (RFC 6386 §9.1)
	if !key {
		tag |= 1
	}
	b = append(b, tag, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x07, 0x38, 0x04)
	b = append(b, camera)
	b = binary.BigEndian.AppendUint32(b, number)
	return binary.BigEndian.AppendUint32(b, length)
}

// parseFrame takes a reassembled frame apart. Sealed aliases data. Frames cut short by a flush are ErrFrame too.
func parseFrame(data []byte) (camera uint8, number uint32, sealed []byte, err error) {
	if len(data) <= wireOverhead || len(data) > wireOverhead+MaxSealed {
		return 0, 0, nil, ErrFrame
	}
	if data[0]&^1 != 0x10 || data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a {
		return 0, 0, nil, ErrFrame
	}
	number = binary.BigEndian.Uint32(data[11:])
	if uint64(binary.BigEndian.Uint32(data[15:])) != uint64(len(data)-wireOverhead) {
		return 0, 0, nil, ErrFrame
	}
	if number == 0 {
		return 0, 0, nil, errPadding
	}
	return data[10], number, data[wireOverhead:], nil
}

// ackSize is the size of one record of an acknowledgement.
const ackSize = 5

// appendAck appends one record.
func appendAck(b []byte, slot uint8, number uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, slot), number)
}

// parseAcks calls each for every record. The whole message is checked first: one bad record and none is used.
func parseAcks(b []byte, slots int, each func(slot uint8, number uint32)) error {
	if len(b) == 0 || len(b)%ackSize != 0 || len(b) > slots*ackSize {
		return ErrAck
	}
	var seen [MaxSlots]bool
	for i := 0; i < len(b); i += ackSize {
		if s := int(b[i]); s >= slots || s >= MaxSlots || seen[s] {
			return ErrAck
		}
		seen[b[i]] = true
	}
	for i := 0; i < len(b); i += ackSize {
		each(b[i], binary.BigEndian.Uint32(b[i+1:]))
	}
	return nil
}
