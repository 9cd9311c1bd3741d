package signal

import (
	"context"
	"math/rand/v2"
	"time"
)

// Bounds of a Backoff.
const (
	MinBackoff = 250 * time.Millisecond
	MaxBackoff = 15 * time.Second
)

// Backoff spaces the tries of a client that lost its server: doubling from MinBackoff to MaxBackoff, each shortened by up to half at
// random, so that a restarted server is not met by everybody at once. The zero value is ready.
type Backoff struct{ next time.Duration }

// Next returns how long to wait before the next try.
func (b *Backoff) Next() time.Duration {
	d := max(b.next, MinBackoff)
	b.next = min(2*d, MaxBackoff)
	return d - time.Duration(rand.Int64N(int64(d/2)+1))
}

// Reset starts again from MinBackoff. Call it once a connection did its work, not when it merely came about.
func (b *Backoff) Reset() { b.next = 0 }

// Wait waits for Next or returns the context's error.
func (b *Backoff) Wait(ctx context.Context) error {
	t := time.NewTimer(b.Next())
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
