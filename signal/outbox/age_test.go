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

// TestAKeyFrameTakesTheOldGroupsPlace has a reader that is half as much behind as it may be.
func TestAKeyFrameTakesTheOldGroupsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Limits{Media: 1000, Age: time.Second})
		q.Media(a, true, message(10, "K1"))
		q.Media(a, false, message(10, "d2"))
		time.Sleep(time.Second / 2)
		q.Media(a, true, message(10, "K3"))
		if got := heads(t, q); got != "K1 d2 K3 " {
			t.Errorf("a reader that is not behind gets %q", got)
		}
		q.Media(a, true, message(10, "K4"))
		q.Media(a, false, message(10, "d5"))
		time.Sleep(time.Second/2 + time.Millisecond)
		q.Media(a, false, message(10, "d6"))
		q.Media(b, true, message(10, "Kb"))
		q.Media(a, true, message(10, "K7"))
		q.Media(a, false, message(10, "d8"))
		if got := heads(t, q); got != "Kb K7 d8 " {
			t.Errorf("a reader that is behind gets %q", got)
		}
		if n := q.Dropped(); n != 3 {
			t.Errorf("%d dropped", n)
		}
	})
}

// TestAStreamAlone has a reader that is behind in one stream, and gets the other.
func TestAStreamAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Limits{Media: 1000, Age: time.Second})
		for i := range 3 {
			q.Media(a, i == 0, message(10, "A"+string(rune('0'+i))))
		}
		time.Sleep(time.Second)
		q.Media(b, true, message(10, "B0"))
		time.Sleep(time.Millisecond)
		if q.Media(a, false, message(10, "A3")) || !q.Media(b, false, message(10, "B1")) {
			t.Error("one stream is too old, the other is not")
		}
		if got := heads(t, q); got != "B0 B1 " {
			t.Errorf("left are %q", got)
		}
	})
}

func TestExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(1000)
		q := New(Limits{Media: 1000, Age: time.Second})
		q.Media(a, true, NewMessage(pool, make([]byte, 10)))
		time.Sleep(time.Second)
		q.Media(b, true, NewMessage(pool, make([]byte, 20)))
		if q.Expire(); pool.Bytes() != 30 {
			t.Errorf("%d bytes wait", pool.Bytes())
		}
		time.Sleep(time.Millisecond)
		if q.Expire(); pool.Bytes() != 20 || q.Dropped() != 1 {
			t.Errorf("%d bytes wait, %d pictures were dropped", pool.Bytes(), q.Dropped())
		}
		if q.Media(a, false, NewMessage(pool, make([]byte, 10))) {
			t.Error("a delta frame of a group that was dropped")
		}
	})
}

func TestControlAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Limits{Control: 100, Media: 100, Age: time.Second})
		q.Media(a, true, message(10, "K1"))
		time.Sleep(time.Second)
		if age := q.ControlAge(); age != 0 {
			t.Errorf("%v with nothing waiting", age)
		}
		q.Control([]byte("c1"))
		time.Sleep(time.Second)
		q.Control([]byte("c2"))
		time.Sleep(time.Second)
		if age := q.ControlAge(); age != 2*time.Second {
			t.Errorf("%v, the oldest has waited for 2 s", age)
		}
		q.take()
		if age := q.ControlAge(); age != time.Second {
			t.Errorf("%v, the second has waited for 1 s", age)
		}
	})
}
