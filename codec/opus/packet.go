package opus

import (
	"errors"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// Rate is the rate in samples a second at which Opus is decoded and counted (RFC 7587 §4.1).
const Rate = 48000

// Bounds of RFC 6716 §3.2.
const (
	maxFrame    = 1275 // bytes
	maxDuration = 120 * time.Millisecond
)

// ErrPacket is returned for what is no packet by the rules [R1] to [R7] of RFC 6716 §3.4.
var ErrPacket = errors.New("opus: malformed packet")

// frameTime is a frame's duration by the configuration in the TOC byte (RFC 6716 table 2).
func frameTime(toc byte) time.Duration {
	config := toc >> 3
	switch {
	case config < 12: // SILK
		return []time.Duration{10, 20, 40, 60}[config&3] * time.Millisecond
	case config < 16: // hybrid
		return []time.Duration{10, 20}[config&1] * time.Millisecond
	}
	return 2500 * time.Microsecond << (config & 3) // CELT
}

// Duration returns how long a packet sounds, 2.5 to 120 ms, after having checked its framing.
func Duration(packet []byte) (time.Duration, error) {
	if len(packet) == 0 || len(packet) > codec.MaxSoundUnit {
		return 0, ErrPacket // R1
	}
	one := frameTime(packet[0])
	body := packet[1:]
	switch packet[0] & 3 {
	case 0:
		if len(body) > maxFrame {
			return 0, ErrPacket // R2
		}
		return one, nil
	case 1: // two of the same size
		if len(body)%2 != 0 || len(body)/2 > maxFrame {
			return 0, ErrPacket // R3
		}
		return 2 * one, nil
	case 2: // two, the first with its size
		n, size := length(body)
		if n == 0 || size > len(body)-n || len(body)-n-size > maxFrame {
			return 0, ErrPacket // R4
		}
		return 2 * one, nil
	}
	return many(body, one)
}

// many checks a packet of code 3 (RFC 6716 §3.2.5).
func many(body []byte, one time.Duration) (time.Duration, error) {
	if len(body) == 0 {
		return 0, ErrPacket
	}
	head, body := body[0], body[1:]
	count := int(head & 0x3f)
	if count == 0 || time.Duration(count)*one > maxDuration {
		return 0, ErrPacket // R5
	}
	if head&0x40 != 0 { // padding
		padding := 0
		for {
			if len(body) == 0 {
				return 0, ErrPacket
			}
			b := body[0]
			body = body[1:]
			if b < 255 {
				padding += int(b)
				break
			}
			padding += 254
		}
		if padding > len(body) {
			return 0, ErrPacket
		}
		body = body[:len(body)-padding]
	}
	if head&0x80 == 0 { // all of the same size
		if len(body)%count != 0 || len(body)/count > maxFrame {
			return 0, ErrPacket // R6
		}
		return time.Duration(count) * one, nil
	}
	total := 0
	for range count - 1 {
		n, size := length(body)
		if n == 0 {
			return 0, ErrPacket
		}
		body = body[n:]
		total += size
	}
	if total > len(body) || len(body)-total > maxFrame {
		return 0, ErrPacket // R7
	}
	return time.Duration(count) * one, nil
}

// length reads a frame's length in one or two bytes (RFC 6716 §3.2.1); n is 0 if there is none.
func length(b []byte) (n, size int) {
	switch {
	case len(b) > 0 && b[0] < 252:
		return 1, int(b[0])
	case len(b) > 1:
		return 2, int(b[1])*4 + int(b[0])
	}
	return 0, 0
}
