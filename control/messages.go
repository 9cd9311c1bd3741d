package control

import (
	"log/slog"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// Version is the number both ends state in Hello and Accept.
const Version = 1

// Message is one of the message types of this package.
type Message interface {
	kind() Kind
	valid() bool
}

// Kind is a message's type byte.
type Kind uint8

// The messages, in the order of a session's life.
const (
	KindHello        Kind = 1  // viewer: first message
	KindRefuse       Kind = 2  // agent: last message
	KindAccept       Kind = 3  // agent: the viewer may show and use what follows
	KindCameraStatus Kind = 4  // agent
	KindWatch        Kind = 5  // viewer
	KindUnwatch      Kind = 6  // viewer
	KindEpoch        Kind = 7  // agent
	KindEpochAck     Kind = 8  // viewer
	KindPing         Kind = 9  // viewer
	KindPong         Kind = 10 // agent
	KindPeerWanted   Kind = 11 // viewer: make a direct path, or find a way for the one there is
	KindOffer        Kind = 12 // agent
	KindAnswer       Kind = 13 // viewer
	KindCandidate    Kind = 14 // both

	KindRedeem        Kind = 15 // agent: the invitation that the viewer came with, to be redeemed
	KindAppend        Kind = 16 // viewer
	KindAppended      Kind = 17 // agent
	KindNotAppended   Kind = 18 // agent
	KindLogWanted     Kind = 19 // viewer: owners and R
	KindLogPart       Kind = 20 // agent
	KindLogHead       Kind = 21 // agent, to owners
	KindTerms         Kind = 22 // agent
	KindDevicesWanted Kind = 23 // viewer: owners and R
	KindDevices       Kind = 24 // agent
	KindJournalWanted Kind = 25 // viewer: owners
	KindJournal       Kind = 26 // agent

	KindLayer Kind = 27 // agent: what it sends of a camera on the direct path

	// Those of a session to pair.
	KindPairCommit    Kind = 32 // approver
	KindPairNonce     Kind = 33 // display
	KindPairReveal    Kind = 34 // approver
	KindPairConfirmed Kind = 35 // display
	KindPairApproved  Kind = 36 // approver
	KindPairRefused   Kind = 37 // both
	KindPairCamera    Kind = 38 // camera
)

// Bounds of what a message may hold.
const (
	MaxName       = 128            // bytes of a device's, agent's or camera's name
	MaxAdvice     = 512            // bytes of a status sentence
	MaxCameras    = 256            // cameras of one agent
	MaxSDP        = 65536          // bytes of a session description
	MaxCandidate  = 1024           // bytes of an ICE candidate
	MaxGrantEntry = grant.MaxEntry // bytes of one grant entry
	MaxLogPart    = 12 << 10       // bytes of the entries of one LogPart
	MaxDevices    = 1024           // devices in one Devices
	MaxWatching   = 4096           // cameras being watched, of all devices of one Devices together
	MaxVisits     = 200            // visits in one Journal
)

// Hello opens a session. Claim is set on the first session of a new owner only, Invite on that of a device that was invited.
type Hello struct {
	Version    uint8  `cbor:"1,keyasint"`
	DeviceName string `cbor:"2,keyasint"` // what the owner sees in the list of devices
	Claim      *Claim `cbor:"3,keyasint,omitempty"`
	Invite     []byte `cbor:"4,keyasint,omitempty"` // 32 bytes, the public key of the invitation
}

// Claim proves that the viewer knows the claim link's secret and founds the home.
type Claim struct {
	Proof   [32]byte `cbor:"1,keyasint"` // pairing.ViewerProof
	Genesis []byte   `cbor:"2,keyasint"` // entry 0 of the grant log: root R names the first owner device
}

// RefuseReason says why an agent ends a session at once.
type RefuseReason uint8

// The reasons of a Refuse.
const (
	RefusedVersion    RefuseReason = 1 // other protocol version
	RefusedDevice     RefuseReason = 2 // no grant for this device
	RefusedClaimUsed  RefuseReason = 3 // the link, to claim or of an invitation, was used
	RefusedClaimOld   RefuseReason = 4 // the link expired
	RefusedClaimWrong RefuseReason = 5 // the link is none that the agent knows
	RefusedClaimed    RefuseReason = 6 // the agent has an owner already
	RefusedBusy       RefuseReason = 7 // too many sessions

	RefusedRevoked RefuseReason = 8  // the device's access was taken back
	RefusedExpired RefuseReason = 9  // the device's access has ended
	RefusedNotYet  RefuseReason = 10 // the device's access has not begun
	RefusedClock   RefuseReason = 11 // the agent does not know the time, so that nothing is valid that expires
	RefusedInvite  RefuseReason = 12 // the invitation was taken back, or its issuer is an owner no longer
)

// Refuse is the agent's last message.
type Refuse struct {
	Reason RefuseReason `cbor:"1,keyasint"`
}

// Accept is the agent's answer to a good Hello. Until it arrives the viewer shows nothing and uses no key (DESIGN §3).
type Accept struct {
	Version   uint8    `cbor:"1,keyasint"`
	AgentName string   `cbor:"2,keyasint"`
	Home      [32]byte `cbor:"3,keyasint"`
	LogLength uint64   `cbor:"4,keyasint"` // entries in the grant log
	LogHead   [32]byte `cbor:"5,keyasint"` // hash of its last entry
	Knock     [16]byte `cbor:"6,keyasint"` // token for this device's next knock
	Cameras   []Camera `cbor:"7,keyasint,omitempty"`
	Clock     Clock    `cbor:"8,keyasint"`
	Proof     [32]byte `cbor:"9,keyasint,omitzero"` // pairing.AgentProof, after a Claim
	// Ephemeral homes are gone when the agent ends: devices keep them for the tab's life only.
	Ephemeral bool   `cbor:"11,keyasint,omitempty"`
	Role      uint8  `cbor:"12,keyasint,omitempty"` // grant.Role of the device; 0 in a Recovery alone
	Rights    uint16 `cbor:"13,keyasint,omitempty"` // grant.Rights
	Expires   int64  `cbor:"14,keyasint,omitempty"` // Unix s, from which on the terms no longer hold; 0: never
	// Recovery marks a session of R: it has no cameras, and may read and lengthen the grant log.
	Recovery bool `cbor:"15,keyasint,omitempty"`
}

// LogValue keeps the token out of logs.
func (m *Accept) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", m.AgentName), slog.Uint64("log_length", m.LogLength), slog.Int("cameras", len(m.Cameras)))
}

