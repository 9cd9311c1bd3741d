package hostile

import (
	"encoding/binary"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/sframe"
)

// What a sealed frame is made of, as everybody can see it (docs/PROTOCOL.md, "Sealed frame").
const (
	signatureSize = 64
	streamBits    = 3
)

// header reads a frame's SFrame header; the zero one for what has none.
func header(sealed []byte) (h sframe.Header, rest []byte) {
	h, n, err := sframe.ParseHeader(sealed)
	if err != nil {
		return sframe.Header{}, nil
	}
	return h, sealed[n:]
}

// withHeader returns the frame under another header.
func withHeader(sealed []byte, change func(*sframe.Header)) []byte {
	h, rest := header(sealed)
	change(&h)
	return append(h.Append(nil), rest...)
}

// fitted returns a foreign frame under the key id that the receiver expects.
func fitted(foreign, expected []byte) []byte {
	to, _ := header(expected)
	return withHeader(foreign, func(h *sframe.Header) { h.KID = to.KID })
}

// padded returns the frame with its header's KID written in eight bytes: the same numbers, not in the shortest way.
func padded(sealed []byte) []byte {
	h, rest := header(sealed)
	b := []byte{0xff} // X and Y set, K and C 7: eight bytes each (RFC 9605 §4.3)
	b = binary.BigEndian.AppendUint64(b, h.KID)
	b = binary.BigEndian.AppendUint64(b, h.CTR)
	return append(b, rest...)
}

// spliced joins the first half of a frame and the second half of another.
func spliced(a, b []byte) []byte {
	return append(append([]byte(nil), a[:len(a)/2]...), b[len(b)/2:]...)
}

// resigned puts another frame's signature behind a frame.
func resigned(a, b []byte) []byte {
	return append(append([]byte(nil), a[:len(a)-signatureSize]...), b[len(b)-signatureSize:]...)
}

func epochOf(sealed []byte) uint64 {
	epoch, _, _ := seal.Peek(sealed)
	return epoch
}

func streamOf(sealed []byte) seal.Stream {
	_, stream, _ := seal.Peek(sealed)
	return stream
}
