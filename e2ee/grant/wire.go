package grant

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	signatureLabel = "sealcam grant sig v1"
	hashLabel      = "sealcam grant entry v1"
	wireVersion    = 1
)

// An entry, integers big-endian:
//
//	version(1) ‖ kind(1) ‖ home(32) ‖ seq(8) ‖ prev(32) ‖ subject(32) ‖ issuer(32) ‖ issued(8) ‖ redeem before(8) ‖
//	role(1) ‖ rights(2) ‖ not before(8) ‖ expires(8) ‖ name length(1) ‖ name ‖ camera count(2) ‖ camera(16)… ‖ signature(64)
const (
	fixedSize     = 1 + 1 + 32 + 8 + 32 + 32 + 32 + 8 + 8 + 1 + 2 + 8 + 8
	signatureSize = 64
	cameraSize    = 16
	minEntry      = fixedSize + 1 + 2 + signatureSize
	frameHeader   = 4 // length before an entry in a log
)

// MaxEntry is the length in bytes of the longest encoded entry.
const MaxEntry = minEntry + MaxName + MaxCameras*cameraSize

// MarshalBinary returns the entry's one encoding. It returns ErrEntry, wrapped.
func (e *Entry) MarshalBinary() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	return e.append(make([]byte, 0, e.size())), nil
}

// size returns how long the encoding is.
func (e *Entry) size() int { return minEntry + len(e.Name) + len(e.Cameras)*cameraSize }

func (e *Entry) append(b []byte) []byte { return append(e.appendBody(b), e.Sig[:]...) }

// appendBody appends what the signature covers, of an entry that passed check.
func (e *Entry) appendBody(b []byte) []byte {
	b = append(b, wireVersion, byte(e.Kind))
	b = append(b, e.Home[:]...)
	b = binary.BigEndian.AppendUint64(b, e.Seq)
	b = append(b, e.Prev[:]...)
	b = append(b, e.Subject.Bytes()...)
	b = append(b, e.Issuer[:]...)
	b = binary.BigEndian.AppendUint64(b, seconds(e.Issued))
	b = binary.BigEndian.AppendUint64(b, seconds(e.RedeemBefore))
	b = append(b, byte(e.Role))
	b = binary.BigEndian.AppendUint16(b, uint16(e.Rights))
	b = binary.BigEndian.AppendUint64(b, seconds(e.NotBefore))
	b = binary.BigEndian.AppendUint64(b, seconds(e.Expires))
	b = append(b, byte(len(e.Name)))
	b = append(b, e.Name...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Cameras)))
	for _, id := range e.Cameras {
		b = append(b, id[:]...)
	}
	return b
}

// ParseEntry reads exactly one encoded entry. It returns ErrEntry, wrapped, for what is cut off, too long, or breaks a rule by
// itself. Its signature and place are for [Log.Append] to check.
func ParseEntry(b []byte) (Entry, error) {
	if len(b) < minEntry || len(b) > MaxEntry {
		return Entry{}, invalid("%d bytes", len(b))
	}
	if b[0] != wireVersion {
		return Entry{}, invalid("unknown version %d", b[0])
	}
	var e Entry
	e.Kind = Kind(b[1])
	fixed := b[2:fixedSize]
	take := func(n int) []byte {
		part := fixed[:n]
		fixed = fixed[n:]
		return part
	}
	copy(e.Home[:], take(32))
	e.Seq = binary.BigEndian.Uint64(take(8))
	copy(e.Prev[:], take(32))
	subject, err := identity.DevicePublicFromBytes(take(identity.PublicKeySize))
	if err != nil {
		return Entry{}, invalid("subject: %w", err)
	}
	e.Subject = subject
	copy(e.Issuer[:], take(32))
	inRange := true
	takeTime := func() time.Time {
		at, ok := fromSeconds(binary.BigEndian.Uint64(take(8)))
		inRange = inRange && ok
		return at
	}
	e.Issued, e.RedeemBefore = takeTime(), takeTime()
	e.Role = Role(take(1)[0])
	e.Rights = Rights(binary.BigEndian.Uint16(take(2)))
	e.NotBefore, e.Expires = takeTime(), takeTime()
	if !inRange {
		return Entry{}, invalid("time out of range")
	}

	rest, sig := b[fixedSize:len(b)-signatureSize], b[len(b)-signatureSize:]
	nameLen := int(rest[0])
	if len(rest) < 1+nameLen+2 {
		return Entry{}, invalid("cut off in the name")
	}
	e.Name, rest = string(rest[1:1+nameLen]), rest[1+nameLen:]
	cameras := int(binary.BigEndian.Uint16(rest))
	if rest = rest[2:]; len(rest) != cameras*cameraSize {
		return Entry{}, invalid("%d bytes for %d cameras", len(rest), cameras)
	}
	for id := range slices.Chunk(rest, cameraSize) {
		e.Cameras = append(e.Cameras, identity.CameraID(id))
	}
	copy(e.Sig[:], sig)
	return e, e.check()
}