// Camera is one camera that this viewer may watch.
type Camera struct {
	Number uint8    `cbor:"1,keyasint"` // short name within the session
	ID     [16]byte `cbor:"2,keyasint"`
	Name   string   `cbor:"3,keyasint"`
	// Streams that the camera has, ascending.
	Streams []seal.Stream `cbor:"4,keyasint"`
	State   CameraState   `cbor:"5,keyasint"`
	Advice  string        `cbor:"6,keyasint,omitempty"`
	// Sig is the agent's signature over the camera's id, so that a camera cannot be handed from one agent to another.
	Sig []byte `cbor:"7,keyasint"`
}

// CameraState is the condition of a camera at its agent.
type CameraState uint8

// The conditions of a camera.
const (
	CameraConnecting CameraState = 0
	CameraRunning    CameraState = 1
	CameraFailed     CameraState = 2
)

// CameraStatus tells of a change.
type CameraStatus struct {
	Number uint8       `cbor:"1,keyasint"`
	State  CameraState `cbor:"2,keyasint"`
	Advice string      `cbor:"3,keyasint,omitempty"` // a sentence for the owner, empty while running
}

// Clock relates the agent's clocks.
type Clock struct {
	Now        codec.Timestamp `cbor:"1,keyasint"` // capture clock
	WallOffset int64           `cbor:"2,keyasint"` // µs to add to the capture clock for the agent's wall clock
	ZoneOffset int32           `cbor:"3,keyasint"` // seconds east of UTC
	Zone       string          `cbor:"4,keyasint"` // its abbreviation, such as CET
}

// Wall returns the agent's local wall time at t.
func (c Clock) Wall(t codec.Timestamp) time.Time {
	return time.UnixMicro(int64(t) + c.WallOffset).In(time.FixedZone(c.Zone, int(c.ZoneOffset)))
}

// Route is the way that frames take, or a set of ways.
type Route uint8

