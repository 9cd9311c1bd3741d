package outbox

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestStreamsTakeTurns: a small stream does not wait behind what a large one has queued.
func TestStreamsTakeTurns(t *testing.T) {
	q := New(Limits{Media: 1000, Age: time.Minute})
	for _, m := range []string{"A0", "A1", "A2", "A3"} {
		q.Media(a, m == "A0", message(100, m))
	}
	for _, m := range []string{"B0", "B1"} {
		q.Media(b, m == "B0", message(10, m))
	}
	if got := heads(t, q); got != "A0 B0 A1 B1 A2 A3 " {
		t.Errorf("%q", got)
	}
	q.Media(b, true, message(10, "B2"))
	q.Media(a, true, message(10, "A4"))
	q.Forget(b)
	if got := heads(t, q); got != "A4 " {
		t.Errorf("%q", got)
	}
}

// TestAPoolCountsOnce puts messages into many queues, and takes them out in every way there is.
func TestAPoolCountsOnce(t *testing.T) {
	pool := NewPool(1000)
	var queues []*Queue
	for range 500 {
		queues = append(queues, New(Limits{Media: 1000, Age: time.Minute}))
	}
	put := func(topic Topic, key bool, size int) {
		m := NewMessage(pool, make([]byte, size))
		for _, q := range queues {
			q.Media(topic, key, m)
		}
	}
	put(a, true, 100)
	put(a, false, 50)
	put(b, true, 25)
	if n := pool.Bytes(); n != 175 {
		t.Fatalf("%d bytes wait in 500 queues", n)
	}
	for i, q := range queues {
		switch i % 4 {
		case 0:
			heads(t, q)
		case 1:
			q.Forget(a)
			q.Forget(b)
		case 2:
			q.Close()
		default:
			heads(t, q)
			q.Close()
		}
		if i < len(queues)-1 && pool.Bytes() != 175 {
			t.Fatalf("%d bytes wait for the last readers", pool.Bytes())
		}
	}
	if n := pool.Bytes(); n != 0 {
		t.Errorf("%d bytes wait for nobody", n)
	}
}

// TestAFullPool takes from streams that wait, and from none that do not.
func TestAFullPool(t *testing.T) {
	pool := NewPool(100)
	limits := Limits{Media: 1000, Age: time.Minute}
	idle, stopped, other := New(limits), New(limits), New(limits)
	put := func(q *Queue, topic Topic, key bool) bool {
		return q.Media(topic, key, NewMessage(pool, make([]byte, 50)))
	}
	put(stopped, a, true)
	put(stopped, a, false)
	for i := range 10 {
		if !put(idle, b, i == 0) {
			t.Fatal("a reader that is not behind lost a picture")
		}
		idle.take()
	}
	if !put(other, a, true) {
		t.Error("a reader without anything waiting lost a picture")
	}
	if put(other, a, false) || pool.Bytes() != 100 {
		t.Errorf("a stream with a picture waiting took another, and %d bytes wait", pool.Bytes())
	}
	if put(stopped, a, false) || pool.Bytes() != 0 {
		t.Errorf("%d bytes wait, all were dropped", pool.Bytes())
	}
	if !put(stopped, a, true) {
		t.Error("the next key frame starts anew")
	}
}

// TestFifo compares with a slice.
func TestFifo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f fifo[int]
		var want []int
		for i, op := range rapid.SliceOfN(rapid.IntRange(0, 9), 0, 500).Draw(t, "steps") {
			switch {
			case op < 5:
				f.push(i)
				want = append(want, i)
			case op < 9 && len(want) > 0:
				if got := f.pop(); got != want[0] {
					t.Fatalf("popped %d, want %d", got, want[0])
				}
				want = want[1:]
			case op == 9:
				odd := func(x int) bool { return x%2 == 1 }
				f.remove(odd)
				want = slices.DeleteFunc(want, odd)
			}
			if f.len() != len(want) || !slices.Equal(f.all(), want) {
				t.Fatalf("%v, want %v", f.all(), want)
			}
			if len(want) > 0 && f.first() != want[0] {
				t.Fatalf("first is %d, want %d", f.first(), want[0])
			}
		}
	})
}

// TestSteadyReadersAllocateNothing: at 500 viewers and 30 pictures a second each, everything else would be garbage.
func TestSteadyReadersAllocateNothing(t *testing.T) {
	q := New(Limits{Media: 1000, Age: time.Minute})
	m := message(10, "K1")
	step := func() {
		q.Media(a, true, m)
		q.take()
	}
	for range 2 * maxIdle {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%v allocations for a picture", n)
	}
}
