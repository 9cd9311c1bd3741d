package sframe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// Suite is a cipher suite: those of RFC 9605 §4.5, and one from its range for private use.
type Suite uint16

// The cipher suites. The tags of the CTR-HMAC suites 2 and 3 are too short for Sealcam's use; they stand here for the standard's
// sake.
const (
	AES128CTRHMACSHA256Tag80 Suite = 0x0001
	AES128CTRHMACSHA256Tag64 Suite = 0x0002
	AES128CTRHMACSHA256Tag32 Suite = 0x0003
	AES128GCMSHA256          Suite = 0x0004
	AES256GCMSHA512          Suite = 0x0005
	// ChaCha20Poly1305 is the AEAD of RFC 8439 under RFC 9605's key schedule with SHA-256.
	ChaCha20Poly1305 Suite = 0xF001
)

// ErrSuite is returned for a suite that is not in the list.
var ErrSuite = errors.New("sframe: unknown cipher suite")

// String returns the name that RFC 9605 §8.1 gives the suite.
func (s Suite) String() string {
	switch s {
	case AES128CTRHMACSHA256Tag80:
		return "AES_128_CTR_HMAC_SHA256_80"
	case AES128CTRHMACSHA256Tag64:
		return "AES_128_CTR_HMAC_SHA256_64"
	case AES128CTRHMACSHA256Tag32:
		return "AES_128_CTR_HMAC_SHA256_32"
	case AES128GCMSHA256:
		return "AES_128_GCM_SHA256_128"
	case AES256GCMSHA512:
		return "AES_256_GCM_SHA512_128"
	case ChaCha20Poly1305:
		return "CHACHA20_POLY1305_SHA256_128"
	}
	return fmt.Sprintf("suite(%#04x)", uint16(s))
}

// nonceSize is Nn, which all suites share (RFC 9605 §4.5).
const nonceSize = 12

// parameters are the columns of RFC 9605 §4.5, table 1.
type parameters struct {
	hash    func() hash.Hash
	keySize int // Nk
	aead    func(key []byte) (cipher.AEAD, error)
}

func (s Suite) parameters() (parameters, error) {
	switch s {
	case AES128CTRHMACSHA256Tag80:
		return parameters{sha256.New, 16 + sha256.Size, ctrHMAC(16, sha256.New, 10)}, nil
	case AES128CTRHMACSHA256Tag64:
		return parameters{sha256.New, 16 + sha256.Size, ctrHMAC(16, sha256.New, 8)}, nil
	case AES128CTRHMACSHA256Tag32:
		return parameters{sha256.New, 16 + sha256.Size, ctrHMAC(16, sha256.New, 4)}, nil
	case AES128GCMSHA256:
		return parameters{sha256.New, 16, aesGCM}, nil
	case AES256GCMSHA512:
		return parameters{sha512.New, 32, aesGCM}, nil
	case ChaCha20Poly1305:
		return parameters{sha256.New, chacha20poly1305.KeySize, chacha20poly1305.New}, nil
	}
	return parameters{}, ErrSuite
}

func aesGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