// The routes.
const (
	Peer  Route = 1 // RTP between agent and viewer
	Relay Route = 2 // the server's relay
	// Both asks for the same frames by both ways, while it is not known whether the direct one brings them.
	Both = Peer | Relay
)

// Has tells whether a way is among those of the route.
func (r Route) Has(way Route) bool { return r&way != 0 }

// Watch asks for one stream of a camera, or changes stream and route of what is watched already.
type Watch struct {
	Camera uint8       `cbor:"1,keyasint"`
	Stream seal.Stream `cbor:"2,keyasint"`
	Route  Route       `cbor:"3,keyasint"`
	// Again asks for the current GOP from its start although the stream and route stay: a frame was lost for good.
	Again bool `cbor:"4,keyasint,omitempty"`
	// Lower are the streams that the agent may send in Stream's place for as long as the direct path does not carry that. By the relay they
	// are sent beside it, while the viewer tries whether that carries Stream.
	Lower Streams `cbor:"5,keyasint,omitempty"`
	// Area is how many of the display's pixels the picture covers: the camera with the largest picture is lowered last. 0: it is not in
	// sight, and key frames of the smallest of the streams are enough.
	Area uint32 `cbor:"6,keyasint,omitempty"`
	// Sound asks for the camera's sound beside its pictures. Only an agent that lists seal.Sound among the camera's streams is asked.
	Sound bool `cbor:"7,keyasint,omitempty"`
}

// Streams is a set of a camera's streams: bit n stands for stream n.
type Streams uint8

// StreamsOf returns a set.
func StreamsOf(streams ...seal.Stream) (set Streams) {
	for _, s := range streams {
		set |= 1 << s
	}
	return set
}

// Has tells whether a stream is in the set.
func (set Streams) Has(s seal.Stream) bool { return set>>s&1 == 1 }

// Layer tells what the agent sends of a camera on the direct path from now on. The frames themselves say their stream as well, and may
// come first.
type Layer struct {
	Camera uint8       `cbor:"1,keyasint"`
	Stream seal.Stream `cbor:"2,keyasint"`
	Keys   bool        `cbor:"3,keyasint,omitempty"` // key frames only, as the path carries them
	// Path tells that it is less than was asked for because the path carries no more.
	Path bool `cbor:"4,keyasint,omitempty"`
}

// Unwatch ends it.
type Unwatch struct {
	Camera uint8 `cbor:"1,keyasint"`
}

// Epoch hands over the key of a camera's next epoch and the relay topic under which its frames can be found.
type Epoch struct {
	Camera uint8    `cbor:"1,keyasint"`
	Number uint64   `cbor:"2,keyasint"`
	ID     [16]byte `cbor:"3,keyasint"`
	Key    [32]byte `cbor:"4,keyasint"`
	Topic  [16]byte `cbor:"5,keyasint"` // relay.Topic makes each stream's topic of it
}

// LogValue keeps the key and the topic out of logs.
func (m *Epoch) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("camera", int(m.Camera)), slog.Uint64("number", m.Number))
}

// EpochAck says that frames of the epoch can be opened from now on.
type EpochAck struct {
	Camera uint8  `cbor:"1,keyasint"`
	Number uint64 `cbor:"2,keyasint"`
}

// Ping asks for the agent's clock.
type Ping struct {
	ID uint32 `cbor:"1,keyasint"`
}

// Pong answers a Ping at once.
type Pong struct {
	ID    uint32 `cbor:"1,keyasint"`
	Clock Clock  `cbor:"2,keyasint"`
}

// PeerWanted asks for an offer. Attempt numbers the peer connections of a session; messages of an older one are void. The number of the
// one there is asks to restart its ICE (RFC 8445 §9): the network changed, or nothing comes through.
type PeerWanted struct {
	Attempt uint32 `cbor:"1,keyasint"`
}

// Offer holds the agent's SDP.
type Offer struct {
	Attempt uint32 `cbor:"1,keyasint"`
	SDP     string `cbor:"2,keyasint"`
}

// Answer holds the viewer's SDP.
type Answer struct {
	Attempt uint32 `cbor:"1,keyasint"`
	SDP     string `cbor:"2,keyasint"`
}

