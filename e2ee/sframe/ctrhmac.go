package sframe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"hash"
	"slices"
)

var errAuth = errors.New("sframe: authentication failed")

// ctrHMAC returns the constructor of RFC 9605 §4.5.1's synthetic AEAD: AES in counter mode, then HMAC over lengths, nonce, AAD
// and ciphertext. encSize is Nka's complement, the length of the AES key at the front of the whole key; tagSize is Nt.
func ctrHMAC(encSize int, newHash func() hash.Hash, tagSize int) func([]byte) (cipher.AEAD, error) {
	return func(key []byte) (cipher.AEAD, error) {
		if len(key) != encSize+newHash().Size() {
			return nil, ErrKeySize
		}
		block, err := aes.NewCipher(key[:encSize])
		if err != nil {
			return nil, err
		}
		return &ctrHMACCipher{block, hmac.New(newHash, key[encSize:]), tagSize}, nil
	}
}

type ctrHMACCipher struct {
	block   cipher.Block
	mac     hash.Hash
	tagSize int
}

func (c *ctrHMACCipher) NonceSize() int { return nonceSize }
func (c *ctrHMACCipher) Overhead() int  { return c.tagSize }

func (c *ctrHMACCipher) Seal(dst, nonce, plaintext, aad []byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, len(plaintext)+c.tagSize)[:start+len(plaintext)]
	c.stream(nonce).XORKeyStream(dst[start:], plaintext)
	return append(dst, c.tag(nonce, aad, dst[start:])...)
}

func (c *ctrHMACCipher) Open(dst, nonce, ciphertext, aad []byte) ([]byte, error) {
	n := len(ciphertext) - c.tagSize
	if n < 0 || !hmac.Equal(ciphertext[n:], c.tag(nonce, aad, ciphertext[:n])) {
		return nil, errAuth
	}
	start := len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	c.stream(nonce).XORKeyStream(dst[start:], ciphertext[:n])
	return dst, nil
}

// stream starts the counter at the nonce followed by 32 zero bits.
func (c *ctrHMACCipher) stream(nonce []byte) cipher.Stream {
	var iv [aes.BlockSize]byte
	copy(iv[:], nonce)
	return cipher.NewCTR(c.block, iv[:])
}

func (c *ctrHMACCipher) tag(nonce, aad, ciphertext []byte) []byte {
	var lengths [24]byte
	binary.BigEndian.PutUint64(lengths[0:], uint64(len(aad)))
	binary.BigEndian.PutUint64(lengths[8:], uint64(len(ciphertext)))
	binary.BigEndian.PutUint64(lengths[16:], uint64(c.tagSize))
	c.mac.Reset()
	for _, part := range [][]byte{lengths[:], nonce, aad, ciphertext} {
		c.mac.Write(part)
	}
	return c.mac.Sum(nil)[:c.tagSize]
}
