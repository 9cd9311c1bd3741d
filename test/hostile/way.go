package hostile

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sealcam/sealcam/internal/pause"
)

// Bounds of a Way.
const (
	maxReady = 4 << 20  // bytes waiting for the receiver before nothing more is read from the sender
	maxHeld  = 96 << 20 // bytes waiting in all; what is more is lost and counted
)

// Way is one direction of a connection.
type Way struct {
	conn *Conn
	up   bool // towards the server

	changed chan struct{} // holds a token when next should look again
	room    chan struct{} // holds a token when a waiting reader should

	mu     sync.Mutex
	ready  [][]byte
	late   []lateMessage // by due, then in the order in which they came
	bytes  int           // of ready and late
	first  int           // bytes of ready
	rate   int           // bytes a second; 0: as fast as it goes
	closed bool          // nothing more comes
	lost   uint64
}

type lateMessage struct {
	due time.Time
	b   []byte
}

func newWay(c *Conn, up bool) *Way {
	return &Way{conn: c, up: up, changed: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

func (w *Way) push(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fits(b) {
		w.ready = append(w.ready, b)
		w.first += len(b)
		put(w.changed)
	}
}

func (w *Way) pushAt(due time.Time, b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.fits(b) {
		return
	}
	at, _ := slices.BinarySearchFunc(w.late, due, func(m lateMessage, due time.Time) int {
		if m.due.After(due) {
			return 1
		}
		return -1
	})
	w.late = slices.Insert(w.late, at, lateMessage{due, b})
	put(w.changed)
}

// fits counts a message in, or as lost. The caller holds mu.
func (w *Way) fits(b []byte) bool {
	if w.closed {
		return false
	}
	if w.bytes+len(b) > maxHeld {
		w.lost++
		return false
	}
	w.bytes += len(b)
	return true
}

// Hurry makes everything due that was sent with Later, in order.
func (w *Way) Hurry() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.move(len(w.late))
	put(w.changed)
}

// Throttle lets so many bytes a second through; 0: as fast as it goes.
func (w *Way) Throttle(bytesPerSecond int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rate = bytesPerSecond
}

// move makes the first n late messages ready. The caller holds mu.
func (w *Way) move(n int) {
	for _, m := range w.late[:n] {
		w.ready = append(w.ready, m.b)
		w.first += len(m.b)
	}
	w.late = slices.Delete(w.late, 0, n)
}

// finish lets what is ready go out and nothing after it.
func (w *Way) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	put(w.changed)
}

// write sends what is due until ctx ends, finish was called, or send fails.
func (w *Way) write(ctx context.Context, send func(context.Context, []byte) error) {
	for {
		b, rate, wait, over := w.next()
		switch {
		case over:
			return
		case b != nil:
			if send(ctx, b) != nil {
				return
			}
			if rate > 0 && !pause.For(ctx, time.Duration(len(b))*time.Second/time.Duration(rate)) {
				return
			}
			continue
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-w.changed:
			t.Stop()
		case <-t.C:
		}
	}
}

// next returns what is to be sent, or how long to wait for it.
func (w *Way) next() (b []byte, rate int, wait time.Duration, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	due := 0
	for due < len(w.late) && !w.late[due].due.After(now) {
		due++
	}
	w.move(due)
	if len(w.ready) > 0 {
		b = w.ready[0]
		w.ready[0] = nil
		w.ready = w.ready[1:]
		w.bytes -= len(b)
		w.first -= len(b)
		put(w.room)
		return b, w.rate, 0, false
	}
	if w.closed {
		return nil, 0, 0, true
	}
	wait = time.Hour
	if len(w.late) > 0 {
		wait = w.late[0].due.Sub(now)
	}
	return nil, 0, wait, false
}

// await waits until the receiver has taken enough for more to be read from the sender.
func (w *Way) await(ctx context.Context) error {
	for {
		w.mu.Lock()
		full := w.first > maxReady
		w.mu.Unlock()
		if !full {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.room:
		}
	}
}

func (w *Way) lostSoFar() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// put puts a token into a channel that holds one.
func put(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
