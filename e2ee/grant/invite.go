package grant

import (
	"errors"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// InviteState is the condition of an invitation.
type InviteState uint8

// The conditions of an invitation. Whether an open one is too old depends on a clock: [Invitation.Redeemable].
const (
	InviteOpen    InviteState = 1
	InviteUsed    InviteState = 2
	InviteRevoked InviteState = 3 // by an owner, or because who issued it is an owner no longer
)

// Why an invitation lets nobody in, each a sentence for who was invited.
var (
	ErrInviteUsed    = errors.New("grant: this invitation was used already; ask for a new one")
	ErrInviteRevoked = errors.New("grant: this invitation was taken back; ask for a new one")
	ErrInviteExpired = errors.New("grant: this invitation has expired; ask for a new one")
	// ErrInviteTerms is returned by Append for an entry that would make of an invitation something else than it offers.
	ErrInviteTerms = errors.New("grant: entry's terms are not those of the invitation")
)

// Invitation is what the log says of an Invite entry.
type Invitation struct {
	Key    identity.DevicePublic // whose private half the link leads to
	Entry  Entry                 // its cameras are shared and must not be changed
	State  InviteState
	UsedBy identity.DevicePublic // the device that came by it; zero if none did
}

// Redeemable returns nil if the invitation can be used at now, and otherwise ErrInviteUsed, ErrInviteRevoked or ErrInviteExpired.
func (i Invitation) Redeemable(now time.Time) error {
	switch i.State {
	case InviteUsed:
		return ErrInviteUsed
	case InviteRevoked:
		return ErrInviteRevoked
	}
	if i.State != InviteOpen || !now.Before(i.Entry.RedeemBefore) || !i.Entry.Expires.IsZero() && !now.Before(i.Entry.Expires) {
		return ErrInviteExpired
	}
	return nil
}

// Redeem returns the entry by which device would redeem the invitation as the log's next one, for the invitation's key to sign: an Add,
// or a Grant if the device is a member. issued is cut to whole seconds.
func (l *Log) Redeem(i Invitation, device identity.DevicePublic, issued time.Time) Entry {
	kind := Add
	if m := l.members[device]; m != nil && !m.Revoked {
		kind = Grant
	}
	e := l.Next(kind, device)
	e.Issued, e.Terms = issued.Truncate(time.Second), i.Entry.Terms
	return e
}

// Invites returns all invitations that the log ever held, in the order of their entries.
func (l *Log) Invites() []Invitation {
	invites := make([]Invitation, len(l.invites))
	for n, i := range l.invites {
		invites[n] = *i
	}
	return invites
}

// Invitation returns the invitation with the given key, and false if there is none.
func (l *Log) Invitation(key identity.DevicePublic) (Invitation, bool) {
	i := l.byKey[key]
	if i == nil {
		return Invitation{}, false
	}
	return *i, true
}

// checkRedemption checks an entry whose issuer is neither R nor an owner: it must be the key of an open invitation, doing the one thing
// that such a key may do.
func (l *Log) checkRedemption(e *Entry) (*Invitation, error) {
	key, err := identity.DevicePublicFromBytes(e.Issuer[:])
	if err != nil {
		return nil, ErrIssuer
	}
	i := l.byKey[key]
	switch {
	case i == nil || e.Kind != Add && e.Kind != Grant:
		return nil, ErrIssuer
	case i.State == InviteUsed:
		return nil, ErrInviteUsed
	case i.State != InviteOpen:
		return nil, ErrInviteRevoked
	case !e.Terms.Equal(i.Entry.Terms):
		return nil, ErrInviteTerms
	}
	// A guest may come again by another link. But a link, which may have got into wrong hands, takes nothing from who has it for good.
	if m := l.members[e.Subject]; e.Kind == Grant && m != nil && !m.Revoked && (m.Role == Owner || m.Expires.IsZero()) {
		return nil, ErrSubject
	}
	return i, nil
}

// voidInvites closes what an owner who is one no longer has left open. It stays closed if that device becomes an owner again.
func (l *Log) voidInvites(owner identity.DevicePublic) {
	issuer := raw(owner)
	for _, i := range l.invites {
		if i.State == InviteOpen && i.Entry.Issuer == issuer {
			i.State = InviteRevoked
		}
	}
}
