package grant

import (
	"encoding/binary"
	"errors"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// What Includes and Compare find.
var (
	ErrRollback = errors.New("grant: the log lacks entries that it had before")
	ErrFork     = errors.New("grant: the log's past differs from what it was before")
)

const ackLabel = "sealcam grant ack v1"

// Includes checks that the log, which is to be the later one, goes on from a state seen before, of length entries with the given head,
// without having lost or changed anything of it. It returns ErrRollback or ErrFork.
func (l *Log) Includes(length uint64, head Hash) error {
	switch {
	case length > uint64(len(l.hashes)):
		return ErrRollback
	case length == 0 && head != Hash{}, length > 0 && l.hashes[length-1] != head:
		return ErrFork
	}
	return nil
}

// Difference is where a log parts from one seen before.
type Difference struct {
	At    uint64  // number of the first entry that is missing or another
	Lost  []Entry // those seen before, from there on; never empty
	Other []Entry // those that stand in their place; none if the log is merely shorter
}

// Err returns ErrRollback or ErrFork; nil for no difference.
func (d *Difference) Err() error {
	switch {
	case d == nil:
		return nil
	case len(d.Other) == 0:
		return ErrRollback
	}
	return ErrFork
}

// Compare returns nil if theirs is the same log as mine or goes on from it, and otherwise how it differs.
func Compare(mine, theirs *Log) *Difference {
	at := 0
	for at < len(mine.hashes) && at < len(theirs.hashes) && mine.hashes[at] == theirs.hashes[at] {
		at++
	}
	if at == len(mine.hashes) {
		return nil
	}
	return &Difference{At: uint64(at), Lost: mine.Entries(uint64(at)), Other: theirs.Entries(uint64(at))}
}

// AckMessage returns what an agent signs to say how far its log goes, and so that it keeps what it was given:
// "sealcam grant ack v1" ‖ agent id ‖ home id ‖ length(8) ‖ head.
func AckMessage(agent identity.AgentID, home identity.HomeID, length uint64, head Hash) []byte {
	b := append([]byte(ackLabel), agent[:]...)
	b = append(b, home[:]...)
	b = binary.BigEndian.AppendUint64(b, length)
	return append(b, head[:]...)
}
