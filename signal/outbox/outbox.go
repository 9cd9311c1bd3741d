// Package outbox is the write queue of one connection, the same for a client and for the server.
//
// It keeps two kinds of message: control, which must all arrive and goes first, and media, of which whole groups of pictures may be
// dropped: a reader that is too slow loses pictures, never their order, and never delays anybody else. It imports the standard
// library only and starts no goroutines.
package outbox

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is returned by Next once the queue was closed and every control message was taken.
var ErrClosed = errors.New("outbox: closed")

// Topic tells the streams of one connection apart.
type Topic = [16]byte

// Limits bound a queue.
type Limits struct {
	Control int           // bytes of control messages; one more is refused
	Media   int           // bytes of media; a single message is always taken by an empty queue
	Age     time.Duration // media older than this at the queue's head means that the reader is behind
}

// Queue is safe for concurrent use, with one goroutine calling Next.
type Queue struct {
	limits Limits
	wake   chan struct{} // holds one token while there may be something to take

	mu           sync.Mutex
	control      [][]byte
	controlBytes int
	media        []picture
	mediaBytes   int
	skipping     map[Topic]bool // topics whose pictures are dropped until the next key frame
	dropped      uint64
	closed       bool
}

type picture struct {
	topic   Topic
	message []byte
	queued  time.Time
}

// New returns an empty queue.
func New(limits Limits) *Queue {
	return &Queue{limits: limits, wake: make(chan struct{}, 1), skipping: make(map[Topic]bool)}
}

// Control queues a message that must arrive. It returns false when the queue is closed or full; then the connection has to end. The
// queue keeps message.
func (q *Queue) Control(message []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.controlBytes+len(message) > q.limits.Control {
		return false
	}
	q.control = append(q.control, message)
	q.controlBytes += len(message)
	q.signal()
	return true
}

// Media queues a picture of a topic, or drops it and returns false. When the reader is behind, everything queued of the topic goes as
// well, and the topic starts again at its next key frame. The queue keeps message, and never changes it.
func (q *Queue) Media(topic Topic, key bool, message []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if q.skipping[topic] && !key {
		q.dropped++
		return false
	}
	now := time.Now()
	if behind := len(q.media) > 0 && now.Sub(q.media[0].queued) > q.limits.Age; behind || q.full(message) {
		q.purge(topic)
		if !key || q.full(message) {
			q.skipping[topic] = true
			q.dropped++
			return false
		}
	}
	delete(q.skipping, topic)
	q.media = append(q.media, picture{topic, message, now})
	q.mediaBytes += len(message)
	q.signal()
	return true
}

// Forget drops what is queued of a topic, and its state.
func (q *Queue) Forget(topic Topic) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.purge(topic)
	delete(q.skipping, topic)
}

// Dropped returns how many pictures were dropped so far.
func (q *Queue) Dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Close drops the media and lets Next return ErrClosed after the last control message.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.media, q.mediaBytes = nil, 0
	q.signal()
}

// Next waits for the next message: control first. The error is ErrClosed or the context's.
func (q *Queue) Next(ctx context.Context) ([]byte, error) {
	for {
		message, err := q.take()
		if message != nil || err != nil {
			return message, err
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (q *Queue) take() ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.control) > 0:
		message := q.control[0]
		q.control[0] = nil
		q.control = q.control[1:]
		q.controlBytes -= len(message)
		return message, nil
	case q.closed:
		return nil, ErrClosed
	case len(q.media) > 0:
		message := q.media[0].message
		q.media[0] = picture{}
		q.media = q.media[1:]
		q.mediaBytes -= len(message)
		return message, nil
	}
	return nil, nil
}

func (q *Queue) full(message []byte) bool {
	return len(q.media) > 0 && q.mediaBytes+len(message) > q.limits.Media
}

// purge drops every queued picture of a topic.
func (q *Queue) purge(topic Topic) {
	kept := q.media[:0]
	for _, p := range q.media {
		if p.topic == topic {
			q.mediaBytes -= len(p.message)
			q.dropped++
			continue
		}
		kept = append(kept, p)
	}
	clear(q.media[len(kept):])
	q.media = kept
}

func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
