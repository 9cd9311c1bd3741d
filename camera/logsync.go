package camera

import (
	"encoding/binary"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
)

// statement is what the agent signs about its log.
type statement struct {
	length uint64
	head   grant.Hash
	sig    [64]byte
}

// state returns the agent's signed statement of its log as it is now. It signs each state once.
func (a *Agent) state() (statement, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	length, head := uint64(a.grants.Len()), a.grants.Head()
	if a.statement.length != length || a.statement.head != head {
		sig, err := a.key.Signer().Sign(grant.AckMessage(a.id, a.grants.Home(), length, head))
		if err != nil {
			return statement{}, err
		}
		a.statement = statement{length: length, head: head, sig: [64]byte(sig)}
	}
	return a.statement, nil
}

// logHead makes the message that tells an owner how far the log goes.
func (a *Agent) logHead() (control.Message, error) {
	st, err := a.state()
	if err != nil {
		return nil, err
	}
	return &control.LogHead{Length: st.length, Head: st.head, Sig: st.sig}, nil
}

// logPart makes the next part of the log, from an entry on, and says with which one to go on; 0 if there are no more. From beyond the
// end there is a part without entries, which says so under the agent's signature.
func (a *Agent) logPart(from uint64) (part *control.LogPart, next uint64, err error) {
	st, err := a.state()
	if err != nil {
		return nil, 0, err
	}
	from = min(from, st.length)
	part = &control.LogPart{From: from, Length: st.length, Head: st.head, Sig: st.sig}
	next = from
	for _, entry := range a.store.Entries()[from:st.length] {
		if len(part.Entries)+4+len(entry) > control.MaxLogPart {
			break
		}
		part.Entries = binary.BigEndian.AppendUint32(part.Entries, uint32(len(entry)))
		part.Entries = append(part.Entries, entry...)
		next++
	}
	if next == st.length {
		next = 0
	}
	return part, next, nil
}
