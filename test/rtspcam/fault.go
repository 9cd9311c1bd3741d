package rtspcam

import (
	"math/rand/v2"

	"github.com/sealcam/sealcam/codec"
)

// Fault is something that a camera does wrong.
type Fault uint8

// The faults. A fault applies to whole pictures of both streams.
const (
	// Garbage keeps each NAL unit's header and length and fills the rest with random bytes, parameter sets included.
	Garbage Fault = iota + 1
	// Truncated sends the first third of each NAL unit.
	Truncated
	// Noise sends random RTP payloads, which follow no packet format.
	Noise
	// Empty sends NAL units of one byte, the header.
	Empty
	// Silent sends nothing, as a camera that hangs with its connection open.
	Silent
)

// spoil returns what the fault makes of a picture; the clip's own bytes stay whole.
func (f Fault) spoil(c codec.Codec, unit [][]byte, random *rand.Rand) [][]byte {
	header := 1
	if c == codec.H265 {
		header = 2
	}
	spoilt := make([][]byte, 0, len(unit))
	for _, nal := range unit {
		switch f {
		case Garbage:
			b := make([]byte, len(nal))
			for i := copy(b, nal[:min(header, len(nal))]); i < len(b); i++ {
				b[i] = byte(random.Uint32())
			}
			spoilt = append(spoilt, b)
		case Truncated:
			spoilt = append(spoilt, nal[:max(len(nal)/3, 1)])
		case Empty:
			spoilt = append(spoilt, nal[:1])
		default:
			spoilt = append(spoilt, nal)
		}
	}
	return spoilt
}
