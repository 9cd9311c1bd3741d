package identity

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

const (
	knockLabel      = "sealcam knock v1"
	knockTokenLabel = "sealcam knock token v1"
)

// Token is what a viewer shows to the server to be let through to an agent: the server has the agent's list of hashes and so
// can check a token, but cannot make one. A token opens no picture.
type Token [16]byte

// LogValue keeps the token out of logs.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format keeps the token out of everything that fmt prints, whatever the verb.
func (Token) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// KnockToken derives the token that goes with a secret of at least 16 random bytes shared by viewer and agent:
// HKDF-SHA-256 (RFC 5869) with no salt and the info "sealcam knock token v1". The secret cannot be computed from it.
func KnockToken(secret []byte) (t Token) {
	b, err := hkdf.Key(sha256.New, secret, nil, knockTokenLabel, len(t))
	if err != nil {
		panic(err) // only for an output longer than 255 hashes
	}
	copy(t[:], b)
	return t
}

// KnockHash returns what the agent gives to the server in place of a token:
// SHA-256("sealcam knock v1" ‖ agent id ‖ token).
func KnockHash(agent AgentID, token [16]byte) [sha256.Size]byte {
	b := append([]byte(knockLabel), agent[:]...)
	return sha256.Sum256(append(b, token[:]...))
}
