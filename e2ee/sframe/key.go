package sframe

import (
	"crypto/cipher"
	"crypto/hkdf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// MinBaseKey is the length in bytes of the shortest base key that NewKey takes.
const MinBaseKey = 16

var (
	// ErrKeySize is returned for a base key that is too short.
	ErrKeySize = errors.New("sframe: base key too short")
	// ErrOpen is returned for everything that Open refuses, whatever the reason.
	ErrOpen = errors.New("sframe: cannot be opened")
)

// The labels of RFC 9605 §4.4.2.
const (
	keyLabel  = "SFrame 1.0 Secret key "
	saltLabel = "SFrame 1.0 Secret salt "
)

// Key is one key of a sender: a suite, a KID and what RFC 9605 §4.4.2 derives from the base key. It reuses its buffers, so it
// is not safe for concurrent use.
type Key struct {
	kid   uint64
	suite Suite
	aead  cipher.AEAD
	salt  [nonceSize]byte
	nonce [nonceSize]byte
	aad   []byte
}

// NewKey derives the key and salt for a KID. It returns ErrSuite or ErrKeySize.
func NewKey(suite Suite, kid uint64, baseKey []byte) (*Key, error) {
	p, err := suite.parameters()
	if err != nil {
		return nil, err
	}
	if len(baseKey) < MinBaseKey {
		return nil, ErrKeySize
	}
	secret, err := hkdf.Extract(p.hash, baseKey, nil)
	if err != nil {
		return nil, fmt.Errorf("sframe: deriving the secret: %w", err)
	}
	key, err := hkdf.Expand(p.hash, secret, label(keyLabel, kid, suite), p.keySize)
	if err != nil {
		return nil, fmt.Errorf("sframe: deriving the key: %w", err)
	}
	salt, err := hkdf.Expand(p.hash, secret, label(saltLabel, kid, suite), nonceSize)
	if err != nil {
		return nil, fmt.Errorf("sframe: deriving the salt: %w", err)
	}
	aead, err := p.aead(key)
	if err != nil {
		return nil, fmt.Errorf("sframe: making the cipher: %w", err)
	}
	return &Key{kid: kid, suite: suite, aead: aead, salt: [nonceSize]byte(salt)}, nil
}

func label(prefix string, kid uint64, suite Suite) string {
	b := binary.BigEndian.AppendUint64([]byte(prefix), kid)
	return string(binary.BigEndian.AppendUint16(b, uint16(suite)))
}

// KID returns the key's id.
func (k *Key) KID() uint64 { return k.kid }

// Suite returns the key's cipher suite.
func (k *Key) Suite() Suite { return k.suite }

// Overhead returns Nt, the bytes of the tag.
func (k *Key) Overhead() int { return k.aead.Overhead() }

// LogValue keeps the key out of logs.
func (k *Key) LogValue() slog.Value {
	return slog.GroupValue(slog.Uint64("kid", k.kid), slog.String("key", "[redacted]"))
}

// Format keeps the key out of everything that fmt prints, whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { io.WriteString(f, "[redacted]") }

// Seal appends header ‖ ciphertext ‖ tag to dst and returns it. The caller must never give the same ctr twice under one key.
//
// So that no second buffer is needed, plaintext may stand in dst's own spare capacity, but then exactly where its ciphertext
// will: Header.Len bytes behind dst's end. Otherwise it must not overlap that capacity.
func (k *Key) Seal(dst []byte, ctr uint64, metadata, plaintext []byte) []byte {
	start := len(dst)
	dst = Header{k.kid, ctr}.Append(dst)
	k.prepare(ctr, dst[start:], metadata)
	return k.aead.Seal(dst, k.nonce[:], plaintext, k.aad)
}

// Open takes exactly one header ‖ ciphertext ‖ tag, and appends the plaintext to dst. All failures are ErrOpen, with nothing
// appended. dst's spare capacity must not overlap the input.
func (k *Key) Open(dst, sealed, metadata []byte) ([]byte, error) {
	h, n, err := ParseHeader(sealed)
	if err != nil || h.KID != k.kid || len(sealed)-n < k.aead.Overhead() {
		return dst, ErrOpen
	}
	k.prepare(h.CTR, sealed[:n], metadata)
	out, err := k.aead.Open(dst, k.nonce[:], sealed[n:], k.aad)
	if err != nil {
		return dst, ErrOpen
	}
	return out, nil
}

// prepare sets nonce = salt XOR CTR and aad = header ‖ metadata (RFC 9605 §4.4.3).
func (k *Key) prepare(ctr uint64, header, metadata []byte) {
	k.nonce = k.salt
	low := k.nonce[nonceSize-8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)^ctr)
	k.aad = append(append(k.aad[:0], header...), metadata...)
}
