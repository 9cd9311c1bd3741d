package viewer

import (
	"errors"
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
)

// keeper is the part of a test agent that keeps the grant log. testAgent.mu guards it.
type keeper struct {
	root     identity.RootKey
	secret   pairing.Secret // of an invitation
	sessions map[*session.Conn]*keptSession
	visits   []control.Visit // newest first
	seen     map[identity.DevicePublic]time.Time
	partSize int // bytes of entries in a part; 0: as many as fit

	// hostile takes a message in the place of the agent if it returns true; it is called with mu held.
	hostile func(m control.Message) ([]control.Message, bool)
	appends int  // Append messages that came
	wanted  int  // LogWanted messages
	silent  bool // Append is not answered
}

type keptSession struct {
	recovery bool
	states   bool
}

func (k *keeper) enter(conn *session.Conn, recovery bool) {
	if k.sessions == nil {
		k.sessions = map[*session.Conn]*keptSession{}
	}
	k.sessions[conn] = &keptSession{recovery: recovery}
}

func (k *keeper) leave(conn *session.Conn) { delete(k.sessions, conn) }

// knowsByLog reports whether a token is that of an invitation or of R.
func (a *testAgent) knowsByLog(token [16]byte) bool {
	for _, i := range a.log.Invites() {
		if token == pairing.InviteToken(i.Key, a.id) {
			return true
		}
	}
	return a.log.Len() > 0 && token == pairing.RecoveryToken(a.log.Root(), a.id)
}

// admit fills in an Accept, or refuses. The caller holds mu.
func (a *testAgent) admit(accept *control.Accept, hello *control.Hello, device identity.DevicePublic) control.Message {
	accept.Knock, accept.Home = a.token, a.log.Home()
	accept.LogLength, accept.LogHead = uint64(a.log.Len()), a.log.Head()
	if a.log.IsRoot(device) {
		accept.Recovery = true
		return accept
	}
	m, err := a.log.Admitted(device, time.Now())
	if err != nil && hello.Invite != nil {
		return a.offerInvite(hello.Invite, device)
	}
	if err != nil {
		return &control.Refuse{Reason: refusalOf(err)}
	}
	accept.Role, accept.Rights, accept.Cameras = uint8(m.Role), uint16(m.Rights), a.offer(m)
	if !m.Expires.IsZero() {
		accept.Expires = m.Expires.Unix()
	}
	return accept
}

func refusalOf(err error) control.RefuseReason {
	switch {
	case errors.Is(err, grant.ErrRevoked):
		return control.RefusedRevoked
	case errors.Is(err, grant.ErrExpired):
		return control.RefusedExpired
	case errors.Is(err, grant.ErrNotYet):
		return control.RefusedNotYet
	}
	return control.RefusedDevice
}

func (a *testAgent) offerInvite(raw []byte, device identity.DevicePublic) control.Message {
	key, err := identity.DevicePublicFromBytes(raw)
	if err != nil {
		return &control.Refuse{Reason: control.RefusedClaimWrong}
	}
	i, ok := a.log.Invitation(key)
	if !ok {
		return &control.Refuse{Reason: control.RefusedClaimWrong}
	}
	switch err := i.Redeemable(time.Now()); {
	case errors.Is(err, grant.ErrInviteUsed):
		return &control.Refuse{Reason: control.RefusedClaimUsed}
	case errors.Is(err, grant.ErrInviteExpired):
		return &control.Refuse{Reason: control.RefusedClaimOld}
	case err != nil:
		return &control.Refuse{Reason: control.RefusedInvite}
	}
	encoded, err := i.Entry.MarshalBinary()
	if err != nil {
		a.t.Error(err)
	}
	offer := &control.Redeem{Home: a.log.Home(), Seq: uint64(a.log.Len()), Prev: a.log.Head(), Entry: encoded}
	if m, ok := a.log.Member(device); ok && !m.Revoked {
		offer.Renew = true
	}
	if a.keeper.hostile != nil {
		if replies, ok := a.keeper.hostile(offer); ok {
			return replies[0]
		}
	}
	return offer
}

// redeemed takes the entry by which an invitation is redeemed.
func (a *testAgent) redeemed(device identity.DevicePublic, m control.Message) control.Message {
	a.mu.Lock()
	defer a.mu.Unlock()
	order, ok := m.(*control.Append)
	if !ok || order.Request != 1 {
		return nil
	}
	e, err := grant.ParseEntry(order.Entry)
	if err != nil {
		a.t.Errorf("redeeming: %v", err)
		return nil
	}
	if err := a.log.Append(e); errors.Is(err, grant.ErrChain) {
		key, _ := identity.DevicePublicFromBytes(e.Issuer[:])
		return a.offerInvite(key.Bytes(), device)
	} else if err != nil {
		a.t.Errorf("redeeming: %v", err)
		return nil
	}
	return a.admit(&control.Accept{Version: control.Version, AgentName: "Home", Clock: a.clock()}, &control.Hello{}, device)
}

// proof signs the log's state. The caller holds mu.
func (a *testAgent) proof(log *grant.Log) (length uint64, head [32]byte, sig [64]byte) {
	length, head = uint64(log.Len()), log.Head()
	return length, head, a.prove(length, head)
}

func (a *testAgent) prove(length uint64, head [32]byte) [64]byte {
	b, err := a.key.Signer().Sign(grant.AckMessage(a.id, a.log.Home(), length, head))
	if err != nil {
		a.t.Error(err)
	}
	return [64]byte(b)
}

