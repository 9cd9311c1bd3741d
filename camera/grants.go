package camera

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
)

// load takes the grant log from the store. A log that is damaged, another agent's, or shorter than it was is used in no part: an agent
// that went on without it would let in whom its owner shut out, or could be claimed anew.
func (a *Agent) load() error {
	checkpoint, err := a.store.Checkpoint()
	if err != nil {
		return err
	}
	b, err := grant.NewLog(a.id).MarshalBinary()
	if err != nil {
		return err
	}
	for _, entry := range a.store.Entries() {
		b = binary.BigEndian.AppendUint32(b, uint32(len(entry)))
		b = append(b, entry...)
	}
	const again = "put back the newest copy of it, or begin anew with: sealcam agent reset"
	if a.grants, err = grant.ParseChecked(b, a.id, checkpoint.Length, checkpoint.Head); err != nil {
		return fmt.Errorf("the grant log %s is damaged (%w): %s; nothing of it was used", a.store.LogPath(), err, again)
	}
	switch err := a.grants.Includes(checkpoint.Length, checkpoint.Head); {
	case errors.Is(err, grant.ErrRollback):
		return fmt.Errorf("the grant log %s has %d entries, but had %d: %s; nothing of it was used. If there is no newer copy, remove %s: your own devices then show what is missing and can give it back",
			a.store.LogPath(), a.grants.Len(), checkpoint.Length, again, a.store.CheckpointPath())
	case err != nil:
		return fmt.Errorf("the grant log %s is not the one that was there before: %s; nothing of it was used", a.store.LogPath(), again)
	}
	a.checkpoint = checkpoint.Length
	a.saveCheckpoint()
	return nil
}

// saveCheckpoint notes how far the log is known to be sound, if that is news.
func (a *Agent) saveCheckpoint() {
	a.mu.Lock()
	c := store.Checkpoint{Length: uint64(a.grants.Len()), Head: a.grants.Head()}
	fresh := c.Length != a.checkpoint
	a.checkpoint = c.Length
	a.mu.Unlock()
	if !fresh {
		return
	}
	if err := a.store.SaveCheckpoint(c); err != nil {
		a.log.Warn("the state folder cannot be written: look at its disk", "error", err)
	}
}

// extend puts a signed entry into the log, on the disk first. allowed, which is called with mu held, says whether the caller may append it.
// Everybody who is concerned still has to be told, by tellKnocks and spread.
func (a *Agent) extend(encoded []byte, allowed func(*grant.Entry) bool) (grant.Entry, control.AppendReason) {
	e, err := grant.ParseEntry(encoded)
	if err != nil {
		return e, control.AppendInvalid
	}
	a.appending.Lock()
	defer a.appending.Unlock()
	a.mu.Lock()
	reason := control.AppendReason(0)
	if !allowed(&e) {
		reason = control.AppendNotOwner
	} else if err := a.grants.Check(e); err != nil {
		reason = appendReason(err)
	}
	a.mu.Unlock()
	if reason != 0 {
		return e, reason
	}
	if err := a.store.Append(encoded); err != nil {
		a.log.Error("an entry of the grant log could not be kept", "error", err)
		return e, control.AppendDisk
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.grants.Append(e); err != nil {
		panic(err) // Check agreed, and nobody else could append since
	}
	return e, 0
}

func appendReason(err error) control.AppendReason {
	switch {
	case errors.Is(err, grant.ErrChain):
		return control.AppendNotNext
	case errors.Is(err, grant.ErrLastOwner):
		return control.AppendLastOwner
	case errors.Is(err, grant.ErrFull):
		return control.AppendFull
	}
	return control.AppendInvalid
}

// spread makes everybody keep to a log that has grown by by's doing: sessions that may no longer be end, and the other owners hear of it.
// The servers were told before.
func (a *Agent) spread(by *viewerSession) {
	a.review()
	for _, s := range a.all() {
		if s != by && a.manages(s.device) {
			s.out.mark(dueHead)
		}
	}
	a.tellDevices()
}

// append handles an Append: the answer is the agent's signed word that the entry is on the disk, or why it is not.
func (s *viewerSession) append(ctx context.Context, m *control.Append) error {
	if err := s.appends.wait(ctx); err != nil {
		return err
	}
	a := s.agent
	e, reason := a.extend(m.Entry, func(*grant.Entry) bool { return a.managesLocked(s.device) })
	if reason != 0 {
		a.mu.Lock()
		length, head := uint64(a.grants.Len()), a.grants.Head()
		a.mu.Unlock()
		s.sendControl(&control.NotAppended{Request: m.Request, Reason: reason, Length: length, Head: head})
		return nil
	}
	ack := &control.Appended{Request: m.Request, Length: e.Seq + 1, Head: e.Hash()}
	sig, err := a.key.Signer().Sign(grant.AckMessage(a.id, e.Home, ack.Length, ack.Head))
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	copy(ack.Sig[:], sig)
	if e.Kind == grant.Add || e.Kind == grant.Grant {
		ack.Knock = a.knock(e.Subject)
	}
	a.tellKnocks() // before the device that was added can hear of its token
	s.sendControl(ack)
	a.spread(s)
	return nil
}
