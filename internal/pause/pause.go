// Package pause waits between two tries. It imports the standard library only.
package pause

import (
	"context"
	"time"
)

// For waits; false if ctx ended first.
func For(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
