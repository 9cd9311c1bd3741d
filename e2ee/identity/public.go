package identity

import (
	"crypto/ed25519"
	"crypto/subtle"
	"errors"
)

// PublicKeySize is the length in bytes of every public key here.
const PublicKeySize = ed25519.PublicKeySize

// ErrKey is returned for bytes that are no usable key.
var ErrKey = errors.New("identity: not a usable Ed25519 key")

// publicKey is what the three kinds of public key have in common. The kinds wrap it, so that they do not convert into each other
// without a word.
type publicKey struct {
	raw [PublicKeySize]byte
}

func parsePublic(b []byte) (p publicKey, err error) {
	if len(b) != PublicKeySize || smallOrder(b) {
		return publicKey{}, ErrKey
	}
	copy(p.raw[:], b)
	return p, nil
}

// Bytes returns a copy of the key: 32 bytes, RFC 8032 §5.1.5.
func (p publicKey) Bytes() []byte { return append([]byte(nil), p.raw[:]...) }

// IsZero reports whether the value was never set. The zero value verifies nothing.
func (p publicKey) IsZero() bool { return p == publicKey{} }

// Verify reports whether sig is the key's Ed25519 signature of message.
func (p publicKey) Verify(message, sig []byte) bool {
	// The zero value is a point of small order, for which signatures can be made without a key.
	if p.IsZero() || len(sig) != ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(p.raw[:], message, sig)
}

func (p publicKey) equal(q publicKey) bool {
	return subtle.ConstantTimeCompare(p.raw[:], q.raw[:]) == 1
}

// AgentPublic is an agent's public key, called A in the documents. It is comparable.
type AgentPublic struct{ publicKey }

// DevicePublic is the public key of a device that views: an owner's, a guest's, a display. It is comparable.
type DevicePublic struct{ publicKey }

// RootPublic is the public key of a home, called R in the documents. It is comparable.
type RootPublic struct{ publicKey }

// AgentPublicFromBytes takes the 32 bytes of a public key. It returns ErrKey for another length and for points of small order,
// whose signatures anybody can make.
func AgentPublicFromBytes(b []byte) (AgentPublic, error) {
	p, err := parsePublic(b)
	return AgentPublic{p}, err
}

// DevicePublicFromBytes takes the 32 bytes of a public key, under the conditions of [AgentPublicFromBytes].
func DevicePublicFromBytes(b []byte) (DevicePublic, error) {
	p, err := parsePublic(b)
	return DevicePublic{p}, err
}

// RootPublicFromBytes takes the 32 bytes of a public key, under the conditions of [AgentPublicFromBytes].
func RootPublicFromBytes(b []byte) (RootPublic, error) {
	p, err := parsePublic(b)
	return RootPublic{p}, err
}

// Equal reports whether both are the same key.
func (p AgentPublic) Equal(q AgentPublic) bool { return p.equal(q.publicKey) }

// Equal reports whether both are the same key.
func (p DevicePublic) Equal(q DevicePublic) bool { return p.equal(q.publicKey) }

// Equal reports whether both are the same key.
func (p RootPublic) Equal(q RootPublic) bool { return p.equal(q.publicKey) }

// ID returns the agent's id.
func (p AgentPublic) ID() AgentID { return AgentID(hashID(agentLabel, p.raw)) }

// ID returns the device's id.
func (p DevicePublic) ID() DeviceID { return DeviceID(hashID(deviceLabel, p.raw)) }

// ID returns the home's id.
func (p RootPublic) ID() HomeID { return HomeID(hashID(homeLabel, p.raw)) }
