package viewer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	// maxTries is how often a change is signed anew because the log moved on, or because it is not known what became of it.
	maxTries = 5
	// answerWithin is how long an agent may take over an Append or a question. Beyond that the session is made anew: then the log shows.
	answerWithin = 15 * time.Second
)

// change is a change of the grant log that somebody asked for. Viewer.mu guards it.
type change struct {
	pending Pending
	state   changeState
	entry   *grant.Entry // as sent last; nil: nothing was
	knock   [16]byte     // of the ack
	err     error        // why it failed
	left    bool         // nobody waits for it any more
}

type changeState uint8

const (
	changeIdle   changeState = iota // to be made
	changeSent                      // there is no answer yet
	changeUnsure                    // the session ended without an answer
	changeMoved                     // the log moved on: to be made anew
	changeDone                      // the agent has it, as its signature says
	changeFailed
)

// appending is the Append of a session that is under way. Viewer.mu guards it.
type appending struct {
	change  *change // nil: none is
	request uint32  // of the last one
	since   time.Time
}

// maker returns the entry that makes a change, as the next one of the log and not signed yet. It is called with mu held, for each try
// again; errMade says that there is nothing left to do.
type maker func(*grant.Log) (grant.Entry, error)

// errMade ends a change that somebody else has made already.
var errMade = errors.New("viewer: the change is made already")

// carryOut makes a change and waits until the agent's signature proves that it keeps it. If ctx ends first the change is given up, unless
// the agent may have it already: then it stays pending until the log shows.
func (h *home) carryOut(ctx context.Context, pending Pending, build maker) (knock [16]byte, err error) {
	v := h.v
	pending.Since = v.now()
	c := &change{pending: pending}
	v.mu.Lock()
	h.changes = append(h.changes, c)
	v.mu.Unlock()
	v.changed()
	defer func() {
		v.mu.Lock()
		c.left = true
		if c.state != changeSent && c.state != changeUnsure {
			h.drop(c)
		}
		v.mu.Unlock()
		v.changed()
	}()
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return knock, unsent(ctx)
	}
	for range maxTries {
		entry, err := h.prepare(ctx, c, build)
		switch {
		case errors.Is(err, errMade):
			return knock, nil
		case err != nil:
			return knock, err
		}
		if err := entry.Sign(v.cfg.Self, h.id); err != nil {
			return knock, fmt.Errorf("viewer: %w", err)
		}
		if err := h.submit(c, entry); err != nil {
			return knock, err
		}
		if done, err := h.await(ctx, c); done || err != nil {
			return h.knockOf(c), err
		}
	}
	return knock, h.outOfTries(c)
}

// prepare waits until the change can be made and returns its entry, or errMade.
func (h *home) prepare(ctx context.Context, c *change, build maker) (entry grant.Entry, err error) {
	unsure := false
	err = h.until(ctx, func() (bool, error) {
		unsure = c.state == changeUnsure
		if c.state == changeDone { // the log shows it after all
			return true, errMade
		}
		if err := h.obstacle(); err != nil {
			return false, err
		}
		if !h.inStep() || h.session.append.change != nil || unsure {
			return false, nil
		}
		entry, err = build(h.mirror)
		return true, err
	})
	if err != nil && errors.Is(err, ctx.Err()) {
		if unsure {
			return entry, fmt.Errorf("%w: %w", ErrUnconfirmed, err)
		}
		return entry, unsent(ctx)
	}
	return entry, err
}

// obstacle returns why waiting for the agent is in vain. The caller holds mu.
func (h *home) obstacle() error {
	switch {
	case h.v.ended:
		return ErrClosed
	case h.alarm != nil:
		return ErrAlarm
	case h.reason.final(), h.reason.revoking():
		return &ReasonError{h.reason}
	case h.standing.role != 0 && h.standing.role != grant.Owner:
		return ErrNotOwner
	case h.synced() && !h.ownerBy(h.mirror):
		return ErrNotOwner
	}
	return nil
}

// submit sends a signed entry if it still follows on the log; if not, the change is to be made anew.
func (h *home) submit(c *change, entry grant.Entry) error {
	encoded, err := entry.MarshalBinary()
	if err != nil {
		return fmt.Errorf("viewer: %w", err)
	}
	v := h.v
	v.mu.Lock()
	defer v.mu.Unlock()
	if !h.inStep() || h.session.append.change != nil || h.mirror.Head() != entry.Prev {
		c.state = changeMoved
		return nil
	}
	h.session.send(v.now(), c, entry, encoded)
	return nil
}

// send sends an entry. The caller holds mu.
func (s *agentSession) send(now time.Time, c *change, entry grant.Entry, encoded []byte) {
	a := &s.append
	a.request++
	a.change, a.since = c, now
	c.state, c.entry, c.pending.Sent = changeSent, &entry, true
	s.say(&control.Append{Request: a.request, Entry: encoded})
}

