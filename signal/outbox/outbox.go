// Package outbox is the write queue of one connection, the same for a client and for the server.
//
// It keeps two kinds of message: control, which must all arrive and goes first, and media, of which whole groups of pictures may be
// dropped: a reader that is too slow loses pictures, never their order, and never delays anybody else. The streams of one connection take
// turns, so that a small one does not wait behind a large one that is too much for the path. It imports the standard library only and
// starts no goroutines.
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
	Age     time.Duration // how long a picture may wait; a stream whose oldest waits longer has a reader that is behind
}

// Queue is safe for concurrent use, with one goroutine calling Next.
type Queue struct {
	limits Limits
	base   time.Time     // of all times in the queue
	wake   chan struct{} // holds one token while there may be something to take

	mu           sync.Mutex
	control      fifo[note]
	controlBytes int
	streams      map[Topic]*stream
	turns        fifo[*stream] // the streams that have a picture waiting, the next first
	mediaBytes   int
	dropped      uint64
	closed       bool
}

type note struct {
	message []byte
	queued  time.Duration
}

type picture struct {
	message *Message
	queued  time.Duration
}

// stream is what waits of one topic.
type stream struct {
	pictures fifo[picture]
	skipping bool // until the next key frame
}

// New returns an empty queue.
func New(limits Limits) *Queue {
	return &Queue{limits: limits, base: time.Now(), wake: make(chan struct{}, 1), streams: make(map[Topic]*stream)}
}

// Control queues a message that must arrive. It returns false when the queue is closed or full; then the connection has to end. The
// queue keeps message.
func (q *Queue) Control(message []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.controlBytes+len(message) > q.limits.Control {
		return false
	}
	q.control.push(note{message, time.Since(q.base)})
	q.controlBytes += len(message)
	q.signal()
	return true
}

// ControlAge returns for how long the oldest control message has been waiting. Control goes first, so it tells how long the reader
// has taken nothing at all.
func (q *Queue) ControlAge() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.control.len() == 0 {
		return 0
	}
	return time.Since(q.base) - q.control.first().queued
}

// Media queues a picture of a topic, or drops it and returns false. What waits of the topic goes as well when the reader is behind, or
// when the queue or the message's pool is full; then the topic starts again at its next key frame. A key frame also takes the place of an
// older group whose reader is half as much behind: better the newest picture now than an old one first.
func (q *Queue) Media(topic Topic, key bool, m *Message) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	s := q.streams[topic]
	if s == nil {
		s = &stream{}
		q.streams[topic] = s
	}
	if s.skipping && !key {
		q.dropped++
		return false
	}
	now := time.Since(q.base)
	if s.pictures.len() > 0 {
		waited := now - s.pictures.first().queued
		if waited > q.limits.Age || key && waited > q.limits.Age/2 || m.pool.full() || q.full(m) {
			q.shed(s)
			s.skipping = true
		}
	}
	if s.skipping && !key || q.full(m) {
		s.skipping = true
		q.dropped++
		return false
	}
	s.skipping = false
	if s.pictures.len() == 0 {
		q.turns.push(s)
	}
	s.pictures.push(picture{m, now})
	q.mediaBytes += len(m.bytes)
	m.hold()
	q.signal()
	return true
}

// Expire drops what waits for too long of topics on which nothing new comes, so that a reader that has stopped keeps no memory.
func (q *Queue) Expire() {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Since(q.base)
	for _, s := range q.streams {
		if s.pictures.len() > 0 && now-s.pictures.first().queued > q.limits.Age {
			q.shed(s)
			s.skipping = true
		}
	}
}

// Forget drops what is queued of a topic, and its state.
func (q *Queue) Forget(topic Topic) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s := q.streams[topic]; s != nil {
		q.shed(s)
		delete(q.streams, topic)
	}
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
	for _, s := range q.streams {
		for s.pictures.len() > 0 {
			s.pictures.pop().message.release()
		}
	}
	clear(q.streams)
	q.turns, q.mediaBytes = fifo[*stream]{}, 0
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
	case q.control.len() > 0:
		message := q.control.pop().message
		q.controlBytes -= len(message)
		return message, nil
	case q.closed:
		return nil, ErrClosed
	case q.turns.len() > 0:
		s := q.turns.pop()
		m := s.pictures.pop().message
		if s.pictures.len() > 0 {
			q.turns.push(s)
		}
		q.mediaBytes -= len(m.bytes)
		m.release()
		return m.bytes, nil
	}
	return nil, nil
}

func (q *Queue) full(m *Message) bool {
	return q.mediaBytes > 0 && q.mediaBytes+len(m.bytes) > q.limits.Media
}

// shed drops every queued picture of a stream.
func (q *Queue) shed(s *stream) {
	if s.pictures.len() == 0 {
		return
	}
	for s.pictures.len() > 0 {
		m := s.pictures.pop().message
		q.mediaBytes -= len(m.bytes)
		q.dropped++
		m.release()
	}
	q.turns.remove(func(other *stream) bool { return other == s })
}

func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
