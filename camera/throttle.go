package camera

import (
	"context"
	"time"
)

// Rates of what a viewer may ask for. Who is faster is read more slowly.
const (
	appendRate, appendBurst = 20, 100
	wishRate, wishBurst     = 20, 400 // a page of 64 cameras changes all its wishes at once
)

// throttle lets a burst through at once and then so many a second. It belongs to one goroutine.
type throttle struct {
	rate, burst float64
	left        float64
	last        time.Time
}

func newThrottle(rate, burst float64) *throttle {
	return &throttle{rate: rate, burst: burst, left: burst, last: time.Now()}
}

// wait waits until one more is due, or returns the context's error.
func (t *throttle) wait(ctx context.Context) error {
	now := time.Now()
	t.left = min(t.burst, t.left+now.Sub(t.last).Seconds()*t.rate) - 1
	t.last = now
	if t.left >= 0 {
		return nil
	}
	timer := time.NewTimer(time.Duration(-t.left / t.rate * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
