package seal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/sframe"
)

const (
	tagSize       = 16
	signatureSize = ed25519.SignatureSize
	minSealed     = 1 + plainHeaderSize + tagSize + signatureSize
)

const (
	// Overhead is by how many bytes a sealed frame is longer than its access unit, at most.
	Overhead = 1024
	// MaxSealed is the length in bytes of the longest sealed frame.
	MaxSealed = codec.MaxAccessUnit + Overhead
)

// Fails to compile if the longest plaintext did not fit.
const _ = uint(MaxSealed - (sframe.MaxHeader + maxPlain + tagSize + signatureSize))

// ErrExhausted is returned by Seal after MaxFrames frames: a new epoch must begin.
var ErrExhausted = errors.New("seal: the epoch has no frame numbers left")

// Sealer seals the frames of one stream in one epoch. It is not safe for concurrent use.
type Sealer struct {
	binding
	stream Stream
	sign   func(message []byte) ([]byte, error)
	ctr    uint64

	// The wire form of the last configuration, which seldom changes.
	config codec.Config
	record []byte
	hash   codec.ConfigHash
}

// NewSealer returns a Sealer whose first frame has number 0. There must never be two for the same source, stream and epoch, since
// both would encrypt different pictures with the same nonces.
//
// sign makes the agent's Ed25519 signature, as identity.Signer's method does; it must not keep the message. NewSealer returns
// ErrSource, ErrEpoch or an error for a stream above MaxStream.
func NewSealer(sign func(message []byte) ([]byte, error), src Source, stream Stream, e Epoch) (*Sealer, error) {
	b, err := newBinding(src, stream, e)
	if err != nil {
		return nil, err
	}
	return &Sealer{binding: b, stream: stream, sign: sign}, nil
}

// NextCTR returns the number that the next frame will have.
func (s *Sealer) NextCTR() uint64 { return s.ctr }

// Seal appends the sealed frame to dst, whose spare capacity must not overlap f.Data. With enough of it (len(f.Data)+Overhead always
// suffices) the only allocation left is the signer's. It returns ErrFrame, codec.ErrConfig, ErrExhausted or the signer's error,
// wrapped; dst is then returned as it was.
func (s *Sealer) Seal(dst []byte, f *Frame) ([]byte, error) {
	if s.ctr >= MaxFrames {
		return dst, ErrExhausted
	}
	if err := f.check(); err != nil {
		return dst, err
	}
	if !f.suits(s.stream) {
		return dst, fmt.Errorf("%w: not one of stream %v", ErrFrame, s.stream)
	}
	if err := s.setConfig(f.Config); err != nil {
		return dst, err
	}
	ctr := s.ctr
	// Whatever happens below, this nonce has been used.
	s.ctr++

	// The plaintext is laid out where its ciphertext will stand, so that no second buffer is needed.
	header := sframe.Header{KID: s.key.KID(), CTR: ctr}.Len()
	start := len(dst)
	out := slices.Grow(dst, header+plainSize(f, s.record)+tagSize+signatureSize)
	plain := appendPlain(out[:start+header], f, s.record, s.hash)[start+header:]
	out = s.key.Seal(out, ctr, s.aad(), plain)

	sig, err := s.sign(s.toSign(out[start:]))
	if err != nil {
		return dst, fmt.Errorf("seal: signing: %w", err)
	}
	if len(sig) != signatureSize {
		return dst, fmt.Errorf("seal: signing: signature of %d bytes", len(sig))
	}
	return append(out, sig...), nil
}

func (s *Sealer) setConfig(c codec.Config) error {
	if s.record != nil && c == s.config {
		return nil
	}
	record, err := c.AppendBinary(nil)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	s.config, s.record, s.hash = c, record, c.Hash()
	return nil
}
