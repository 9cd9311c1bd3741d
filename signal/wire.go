package signal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Kind is the first byte of an envelope.
type Kind byte

// The envelopes. Direction: s server, c any client, a agent, v viewer.
const (
	KindChallenge   Kind = 0x01 // s→c
	KindLogin       Kind = 0x02 // c→s
	KindWelcome     Kind = 0x03 // s→c
	KindPing        Kind = 0x04 // both
	KindPong        Kind = 0x05 // both
	KindBye         Kind = 0x06 // c→s
	KindKnocks      Kind = 0x10 // a→s
	KindKnock       Kind = 0x11 // v→s
	KindOpened      Kind = 0x12 // s→v
	KindIncoming    Kind = 0x13 // s→a
	KindData        Kind = 0x14 // both
	KindClose       Kind = 0x15 // both
	KindUnavailable Kind = 0x16 // s→v
	KindCredit      Kind = 0x17 // both
	KindPublish     Kind = 0x20 // a→s
	KindSubscribe   Kind = 0x21 // v→s
	KindUnsubscribe Kind = 0x22 // v→s
	KindFrame       Kind = 0x23 // s→v
	KindRetire      Kind = 0x24 // a→s
	KindRefusal     Kind = 0x2f // s→c, then the server closes
)

// Limits of the wire format, in bytes unless said otherwise.
const (
	Version = 1 // of the login exchange

	MaxData   = 16384          // payload of one Data
	Window    = 256 << 10      // unconsumed bytes of a pipe, each direction
	MaxKnocks = 4096           // hashes in one Knocks
	MaxSealed = 4<<20 + 1024   // one sealed frame: seal.MaxSealed
	MaxICE    = 16             // urls in a Welcome
	maxText   = 255            // a url, a TURN user name or password
	frameHead = 1 + 16 + 4 + 1 // of Publish and Frame

	// FrameFlags is where the flags stand in a Frame and a Publish, and FlagCached the one that a relay sets.
	FrameFlags = 1 + 16 + 4
	FlagCached = 2

	// MaxEnvelope is the longest envelope; longer messages are refused unread.
	MaxEnvelope = frameHead + MaxSealed

	// MaxClientHello is the longest envelope that a client may send before it is logged in.
	MaxClientHello = loginLen

	challengeLen = 1 + 1 + 32
	loginLen     = 1 + 1 + 1 + 32 + 8 + 64
	maxUnixTime  = 1 << 40 // year 36812: keeps hostile times out of time.Time's arithmetic
)

// ErrEnvelope says that a message is no envelope of the table: unknown kind, wrong length or a reserved bit set.
var ErrEnvelope = errors.New("signal: malformed envelope")

func malformed(k Kind) error { return fmt.Errorf("%w (kind 0x%02x)", ErrEnvelope, byte(k)) }

// Role says what a client logs in as.
type Role byte

// The roles.
const (
	RoleAgent  Role = 1
	RoleViewer Role = 2
)

// String returns "agent" or "viewer".
func (r Role) String() string {
	switch r {
	case RoleAgent:
		return "agent"
	case RoleViewer:
		return "viewer"
	}
	return fmt.Sprintf("role(%d)", byte(r))
}

// Topic names one relayed stream. It is unguessable, and known only to the agent and to viewers that it told inside a session.
type Topic [16]byte

// Envelope is one message of the table. Parse returns the pointer types of this file.
type Envelope interface {
	// Append appends the envelope's encoding to dst.
	Append(dst []byte) []byte
}

// Challenge opens a connection: the server's nonce for the login signature.
type Challenge struct{ Nonce [32]byte }

// Login proves possession of a key. See [LoginMessage] for what is signed.
type Login struct {
	Role      Role
	Key       [32]byte // raw Ed25519 public key
	Expiry    int64    // Unix seconds
	Signature [64]byte
}

// Welcome ends the login. ICE lists "stun:" and "turn:" urls, without credentials.
type Welcome struct{ ICE []string }

// Ping asks for a Pong at once.
type Ping struct{}

// Pong answers a Ping.
type Pong struct{}

// Bye asks the server to close the connection.
type Bye struct{}

// Knocks replaces the set of knock hashes that open an agent's door.
type Knocks struct{ Hashes [][32]byte }

// Knock asks for a pipe to an agent.
type Knock struct {
	Request uint32 // chosen by the viewer, echoed in the answer
	Agent   [32]byte
	Token   [16]byte
}

// TURN holds short-lived TURN credentials (RFC 8656); the zero value means that the server has none to give.
type TURN struct {
	Username string
	Password string
	Expires  time.Time // whole seconds
}

// Opened answers a good Knock.
type Opened struct {
	Request, Pipe uint32
	TURN          TURN
}

// Incoming tells an agent of a new pipe, and by which of its knock hashes it was opened.
type Incoming struct {
	Pipe uint32
	Hash [32]byte
	TURN TURN
}

// Data carries 1 to MaxData bytes of a pipe.
type Data struct {
	Pipe  uint32
	Bytes []byte
}

// ClosePipe ends a pipe, both directions.
type ClosePipe struct{ Pipe uint32 }

// Unavailable answers every Knock that opened nothing, whatever the reason.
type Unavailable struct{ Request uint32 }

// Credit returns consumed bytes to the sender's window.
type Credit struct{ Pipe, Bytes uint32 }

// Publish hands one sealed frame to the relay.
type Publish struct {
	Topic    Topic
	Sequence uint32 // counts every frame of the topic, dropped ones included
	Key      bool
	Sealed   []byte
}

// Subscribe asks for a topic's frames. With Cached the relay first sends what it holds of the current GOP.
type Subscribe struct {
	Topic  Topic
	Cached bool
}

