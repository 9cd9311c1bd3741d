package adversary

import (
	"fmt"
	"hash/maphash"
)

// maxQueue is how many frames or messages can wait for a viewer.
const maxQueue = 6

// queue is what the server has received for a viewer and not yet dealt with.
type queue[T comparable] struct {
	items [maxQueue]T
	n     uint8
}

func (q *queue[T]) push(v T) bool {
	if q.n == maxQueue {
		return false
	}
	q.items[q.n] = v
	q.n++
	return true
}

func (q *queue[T]) pop() T {
	v := q.items[0]
	copy(q.items[:], q.items[1:])
	q.n--
	var zero T
	q.items[q.n] = zero
	return v
}

// note names an agent's message to a viewer: which message of which of its connections.
type note struct {
	viewer, connection, message uint8
}

// connection is a viewer's session as far as the network knows it.
type connection struct {
	number uint8 // of this viewer's connections
	read   uint8 // messages that the viewer took
	dead   bool  // the viewer ended it, because it was handed something wrong
	// What its agent was when it began, and so what its welcome says.
	life, step, tick uint8
}

// state is everything that changes.
type state struct {
	tick  uint8
	life  [homes]uint8
	step  [homes]uint8
	last  [homes]uint8 // the last step of the life before
	conns [viewers]connection
	media [viewers]queue[frameID]
	notes [viewers]queue[note]
	nodes [viewers]uint32 // what each viewer has become
}

// hash is a state in 128 bits: two of ten million fall together with a probability below 2⁻⁸⁰.
type hash [2]uint64

// hasher makes hashes.
type hasher struct {
	seeds [2]maphash.Seed
	b     []byte
}

func newHasher() *hasher {
	return &hasher{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

func (h *hasher) hash(s *state) hash {
	b := append(h.b[:0], s.tick)
	for i := range homes {
		b = append(b, s.life[i], s.step[i], s.last[i])
	}
	for v := range viewers {
		c, n := &s.conns[v], s.nodes[v]
		dead := byte(0)
		if c.dead {
			dead = 1
		}
		b = append(b, c.number, c.read, dead, c.life, c.step, c.tick, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		b = append(b, s.media[v].n)
		for _, f := range s.media[v].items[:s.media[v].n] {
			b = append(b, byte(f))
		}
		b = append(b, s.notes[v].n)
		for _, n := range s.notes[v].items[:s.notes[v].n] {
			b = append(b, n.viewer, n.connection, n.message)
		}
	}
	h.b = b
	return hash{maphash.Bytes(h.seeds[0], b), maphash.Bytes(h.seeds[1], b)}
}

// kind is one of the adversary's moves.
type kind uint8

const (
	deliver kind = iota // hand a viewer the next frame
	drop
	replay      // hand a viewer any frame that the server ever received
	swap        // exchange the next frames of two viewers, or the next two of one
	deliverNote // the same for the messages of sessions
	dropNote
	replayNote // the last one that the viewer took once more, or the welcome of its connection before
	swapNote
	bounce       // hand a viewer what it sent itself
	restartAgent // of a home; its viewers connect again
	restartConn  // a viewer's connection
	wait
)

var kindNames = [...]string{
	"deliver", "drop", "replay", "swap", "deliver message", "drop message", "replay message", "swap messages", "reflect",
	"restart agent", "restart connection", "wait",
}

// move is one move of the adversary.
type move struct {
	kind kind
	a, b uint8 // a: viewer or home; b: other viewer, frame, or which message
}

func (m move) String() string {
	switch m.kind {
	case wait:
		return "wait"
	case replay:
		return fmt.Sprintf("replay to viewer %d (%v)", m.a, frameID(m.b))
	case swap, swapNote:
		return fmt.Sprintf("%s of viewers %d and %d", kindNames[m.kind], m.a, m.b)
	case restartAgent:
		return fmt.Sprintf("restart the agent of home %d", m.a)
	}
	return fmt.Sprintf("%s, viewer %d", kindNames[m.kind], m.a)
}
