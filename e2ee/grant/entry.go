package grant

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// Kind says what an entry does.
type Kind uint8

// The kinds of entry.
const (
	Add    Kind = 1 // a device that is not a member becomes one
	Grant  Kind = 2 // a member's name, role, cameras, rights and term are replaced
	Revoke Kind = 3 // a member ceases to be one
)

// Role says what a device is to the home.
type Role uint8

// The roles. Owners have all rights on all cameras, without end.
const (
	Owner   Role = 1
	Viewer  Role = 2
	Display Role = 3 // a screen without keyboard; expires, and is renewed
	Guest   Role = 4 // expires
)

// Rights is a set of what a device may do with a camera.
type Rights uint16

// The rights.
const (
	Live    Rights = 1 << iota // see it now
	History                    // see its recordings
	Talk                       // speak through it
	Move                       // pan, tilt, zoom

	AllRights = Live | History | Talk | Move
)

// Limits of an entry.
const (
	MaxName    = 64  // bytes of UTF-8
	MaxCameras = 256 // named in one entry
	// MaxTerm is how long a guest or a display may be granted for at a time.
	MaxTerm = 366 * 24 * time.Hour
)

// Hash identifies an entry and, through the chain, all entries before it.
type Hash [sha256.Size]byte

// Entry is one line of the log.
type Entry struct {
	Home    identity.HomeID
	Seq     uint64 // place in the log, from 0
	Prev    Hash   // of the entry before; zero in entry 0
	Kind    Kind
	Subject identity.DevicePublic // the device that the entry is about

	// In a Revoke, all of these are zero.
	Name      string              // what the owner calls the device
	Cameras   []identity.CameraID // ascending, each once; empty: all cameras
	Rights    Rights
	Role      Role
	NotBefore time.Time // whole seconds; zero: at once
	Expires   time.Time // whole seconds, the first moment at which it no longer holds; zero: never

	Issuer [identity.PublicKeySize]byte // raw key of the owner device that signed, or of R
	Sig    [ed25519.SignatureSize]byte
}

// ErrEntry is returned for an entry that breaks a rule by itself, wherever it stood.
var ErrEntry = errors.New("grant: not a valid entry")

// maxTime is the last second of the year 9999, as in RFC 5280.
var maxTime = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrEntry}, args...)...)
}

// check applies the rules that need no log.
func (e *Entry) check() error {
	if e.Subject.IsZero() {
		return invalid("no subject")
	}
	switch e.Kind {
	case Revoke:
		if e.Name != "" || len(e.Cameras) != 0 || e.Rights != 0 || e.Role != 0 || !e.NotBefore.IsZero() || !e.Expires.IsZero() {
			return invalid("a revocation names nothing but its subject")
		}
		return nil
	case Add, Grant:
	default:
		return invalid("unknown kind %d", e.Kind)
	}
	if err := checkName(e.Name); err != nil {
		return err
	}
	if err := checkCameras(e.Cameras); err != nil {
		return err
	}
	if e.Rights == 0 || e.Rights&^AllRights != 0 {
		return invalid("no right, or an unknown one")
	}
	return e.checkTerm()
}

func (e *Entry) checkTerm() error {
	for _, t := range []time.Time{e.NotBefore, e.Expires} {
		if !t.IsZero() && (t.Nanosecond() != 0 || t.Unix() <= 0 || t.After(maxTime)) {
			return invalid("times are whole seconds from 1970 to 9999")
		}
	}
	if !e.Expires.IsZero() && !e.NotBefore.Before(e.Expires) {
		return invalid("expires before it begins")
	}
	switch e.Role {
	case Owner:
		if e.Rights != AllRights || len(e.Cameras) != 0 || !e.NotBefore.IsZero() || !e.Expires.IsZero() {
			return invalid("an owner has all rights on all cameras, without end")
		}
	case Viewer:
	case Display, Guest:
		if e.NotBefore.IsZero() || e.Expires.IsZero() || e.Expires.Sub(e.NotBefore) > MaxTerm {
			return invalid("guests and displays need a beginning, and an end at most %d days later", MaxTerm/(24*time.Hour))
		}
	default:
		return invalid("unknown role %d", e.Role)
	}
	return nil
}

// checkName keeps out what would be shown as something else than it is.
func checkName(s string) error {
	if s == "" || len(s) > MaxName || !utf8.ValidString(s) || strings.TrimSpace(s) != s {
		return invalid("a name has 1 to %d bytes of UTF-8, without space around it", MaxName)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return invalid("a name has printable characters only")
	}
	return nil
}

func checkCameras(ids []identity.CameraID) error {
	if len(ids) > MaxCameras {
		return invalid("%d cameras, at most %d fit", len(ids), MaxCameras)
	}
	for i, id := range ids {
		if id.IsZero() || i > 0 && slices.Compare(ids[i-1][:], id[:]) >= 0 {
			return invalid("cameras stand in ascending order, each once")
		}
	}
	return nil
}

// Sign sets Issuer and Sig. The signer must be an owner device or R; whether it is, Append will say. It returns ErrEntry, wrapped, or
// the signer's error.
func (e *Entry) Sign(s identity.Signer) error {
	public := s.Public()
	if len(public) != len(e.Issuer) {
		return identity.ErrKey
	}
	e.Issuer = [identity.PublicKeySize]byte(public)
	if err := e.check(); err != nil {
		return err
	}
	sig, err := s.Sign(e.toSign())
	if err != nil {
		return fmt.Errorf("grant: signing: %w", err)
	}
	if len(sig) != len(e.Sig) {
		return fmt.Errorf("grant: signing: signature of %d bytes", len(sig))
	}
	e.Sig = [ed25519.SignatureSize]byte(sig)
	return nil
}

// Genesis returns entry 0 of a new home, encoded: signed by its root key, naming its first owner.
func Genesis(root identity.RootKey, owner identity.DevicePublic, name string) ([]byte, error) {
	e := Entry{Home: root.Public().ID(), Kind: Add, Subject: owner, Name: name, Rights: AllRights, Role: Owner}
	if err := e.Sign(root.Signer()); err != nil {
		return nil, err
	}
	return e.MarshalBinary()
}

// Hash returns what the next entry has as Prev.
func (e *Entry) Hash() Hash {
	return sha256.Sum256(e.append([]byte(hashLabel)))
}

func (e *Entry) toSign() []byte { return e.appendBody([]byte(signatureLabel)) }
