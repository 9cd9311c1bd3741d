//go:build !js

package signal

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoff(t *testing.T) {
	for range 100 {
		var b Backoff
		top := MinBackoff
		for range 10 {
			d := b.Next()
			if d < top/2 || d > top {
				t.Fatalf("%v, want %v to %v", d, top/2, top)
			}
			top = min(2*top, MaxBackoff)
		}
		b.Reset()
		if d := b.Next(); d > MinBackoff {
			t.Fatalf("%v after a reset", d)
		}
	}
	var one, other Backoff
	same := 0
	for range 20 {
		if one.Next() == other.Next() {
			same++
		}
	}
	if same == 20 {
		t.Error("no two clients must come back at the same time")
	}
}

func TestBackoffWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Backoff
		begin := time.Now()
		if err := b.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took < MinBackoff/2 || took > MinBackoff {
			t.Errorf("waited %v", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
