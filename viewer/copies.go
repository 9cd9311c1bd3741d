package viewer

import "time"

// link is a connection to the server by which the relay's frames come.
type link uint8

const (
	byMain link = iota // the one that everything else goes by as well
	byTwin             // the second one
)

// copiesKept is how many frames of a topic are remembered, of two connections that bring the same: some seconds.
const copiesKept = 256

// copies tells the frames of a topic that came by one connection from their copies by the other, which need not be opened. It trusts the numbers
// that the server gives frames no further than the server itself, which may keep back any frame.
type copies struct {
	seen [copiesKept]copied // by the sequence number's remainder
}

type copied struct {
	known    bool
	by       link
	sequence uint32
	at       time.Time
}

// again takes a frame that came now. known says that it came by the other connection before, and ahead by how much longer ago that was.
func (s *copies) again(now time.Time, by link, sequence uint32) (known bool, ahead time.Duration) {
	f := &s.seen[sequence%copiesKept]
	if f.known && f.sequence == sequence {
		return f.by != by, now.Sub(f.at)
	}
	if !f.known || int32(sequence-f.sequence) > 0 {
		*f = copied{true, by, sequence, now}
	}
	return false, 0
}
