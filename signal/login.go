package signal

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	loginLabel = "sealcam login v1"

	// LoginLife is how long a login's signature is good for.
	LoginLife = 2 * time.Minute
	// ClockSkew is how far a client's clock may be off at the login. The nonce alone keeps an old login from being used again.
	ClockSkew = 10 * time.Minute
)

// Domain brings the host[:port] of a url or a Host header into the form that a login signs: lower case, without the port that the
// scheme implies.
func Domain(host string) string {
	host = strings.ToLower(host)
	if name, port, err := net.SplitHostPort(host); err == nil && (port == "80" || port == "443") {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return host
}

// LoginMessage returns what a login signs: the label, the server's domain as the client knows it, the page's origin (empty outside
// browsers), the challenge and what the login says. A server that passes another's challenge on gets a signature over its own domain.
// Domain and origin may have 255 bytes.
func LoginMessage(domain, origin string, nonce [32]byte, role Role, key [32]byte, expiry int64) ([]byte, error) {
	if len(domain) > maxText || len(origin) > maxText {
		return nil, fmt.Errorf("signal: the server's name or the page's origin is longer than %d bytes", maxText)
	}
	m := []byte(loginLabel)
	m = append(append(m, byte(len(domain))), domain...)
	m = append(append(m, byte(len(origin))), origin...)
	m = append(m, nonce[:]...)
	m = append(m, byte(role))
	m = append(m, key[:]...)
	var e [8]byte
	for i := range e {
		e[i] = byte(uint64(expiry) >> (56 - 8*i))
	}
	return append(m, e[:]...), nil
}

// newLogin answers a challenge.
func newLogin(domain, origin string, nonce [32]byte, role Role, signer identity.Signer, now time.Time) (*Login, error) {
	public := signer.Public()
	l := &Login{Role: role, Expiry: now.Add(LoginLife).Unix()}
	if copy(l.Key[:], public) != len(l.Key) || len(public) != len(l.Key) {
		return nil, identity.ErrKey
	}
	message, err := LoginMessage(domain, origin, nonce, role, l.Key, l.Expiry)
	if err != nil {
		return nil, err
	}
	sig, err := signer.Sign(message)
	if err != nil {
		return nil, fmt.Errorf("signal: signing the login: %w", err)
	}
	if copy(l.Signature[:], sig) != len(l.Signature) || len(sig) != len(l.Signature) {
		return nil, fmt.Errorf("signal: the login key's signature has %d bytes", len(sig))
	}
	return l, nil
}

// Verify checks a login against the challenge and the connection that it came over. It returns a [*Refusal].
func (e *Login) Verify(domain, origin string, nonce [32]byte, now time.Time) error {
	message, err := LoginMessage(domain, origin, nonce, e.Role, e.Key, e.Expiry)
	if err != nil || !e.verify(message) {
		return &Refusal{Code: CodeBadLogin}
	}
	expiry := time.Unix(e.Expiry, 0)
	if expiry.Before(now.Add(-ClockSkew)) || expiry.After(now.Add(LoginLife+ClockSkew)) {
		return &Refusal{Code: CodeClock}
	}
	return nil
}

func (e *Login) verify(message []byte) bool {
	switch e.Role {
	case RoleAgent:
		key, err := identity.AgentPublicFromBytes(e.Key[:])
		return err == nil && key.Verify(message, e.Signature[:])
	case RoleViewer:
		key, err := identity.DevicePublicFromBytes(e.Key[:])
		return err == nil && key.Verify(message, e.Signature[:])
	}
	return false
}
