package viewer

import (
	"errors"
	"fmt"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer/words"
)

// Bounds of keeping a mirror.
const (
	// partWithin is how long an agent may take over each part of its log.
	partWithin = 30 * time.Second
	// maxWhole is how often in a session the whole log is fetched to be compared.
	maxWhole = 16
)

// errProof is an agent that signs what it cannot show, or shows what nobody signed.
var errProof = errors.New("viewer: the agent's grant log does not hold")

// logSync is how far a session has got in following the agent's log. Viewer.mu guards it.
type logSync struct {
	length uint64     // of the agent's log, as last told
	head   grant.Hash // its last entry
	asked  time.Time  // for what is under way, or when the last part came; zero: nothing is
	due    uint64     // what length was when it was asked for: the answer must go as far
	// theirs is the agent's log from its beginning: while it is fetched, to be compared with the mirror, and afterwards if it differs.
	theirs *grant.Log
	whole  bool // what is under way goes into theirs, not into the mirror
	wholes int
}

// restore reads the mirror that was remembered. One that is damaged is fetched anew; what it must hold is still known.
func (h *home) restore() {
	b := h.known.Log
	h.known.Log = nil
	if len(b) == 0 || h.known.Role != grant.Owner {
		return
	}
	log, err := grant.ParseChecked(b, h.id, h.known.LogLength, h.known.LogHead)
	if err == nil {
		err = log.Includes(h.known.LogLength, h.known.LogHead)
	}
	if err != nil || log.Home() != h.known.ID {
		h.v.log.Warn("viewer: the remembered grant log is damaged; it is fetched anew", "agent", h.id.Fingerprint(), "error", err)
		return
	}
	h.mirror = log
	h.known.LogLength, h.known.LogHead = uint64(log.Len()), log.Head()
}

// found begins the mirror with the entry that founded the home, if this device did. The caller holds mu.
func (h *home) found(genesis []byte) {
	if genesis == nil {
		return
	}
	log := grant.NewLog(h.id)
	if err := log.AppendBytes(genesis); err == nil { // else it is fetched
		h.mirror = log
	}
}

// recall compares what an Accept tells of the agent's log with what this device saw before. An owner's device finds out more; any other
// goes.
func (h *home) recall(w *welcome) error {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	known := h.known
	if known.LogLength == 0 || w.genesis != nil || w.fresh && known.ID != w.Home {
		return nil
	}
	var what string
	switch {
	case known.ID != identity.HomeID{} && known.ID != w.Home:
		what = words.Say("The agent now belongs to another home.")
	case w.LogLength < known.LogLength:
		what = words.Sayf("The agent's list has %d entries; this device saw %d.", w.LogLength, known.LogLength)
	case w.LogLength == known.LogLength && w.LogHead != known.LogHead:
		what = words.Sayf("Entry %d of the agent's list is not the one that this device saw.", known.LogLength-1)
	default:
		return nil
	}
	alarm := &Alarm{Since: h.v.now(), Sentences: []string{what}}
	if grant.Role(w.Role) != grant.Owner {
		h.alarm = alarm
		return errRollback
	}
	w.fresh, w.strange = false, alarm
	return nil
}

// inStep reports whether the mirror is what the agent's log was when it was last told of, and this device an owner by it. The caller
// holds mu.
func (h *home) inStep() bool { return h.synced() && h.ownerBy(h.mirror) }

func (h *home) synced() bool {
	s := h.session
	return s != nil && !s.over && !s.barred && s.sync.asked.IsZero() && h.mirror != nil && h.standing.role == grant.Owner &&
		uint64(h.mirror.Len()) == s.sync.length && h.mirror.Head() == s.sync.head
}

func (h *home) ownerBy(log *grant.Log) bool {
	self, err := identity.DevicePublicOf(h.v.cfg.Self)
	if err != nil {
		return false
	}
	m, ok := log.Member(self)
	return ok && !m.Revoked && m.Role == grant.Owner
}

// follow asks for what the mirror lacks of the agent's log. Nothing is asked for while an answer is out, be it to that or to an Append:
// so parts always go on where the log ends. The caller holds mu.
func (h *home) follow(now time.Time) {
	s := h.session
	if s == nil || s.over || h.standing.role != grant.Owner || !s.sync.asked.IsZero() || s.append.change != nil {
		return
	}
	y := &s.sync
	switch {
	case h.mirror == nil, s.barred:
		if y.theirs == nil || uint64(y.theirs.Len()) != y.length || y.theirs.Head() != y.head {
			h.fetchWhole(now)
		}
	case uint64(h.mirror.Len()) < y.length, uint64(h.mirror.Len()) > y.length && h.mirror.Includes(y.length, y.head) == nil:
		// If it is said to be shorter that may be old news: the answer tells.
		y.whole, y.asked, y.due = false, now, y.length
		s.say(&control.LogWanted{From: uint64(h.mirror.Len())})
	case h.mirror.Head() != y.head:
		h.fetchWhole(now)
	default:
		h.settle()
	}
}

// fetchWhole asks for the agent's log from its beginning. The caller holds mu.
func (h *home) fetchWhole(now time.Time) {
	s := h.session
	if s.sync.wholes++; s.sync.wholes > maxWhole {
		s.cancel(fmt.Errorf("%w: it changes too often", errProof))
		return
	}
	y := &s.sync
	y.theirs, y.whole, y.asked, y.due = grant.NewLog(h.id), true, now, y.length
	s.say(&control.LogWanted{})
}

