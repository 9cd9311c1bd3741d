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
	Grant  Kind = 2 // a member's terms are replaced
	Revoke Kind = 3 // a member ceases to be one, or an invitation is closed
	Invite Kind = 4 // whoever holds the subject's private key may let one device in, with exactly these terms
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
	// MaxRedeem is how long after its issue an invitation may be used.
	MaxRedeem = 30 * 24 * time.Hour
)

// Hash identifies an entry and, through the chain, all entries before it.
type Hash [sha256.Size]byte

// Terms say what a device may do, and until when.
type Terms struct {
	Name      string // what the owner calls the device
	Role      Role
	Rights    Rights
	Cameras   []identity.CameraID // ascending, each once; empty: all cameras
	NotBefore time.Time           // whole seconds; zero: at once
	Expires   time.Time           // whole seconds, the first moment at which they no longer hold; zero: never
}

// Equal reports whether both say the same.
func (t Terms) Equal(u Terms) bool {
	return t.Name == u.Name && t.Role == u.Role && t.Rights == u.Rights && slices.Equal(t.Cameras, u.Cameras) &&
		t.NotBefore.Equal(u.NotBefore) && t.Expires.Equal(u.Expires)
}

func (t Terms) isZero() bool { return t.Equal(Terms{}) }

// Entry is one line of the log.
type Entry struct {
	Home    identity.HomeID
	Seq     uint64 // place in the log, from 0
	Prev    Hash   // of the entry before; zero in entry 0
	Kind    Kind
	Subject identity.DevicePublic // the device that the entry is about, or the key of the invitation
	// Issued is when the issuer's clock says that it signed, in whole seconds. It informs people and decides nothing.
	Issued time.Time

	Terms // zero in a Revoke

	// RedeemBefore is, in an Invite, the first moment at which it can no longer be used, in whole seconds; else zero.
	RedeemBefore time.Time

	Issuer [identity.PublicKeySize]byte // raw key of the owner device that signed, of R, or of the invitation that is redeemed
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
	if e.Issued.IsZero() || !wholeSecond(e.Issued) {
		return invalid("when it was issued is missing, or no whole second from 1970 to 9999")
	}
	if err := e.checkRedeem(); err != nil {
		return err
	}
	switch e.Kind {
	case Revoke:
		if !e.Terms.isZero() {
			return invalid("a revocation names nothing but its subject")
		}
		return nil
	case Add, Grant, Invite:
		return e.Terms.Check()
	}
	return invalid("unknown kind %d", e.Kind)
}

func (e *Entry) checkRedeem() error {
	if e.Kind != Invite {
		if !e.RedeemBefore.IsZero() {
			return invalid("only an invitation has a time to be used in")
		}
		return nil
	}
	if !wholeSecond(e.RedeemBefore) || !e.Issued.Before(e.RedeemBefore) || e.RedeemBefore.Sub(e.Issued) > MaxRedeem {
		return invalid("an invitation is to be used within %d days of its issue", MaxRedeem/(24*time.Hour))
	}
	return nil
}

// wholeSecond reports whether the wire form can hold t.
func wholeSecond(t time.Time) bool {
	return t.Nanosecond() == 0 && t.Unix() > 0 && !t.After(maxTime)
}

// Check returns ErrEntry, wrapped, for terms that no entry may have: names, cameras and rights out of bounds, and guests and displays
// without an end, or owners with one.
func (t Terms) Check() error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	if err := checkCameras(t.Cameras); err != nil {
		return err
	}
	if t.Rights == 0 || t.Rights&^AllRights != 0 {
		return invalid("no right, or an unknown one")
	}
	return t.checkTerm()
}

func (t Terms) checkTerm() error {
	for _, at := range []time.Time{t.NotBefore, t.Expires} {
		if !at.IsZero() && !wholeSecond(at) {
			return invalid("times are whole seconds from 1970 to 9999")
		}
	}
	if !t.Expires.IsZero() && !t.NotBefore.Before(t.Expires) {
		return invalid("expires before it begins")
	}
	switch t.Role {
	case Owner:
		if t.Rights != AllRights || len(t.Cameras) != 0 || !t.NotBefore.IsZero() || !t.Expires.IsZero() {
			return invalid("an owner has all rights on all cameras, without end")
		}
	case Viewer:
	case Display, Guest:
		if t.NotBefore.IsZero() || t.Expires.IsZero() || t.Expires.Sub(t.NotBefore) > MaxTerm {
			return invalid("guests and displays need a beginning, and an end at most %d days later", MaxTerm/(24*time.Hour))
		}
	default:
		return invalid("unknown role %d", t.Role)
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

// Sign sets Issuer and Sig, for the log that the given agent keeps. The signer must be an owner device, R, or the key of the invitation
// that is redeemed; whether it is, Append will say. It returns ErrEntry, wrapped, or the signer's error.
func (e *Entry) Sign(s identity.Signer, agent identity.AgentID) error {
	public := s.Public()
	if len(public) != len(e.Issuer) {
		return identity.ErrKey
	}
	e.Issuer = [identity.PublicKeySize]byte(public)
	if err := e.check(); err != nil {
		return err
	}
	sig, err := s.Sign(e.toSign(agent))
	if err != nil {
		return fmt.Errorf("grant: signing: %w", err)
	}
	if len(sig) != len(e.Sig) {
		return fmt.Errorf("grant: signing: signature of %d bytes", len(sig))
	}
	e.Sig = [ed25519.SignatureSize]byte(sig)
	return nil
}

// VerifySignature reports whether the issuer signed the entry for the log of the given agent. Whether it was for the issuer to sign,
// the log alone knows.
func (e *Entry) VerifySignature(agent identity.AgentID) bool {
	issuer, err := identity.DevicePublicFromBytes(e.Issuer[:]) // whatever it is: none has a key of small order
	return err == nil && issuer.Verify(e.toSign(agent), e.Sig[:])
}

// Genesis returns entry 0 of a home, encoded: signed by its root key, naming its first owner. It is good for every agent that this owner
// claims for the home. issued is cut to whole seconds.
func Genesis(root identity.RootKey, owner identity.DevicePublic, name string, issued time.Time) ([]byte, error) {
	e := Entry{
		Home: root.Public().ID(), Kind: Add, Subject: owner, Issued: issued.Truncate(time.Second),
		Terms: Terms{Name: name, Rights: AllRights, Role: Owner},
	}
	if err := e.Sign(root.Signer(), identity.AgentID{}); err != nil {
		return nil, err
	}
	return e.MarshalBinary()
}

// Hash returns what the next entry has as Prev.
func (e *Entry) Hash() Hash {
	return sha256.Sum256(e.append([]byte(hashLabel)))
}

// toSign returns what the signature covers. Entry 0 is R's word about the first owner, whichever agent that owner claims.
func (e *Entry) toSign(agent identity.AgentID) []byte {
	if e.Seq == 0 {
		agent = identity.AgentID{}
	}
	b := make([]byte, 0, len(signatureLabel)+len(agent)+MaxEntry)
	return e.appendBody(append(append(b, signatureLabel...), agent[:]...))
}