// Candidate holds one ICE candidate as RTCIceCandidateInit in JSON (W3C WebRTC §4.8.1.1); empty at the end.
type Candidate struct {
	Attempt   uint32 `cbor:"1,keyasint"`
	Candidate string `cbor:"2,keyasint"`
}

// publicKeySize is the length in bytes of an Ed25519 key.
const publicKeySize = identity.PublicKeySize

func (*Hello) kind() Kind        { return KindHello }
func (*Refuse) kind() Kind       { return KindRefuse }
func (*Accept) kind() Kind       { return KindAccept }
func (*CameraStatus) kind() Kind { return KindCameraStatus }
func (*Watch) kind() Kind        { return KindWatch }
func (*Unwatch) kind() Kind      { return KindUnwatch }
func (*Layer) kind() Kind        { return KindLayer }
func (*Epoch) kind() Kind        { return KindEpoch }
func (*EpochAck) kind() Kind     { return KindEpochAck }
func (*Ping) kind() Kind         { return KindPing }
func (*Pong) kind() Kind         { return KindPong }
func (*PeerWanted) kind() Kind   { return KindPeerWanted }
func (*Offer) kind() Kind        { return KindOffer }
func (*Answer) kind() Kind       { return KindAnswer }
func (*Candidate) kind() Kind    { return KindCandidate }

func (m *Hello) valid() bool {
	return len(m.DeviceName) <= MaxName && (m.Claim == nil || len(m.Claim.Genesis) <= MaxGrantEntry && m.Invite == nil) &&
		(m.Invite == nil || len(m.Invite) == publicKeySize)
}

func (m *Refuse) valid() bool { return m.Reason >= RefusedVersion && m.Reason <= RefusedInvite }

func (m *Accept) valid() bool {
	if len(m.AgentName) > MaxName || !validCameras(m.Cameras) || !m.Clock.valid() {
		return false
	}
	if m.Recovery {
		return m.Role == 0 && m.Rights == 0 && m.Expires == 0 && len(m.Cameras) == 0
	}
	return validTerms(m.Role, m.Rights, m.Expires)
}

// validCameras checks a list of which no two may have the same number.
func validCameras(cameras []Camera) bool {
	if len(cameras) > MaxCameras {
		return false
	}
	var seen [MaxCameras]bool
	for i := range cameras {
		if !cameras[i].valid() || seen[cameras[i].Number] {
			return false
		}
		seen[cameras[i].Number] = true
	}
	return true
}

func (c *Camera) valid() bool {
	if len(c.Name) > MaxName || len(c.Advice) > MaxAdvice || c.State > CameraFailed || len(c.Sig) != 64 || len(c.Streams) == 0 {
		return false
	}
	return ascending(c.Streams) && c.Streams[len(c.Streams)-1] <= seal.MaxStream
}

func (m *CameraStatus) valid() bool { return m.State <= CameraFailed && len(m.Advice) <= MaxAdvice }

// A zone is at most 14 hours from UTC; the capture clock stays clear of overflow when offsets are added.
func (c *Clock) valid() bool {
	const year3000 = 32503680000_000000
	return c.Now >= 0 && c.Now < year3000 && c.WallOffset > -year3000 && c.WallOffset < year3000 &&
		c.ZoneOffset >= -14*3600 && c.ZoneOffset <= 14*3600 && len(c.Zone) <= 16
}

func (m *Watch) valid() bool {
	return m.Stream <= seal.MaxStream && m.Stream != seal.Sound && m.Route >= Peer && m.Route <= Both && !m.Lower.Has(m.Stream)
}

func (m *Layer) valid() bool     { return m.Stream <= seal.MaxStream }
func (*Unwatch) valid() bool     { return true }
func (*Epoch) valid() bool       { return true }
func (*EpochAck) valid() bool    { return true }
func (*Ping) valid() bool        { return true }
func (m *Pong) valid() bool      { return m.Clock.valid() }
func (*PeerWanted) valid() bool  { return true }
func (m *Offer) valid() bool     { return len(m.SDP) <= MaxSDP }
func (m *Answer) valid() bool    { return len(m.SDP) <= MaxSDP }
func (m *Candidate) valid() bool { return len(m.Candidate) <= MaxCandidate }
