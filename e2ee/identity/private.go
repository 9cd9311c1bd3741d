package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
)

// SeedSize is the length in bytes of a private key's seed (RFC 8032 §5.1.5).
const SeedSize = ed25519.SeedSize

const redacted = "[redacted]"

// privateKey is what the three kinds of private key have in common. The bytes are reached through a function because fmt, printing a
// struct that holds a key in an unexported field, asks no method and follows slices and pointers, but shows of a function only its
// address. It also keeps keys from being compared with ==. The zero value signs nothing.
type privateKey struct {
	reveal func() *keyMaterial
}

type keyMaterial struct {
	private ed25519.PrivateKey
	public  publicKey
}

func generate(random io.Reader) (privateKey, error) {
	if random == nil {
		random = rand.Reader
	}
	seed := make([]byte, SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return privateKey{}, fmt.Errorf("identity: reading randomness: %w", err)
	}
	return fromSeed(seed)
}

func fromSeed(seed []byte) (privateKey, error) {
	if len(seed) != SeedSize {
		return privateKey{}, ErrKey
	}
	private := ed25519.NewKeyFromSeed(seed)
	public, err := parsePublic(private[SeedSize:])
	if err != nil {
		return privateKey{}, err
	}
	material := &keyMaterial{private, public}
	return privateKey{func() *keyMaterial { return material }}, nil
}

// IsZero reports whether the value was never set.
func (k privateKey) IsZero() bool { return k.reveal == nil }

// Seed returns a copy of the 32 secret bytes, for storage; nil for the zero value.
func (k privateKey) Seed() []byte {
	if k.reveal == nil {
		return nil
	}
	return k.reveal().private.Seed()
}

// Signer returns the key as a [Signer].
func (k privateKey) Signer() Signer { return keySigner{k} }

// LogValue keeps the key out of logs.
func (privateKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format keeps the key out of everything that fmt prints, whatever the verb.
func (privateKey) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

func (k privateKey) public() publicKey {
	if k.reveal == nil {
		return publicKey{}
	}
	return k.reveal().public
}

// AgentKey is an agent's private key.
type AgentKey struct{ privateKey }

// DeviceKey is the private key of a device that views.
type DeviceKey struct{ privateKey }

// RootKey is the private key of a home.
type RootKey struct{ privateKey }

// GenerateAgent makes a key out of 32 bytes of random; nil stands for crypto/rand. The only errors are those of reading.
func GenerateAgent(random io.Reader) (AgentKey, error) {
	k, err := generate(random)
	return AgentKey{k}, err
}

// GenerateDevice makes a key as [GenerateAgent] does.
func GenerateDevice(random io.Reader) (DeviceKey, error) {
	k, err := generate(random)
	return DeviceKey{k}, err
}

// GenerateRoot makes a key as [GenerateAgent] does.
func GenerateRoot(random io.Reader) (RootKey, error) {
	k, err := generate(random)
	return RootKey{k}, err
}

// AgentFromSeed takes the 32 bytes that Seed returned; ErrKey for another length.
func AgentFromSeed(seed []byte) (AgentKey, error) {
	k, err := fromSeed(seed)
	return AgentKey{k}, err
}

// DeviceFromSeed takes the 32 bytes that Seed returned; ErrKey for another length.
func DeviceFromSeed(seed []byte) (DeviceKey, error) {
	k, err := fromSeed(seed)
	return DeviceKey{k}, err
}

// RootFromSeed takes the 32 bytes that Seed returned; ErrKey for another length.
func RootFromSeed(seed []byte) (RootKey, error) {
	k, err := fromSeed(seed)
	return RootKey{k}, err
}

// Public returns the public half; the zero value for a zero key.
func (k AgentKey) Public() AgentPublic { return AgentPublic{k.public()} }

// Public returns the public half; the zero value for a zero key.
func (k DeviceKey) Public() DevicePublic { return DevicePublic{k.public()} }

// Public returns the public half; the zero value for a zero key.
func (k RootKey) Public() RootPublic { return RootPublic{k.public()} }