// proven checks the agent's signature on its log's state.
func proven(agent identity.AgentPublic, home identity.HomeID, length uint64, head grant.Hash, sig []byte) error {
	if !agent.Verify(grant.AckMessage(agent.ID(), home, length, head), sig) {
		return fmt.Errorf("%w: the signature of its state is wrong", errProof)
	}
	return nil
}

// logHead takes word that the log grew. The caller holds mu.
func (h *home) logHead(now time.Time, m *control.LogHead) error {
	s := h.session
	if h.standing.role != grant.Owner {
		return s.crossed()
	}
	if err := proven(s.conn.AgentKey(), s.home, m.Length, m.Head, m.Sig[:]); err != nil {
		return err
	}
	s.sync.length, s.sync.head = m.Length, m.Head
	h.follow(now)
	h.notify()
	return nil
}

// logPart takes a part of the log. The caller holds mu.
func (h *home) logPart(now time.Time, m *control.LogPart) error {
	s := h.session
	y := &s.sync
	if y.asked.IsZero() {
		return s.crossed()
	}
	if err := proven(s.conn.AgentKey(), s.home, m.Length, m.Head, m.Sig[:]); err != nil {
		return err
	}
	into := h.mirror
	if y.whole {
		into = y.theirs
	}
	more, err := takePart(into, s.home, m)
	switch {
	case !y.whole && (errors.Is(err, grant.ErrChain) || errors.Is(err, grant.ErrRollback) || errors.Is(err, grant.ErrFork)):
		y.length, y.head = m.Length, m.Head
		h.fetchWhole(now) // it does not go on from here: find out where it parts
		return nil
	case err != nil:
		return err
	case more:
		y.asked = now
		return nil
	}
	if m.Length < y.due {
		return fmt.Errorf("%w: it is shorter than it was said to be", errProof)
	}
	if m.Length >= y.length {
		y.length, y.head = m.Length, m.Head
	}
	y.asked = time.Time{}
	if y.whole {
		h.compare(now)
	} else {
		h.mirrored()
	}
	h.follow(now)
	h.notify()
	return nil
}

// takePart appends a part to a log that ends where it begins, and reports whether there is more to come. Each part that is not the last
// makes the log longer, so there is an end to them. It returns ErrRollback, ErrFork or ErrChain, wrapped, if the agent's log is not one
// that goes on from this one, and errProof for all else that is wrong.
func takePart(into *grant.Log, home identity.HomeID, m *control.LogPart) (more bool, err error) {
	at := uint64(into.Len())
	switch {
	case m.Length < at:
		return false, grant.ErrRollback
	case m.From != at:
		return false, fmt.Errorf("%w: it was asked for entry %d and told entry %d", errProof, at, m.From)
	}
	if _, err := into.AppendPart(m.Entries); err != nil {
		if errors.Is(err, grant.ErrChain) && uint64(into.Len()) == at {
			return false, err
		}
		return false, fmt.Errorf("%w: %w", errProof, err)
	}
	switch at = uint64(into.Len()); {
	case into.Home() != home, at > m.Length:
		return false, fmt.Errorf("%w: it is of another home, or longer than it is said to be", errProof)
	case at < m.Length:
		return true, nil
	case into.Head() != m.Head && len(m.Entries) == 0:
		return false, grant.ErrFork
	case into.Head() != m.Head:
		return false, fmt.Errorf("%w: its entries do not lead to its head", errProof)
	}
	return false, nil
}

// mirrored notes that the mirror has grown, for the page to keep. The caller holds mu.
func (h *home) mirrored() {
	h.known.LogLength, h.known.LogHead = uint64(h.mirror.Len()), h.mirror.Head()
	h.stale = true
}

// compare judges the agent's whole log. The caller holds mu.
func (h *home) compare(now time.Time) {
	s := h.session
	theirs := s.sync.theirs
	alarm := (*Alarm)(nil)
	switch known := h.known; {
	case h.mirror != nil:
		if d := grant.Compare(h.mirror, theirs); d != nil {
			alarm = differenceAlarm(now, d, h.mirror, theirs)
		}
	case theirs.Includes(known.LogLength, known.LogHead) != nil, known.LogLength > 0 && known.ID != identity.HomeID{} && known.ID != theirs.Home():
		alarm = &Alarm{Since: now, Sentences: []string{words.Sayf(
			"The agent's list of %d entries does not go on from the %d that this device saw.", theirs.Len(), known.LogLength,
		)}}
	}
	if alarm != nil {
		h.raise(now, alarm)
		return
	}
	h.mirror, s.sync.theirs = theirs, nil
	h.mirrored()
	if s.barred {
		h.alarm = nil
		s.cancel(errRepaired) // the next session shows everything again
	}
}

// raise takes everything away that the agent showed and sounds the alarm. The session goes on, to find out what differs and to repair it.
// The caller holds mu.
func (h *home) raise(now time.Time, alarm *Alarm) {
	s := h.session
	if h.alarm != nil {
		alarm.Since = h.alarm.Since
	}
	h.alarm, s.barred = alarm, true
	h.v.log.Warn("viewer: the agent's grant log is not the one seen before", "agent", h.id.Fingerprint(), "repairable", alarm.Repairable)
	for _, c := range h.cameras {
		if c.offered && c.told.on {
			s.say(&control.Unwatch{Camera: c.number})
		}
		if c.offered {
			c.part(s)
		}
	}
	h.blame(ReasonRollback)
}
