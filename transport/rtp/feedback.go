//go:build !js

package rtp

import (
	"encoding/binary"
	"errors"
	"time"
)

// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): the viewer's RTP stack says of each packet
// whether and when it came.
//
//	 0                   1                   2                   3
//	|V=2|P|  FMT=15 |    PT=205     |           length              |
//	|                     SSRC of packet sender                     |
//	|                      SSRC of media source                     |
//	|      base sequence number     |      packet status count      |
//	|          reference time, 64 ms units          | fb pkt. count |
//	|     2-byte chunks of statuses …    1- or 2-byte deltas, 250 µs units …
const (
	rtcpTransportFeedback = 205 // RTPFB, RFC 4585 §6.2
	fmtNACK               = 1
	fmtTransportCC        = 15

	feedbackFixed = 20 // bytes before the chunks
	referenceUnit = 64 * time.Millisecond
	deltaUnit     = 250 * time.Microsecond
	// maxReported bounds the packets that one message may report on: as many as the sender remembers.
	maxReported = sentMemory
)

var errFeedback = errors.New("rtp: malformed feedback")

// packetReport is what the viewer says of one packet.
type packetReport struct {
	seq     uint16
	came    bool
	arrival time.Duration // since the epoch of the viewer's reference times, which wrap
}

// parseFeedback appends the reports of one feedback message to reports. b is the whole RTCP packet. Nothing is appended if any of it is
// malformed.
func parseFeedback(reports []packetReport, b []byte) ([]packetReport, error) {
	if len(b) < feedbackFixed || b[0]>>6 != 2 || b[0]&0x1f != fmtTransportCC || b[1] != rtcpTransportFeedback {
		return reports, errFeedback
	}
	base, count := binary.BigEndian.Uint16(b[12:]), int(binary.BigEndian.Uint16(b[14:]))
	if count == 0 || count > maxReported {
		return reports, errFeedback
	}
	at := time.Duration(int32(uint32(b[16])<<24|uint32(b[17])<<16|uint32(b[18])<<8)>>8) * referenceUnit
	chunks := b[feedbackFixed:]
	var sizes [maxReported]uint8 // of each packet's delta: 0 lost
	chunks, ok := readChunks(sizes[:count], chunks)
	if !ok {
		return reports, errFeedback
	}
	before := len(reports)
	for i, size := range sizes[:count] {
		r := packetReport{seq: base + uint16(i), came: size > 0}
		if len(chunks) < int(size) {
			return reports[:before], errFeedback
		}
		switch size {
		case 1:
			at += time.Duration(chunks[0]) * deltaUnit
		case 2:
			at += time.Duration(int16(binary.BigEndian.Uint16(chunks))) * deltaUnit
		}
		chunks = chunks[size:]
		r.arrival = at
		reports = append(reports, r)
	}
	return reports, nil
}

// readChunks fills in the sizes of the deltas and returns what follows the chunks.
func readChunks(sizes []uint8, b []byte) (rest []byte, ok bool) {
	for n := 0; n < len(sizes); {
		if len(b) < 2 {
			return nil, false
		}
		chunk := binary.BigEndian.Uint16(b)
		b = b[2:]
		symbol, run := uint8(chunk>>13&3), int(chunk&0x1fff) // run length chunk
		switch chunk >> 14 {
		case 0, 1:
			for ; run > 0 && n < len(sizes); run-- {
				if symbol == 3 {
					return nil, false // reserved
				}
				sizes[n] = symbol
				n++
			}
		case 2: // a bit a packet
			for i := 13; i >= 0 && n < len(sizes); i-- {
				sizes[n] = uint8(chunk >> i & 1)
				n++
			}
		case 3: // two bits a packet
			for i := 12; i >= 0 && n < len(sizes); i -= 2 {
				if sizes[n] = uint8(chunk >> i & 3); sizes[n] == 3 {
					return nil, false
				}
				n++
			}
		}
	}
	return b, true
}

// eachRTCP calls do for the packets of a compound one (RFC 3550 §6.1) until one is malformed.
func eachRTCP(b []byte, do func(format, kind uint8, packet []byte)) {
	for len(b) >= 4 {
		length := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if length > len(b) || b[0]>>6 != 2 {
			return
		}
		do(b[0]&0x1f, b[1], b[:length])
		b = b[length:]
	}
}
