package pairing

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const redacted = "[redacted]"

// Secret is the secret of a claim link.
type Secret [16]byte

// NewSecret makes a secret out of random; nil stands for crypto/rand. The only errors are those of reading.
func NewSecret(random io.Reader) (s Secret, err error) {
	if random == nil {
		random = rand.Reader
	}
	if _, err = io.ReadFull(random, s[:]); err != nil {
		return Secret{}, fmt.Errorf("pairing: reading randomness: %w", err)
	}
	return s, nil
}

// LogValue keeps the secret out of logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format keeps the secret out of everything that fmt prints, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// Token returns what the claimant shows to the server to be let through: [identity.KnockToken] of the secret.
func (s Secret) Token() identity.Token { return identity.KnockToken(s[:]) }

var (
	// ErrMistyped is returned for a link of which a character is missing or wrong.
	ErrMistyped = errors.New("pairing: the link is incomplete or mistyped; copy it again, whole, from where the agent printed it")
	// ErrLinkVersion is returned for a link of a later version.
	ErrLinkVersion = errors.New("pairing: the link is of a newer version of Sealcam than this page; reload the page")
	// ErrNoLink is returned for a fragment that is no claim link at all.
	ErrNoLink = errors.New("pairing: not a claim link")
)

const (
	claimKey     = "claim="
	claimVersion = "v1"
	checkLabel   = "sealcam claim check v1"
	checkSize    = 2
)

// Link is what the agent prints for its owner.
type Link struct {
	Server string // where the page is, such as "https://cam.example", without a path
	Agent  identity.AgentID
	Secret Secret
}

// String returns the link, secret included: https://server/#claim=v1.<agent id>.<secret and checksum>.
func (l Link) String() string {
	tail := append(l.Secret[:], linkCheck(l.Agent, l.Secret)...)
	return strings.TrimRight(l.Server, "/") + "/#" + claimKey + claimVersion + "." + l.Agent.String() + "." +
		base64.RawURLEncoding.EncodeToString(tail)
}

// LogValue keeps the secret out of logs.
func (l Link) LogValue() slog.Value {
	return slog.GroupValue(slog.String("server", l.Server), slog.String("agent", l.Agent.String()))
}

// ParseFragment reads the part of a link behind the "#", which may be there or not, and white space around it. It returns ErrNoLink,
// ErrLinkVersion or ErrMistyped.
func ParseFragment(fragment string) (identity.AgentID, Secret, error) {
	claim, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(fragment), "#"), claimKey)
	if !ok {
		return identity.AgentID{}, Secret{}, ErrNoLink
	}
	version, rest, _ := strings.Cut(claim, ".")
	if version != claimVersion {
		if isVersion(version) {
			return identity.AgentID{}, Secret{}, ErrLinkVersion
		}
		return identity.AgentID{}, Secret{}, ErrMistyped
	}
	idText, tailText, _ := strings.Cut(rest, ".")
	agent, err := identity.ParseAgentID(idText)
	if err != nil || strings.ContainsAny(tailText, "\r\n") { // which encoding/base64 skips
		return identity.AgentID{}, Secret{}, ErrMistyped
	}
	tail, err := base64.RawURLEncoding.DecodeString(tailText)
	if err != nil || len(tail) != len(Secret{})+checkSize {
		return identity.AgentID{}, Secret{}, ErrMistyped
	}
	secret := Secret(tail[:len(Secret{})])
	if subtle.ConstantTimeCompare(tail[len(secret):], linkCheck(agent, secret)) != 1 {
		return identity.AgentID{}, Secret{}, ErrMistyped
	}
	return agent, secret, nil
}

// isVersion reports whether s is "v" and a decimal number without leading zeros.
func isVersion(s string) bool {
	digits, ok := strings.CutPrefix(s, "v")
	return ok && digits != "" && len(digits) < 4 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// linkCheck tells a mistyped link from a used one. Two bytes of a hash over 128 random bits reveal nothing of use.
func linkCheck(agent identity.AgentID, secret Secret) []byte {
	b := append([]byte(checkLabel), agent[:]...)
	sum := sha256.Sum256(append(b, secret[:]...))
	return sum[:checkSize]
}
