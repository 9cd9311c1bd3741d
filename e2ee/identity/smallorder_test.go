package identity

import (
	"crypto/ed25519"
	"errors"
	"testing"
)

// forgery looks for a signature under key that needs no private key: S = 0 and R = -kA, which for a point A of small order is one of a
// few. The message is varied until it fits.
func forgery(key [PublicKeySize]byte) (message, sig []byte) {
	for n := range byte(64) {
		message := []byte{n}
		for _, r := range smallOrderKeys {
			for _, sign := range []byte{0, 0x80} {
				sig := make([]byte, ed25519.SignatureSize)
				copy(sig, r[:])
				sig[PublicKeySize-1] |= sign
				if ed25519.Verify(key[:], message, sig) {
					return message, sig
				}
			}
		}
	}
	return nil, nil
}

func TestSmallOrderKeysAreRefused(t *testing.T) {
	for i, key := range smallOrderKeys {
		message, sig := forgery(key)
		if sig == nil {
			t.Errorf("key %d of the list permits no forgery, so it does not belong there", i)
			continue
		}
		if (AgentPublic{publicKey{key}}).Verify(message, sig) && key == [PublicKeySize]byte{} {
			t.Error("the zero value verifies a forgery")
		}
		for _, sign := range []byte{0, 0x80} {
			b := key
			b[PublicKeySize-1] |= sign
			if _, err := AgentPublicFromBytes(b[:]); !errors.Is(err, ErrKey) {
				t.Errorf("key %d: %v", i, err)
			}
			if _, err := DevicePublicFromBytes(b[:]); !errors.Is(err, ErrKey) {
				t.Errorf("key %d: %v", i, err)
			}
			if _, err := RootPublicFromBytes(b[:]); !errors.Is(err, ErrKey) {
				t.Errorf("key %d: %v", i, err)
			}
		}
	}
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := AgentPublicFromBytes(make([]byte, n)); !errors.Is(err, ErrKey) {
			t.Errorf("key of %d bytes: %v", n, err)
		}
	}
}
