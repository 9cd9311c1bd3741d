//go:build !js

package outbox

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestOldMediaMeansBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Limits{Media: 1000, Age: time.Second})
		q.Media(a, true, message(10, "K1"))
		time.Sleep(time.Second)
		if !q.Media(a, false, message(10, "d2")) {
			t.Error("a second is not too old")
		}
		time.Sleep(time.Millisecond)
		if q.Media(a, false, message(10, "d3")) || q.Media(a, false, message(10, "d4")) {
			t.Error("the reader is behind, and delta frames were queued")
		}
		if got := heads(t, q); got != "" {
			t.Errorf("left are %q", got)
		}
		if !q.Media(a, true, message(10, "K5")) {
			t.Error("the key frame starts anew")
		}
	})
}
