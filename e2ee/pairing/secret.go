package pairing

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	redacted = "[redacted]"

	inviteSeedLabel    = "sealcam invite key v1"
	inviteTokenLabel   = "sealcam invite knock v1"
	recoveryTokenLabel = "sealcam recovery knock v1"
)

// Secret is the secret of a claim link or of an invite link.
type Secret [16]byte

// NewSecret makes a secret out of random; nil stands for crypto/rand. The only errors are those of reading.
func NewSecret(random io.Reader) (s Secret, err error) {
	err = readRandom(random, s[:])
	return s, err
}

// LogValue keeps the secret out of logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format keeps the secret out of everything that fmt prints, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// Token returns what the claimant shows to the server to be let through: [identity.KnockToken] of the secret. Whoever was invited uses
// [InviteToken].
func (s Secret) Token() identity.Token { return identity.KnockToken(s[:]) }

// InviteSigner returns the key of the invitation that the secret stands for: the one that the grant log names, and that signs the entry
// by which it is redeemed.
func (s Secret) InviteSigner() identity.Signer { return s.inviteKey().Signer() }

// InviteKey returns the public half of InviteSigner.
func (s Secret) InviteKey() identity.DevicePublic { return s.inviteKey().Public() }

func (s Secret) inviteKey() identity.DeviceKey {
	key, err := identity.DeviceFromSeed(derive(s[:], inviteSeedLabel, identity.SeedSize))
	if err != nil {
		panic(err) // a key of small order: nobody can find such a secret
	}
	return key
}

// InviteToken returns what whoever holds an invite link shows to the server: it is made of the invitation's public key, which the agent
// has from its grant log and the server has not.
func InviteToken(key identity.DevicePublic, agent identity.AgentID) identity.Token {
	return identity.Token(derive(key.Bytes(), inviteTokenLabel+string(agent[:]), len(identity.Token{})))
}

// RecoveryToken returns what whoever holds the recovery phrase shows to the server. R's public half stands in the grant logs alone.
func RecoveryToken(root identity.RootPublic, agent identity.AgentID) identity.Token {
	return identity.Token(derive(root.Bytes(), recoveryTokenLabel+string(agent[:]), len(identity.Token{})))
}

func readRandom(random io.Reader, b []byte) error {
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, b); err != nil {
		clear(b)
		return fmt.Errorf("pairing: reading randomness: %w", err)
	}
	return nil
}

// derive is HKDF-SHA-256 (RFC 5869) without salt.
func derive(secret []byte, info string, n int) []byte {
	b, err := hkdf.Key(sha256.New, secret, nil, info, n)
	if err != nil {
		panic(err) // only for an output longer than 255 hashes
	}
	return b
}
