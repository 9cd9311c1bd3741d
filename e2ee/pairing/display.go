package pairing

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	// PairExporterLabel is what both ends ask of session's Export for the six digits, ExporterSize bytes.
	PairExporterLabel = "pair v1"

	codeSeedLabel  = "sealcam pair key v1"
	codeTokenLabel = "sealcam pair knock v1"
	commitLabel    = "sealcam pair commit v1"
	digitsLabel    = "sealcam pair digits v1"
)

var (
	// ErrCode is returned for text that is no short code.
	ErrCode = errors.New("pairing: the code has eight letters and digits, such as K7QF-2MRP; type it as the screen shows it")
	// ErrPin is returned for a screen that is not the one whose code was scanned.
	ErrPin = errors.New("pairing: another screen answered than the one that was scanned; start again at the screen")
)

// crockford is Douglas Crockford's base 32, without I, L, O and U.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Code is the short code that a screen without a keyboard shows. It is the place where screen and approver meet at the server, and no
// more: with 40 bits it can be guessed, which is why both then compare six digits.
type Code [5]byte

// NewCode makes a code out of random; nil stands for crypto/rand. The only errors are those of reading.
func NewCode(random io.Reader) (c Code, err error) {
	err = readRandom(random, c[:])
	return c, err
}

// ParseCode reads a code in any case, with spaces and dashes anywhere; I and L are read as 1, O as 0. It returns ErrCode.
func ParseCode(text string) (c Code, err error) {
	const longest = 64 // generous white space
	if len(text) > longest {
		return Code{}, ErrCode
	}
	symbols := strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\u00a0':
			return -1
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		switch r {
		case 'I', 'L':
			return '1'
		case 'O':
			return '0'
		}
		return r
	}, text)
	if len(symbols) != crockford.EncodedLen(len(c)) {
		return Code{}, ErrCode
	}
	b, err := crockford.DecodeString(symbols)
	if err != nil || len(b) != len(c) {
		return Code{}, ErrCode
	}
	return Code(b), nil
}

// String returns the code as the screen shows it: two groups of four characters.
func (c Code) String() string {
	s := c.text()
	return s[:len(s)/2] + "-" + s[len(s)/2:]
}

func (c Code) text() string { return crockford.EncodeToString(c[:]) }

// LogValue keeps the code out of logs.
func (Code) LogValue() slog.Value { return slog.StringValue(redacted) }

// Key returns the key with which the screen logs in at the server, as an agent would, so that the approver can knock there. Whoever
// knows the code has it, and nothing else is ever done with it.
func (c Code) Key() identity.AgentKey {
	key, err := identity.AgentFromSeed(derive(c[:], codeSeedLabel, identity.SeedSize))
	if err != nil {
		panic(err) // a key of small order: there is no such code but by a chance of 1 in 2^200
	}
	return key
}

// Token returns what the approver shows to the server.
func (c Code) Token() identity.Token {
	return identity.Token(derive(c[:], codeTokenLabel, len(identity.Token{})))
}

// Pin is the first 16 bytes of a device's id: who scans it knows whom to expect.
type Pin [16]byte

// PinOf returns a device's pin.
func PinOf(d identity.DevicePublic) Pin {
	id := d.ID()
	return Pin(id[:len(Pin{})])
}

// Check returns nil if the device is the one that was pinned, and else ErrPin.
func (p Pin) Check(d identity.DevicePublic) error {
	got := PinOf(d)
	if subtle.ConstantTimeCompare(got[:], p[:]) != 1 {
		return ErrPin
	}
	return nil
}

// PairLink is what the screen shows as a QR code.
type PairLink struct {
	Server string
	Code   Code
	Device Pin // of the screen's key
}

// String returns the link: https://server/#pair=v1.<code, without the dash>.<pin and checksum>.
func (l PairLink) String() string {
	return writeLink(l.Server, pairKey, l.Code.text(), writeChecked(l.Device[:], pairCheckLabel, l.Code[:]))
}

// LogValue keeps the code out of logs.
func (l PairLink) LogValue() slog.Value { return slog.GroupValue(slog.String("server", l.Server)) }

// ParsePair reads the part of a pair link behind the "#", as [ParseFragment] does.
func ParsePair(fragment string) (Code, Pin, error) {
	parts, err := cutLink(pairKey, fragment, 2)
	if err != nil {
		return Code{}, Pin{}, err
	}
	code, err := ParseCode(parts[0])
	if err != nil || code.text() != parts[0] { // a link is not typed by hand
		return Code{}, Pin{}, ErrMistyped
	}
	var pin Pin
	if err := readChecked(parts[1], pin[:], pairCheckLabel, code[:]); err != nil {
		return Code{}, Pin{}, err
	}
	return code, pin, nil
}

// Nonce is one end's part in the six digits.
type Nonce [32]byte

// NewNonce makes a nonce out of random; nil stands for crypto/rand. The only errors are those of reading.
func NewNonce(random io.Reader) (n Nonce, err error) {
	err = readRandom(random, n[:])
	return n, err
}

// Commitment returns what the approver sends before it knows the screen's nonce: SHA-256("sealcam pair commit v1" ‖ nonce).
func (n Nonce) Commitment() [sha256.Size]byte {
	return sha256.Sum256(append([]byte(commitLabel), n[:]...))
}

// Opens reports whether the nonce is the one committed to.
func (n Nonce) Opens(commitment [sha256.Size]byte) bool {
	own := n.Commitment()
	return subtle.ConstantTimeCompare(own[:], commitment[:]) == 1
}

// Digits returns what both ends show, such as "042 517": the first 64 bits of SHA-256("sealcam pair digits v1" ‖ exporter ‖ approver's
// nonce ‖ screen's nonce), modulo a million. Somebody between the two has a session with each, thus two exporters, and must fix his
// nonces before he learns theirs, so that he is found but for one in a million. exporter is ExporterSize bytes of the session; for any
// other length there are no digits.
func Digits(exporter []byte, approver, display Nonce) string {
	if len(exporter) != ExporterSize {
		return ""
	}
	b := append([]byte(digitsLabel), exporter...)
	b = append(b, approver[:]...)
	sum := sha256.Sum256(append(b, display[:]...))
	n := binary.BigEndian.Uint64(sum[:]) % 1_000_000
	return fmt.Sprintf("%03d %03d", n/1000, n%1000)
}
