package session

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// The ALPN names (RFC 7301), one for each kind of session, so that none passes for another. Their digit is the version of all that runs
// inside.
const (
	protocol     = "sealcam/1"
	pairProtocol = "sealcam-pair/1"
)

var (
	// ErrParameters is returned when the other end did not agree to exactly version, key exchange, protocol and kind of certificate
	// that are required here.
	ErrParameters = errors.New("session: the other end does not keep to the protocol")
	// ErrAgentKey is returned by Client when the other end is not the agent asked for.
	ErrAgentKey = errors.New("session: the other end is not the agent that was asked for")
)

// Clocks of cameras and of borrowed devices are often wrong, and the keys are pinned, so validity says nothing: it has always
// begun, and ends with RFC 5280 §4.1.2.5's "no well-defined expiration date".
var (
	notBefore = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
)

// certificate makes the certificate of a key. It is the same each time, and says nothing but the key.
func certificate(s identity.Signer) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
	key := identity.CryptoSigner(s)
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("session: making the certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// baseConfig is what both ends have in common.
func baseConfig(self identity.Signer, protocol string) (*tls.Config, error) {
	cert, err := certificate(self)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates:           []tls.Certificate{cert},
		MinVersion:             tls.VersionTLS13,
		MaxVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519MLKEM768},
		NextProtos:             []string{protocol},
		SessionTicketsDisabled: true,
	}, nil
}

// clientConfig is the client's, which shows its certificate only once check has passed the key of the other end.
func clientConfig(self identity.Signer, protocol string, check func(ed25519.PublicKey) error) (*tls.Config, error) {
	c, err := baseConfig(self, protocol)
	if err != nil {
		return nil, err
	}
	c.InsecureSkipVerify = true // there is no authority: VerifyConnection compares the key itself
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		key, err := peerKey(cs, protocol)
		if err != nil {
			return err
		}
		return check(key)
	}
	return c, nil
}

// isAgent accepts the key of one agent.
func isAgent(agent identity.AgentID) func(ed25519.PublicKey) error {
	return func(key ed25519.PublicKey) error {
		if public, err := identity.AgentPublicFromBytes(key); err != nil || public.ID() != agent {
			return ErrAgentKey
		}
		return nil
	}
}

func serverConfig(self identity.Signer, protocol string) (*tls.Config, error) {
	c, err := baseConfig(self, protocol)
	if err != nil {
		return nil, err
	}
	c.ClientAuth = tls.RequireAnyClientCert
	// The device has not proven its key when this runs (CertificateVerify comes later), so it is not asked here whether it may come
	// in: the answer would tell anybody which keys are known.
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		_, err := peerKey(cs, protocol)
		return err
	}
	return c, nil
}

// peerKey checks that the connection is of the one permitted kind, and returns the key of the other end's certificate.
func peerKey(cs tls.ConnectionState, protocol string) (ed25519.PublicKey, error) {
	switch {
	case cs.Version != tls.VersionTLS13:
		return nil, fmt.Errorf("%w: TLS version %s", ErrParameters, tls.VersionName(cs.Version))
	case cs.CurveID != tls.X25519MLKEM768:
		return nil, fmt.Errorf("%w: key exchange %s", ErrParameters, cs.CurveID)
	case cs.NegotiatedProtocol != protocol:
		return nil, fmt.Errorf("%w: no common application protocol", ErrParameters)
	case cs.DidResume:
		return nil, fmt.Errorf("%w: resumed connection", ErrParameters)
	case len(cs.PeerCertificates) != 1:
		return nil, fmt.Errorf("%w: %d certificates", ErrParameters, len(cs.PeerCertificates))
	}
	key, ok := cs.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: not an Ed25519 key", ErrParameters)
	}
	return key, nil
}