// Unsubscribe ends a Subscribe.
type Unsubscribe struct{ Topic Topic }

// RelayFrame is one sealed frame from the relay.
type RelayFrame struct {
	Topic    Topic
	Sequence uint32 // the publisher's: a gap means that frames were dropped on the way
	Key      bool
	Cached   bool // from the relay's GOP cache
	Sealed   []byte
}

// Retire makes the relay forget a topic and its cache.
type Retire struct{ Topic Topic }

// Append implements [Envelope].
func (e *Challenge) Append(dst []byte) []byte {
	return append(append(dst, byte(KindChallenge), Version), e.Nonce[:]...)
}

// Append implements [Envelope].
func (e *Login) Append(dst []byte) []byte {
	dst = append(dst, byte(KindLogin), Version, byte(e.Role))
	dst = append(dst, e.Key[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.Expiry))
	return append(dst, e.Signature[:]...)
}

// Append implements [Envelope]. Urls beyond MaxICE or longer than 255 bytes are left out.
func (e *Welcome) Append(dst []byte) []byte {
	dst = append(dst, byte(KindWelcome), Version, 0)
	count := len(dst) - 1
	for _, u := range e.ICE {
		if len(u) == 0 || len(u) > maxText || dst[count] == MaxICE {
			continue
		}
		dst[count]++
		dst = append(append(dst, byte(len(u))), u...)
	}
	return dst
}

// Append implements [Envelope].
func (e *Ping) Append(dst []byte) []byte { return append(dst, byte(KindPing)) }

// Append implements [Envelope].
func (e *Pong) Append(dst []byte) []byte { return append(dst, byte(KindPong)) }

// Append implements [Envelope].
func (e *Bye) Append(dst []byte) []byte { return append(dst, byte(KindBye)) }

// Append implements [Envelope]. It panics with more than MaxKnocks hashes, which SetKnocks refuses.
func (e *Knocks) Append(dst []byte) []byte {
	if len(e.Hashes) > MaxKnocks {
		panic("signal: too many knock hashes")
	}
	dst = binary.BigEndian.AppendUint16(append(dst, byte(KindKnocks)), uint16(len(e.Hashes)))
	for i := range e.Hashes {
		dst = append(dst, e.Hashes[i][:]...)
	}
	return dst
}

// Append implements [Envelope].
func (e *Knock) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, byte(KindKnock)), e.Request)
	return append(append(dst, e.Agent[:]...), e.Token[:]...)
}

// Append implements [Envelope].
func (e *Opened) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, byte(KindOpened)), e.Request)
	return e.TURN.append(binary.BigEndian.AppendUint32(dst, e.Pipe))
}

// Append implements [Envelope].
func (e *Incoming) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, byte(KindIncoming)), e.Pipe)
	return e.TURN.append(append(dst, e.Hash[:]...))
}

// Append implements [Envelope].
func (e *Data) Append(dst []byte) []byte {
	return append(binary.BigEndian.AppendUint32(append(dst, byte(KindData)), e.Pipe), e.Bytes...)
}

// Append implements [Envelope].
func (e *ClosePipe) Append(dst []byte) []byte {
	return binary.BigEndian.AppendUint32(append(dst, byte(KindClose)), e.Pipe)
}

// Append implements [Envelope].
func (e *Unavailable) Append(dst []byte) []byte {
	return binary.BigEndian.AppendUint32(append(dst, byte(KindUnavailable)), e.Request)
}

// Append implements [Envelope].
func (e *Credit) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, byte(KindCredit)), e.Pipe)
	return binary.BigEndian.AppendUint32(dst, e.Bytes)
}

// Append implements [Envelope].
func (e *Publish) Append(dst []byte) []byte {
	return appendFrame(dst, KindPublish, e.Topic, e.Sequence, flags(e.Key, false), e.Sealed)
}

// Append implements [Envelope].
func (e *Subscribe) Append(dst []byte) []byte {
	return append(append(append(dst, byte(KindSubscribe)), e.Topic[:]...), flags(e.Cached, false))
}

// Append implements [Envelope].
func (e *Unsubscribe) Append(dst []byte) []byte {
	return append(append(dst, byte(KindUnsubscribe)), e.Topic[:]...)
}

// Append implements [Envelope].
func (e *RelayFrame) Append(dst []byte) []byte {
	return appendFrame(dst, KindFrame, e.Topic, e.Sequence, flags(e.Key, e.Cached), e.Sealed)
}

// Append implements [Envelope].
func (e *Retire) Append(dst []byte) []byte {
	return append(append(dst, byte(KindRetire)), e.Topic[:]...)
}

// Append implements [Envelope].
func (e *Refusal) Append(dst []byte) []byte { return append(dst, byte(KindRefusal), byte(e.Code)) }

func appendFrame(dst []byte, k Kind, t Topic, sequence uint32, flags byte, sealed []byte) []byte {
	dst = append(append(dst, byte(k)), t[:]...)
	dst = append(binary.BigEndian.AppendUint32(dst, sequence), flags)
	return append(dst, sealed...)
}

func flags(bit0, bit1 bool) (f byte) {
	if bit0 {
		f |= 1
	}
	if bit1 {
		f |= 2
	}
	return f
}

func (t TURN) append(dst []byte) []byte {
	if t.Username == "" || len(t.Username) > maxText || len(t.Password) > maxText {
		return append(dst, make([]byte, 1+1+8)...)
	}
	dst = append(append(dst, byte(len(t.Username))), t.Username...)
	dst = append(append(dst, byte(len(t.Password))), t.Password...)
	return binary.BigEndian.AppendUint64(dst, uint64(t.Expires.Unix()))
}
