package control

import "log/slog"

// The messages of a session to pair: an approver, who is an owner's device, and a display, which has no keyboard. Each commits to its
// part of six digits before it knows the other's, both people compare them, and the display learns where it was let in.
//
//	approver: PairCommit → display: PairNonce → approver: PairReveal → both show digits → display: PairConfirmed → approver: PairApproved

// PairCommit is the approver's first message.
type PairCommit struct {
	Version    uint8    `cbor:"1,keyasint"`
	Commitment [32]byte `cbor:"2,keyasint"` // pairing.Nonce.Commitment
}

// PairNonce is the display's answer.
type PairNonce struct {
	Nonce [32]byte `cbor:"1,keyasint"` // pairing.Nonce
	Name  string   `cbor:"2,keyasint"` // what the display calls itself
}

// PairReveal opens the commitment. The digits follow from it.
type PairReveal struct {
	Nonce [32]byte `cbor:"1,keyasint"`
}

// PairConfirmed says that somebody at the display found the digits the same.
type PairConfirmed struct{}

// PairApproved tells the display which agent lets it in.
type PairApproved struct {
	Agent     [32]byte `cbor:"1,keyasint"` // its id
	AgentName string   `cbor:"2,keyasint"`
	Home      [32]byte `cbor:"3,keyasint"`
	Knock     [16]byte `cbor:"4,keyasint"` // token for the display's first knock
	Ephemeral bool     `cbor:"5,keyasint,omitempty"`
}

// LogValue keeps the token out of logs.
func (m *PairApproved) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", m.AgentName))
}

// PairReason says why two devices part.
type PairReason uint8

// The reasons of a PairRefused.
const (
	PairDigits    PairReason = 1 // the digits differ
	PairCancelled PairReason = 2 // somebody gave up
	PairFailed    PairReason = 3 // the agent did not take the grant
)

// PairRefused ends it, from either side.
type PairRefused struct {
	Reason PairReason `cbor:"1,keyasint"`
}

// PairCamera says how whoever called for a camera (pairing.CallLink) becomes its owner. It is the only message of that meeting.
type PairCamera struct {
	Agent [32]byte `cbor:"1,keyasint"` // its id
	Claim [16]byte `cbor:"2,keyasint"` // the secret of its claim link
}

// LogValue keeps the secret out of logs.
func (*PairCamera) LogValue() slog.Value { return slog.StringValue("[redacted]") }

func (*PairCommit) kind() Kind    { return KindPairCommit }
func (*PairNonce) kind() Kind     { return KindPairNonce }
func (*PairReveal) kind() Kind    { return KindPairReveal }
func (*PairConfirmed) kind() Kind { return KindPairConfirmed }
func (*PairApproved) kind() Kind  { return KindPairApproved }
func (*PairRefused) kind() Kind   { return KindPairRefused }
func (*PairCamera) kind() Kind    { return KindPairCamera }

func (*PairCommit) valid() bool     { return true }
func (*PairCamera) valid() bool     { return true }
func (m *PairNonce) valid() bool    { return len(m.Name) <= MaxName }
func (*PairReveal) valid() bool     { return true }
func (*PairConfirmed) valid() bool  { return true }
func (m *PairApproved) valid() bool { return len(m.AgentName) <= MaxName }
func (m *PairRefused) valid() bool  { return m.Reason >= PairDigits && m.Reason <= PairFailed }
