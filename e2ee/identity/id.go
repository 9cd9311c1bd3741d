package identity

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"strings"
)

// The labels that keep hashes of different purpose apart.
const (
	agentLabel  = "sealcam agent v1"
	deviceLabel = "sealcam device v1"
	homeLabel   = "sealcam home v1"
	checkLabel  = "sealcam id check v1"
)

// The prefixes of the text forms; the digit is the version.
const (
	agentPrefix  = "sca1"
	devicePrefix = "scd1"
	homePrefix   = "sch1"
)

const checkSize = 4 // bytes of checksum in a text form

// IDTextSize is the length of the text form of an agent's, device's or home's id.
const IDTextSize = 4 + (sha256.Size+checkSize)*8/6

var (
	// ErrFormat is returned for text that is no id of the kind asked for.
	ErrFormat = errors.New("identity: not an id of this kind")
	// ErrChecksum is returned for an id with a mistyped or missing character.
	ErrChecksum = errors.New("identity: the id's checksum is wrong, so a character of it was mistyped")
)

// AgentID names an agent: SHA-256("sealcam agent v1" ‖ public key).
type AgentID [sha256.Size]byte

// DeviceID names a device: SHA-256("sealcam device v1" ‖ public key).
type DeviceID [sha256.Size]byte

// HomeID names a home: SHA-256("sealcam home v1" ‖ public key).
type HomeID [sha256.Size]byte

func hashID(label string, key [PublicKeySize]byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(label), key[:]...))
}

// String returns the text form: "sca1" and 48 characters of base64url (RFC 4648 §5).
func (id AgentID) String() string { return formatID(agentPrefix, id) }

// String returns the text form: "scd1" and 48 characters of base64url (RFC 4648 §5).
func (id DeviceID) String() string { return formatID(devicePrefix, id) }

// String returns the text form: "sch1" and 48 characters of base64url (RFC 4648 §5).
func (id HomeID) String() string { return formatID(homePrefix, id) }

// ParseAgentID reads the text form. It returns ErrFormat or ErrChecksum, wrapped by nothing.
func ParseAgentID(s string) (AgentID, error) {
	id, err := parseID(agentPrefix, s)
	return AgentID(id), err
}

// ParseDeviceID reads the text form, as [ParseAgentID] does.
func ParseDeviceID(s string) (DeviceID, error) {
	id, err := parseID(devicePrefix, s)
	return DeviceID(id), err
}

// ParseHomeID reads the text form, as [ParseAgentID] does.
func ParseHomeID(s string) (HomeID, error) {
	id, err := parseID(homePrefix, s)
	return HomeID(id), err
}

// Fingerprint returns a short form for people to compare: 80 bits as four groups of four characters.
func (id AgentID) Fingerprint() string { return fingerprint(id) }

// Fingerprint returns a short form for people to compare: 80 bits as four groups of four characters.
func (id DeviceID) Fingerprint() string { return fingerprint(id) }

// Fingerprint returns a short form for people to compare: 80 bits as four groups of four characters.
func (id HomeID) Fingerprint() string { return fingerprint(id) }

// MarshalText returns the text form.
func (id AgentID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the text form, with the errors of [ParseAgentID].
func (id *AgentID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseAgentID(string(text))
	return err
}

// MarshalText returns the text form.
func (id DeviceID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the text form, with the errors of [ParseDeviceID].
func (id *DeviceID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseDeviceID(string(text))
	return err
}

// MarshalText returns the text form.
func (id HomeID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the text form, with the errors of [ParseHomeID].
func (id *HomeID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseHomeID(string(text))
	return err
}

func idCheck(id [sha256.Size]byte) []byte {
	sum := sha256.Sum256(append([]byte(checkLabel), id[:]...))
	return sum[:checkSize]
}

func formatID(prefix string, id [sha256.Size]byte) string {
	return prefix + base64.RawURLEncoding.EncodeToString(append(id[:], idCheck(id)...))
}

func parseID(prefix, s string) (id [sha256.Size]byte, err error) {
	text, ok := strings.CutPrefix(s, prefix)
	if !ok || len(s) != IDTextSize || strings.ContainsAny(text, "\r\n") { // which encoding/base64 skips
		return id, ErrFormat
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != sha256.Size+checkSize {
		return id, ErrFormat
	}
	raw := [sha256.Size]byte(b)
	if !bytes.Equal(b[sha256.Size:], idCheck(raw)) {
		return id, ErrChecksum
	}
	return raw, nil
}

func fingerprint(id [sha256.Size]byte) string {
	s := strings.ToLower(base32.StdEncoding.EncodeToString(id[:10]))
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}
