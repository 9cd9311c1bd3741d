package grant

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// Limits of a log. The last ones are kept for revocations, which must always be possible.
const (
	MaxEntries = 1 << 14
	MaxLog     = 4 << 20 // bytes

	reservedEntries = 256
	reservedBytes   = reservedEntries * (4 + minEntry)
)

// What Append refuses, beside ErrEntry.
var (
	ErrChain     = errors.New("grant: entry does not follow on the log's last one")
	ErrSignature = errors.New("grant: entry's signature is wrong")
	ErrIssuer    = errors.New("grant: entry's issuer is not an owner")
	ErrSubject   = errors.New("grant: entry's kind does not fit its subject")
	ErrLastOwner = errors.New("grant: the last owner cannot be taken away; add another first")
	ErrFull      = errors.New("grant: the log is full")
)

// What Includes finds.
var (
	ErrRollback = errors.New("grant: the log lacks entries that it had before")
	ErrFork     = errors.New("grant: the log's past differs from what it was before")
)

// Log is a valid log. The zero value is empty and takes a genesis entry. It is not safe for concurrent use.
type Log struct {
	entries []Entry
	hashes  []Hash
	size    int // bytes, encoded
	root    identity.RootPublic
	home    identity.HomeID
	members map[identity.DevicePublic]*Member
	owners  int
}

// Member is a device and what the log says of it.
type Member struct {
	Device    identity.DevicePublic
	Name      string
	Role      Role
	Rights    Rights
	Cameras   []identity.CameraID // empty: all
	NotBefore time.Time
	Expires   time.Time
	Seq       uint64 // of the entry that says so
	Revoked   bool   // the other fields then show what was
}

// NewLog returns an empty log.
func NewLog() *Log { return new(Log) }

// Head returns the hash of the last entry, which with Len identifies the log's state; zero for an empty one.
func (l *Log) Head() Hash {
	if len(l.hashes) == 0 {
		return Hash{}
	}
	return l.hashes[len(l.hashes)-1]
}

// Home returns whose log it is; zero for an empty one.
func (l *Log) Home() identity.HomeID { return l.home }

// Root returns R; zero for an empty log.
func (l *Log) Root() identity.RootPublic { return l.root }

// Len returns how many entries there are.
func (l *Log) Len() int { return len(l.entries) }

// Entries returns a copy of the entries from number from on; the cameras of an entry are shared and must not be changed.
func (l *Log) Entries(from uint64) []Entry {
	if from >= uint64(len(l.entries)) {
		return nil
	}
	return slices.Clone(l.entries[from:])
}

// Next returns an entry of the given kind about subject that would follow on the log, for the caller to fill in and sign.
func (l *Log) Next(kind Kind, subject identity.DevicePublic) Entry {
	return Entry{Home: l.home, Seq: uint64(len(l.entries)), Prev: l.Head(), Kind: kind, Subject: subject}
}

// Append adds an entry if it breaks no rule, and otherwise leaves the log as it was and returns ErrEntry, ErrChain, ErrSignature,
// ErrIssuer, ErrSubject, ErrLastOwner or ErrFull, wrapped or not.
func (l *Log) Append(e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	encoded := len(e.append(nil)) + 4
	if err := l.checkRoom(&e, encoded); err != nil {
		return err
	}
	if e.Seq != uint64(len(l.entries)) || e.Prev != l.Head() {
		return ErrChain
	}
	root, err := l.checkIssuer(&e)
	if err != nil {
		return err
	}
	if err := l.checkSubject(&e); err != nil {
		return err
	}

	e.Cameras = slices.Clone(e.Cameras)
	if len(l.entries) == 0 {
		l.root, l.home, l.size = root, e.Home, 1
		l.members = make(map[identity.DevicePublic]*Member)
	}
	l.entries = append(l.entries, e)
	l.hashes = append(l.hashes, e.Hash())
	l.size += encoded
	l.apply(&e)
	return nil
}

// AppendBytes parses one encoded entry and appends it, with the errors of ParseEntry and Append.
func (l *Log) AppendBytes(encoded []byte) error {
	e, err := ParseEntry(encoded)
	if err != nil {
		return err
	}
	return l.Append(e)
}

func (l *Log) checkRoom(e *Entry, encoded int) error {
	entries, size := MaxEntries, MaxLog
	if e.Kind != Revoke {
		entries, size = entries-reservedEntries, size-reservedBytes
	}
	if len(l.entries) >= entries || l.size+encoded > size {
		return ErrFull
	}
	return nil
}

// checkIssuer checks home, issuer and signature, and returns R.
func (l *Log) checkIssuer(e *Entry) (identity.RootPublic, error) {
	root := l.root
	if len(l.entries) == 0 {
		var err error
		if root, err = identity.RootPublicFromBytes(e.Issuer[:]); err != nil {
			return root, ErrIssuer
		}
		if e.Kind != Add || e.Role != Owner {
			return root, invalid("a log begins with an owner")
		}
	}
	if e.Home != root.ID() {
		return root, ErrChain
	}
	if e.Issuer != [identity.PublicKeySize]byte(root.Bytes()) && !l.isOwner(e.Issuer) {
		return root, ErrIssuer
	}
	if !ed25519.Verify(e.Issuer[:], e.toSign(), e.Sig[:]) {
		return root, ErrSignature
	}
	return root, nil
}

func (l *Log) isOwner(raw [identity.PublicKeySize]byte) bool {
	device, err := identity.DevicePublicFromBytes(raw[:])
	if err != nil {
		return false
	}
	m := l.members[device]
	return m != nil && !m.Revoked && m.Role == Owner
}

func (l *Log) checkSubject(e *Entry) error {
	m := l.members[e.Subject]
	isMember := m != nil && !m.Revoked
	if isMember != (e.Kind != Add) {
		return ErrSubject
	}
	losesOwner := isMember && m.Role == Owner && (e.Kind == Revoke || e.Role != Owner)
	if losesOwner && l.owners == 1 {
		return ErrLastOwner
	}
	return nil
}

func (l *Log) apply(e *Entry) {
	m := l.members[e.Subject]
	if m != nil && !m.Revoked && m.Role == Owner {
		l.owners--
	}
	if e.Kind == Revoke {
		m.Revoked, m.Seq = true, e.Seq
		return
	}
	if e.Role == Owner {
		l.owners++
	}
	l.members[e.Subject] = &Member{
		Device: e.Subject, Name: e.Name, Role: e.Role, Rights: e.Rights, Cameras: e.Cameras,
		NotBefore: e.NotBefore, Expires: e.Expires, Seq: e.Seq,
	}
}

// Includes checks that the log, which is to be the later one, goes on from a state seen before, of length entries with the given head,
// without having lost or changed anything of it. It returns ErrRollback or ErrFork.
func (l *Log) Includes(length uint64, head Hash) error {
	switch {
	case length > uint64(len(l.hashes)):
		return ErrRollback
	case length == 0 && head != Hash{}, length > 0 && l.hashes[length-1] != head:
		return ErrFork
	}
	return nil
}
