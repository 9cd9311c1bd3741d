package identity

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"io"
)

// Signer is a key that signs and may be unable to do more, such as a WebCrypto key that cannot be exported.
type Signer interface {
	// Public returns the 32-byte public key.
	Public() ed25519.PublicKey
	// Sign returns the 64-byte Ed25519 signature of message itself, not of its hash. It may block, must not keep message after
	// it returned, and must be safe for concurrent use.
	Sign(message []byte) ([]byte, error)
}

type keySigner struct{ privateKey }

func (s keySigner) Public() ed25519.PublicKey {
	if s.IsZero() {
		return nil
	}
	return s.public().Bytes()
}

func (s keySigner) Sign(message []byte) ([]byte, error) {
	if s.IsZero() {
		return nil, ErrKey
	}
	return ed25519.Sign(s.reveal().private, message), nil
}

// DevicePublicOf returns the signer's key as a device's; ErrKey if it is not usable as one.
func DevicePublicOf(s Signer) (DevicePublic, error) { return DevicePublicFromBytes(s.Public()) }

// CryptoSigner adapts s to crypto/tls and crypto/x509. It signs plain Ed25519 only: a hash function or a context in the options
// is an error.
func CryptoSigner(s Signer) crypto.Signer { return cryptoSigner{s} }

type cryptoSigner struct{ signer Signer }

var errSignerOptions = errors.New("identity: only plain Ed25519 signatures are made")

func (c cryptoSigner) Public() crypto.PublicKey { return c.signer.Public() }

func (c cryptoSigner) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts != nil && opts.HashFunc() != crypto.Hash(0) {
		return nil, errSignerOptions
	}
	if o, ok := opts.(*ed25519.Options); ok && o.Context != "" {
		return nil, errSignerOptions
	}
	return c.signer.Sign(message)
}
