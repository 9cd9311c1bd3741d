package viewer

import (
	"fmt"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/viewer/words"
)

// maxOffers is how often an agent may offer the same invitation because its log has grown meanwhile.
const maxOffers = 10

// opened is the link that the page was opened with and that is still to be redeemed: one of the two, or none.
type opened struct {
	claim  *Claim
	invite *Invite
}

func (o opened) none() bool { return o.claim == nil && o.invite == nil }

// token is what whoever holds the link knocks with.
func (o opened) token(agent identity.AgentID) (identity.Token, error) {
	if o.claim != nil {
		return o.claim.Secret.Token(), nil
	}
	return pairing.InviteToken(o.invite.Secret.InviteKey(), agent), nil
}

// progress says what is being done with the link.
func (o opened) progress() string {
	if o.claim != nil {
		return words.Say("Claiming the agent …")
	}
	return words.Say("Opening the invitation …")
}

// reason gives reasons that mean something else to somebody who opened a link.
func (o opened) reason(r Reason) Reason {
	if o.claim != nil {
		switch r {
		case ReasonAgentOffline:
			return ReasonClaimSilent
		case ReasonNotAllowed:
			return ReasonClaimExpired
		}
		return r
	}
	switch r {
	case ReasonAgentOffline:
		return ReasonInviteSilent
	case ReasonClaimUsed:
		return ReasonInviteUsed
	case ReasonClaimExpired:
		return ReasonInviteExpired
	case ReasonClaimWrong, ReasonNotAllowed:
		return ReasonInviteWrong
	}
	return r
}

// admits tells that a link may help where the device's own grant does not.
func (r Reason) admits() bool {
	switch r {
	case ReasonAgentOffline, ReasonNotAllowed, ReasonRevoked, ReasonExpired:
		return true
	}
	return false
}

// redemption is the beginning of one session: what this device sent to be let in, and what the agent's answers are held against.
type redemption struct {
	opened
	self  identity.DevicePublic
	agent identity.AgentPublic
	now   func() time.Time

	exporter []byte // with a claim
	offers   int
	entry    *grant.Entry // by which the invitation is redeemed, as signed last
}

// hello returns the first message.
func (r *redemption) hello(conn *session.Conn, name string) (*control.Hello, error) {
	hello := &control.Hello{Version: control.Version, DeviceName: truncate(name, control.MaxName)}
	switch {
	case r.claim != nil:
		exporter, err := conn.Export(pairing.ExporterLabel, pairing.ExporterSize)
		if err != nil {
			return nil, err
		}
		r.exporter = exporter
		hello.Claim = &control.Claim{
			Proof: pairing.ViewerProof(r.claim.Secret, exporter, r.self, r.agent), Genesis: r.claim.Genesis,
		}
	case r.invite != nil:
		hello.Invite = r.invite.Secret.InviteKey().Bytes()
	}
	return hello, nil
}

// redeem answers an agent that offers the invitation with the entry that redeems it. The invitation's key signs nothing else: an entry
// about this device, in the log of this agent, with the terms that the owner wrote.
func (r *redemption) redeem(m *control.Redeem) (*control.Append, error) {
	if r.offers++; r.invite == nil || r.offers > maxOffers {
		return nil, control.ErrMessage
	}
	offer, err := grant.ParseEntry(m.Entry)
	if err != nil {
		return nil, fmt.Errorf("%w: the invitation: %w", errAccept, err)
	}
	agent := r.agent.ID()
	switch {
	case offer.Kind != grant.Invite || offer.Subject != r.invite.Secret.InviteKey():
		return nil, fmt.Errorf("%w: it offers another invitation", errAccept)
	case offer.Home != m.Home || offer.Seq >= m.Seq:
		return nil, fmt.Errorf("%w: the invitation is of another home or of a later time", errAccept)
	case !offer.VerifySignature(agent):
		return nil, fmt.Errorf("%w: the invitation was made for another agent, or changed", errAccept)
	}
	entry := grant.Entry{
		Home: m.Home, Seq: m.Seq, Prev: m.Prev, Kind: grant.Add, Subject: r.self, Issued: r.now().Truncate(time.Second), Terms: offer.Terms,
	}
	if m.Renew {
		entry.Kind = grant.Grant // this device was let in before
	}
	if err := entry.Sign(r.invite.Secret.InviteSigner(), agent); err != nil {
		return nil, fmt.Errorf("viewer: redeeming the invitation: %w", err)
	}
	encoded, err := entry.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("viewer: redeeming the invitation: %w", err)
	}
	r.entry = &entry
	return &control.Append{Request: 1, Entry: encoded}, nil
}

// verify checks the agent's acceptance against what was sent.
func (r *redemption) verify(a *control.Accept) (*welcome, error) {
	w := &welcome{Accept: a}
	founded, err := verifyClaim(a, r.claim, r.exporter, r.self, r.agent)
	if err != nil {
		return nil, err
	}
	if founded {
		w.fresh, w.genesis = true, r.claim.Genesis
	}
	if e := r.entry; e != nil {
		w.fresh = true
		switch {
		case a.Home != e.Home, a.LogLength <= e.Seq, a.LogLength == e.Seq+1 && a.LogHead != e.Hash():
			return nil, fmt.Errorf("%w: its log does not hold the invitation's redemption", errAccept)
		case a.LogLength == e.Seq+1 && (grant.Role(a.Role) != e.Role || grant.Rights(a.Rights) != e.Rights || !expiry(a.Expires).Equal(e.Expires)):
			return nil, fmt.Errorf("%w: its terms are not the invitation's", errAccept)
		}
	}
	return w, verifyAccept(a, r.agent)
}