func seconds(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix())
}

func fromSeconds(s uint64) (time.Time, bool) {
	if s == 0 {
		return time.Time{}, true
	}
	if s > uint64(maxTime.Unix()) {
		return time.Time{}, false
	}
	return time.Unix(int64(s), 0).UTC(), true
}

// MarshalBinary returns the whole log: version(1), then for each entry length(4) ‖ entry. So an entry is added to a stored log by
// appending bytes.
func (l *Log) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, l.size)
	b = append(b, wireVersion)
	for i := range l.entries {
		b = AppendFramed(b, &l.entries[i])
	}
	return b, nil
}

// AppendFramed appends length(4) ‖ entry, which is how a stored log goes on. The entry must have come out of a Log.
func AppendFramed(b []byte, e *Entry) []byte {
	start := len(b)
	b = e.append(append(b, 0, 0, 0, 0))
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-frameHeader))
	return b
}

// Part returns the entries from number from on as a stored log holds them, framed, as many as fit into limit bytes, but one at least if
// there is one.
func (l *Log) Part(from uint64, limit int) []byte {
	if from >= uint64(len(l.entries)) {
		return nil
	}
	var b []byte
	for i := range l.entries[from:] {
		e := &l.entries[from+uint64(i)]
		if i > 0 && len(b)+frameHeader+e.size() > limit {
			break
		}
		b = AppendFramed(b, e)
	}
	return b
}

// AppendPart appends what Part returned. It returns how many entries it took; on an error, which is as Parse's, those before the bad one
// are in the log.
func (l *Log) AppendPart(framed []byte) (taken int, err error) {
	for len(framed) > 0 {
		var entry []byte
		if entry, framed, err = cutFrame(framed); err == nil {
			err = l.AppendBytes(entry)
		}
		if err != nil {
			return taken, fmt.Errorf("entry %d: %w", len(l.entries), err)
		}
		taken++
	}
	return taken, nil
}

// cutFrame splits the first entry off.
func cutFrame(b []byte) (entry, rest []byte, err error) {
	if len(b) < frameHeader {
		return nil, nil, invalid("cut off")
	}
	n := binary.BigEndian.Uint32(b)
	if b = b[frameHeader:]; uint64(n) > uint64(len(b)) {
		return nil, nil, invalid("cut off")
	}
	return b[:n], b[n:], nil
}

// Parse reads a whole log of the given agent and checks every entry as Append does. It returns ErrEntry or an error of Append, wrapped
// with the entry's number.
func Parse(b []byte, agent identity.AgentID) (*Log, error) {
	return ParseChecked(b, agent, 0, Hash{})
}

// ParseChecked is Parse for a log of which the first length entries, up to head, were checked before, as a trusted note says. If the chain
// of their hashes ends in head they are the same ones, and their signatures, which cost the most by far, are not looked at again. If it
// does not, every signature is.
func ParseChecked(b []byte, agent identity.AgentID, length uint64, head Hash) (*Log, error) {
	if len(b) == 0 || len(b) > MaxLog || b[0] != wireVersion {
		return nil, invalid("log of %d bytes or of unknown version", len(b))
	}
	b = b[1:]
	if !endsIn(b, length, head) {
		length = 0
	}
	l := NewLog(agent)
	for len(b) > 0 {
		var encoded []byte
		var e Entry
		var err error
		if encoded, b, err = cutFrame(b); err == nil {
			if e, err = ParseEntry(encoded); err == nil {
				err = l.append(e, uint64(len(l.entries)) >= length)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(l.entries), err)
		}
	}
	return l, nil
}

// endsIn reports whether the hash of the entry before number length is head. It need look at no other: each entry holds the hash of the
// one before, which append checks.
func endsIn(framed []byte, length uint64, head Hash) bool {
	if length == 0 || length > MaxEntries {
		return false
	}
	var entry []byte
	for range length {
		var err error
		if entry, framed, err = cutFrame(framed); err != nil {
			return false
		}
	}
	return hashEncoded(entry) == head
}

func hashEncoded(entry []byte) Hash {
	h := sha256.New()
	h.Write([]byte(hashLabel))
	h.Write(entry)
	return Hash(h.Sum(nil))
}
