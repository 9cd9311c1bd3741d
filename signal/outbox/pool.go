package outbox

import "sync/atomic"

// Pool bounds what waits in many queues together. A message that waits in several counts once, as it takes memory once.
type Pool struct {
	limit int64
	bytes atomic.Int64
}

// NewPool returns a pool for so many bytes. When they wait, every stream that has a picture waiting drops its group before it takes
// another, so that a pool holds no more than its limit and one picture for each stream.
func NewPool(limit int) *Pool { return &Pool{limit: int64(limit)} }

// Bytes returns how many wait.
func (p *Pool) Bytes() int64 { return p.bytes.Load() }

func (p *Pool) full() bool { return p != nil && p.bytes.Load() >= p.limit }

// Message is a picture that may wait in any number of queues.
type Message struct {
	bytes  []byte
	pool   *Pool
	queues atomic.Int32 // in which it waits
}

// NewMessage makes a message, which keeps b and never changes it. Without a pool (nil) it counts nowhere.
func NewMessage(p *Pool, b []byte) *Message { return &Message{bytes: b, pool: p} }

func (m *Message) hold() {
	if m.queues.Add(1) == 1 && m.pool != nil {
		m.pool.bytes.Add(int64(len(m.bytes)))
	}
}

func (m *Message) release() {
	if m.queues.Add(-1) == 0 && m.pool != nil {
		m.pool.bytes.Add(-int64(len(m.bytes)))
	}
}
