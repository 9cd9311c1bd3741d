package pairing

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"

	"github.com/sealcam/sealcam/e2ee/identity"
)

var (
	// ErrMistyped is returned for a link of which a character is missing or wrong.
	ErrMistyped = errors.New("pairing: the link is incomplete or mistyped; copy it again, whole")
	// ErrLinkVersion is returned for a link of a later version.
	ErrLinkVersion = errors.New("pairing: the link is of a newer version of Sealcam than this page; reload the page")
	// ErrNoLink is returned for a fragment that is no link of the kind asked for at all.
	ErrNoLink = errors.New("pairing: not a link of this kind")
)

const (
	claimKey   = "claim="
	inviteKey  = "invite="
	recoverKey = "recover="
	pairKey    = "pair="

	linkVersion = "v1"

	claimCheckLabel  = "sealcam claim check v1"
	inviteCheckLabel = "sealcam invite check v1"
	pairCheckLabel   = "sealcam pair check v1"
	checkSize        = 2
)

// Link is what the agent prints for its owner.
type Link struct {
	Server string // where the page is, such as "https://cam.example", without a path
	Agent  identity.AgentID
	Secret Secret
}

// String returns the link, secret included: https://server/#claim=v1.<agent id>.<secret and checksum>.
func (l Link) String() string {
	return writeLink(l.Server, claimKey, l.Agent.String(), secretText(claimCheckLabel, l.Agent, l.Secret))
}

// LogValue keeps the secret out of logs.
func (l Link) LogValue() slog.Value { return logLink(l.Server, l.Agent) }

// ParseFragment reads the part of a claim link behind the "#", which may be there or not, and white space around it. It returns
// ErrNoLink, ErrLinkVersion or ErrMistyped.
func ParseFragment(fragment string) (identity.AgentID, Secret, error) {
	return parseSecretLink(claimKey, claimCheckLabel, fragment)
}

// InviteLink is what an owner gives to whom he invites.
type InviteLink struct {
	Server string
	Agent  identity.AgentID
	Secret Secret
}

// String returns the link, secret included: https://server/#invite=v1.<agent id>.<secret and checksum>.
func (l InviteLink) String() string {
	return writeLink(l.Server, inviteKey, l.Agent.String(), secretText(inviteCheckLabel, l.Agent, l.Secret))
}

// LogValue keeps the secret out of logs.
func (l InviteLink) LogValue() slog.Value { return logLink(l.Server, l.Agent) }

// ParseInvite reads the part of an invite link behind the "#", as [ParseFragment] does.
func ParseInvite(fragment string) (identity.AgentID, Secret, error) {
	return parseSecretLink(inviteKey, inviteCheckLabel, fragment)
}

// RecoverLink leads to the form in which the recovery phrase is typed. It holds no secret.
type RecoverLink struct {
	Server string
	Agent  identity.AgentID
}

// String returns the link: https://server/#recover=v1.<agent id>.
func (l RecoverLink) String() string { return writeLink(l.Server, recoverKey, l.Agent.String()) }

// ParseRecover reads the part of a recovery link behind the "#", as [ParseFragment] does.
func ParseRecover(fragment string) (identity.AgentID, error) {
	parts, err := cutLink(recoverKey, fragment, 1)
	if err != nil {
		return identity.AgentID{}, err
	}
	agent, err := identity.ParseAgentID(parts[0])
	if err != nil {
		return identity.AgentID{}, ErrMistyped
	}
	return agent, nil
}

func writeLink(server, key string, parts ...string) string {
	return strings.TrimRight(server, "/") + "/#" + key + linkVersion + "." + strings.Join(parts, ".")
}

func logLink(server string, agent identity.AgentID) slog.Value {
	return slog.GroupValue(slog.String("server", server), slog.String("agent", agent.String()))
}

// cutLink returns the parts between the dots behind key and version, exactly n of them.
func cutLink(key, fragment string, n int) ([]string, error) {
	value, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(fragment), "#"), key)
	if !ok {
		return nil, ErrNoLink
	}
	version, rest, _ := strings.Cut(value, ".")
	if version != linkVersion {
		if isVersion(version) {
			return nil, ErrLinkVersion
		}
		return nil, ErrMistyped
	}
	parts := strings.SplitN(rest, ".", n+1)
	if len(parts) != n {
		return nil, ErrMistyped
	}
	return parts, nil
}

// isVersion reports whether s is "v" and a decimal number without leading zeros.
func isVersion(s string) bool {
	digits, ok := strings.CutPrefix(s, "v")
	return ok && digits != "" && len(digits) < 4 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

func parseSecretLink(key, label, fragment string) (identity.AgentID, Secret, error) {
	parts, err := cutLink(key, fragment, 2)
	if err != nil {
		return identity.AgentID{}, Secret{}, err
	}
	agent, err := identity.ParseAgentID(parts[0])
	if err != nil {
		return identity.AgentID{}, Secret{}, ErrMistyped
	}
	var secret Secret
	if err := readChecked(parts[1], secret[:], label, agent[:]); err != nil {
		return identity.AgentID{}, Secret{}, err
	}
	return agent, secret, nil
}

func secretText(label string, agent identity.AgentID, secret Secret) string {
	return writeChecked(secret[:], label, agent[:])
}

// writeChecked returns base64url(value ‖ check).
func writeChecked(value []byte, label string, context []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(append([]byte(nil), value...), check(label, context, value)...))
}

// readChecked fills value from what writeChecked returned; it returns ErrMistyped, and then leaves value alone.
func readChecked(text string, value []byte, label string, context []byte) error {
	if len(text) != base64.RawURLEncoding.EncodedLen(len(value)+checkSize) || strings.ContainsAny(text, "\r\n") { // which encoding/base64 skips
		return ErrMistyped
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || subtle.ConstantTimeCompare(b[len(value):], check(label, context, b[:len(value)])) != 1 {
		return ErrMistyped
	}
	copy(value, b)
	return nil
}

// check tells a mistyped link from a used one. Two bytes of a hash over 128 random bits reveal nothing of use.
func check(label string, context, value []byte) []byte {
	b := append([]byte(label), context...)
	sum := sha256.Sum256(append(b, value...))
	return sum[:checkSize]
}