// await waits for the answer. A change that has to be made anew is neither done nor an error.
func (h *home) await(ctx context.Context, c *change) (done bool, err error) {
	err = h.until(ctx, func() (bool, error) {
		if c.state == changeSent && h.v.ended {
			return true, ErrClosed
		}
		done = c.state == changeDone
		return c.state != changeSent, c.err
	})
	if err != nil && errors.Is(err, ctx.Err()) {
		return false, fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return done, err
}

// until waits for a condition of the home, which is looked at with mu held, or for the end of ctx.
func (h *home) until(ctx context.Context, holds func() (bool, error)) error {
	for {
		h.v.mu.Lock()
		ok, err := holds()
		news := h.news
		h.v.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}

func unsent(ctx context.Context) error { return fmt.Errorf("%w: %w", ErrUnreached, ctx.Err()) }

func (h *home) knockOf(c *change) [16]byte {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	return c.knock
}

func (h *home) outOfTries(c *change) error {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	if c.state == changeUnsure {
		return ErrUnconfirmed
	}
	return ErrCrowded
}

func (h *home) drop(c *change) {
	h.changes = slices.DeleteFunc(h.changes, func(o *change) bool { return o == c })
}

// settle finds out from a mirror in step what became of changes without an answer. The caller holds mu.
func (h *home) settle() {
	for _, c := range slices.Clone(h.changes) {
		if c.state != changeUnsure {
			continue
		}
		c.state = changeIdle // it never came
		if h.mirror.Includes(c.entry.Seq+1, c.entry.Hash()) == nil {
			c.state = changeDone
		}
		if c.left {
			h.drop(c)
		}
	}
	h.notify()
}

// appended takes the ack of an Append: it counts if the agent signed that its log ends in exactly this entry. The caller holds mu.
func (h *home) appended(now time.Time, m *control.Appended) error {
	s := h.session
	c := s.append.change
	if c == nil || m.Request != s.append.request {
		return s.crossed()
	}
	log := h.mirror
	if s.barred {
		log = s.sync.theirs
	}
	err := acknowledges(s.conn.AgentKey(), s.home, m, s.append.request, c.entry)
	if err == nil {
		if err = log.Append(*c.entry); err != nil {
			err = fmt.Errorf("%w: it took what breaks the rules: %w", errProof, err)
		}
	}
	s.append.change = nil
	if err != nil {
		c.state, c.err = changeUnsure, fmt.Errorf("%w: %w", ErrProof, err)
		h.notify()
		return err // the session ends; the next one shows what the agent has
	}
	c.state, c.knock = changeDone, m.Knock
	if c.left {
		h.drop(c)
	}
	if m.Length >= s.sync.length {
		s.sync.length, s.sync.head = m.Length, m.Head
	}
	if !s.barred {
		h.mirrored()
		h.follow(now)
	}
	h.notify()
	return nil
}

// acknowledges returns nil if an ack proves that the agent's log ends in exactly this entry.
func acknowledges(agent identity.AgentPublic, home identity.HomeID, m *control.Appended, request uint32, e *grant.Entry) error {
	if m.Request != request || m.Length != e.Seq+1 || m.Head != e.Hash() {
		return fmt.Errorf("%w: it acknowledges something else", errProof)
	}
	return proven(agent, home, m.Length, m.Head, m.Sig[:])
}

// refusedAppend turns the reason of a refused Append into an error.
func refusedAppend(r control.AppendReason) error {
	switch r {
	case control.AppendNotOwner:
		return ErrNotOwner
	case control.AppendLastOwner:
		return ErrLastOwner
	case control.AppendFull:
		return ErrLogFull
	case control.AppendDisk:
		return ErrAgentDisk
	}
	return ErrRefusedEntry
}

// notAppended takes a refusal of an Append. The caller holds mu.
func (h *home) notAppended(now time.Time, m *control.NotAppended) error {
	s := h.session
	c := s.append.change
	if c == nil || m.Request != s.append.request {
		return s.crossed()
	}
	s.append.change = nil
	if m.Reason == control.AppendNotNext {
		c.state = changeMoved
	} else {
		c.state, c.err = changeFailed, refusedAppend(m.Reason)
	}
	if c.left {
		h.drop(c)
	}
	s.sync.length, s.sync.head = m.Length, m.Head
	h.follow(now)
	h.notify()
	return nil
}

// giveUp ends what waits for an answer of this session. The caller holds mu.
func (s *agentSession) giveUp() {
	if c := s.append.change; c != nil {
		c.state, s.append.change = changeUnsure, nil
	}
	if s.visits != nil {
		s.visits.answer <- journalAnswer{err: ErrLost}
		s.visits = nil
	}
}
