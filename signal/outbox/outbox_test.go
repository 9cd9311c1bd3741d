package outbox

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

var a, b = Topic{1}, Topic{2}

func message(size int, head string) *Message {
	return NewMessage(nil, append([]byte(head), make([]byte, size-len(head))...))
}

func heads(t *testing.T, q *Queue) (got string) {
	t.Helper()
	for {
		m, err := q.take()
		if err != nil || m == nil {
			return got
		}
		got += string(m[:2]) + " "
	}
}

func TestControlGoesFirst(t *testing.T) {
	q := New(Limits{Control: 100, Media: 100, Age: time.Minute})
	q.Media(a, true, message(2, "m1"))
	q.Control([]byte("c1"))
	q.Media(b, true, message(2, "m2"))
	q.Control([]byte("c2"))
	if got := heads(t, q); got != "c1 c2 m1 m2 " {
		t.Errorf("%q", got)
	}
}

func TestControlIsRefusedWhenFull(t *testing.T) {
	q := New(Limits{Control: 10})
	if !q.Control(make([]byte, 10)) || q.Control([]byte("x")) {
		t.Error("ten bytes fit, one more does not")
	}
	heads(t, q)
	if !q.Control(make([]byte, 10)) {
		t.Error("there is room again")
	}
}

// TestDropsWholeGroups fills the queue and looks at what is left: never a delta frame whose predecessors were dropped.
func TestDropsWholeGroups(t *testing.T) {
	q := New(Limits{Control: 100, Media: 40, Age: time.Minute})
	put := func(topic Topic, head string, want bool) {
		t.Helper()
		if got := q.Media(topic, head[0] == 'K', message(10, head)); got != want {
			t.Errorf("%s was queued: %v", head, got)
		}
	}
	put(a, "K1", true)
	put(b, "K2", true)
	put(a, "d3", true)
	put(b, "d4", true)
	put(a, "d5", false) // full: K1 and d3 go with it
	put(a, "d6", false) // there is room, but a's group is gone
	put(b, "d7", true)
	put(a, "K8", true)
	put(a, "d9", false) // full again
	if got := heads(t, q); got != "K2 d4 d7 " {
		t.Errorf("left are %q", got)
	}
	put(a, "d0", false)
	put(a, "Ka", true)
	if got := heads(t, q); got != "Ka " {
		t.Errorf("left are %q", got)
	}
	if n := q.Dropped(); n != 3+1+2+1 { // K1 d3 d5, d6, K8 d9, d0
		t.Errorf("%d dropped", n)
	}
}

func TestOneLargeMessagePasses(t *testing.T) {
	q := New(Limits{Media: 40, Age: time.Minute})
	if !q.Media(a, true, message(100, "K1")) {
		t.Error("an empty queue refused a frame larger than its limit")
	}
	if q.Media(b, true, message(10, "K2")) {
		t.Error("a full queue took a key frame")
	}
	if got := heads(t, q); got != "K1 " {
		t.Errorf("left are %q", got)
	}
}

func TestForget(t *testing.T) {
	q := New(Limits{Media: 40, Age: time.Minute})
	q.Media(a, true, message(10, "K1"))
	q.Media(b, true, message(10, "K2"))
	q.Forget(a)
	if got := heads(t, q); got != "K2 " {
		t.Errorf("left are %q", got)
	}
	q.Media(a, true, message(100, "K3"))
	q.Media(a, false, message(10, "d4"))
	q.Forget(a)
	if !q.Media(a, false, message(10, "d5")) {
		t.Error("a forgotten topic still waits for a key frame")
	}
}

func TestCloseKeepsControl(t *testing.T) {
	q := New(Limits{Control: 100, Media: 100, Age: time.Minute})
	q.Control([]byte("c1"))
	q.Media(a, true, message(2, "m1"))
	q.Close()
	if q.Control([]byte("c2")) || q.Media(a, true, message(2, "m2")) {
		t.Error("a closed queue takes messages")
	}
	ctx := context.Background()
	if m, err := q.Next(ctx); err != nil || string(m) != "c1" {
		t.Errorf("%q, %v", m, err)
	}
	if m, err := q.Next(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("%q, %v", m, err)
	}
}

func TestNextWaits(t *testing.T) {
	q := New(Limits{Control: 1 << 20})
	ctx, cancel := context.WithCancel(context.Background())
	const count = 1000
	go func() {
		for i := range count {
			q.Control(fmt.Appendf(nil, "%d", i))
		}
	}()
	for i := range count {
		if m, err := q.Next(ctx); err != nil || string(m) != fmt.Sprint(i) {
			t.Fatalf("message %d is %q, %v", i, m, err)
		}
	}
	cancel()
	if _, err := q.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
