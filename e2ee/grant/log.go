package grant

import (
	"errors"
	"slices"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// Limits of a log. The last places are kept for revocations and for R, which must always be possible.
const (
	MaxEntries = 1 << 14
	MaxLog     = 4 << 20 // bytes

	reservedEntries = 256
	reservedBytes   = reservedEntries * (4 + minEntry)
)

// What Append refuses, beside ErrEntry and the errors about invitations.
var (
	ErrChain     = errors.New("grant: entry does not follow on the log's last one")
	ErrSignature = errors.New("grant: entry's signature is wrong")
	ErrIssuer    = errors.New("grant: entry's issuer is not an owner")
	ErrSubject   = errors.New("grant: entry's kind does not fit its subject")
	ErrLastOwner = errors.New("grant: the last owner cannot be taken away; add another first")
	ErrFull      = errors.New("grant: the log is full")
)

// Log is a valid log. It is not safe for concurrent use.
type Log struct {
	agent   identity.AgentID
	entries []Entry
	hashes  []Hash
	size    int // bytes, encoded
	root    identity.RootPublic
	home    identity.HomeID
	members map[identity.DevicePublic]*Member
	owners  int
	invites []*Invitation // in the order of their entries
	byKey   map[identity.DevicePublic]*Invitation
}

// Member is a device and what the log says of it.
type Member struct {
	Device identity.DevicePublic
	Terms
	Added   time.Time                    // when it was let in, by the issuer's clock; the first time since it was revoked last
	By      [identity.PublicKeySize]byte // who let it in: an owner's key, R, or that of an invitation
	Seq     uint64                       // of the entry that says so
	Changed time.Time                    // when that entry was issued
	Revoked bool                         // the other fields then show what was
}

// NewLog returns an empty log, for the agent that keeps it.
func NewLog(agent identity.AgentID) *Log { return &Log{agent: agent} }

// Agent returns which agent keeps the log.
func (l *Log) Agent() identity.AgentID { return l.agent }

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

// IsRoot reports whether a device's key is R, which is no member but may have a session to recover the home.
func (l *Log) IsRoot(d identity.DevicePublic) bool { return l.isRoot(raw(d)) }

func (l *Log) isRoot(key [identity.PublicKeySize]byte) bool {
	return len(l.entries) > 0 && key == [identity.PublicKeySize]byte(l.root.Bytes())
}

func raw(d identity.DevicePublic) [identity.PublicKeySize]byte {
	return [identity.PublicKeySize]byte(d.Bytes())
}

// Len returns how many entries there are.
func (l *Log) Len() int { return len(l.entries) }

// Entries returns a copy of the entries from number from on; the cameras of an entry are shared and must not be changed.
func (l *Log) Entries(from uint64) []Entry {
	if from >= uint64(len(l.entries)) {
		return nil
	}
	return slices.Clone(l.entries[from:])
}

// Next returns an entry of the given kind about subject that would follow on the log, for the caller to date, fill in and sign.
func (l *Log) Next(kind Kind, subject identity.DevicePublic) Entry {
	return Entry{Home: l.home, Seq: uint64(len(l.entries)), Prev: l.Head(), Kind: kind, Subject: subject}
}

// Append adds an entry if it breaks no rule, and otherwise leaves the log as it was and returns ErrEntry, ErrChain, ErrSignature,
// ErrIssuer, ErrSubject, ErrLastOwner, ErrFull, ErrInviteUsed, ErrInviteRevoked or ErrInviteTerms, wrapped or not.
func (l *Log) Append(e Entry) error { return l.append(e, true) }

// Check returns what Append would, and leaves the log as it is: for who must keep an entry on disk before it counts.
func (l *Log) Check(e Entry) error {
	_, _, err := l.check(&e, true)
	return err
}

// append leaves the signature alone if the entry is known to have passed before.
func (l *Log) append(e Entry, verify bool) error {
	root, invitation, err := l.check(&e, verify)
	if err != nil {
		return err
	}
	e.Cameras = slices.Clone(e.Cameras)
	if len(l.entries) == 0 {
		l.root, l.home, l.size = root, e.Home, 1
		l.members = make(map[identity.DevicePublic]*Member)
		l.byKey = make(map[identity.DevicePublic]*Invitation)
	}
	l.entries = append(l.entries, e)
	l.hashes = append(l.hashes, e.Hash())
	l.size += e.size() + frameHeader
	l.apply(&e)
	if invitation != nil {
		invitation.State, invitation.UsedBy = InviteUsed, e.Subject
	}
	return nil
}

// check returns R, and the invitation that the entry redeems, if it does.
func (l *Log) check(e *Entry, verify bool) (identity.RootPublic, *Invitation, error) {
	none := identity.RootPublic{}
	if err := e.check(); err != nil {
		return none, nil, err
	}
	if err := l.checkRoom(e, e.size()+frameHeader); err != nil {
		return none, nil, err
	}
	if e.Seq != uint64(len(l.entries)) || e.Prev != l.Head() {
		return none, nil, ErrChain
	}
	root, err := l.checkRoot(e)
	if err != nil {
		return none, nil, err
	}
	invitation, err := l.checkIssuer(e, root)
	if err != nil {
		return none, nil, err
	}
	if verify && !e.VerifySignature(l.agent) {
		return none, nil, ErrSignature
	}
	return root, invitation, l.checkSubject(e, root)
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
	if e.Kind != Revoke && !l.isRoot(e.Issuer) {
		entries, size = entries-reservedEntries, size-reservedBytes
	}
	if len(l.entries) >= entries || l.size+encoded > size {
		return ErrFull
	}
	return nil
}

// checkRoot returns R: of entry 0 its issuer, whose id the home's must be.
func (l *Log) checkRoot(e *Entry) (identity.RootPublic, error) {
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
	return root, nil
}

// checkIssuer checks that the issuer may sign such an entry here. It returns the invitation that the entry redeems, if it does.
func (l *Log) checkIssuer(e *Entry, root identity.RootPublic) (*Invitation, error) {
	if e.Issuer == [identity.PublicKeySize]byte(root.Bytes()) || l.isOwner(e.Issuer) {
		return nil, nil
	}
	return l.checkRedemption(e)
}

func (l *Log) isOwner(key [identity.PublicKeySize]byte) bool {
	device, err := identity.DevicePublicFromBytes(key[:])
	if err != nil {
		return false
	}
	m := l.members[device]
	return m != nil && !m.Revoked && m.Role == Owner
}

func (l *Log) checkSubject(e *Entry, root identity.RootPublic) error {
	if raw(e.Subject) == [identity.PublicKeySize]byte(root.Bytes()) {
		return ErrSubject // R is nobody's device
	}
	m := l.members[e.Subject]
	if invitation := l.byKey[e.Subject]; invitation != nil {
		if e.Kind == Revoke && invitation.State == InviteOpen {
			return nil
		}
		return ErrSubject // an invitation's key is made for one use and is no device's
	}
	if e.Kind == Invite {
		if m != nil {
			return ErrSubject
		}
		return nil
	}
	isMember := m != nil && !m.Revoked
	if isMember != (e.Kind != Add) {
		return ErrSubject
	}
	if isMember && l.losesOwner(m, e) && l.owners == 1 {
		return ErrLastOwner
	}
	return nil
}

// losesOwner reports whether e, which is about m, takes an owner away.
func (l *Log) losesOwner(m *Member, e *Entry) bool {
	return m.Role == Owner && !m.Revoked && (e.Kind == Revoke || e.Role != Owner)
}

func (l *Log) apply(e *Entry) {
	if e.Kind == Invite {
		invitation := &Invitation{Key: e.Subject, Entry: *e, State: InviteOpen}
		l.invites, l.byKey[e.Subject] = append(l.invites, invitation), invitation
		return
	}
	if invitation := l.byKey[e.Subject]; invitation != nil {
		invitation.State = InviteRevoked
		return
	}
	m := l.members[e.Subject]
	if m == nil {
		m = &Member{Device: e.Subject, Revoked: true}
		l.members[e.Subject] = m
	}
	if l.losesOwner(m, e) {
		l.owners--
		l.voidInvites(e.Subject)
	}
	m.Seq, m.Changed = e.Seq, e.Issued
	if e.Kind == Revoke {
		m.Revoked = true
		return
	}
	if e.Role == Owner && (m.Revoked || m.Role != Owner) {
		l.owners++
	}
	if m.Revoked {
		m.Revoked, m.Added, m.By = false, e.Issued, e.Issuer
	}
	m.Terms = e.Terms
}
