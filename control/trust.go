package control

import (
	"log/slog"

	"github.com/sealcam/sealcam/e2ee/grant"
)

// Redeem offers the invitation that the viewer came with. The viewer answers with an Append, request 1, of an entry that follows on this
// state of the log, names the viewer and has the invitation's terms, signed by the invitation's key. The agent then accepts or refuses,
// or, if the log has grown meanwhile, offers again.
type Redeem struct {
	Home  [32]byte `cbor:"1,keyasint"`
	Seq   uint64   `cbor:"2,keyasint"` // of the entry to make
	Prev  [32]byte `cbor:"3,keyasint"` // hash of the entry before it
	Entry []byte   `cbor:"4,keyasint"` // the Invite entry
	// Renew asks for a Grant in place of an Add, since the device is a member whose access has ended.
	Renew bool `cbor:"5,keyasint,omitempty"`
}

// Append asks the agent to lengthen its grant log by one signed entry.
type Append struct {
	Request uint32 `cbor:"1,keyasint"` // comes back in the answer
	Entry   []byte `cbor:"2,keyasint"`
}

// Appended says that the entry is in the log, on disk, in force. It tells the log's new state.
type Appended struct {
	Request uint32   `cbor:"1,keyasint"`
	Length  uint64   `cbor:"2,keyasint"`
	Head    [32]byte `cbor:"3,keyasint"`
	Sig     [64]byte `cbor:"4,keyasint"`          // the agent's, of grant.AckMessage
	Knock   [16]byte `cbor:"5,keyasint,omitzero"` // token of the device that was added, if one was
}

// LogValue keeps the token out of logs.
func (m *Appended) LogValue() slog.Value {
	return slog.GroupValue(slog.Uint64("request", uint64(m.Request)), slog.Uint64("length", m.Length))
}

// AppendReason says why an entry was not taken.
type AppendReason uint8

// The reasons of a NotAppended.
const (
	AppendNotOwner  AppendReason = 1 // the session's device is no owner, or no longer
	AppendNotNext   AppendReason = 2 // the log moved on: fetch what is new, and sign again
	AppendInvalid   AppendReason = 3 // the entry breaks a rule
	AppendLastOwner AppendReason = 4 // it would take the last owner away
	AppendFull      AppendReason = 5 // the log is full
	AppendDisk      AppendReason = 6 // it could not be kept
)

// NotAppended says that the log is as it was, and how.
type NotAppended struct {
	Request uint32       `cbor:"1,keyasint"`
	Reason  AppendReason `cbor:"2,keyasint"`
	Length  uint64       `cbor:"3,keyasint"`
	Head    [32]byte     `cbor:"4,keyasint"`
}

// LogWanted asks for the grant log from an entry on. Owners and R may.
type LogWanted struct {
	From uint64 `cbor:"1,keyasint"`
}

// LogPart holds entries of the grant log. The agent sends as many parts as it takes; the last one's From and entries reach its Length. One
// without entries says that there are none from From on.
type LogPart struct {
	From    uint64   `cbor:"1,keyasint"` // number of the first entry
	Length  uint64   `cbor:"2,keyasint"` // of the whole log
	Head    [32]byte `cbor:"3,keyasint"` // of the whole log
	Sig     [64]byte `cbor:"4,keyasint"` // the agent's, of grant.AckMessage
	Entries []byte   `cbor:"5,keyasint,omitempty"`
}

// LogHead tells an owner that the log grew by somebody else.
type LogHead struct {
	Length uint64   `cbor:"1,keyasint"`
	Head   [32]byte `cbor:"2,keyasint"`
	Sig    [64]byte `cbor:"3,keyasint"` // the agent's, of grant.AckMessage
}

// Terms replace what Accept said, when they or the cameras changed.
type Terms struct {
	Role    uint8    `cbor:"1,keyasint"`
	Rights  uint16   `cbor:"2,keyasint"`
	Expires int64    `cbor:"3,keyasint,omitempty"` // Unix s; 0: never
	Cameras []Camera `cbor:"4,keyasint,omitempty"`
}

// DevicesWanted asks for Devices, now and whenever they change, or no longer. Owners and R may.
type DevicesWanted struct {
	On bool `cbor:"1,keyasint"`
}

// Devices tells which devices there are and what they do.
type Devices struct {
	Devices []DeviceState `cbor:"1,keyasint,omitempty"`
}

// DeviceState is one device as the agent sees it.
type DeviceState struct {
	Device    [32]byte `cbor:"1,keyasint"`           // its public key
	LastSeen  int64    `cbor:"2,keyasint,omitempty"` // Unix s; 0: never
	Connected bool     `cbor:"3,keyasint,omitempty"`
	Watching  []uint8  `cbor:"4,keyasint,omitempty"` // numbers of cameras, ascending
}