// keep handles the messages about the log; known is false for others.
func (a *testAgent) keep(conn *session.Conn, m control.Message) (replies []control.Message, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := &a.keeper
	switch m.(type) {
	case *control.Append:
		k.appends++
	case *control.LogWanted:
		k.wanted++
	}
	if k.hostile != nil {
		if replies, ok := k.hostile(m); ok {
			return replies, true
		}
	}
	switch m := m.(type) {
	case *control.Append:
		if k.silent {
			return nil, true
		}
		return a.take(conn, m), true
	case *control.LogWanted:
		return a.parts(m.From), true
	case *control.DevicesWanted:
		k.sessions[conn].states = m.On
		if m.On {
			return []control.Message{a.states()}, true
		}
		return nil, true
	case *control.JournalWanted:
		return []control.Message{a.journal(m)}, true
	}
	return nil, false
}

func (a *testAgent) take(conn *session.Conn, m *control.Append) []control.Message {
	refuse := func(r control.AppendReason) []control.Message {
		return []control.Message{&control.NotAppended{Request: m.Request, Reason: r, Length: uint64(a.log.Len()), Head: a.log.Head()}}
	}
	device := conn.Device()
	if member, _ := a.log.Member(device); (member.Role != grant.Owner || member.Revoked) && !a.keeper.sessions[conn].recovery {
		return refuse(control.AppendNotOwner)
	}
	e, err := grant.ParseEntry(m.Entry)
	if err == nil {
		err = a.log.Append(e)
	}
	switch {
	case errors.Is(err, grant.ErrChain):
		return refuse(control.AppendNotNext)
	case errors.Is(err, grant.ErrLastOwner):
		return refuse(control.AppendLastOwner)
	case err != nil:
		return refuse(control.AppendInvalid)
	}
	ack := &control.Appended{Request: m.Request}
	ack.Length, ack.Head, ack.Sig = a.proof(a.log)
	if e.Kind == grant.Add || e.Kind == grant.Grant {
		ack.Knock = knockOf(e.Subject)
	}
	return []control.Message{ack}
}

// knockOf is the token that the test agents hand out for a device.
func knockOf(device identity.DevicePublic) [16]byte { return [16]byte(device.Bytes()[:16]) }

func (a *testAgent) parts(from uint64) (parts []control.Message) {
	length, head, sig := a.proof(a.log)
	if from >= length {
		return []control.Message{&control.LogPart{From: length, Length: length, Head: head, Sig: sig}}
	}
	size := a.keeper.partSize
	if size == 0 {
		size = control.MaxLogPart
	}
	for from < length {
		p := &control.LogPart{From: from, Length: length, Head: head, Sig: sig, Entries: a.log.Part(from, size)}
		for b := p.Entries; len(b) > 0; from++ {
			b = b[4+(int(b[2])<<8|int(b[3])):]
		}
		parts = append(parts, p)
	}
	return parts
}

func (a *testAgent) states() *control.Devices {
	var m control.Devices
	for _, member := range a.log.Members() {
		s := control.DeviceState{Device: [32]byte(member.Device.Bytes())}
		if seen, ok := a.keeper.seen[member.Device]; ok {
			s.LastSeen = seen.Unix()
		}
		for _, conn := range a.sessions {
			if conn.Device() == member.Device {
				s.Connected, s.LastSeen = true, time.Now().Unix()
				for _, c := range a.cameras {
					if c.watch != nil && c.watcher == conn {
						s.Watching = append(s.Watching, c.number)
					}
				}
			}
		}
		m.Devices = append(m.Devices, s)
	}
	return &m
}

func (a *testAgent) journal(m *control.JournalWanted) *control.Journal {
	page := &control.Journal{Before: m.Before}
	for _, v := range a.keeper.visits {
		if m.Before == 0 || v.Number < m.Before {
			page.Visits = append(page.Visits, v)
		}
	}
	page.End = len(page.Visits) <= int(m.Limit)
	page.Visits = page.Visits[:min(len(page.Visits), int(m.Limit))]
	return page
}

// writeEntry lengthens the log as one of its owners, or R, would from elsewhere. The caller holds mu.
func (a *testAgent) writeEntry(by identity.Signer, kind grant.Kind, subject identity.DevicePublic, terms grant.Terms) {
	a.t.Helper()
	e := a.log.Next(kind, subject)
	e.Issued, e.Terms = time.Now().Truncate(time.Second), terms
	if kind == grant.Invite {
		e.RedeemBefore = e.Issued.Add(24 * time.Hour)
	}
	if err := e.Sign(by, a.id); err != nil {
		a.t.Fatal(err)
	}
	if err := a.log.Append(e); err != nil {
		a.t.Fatal(err)
	}
}

// elsewhere lengthens the log as another owner's device would, and tells the owners.
func (a *testAgent) elsewhere(by identity.Signer, kind grant.Kind, subject identity.DevicePublic, terms grant.Terms) {
	a.t.Helper()
	a.mu.Lock()
	a.writeEntry(by, kind, subject, terms)
	m := &control.LogHead{}
	m.Length, m.Head, m.Sig = a.proof(a.log)
	a.mu.Unlock()
	a.tell(m)
}

// clone copies the agent's log, shortened to n entries.
func (a *testAgent) clone(n int) *grant.Log {
	a.t.Helper()
	log := grant.NewLog(a.id)
	for _, e := range a.log.Entries(0)[:n] {
		if err := log.Append(e); err != nil {
			a.t.Fatal(err)
		}
	}
	return log
}

// replace gives the agent another log, as restoring a backup does, and ends its sessions.
func (a *testAgent) replace(log *grant.Log) {
	a.mu.Lock()
	a.log = log
	sessions := slices.Clone(a.sessions)
	a.mu.Unlock()
	for _, c := range sessions {
		go c.Close()
	}
}
