package hostile

import (
	"slices"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// maxKept bounds the frames that are remembered of one stream of an agent: a minute of a sub-stream.
const maxKept = 1024

// maxOpening bounds what is remembered of a pipe's beginning.
const maxOpening = 8 << 10

// ledger is what a server learns by looking on: public ids, topics, numbers and sizes, and every sealed frame. Server.mu guards it.
type ledger struct {
	topics map[signal.Topic]topicEntry
	kept   map[streamKey][]*signal.Publish
	hashes map[identity.AgentID][][32]byte // by which an agent is knocked at
	knocks map[identity.AgentID]int        // of browsers
	opened map[identity.AgentID][]byte     // what the agent's end of its last pipe said first
	lost   uint64                          // envelopes, of connections that are gone
}

type topicEntry struct {
	agent  identity.AgentID
	stream seal.Stream
}

type streamKey struct {
	agent  identity.AgentID
	stream seal.Stream
}

func newLedger() ledger {
	return ledger{
		topics: make(map[signal.Topic]topicEntry), kept: make(map[streamKey][]*signal.Publish),
		hashes: make(map[identity.AgentID][][32]byte), knocks: make(map[identity.AgentID]int), opened: make(map[identity.AgentID][]byte),
	}
}

// note learns from an envelope as its sender sent it.
func (l *ledger) note(w *Way, e signal.Envelope) {
	c := w.conn
	switch e := e.(type) {
	case *signal.Publish:
		_, stream, _ := seal.Peek(e.Sealed)
		l.topics[e.Topic] = topicEntry{c.agent, stream}
		k := streamKey{c.agent, stream}
		if l.kept[k] = append(l.kept[k], e); len(l.kept[k]) > maxKept {
			l.kept[k] = slices.Delete(l.kept[k], 0, len(l.kept[k])-maxKept)
		}
	case *signal.Knocks:
		l.hashes[c.agent] = e.Hashes
	case *signal.Knock:
		c.requests[e.Request] = e.Agent
		if c.browser {
			l.knocks[e.Agent]++
		}
	case *signal.Opened:
		c.pipes[e.Pipe] = c.requests[e.Request]
		delete(l.opened, c.pipes[e.Pipe])
	case *signal.Data:
		// Only what comes from the agent's side of a viewer's pipe, up to where both handshake and first answers are.
		if id, ok := c.pipes[e.Pipe]; ok && !w.up && len(l.opened[id]) < maxOpening {
			l.opened[id] = append(l.opened[id], e.Bytes...)
		}
	}
}

func (l *ledger) publisher(t signal.Topic) (identity.AgentID, bool) {
	e, ok := l.topics[t]
	return e.agent, ok
}

// frames returns what is remembered of a stream, oldest first.
func (l *ledger) frames(agent identity.AgentID, stream seal.Stream) []*signal.Publish {
	return slices.Clone(l.kept[streamKey{agent, stream}])
}