// JournalWanted asks an agent who watched which camera when. Owners may.
type JournalWanted struct {
	Before uint64 `cbor:"1,keyasint,omitempty"` // only visits with lower numbers; 0: the newest
	Limit  uint16 `cbor:"2,keyasint"`           // how many visits at most, 1 to MaxVisits
}

// Journal answers it.
type Journal struct {
	Before uint64  `cbor:"1,keyasint,omitempty"` // as asked
	Visits []Visit `cbor:"2,keyasint,omitempty"` // newest first, so by descending number
	End    bool    `cbor:"3,keyasint,omitempty"` // there are no older ones
}

// Visit says that a device watched a camera. Its times are of the agent's clock, which may have been set between the two.
type Visit struct {
	Number uint64   `cbor:"1,keyasint"` // from 1
	Device [32]byte `cbor:"2,keyasint"` // public key
	Camera [16]byte `cbor:"3,keyasint"`
	Began  int64    `cbor:"4,keyasint"`           // Unix s
	Ended  int64    `cbor:"5,keyasint,omitempty"` // Unix s; 0: it has not
}

func (*Redeem) kind() Kind        { return KindRedeem }
func (*Append) kind() Kind        { return KindAppend }
func (*Appended) kind() Kind      { return KindAppended }
func (*NotAppended) kind() Kind   { return KindNotAppended }
func (*LogWanted) kind() Kind     { return KindLogWanted }
func (*LogPart) kind() Kind       { return KindLogPart }
func (*LogHead) kind() Kind       { return KindLogHead }
func (*Terms) kind() Kind         { return KindTerms }
func (*DevicesWanted) kind() Kind { return KindDevicesWanted }
func (*Devices) kind() Kind       { return KindDevices }
func (*JournalWanted) kind() Kind { return KindJournalWanted }
func (*Journal) kind() Kind       { return KindJournal }

func (m *Redeem) valid() bool {
	return m.Seq > 0 && m.Seq < grant.MaxEntries && validEntry(m.Entry) // entry 0 redeems nothing
}
func (m *Append) valid() bool   { return validEntry(m.Entry) }
func (m *Appended) valid() bool { return m.Length > 0 && m.Length <= grant.MaxEntries }

func (m *NotAppended) valid() bool {
	return m.Reason >= AppendNotOwner && m.Reason <= AppendDisk && m.Length <= grant.MaxEntries
}

func (m *LogWanted) valid() bool { return m.From <= grant.MaxEntries }

func (m *LogPart) valid() bool {
	return m.From <= m.Length && m.Length <= grant.MaxEntries && len(m.Entries) <= MaxLogPart && (len(m.Entries) == 0) == (m.From == m.Length)
}

func (m *LogHead) valid() bool { return m.Length > 0 && m.Length <= grant.MaxEntries }
func (m *Terms) valid() bool {
	return validTerms(m.Role, m.Rights, m.Expires) && validCameras(m.Cameras)
}
func (*DevicesWanted) valid() bool   { return true }
func (m *JournalWanted) valid() bool { return m.Limit >= 1 && m.Limit <= MaxVisits }

func (m *Devices) valid() bool {
	if len(m.Devices) > MaxDevices {
		return false
	}
	watching := 0
	seen := make(map[[32]byte]bool, len(m.Devices))
	for i := range m.Devices {
		d := &m.Devices[i]
		if seen[d.Device] || !validTime(d.LastSeen) || !ascending(d.Watching) {
			return false
		}
		seen[d.Device] = true
		watching += len(d.Watching)
	}
	return watching <= MaxWatching
}

func (m *Journal) valid() bool {
	if len(m.Visits) > MaxVisits {
		return false
	}
	before := m.Before
	for _, v := range m.Visits {
		if v.Number == 0 || before != 0 && v.Number >= before || v.Began == 0 || !validTime(v.Began) || !validTime(v.Ended) {
			return false
		}
		before = v.Number
	}
	return true
}

func validEntry(b []byte) bool { return len(b) > 0 && len(b) <= MaxGrantEntry }

// validTerms holds for what a member may have; package grant's rules about them are for its log.
func validTerms(role uint8, rights uint16, expires int64) bool {
	return role >= uint8(grant.Owner) && role <= uint8(grant.Guest) && rights != 0 && rights <= uint16(grant.AllRights) && validTime(expires)
}

// validTime holds for seconds from 1970 to 9999.
func validTime(s int64) bool { return s >= 0 && s <= maxTime }

const maxTime = 253402300799

func ascending[N ~uint8](numbers []N) bool {
	for i := 1; i < len(numbers); i++ {
		if numbers[i] <= numbers[i-1] {
			return false
		}
	}
	return true
}
