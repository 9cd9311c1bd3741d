package outbox

import "slices"

// maxIdle is how much room an empty fifo keeps, so that what a reader does not fall behind with costs no allocation.
const maxIdle = 64

// fifo is a queue in one piece of memory. The zero value is empty.
type fifo[T any] struct {
	items []T
	head  int // of items: what stands before was taken
}

func (f *fifo[T]) len() int { return len(f.items) - f.head }

func (f *fifo[T]) all() []T { return f.items[f.head:] }

func (f *fifo[T]) first() T { return f.items[f.head] }

func (f *fifo[T]) push(x T) {
	if len(f.items) == cap(f.items) && f.head > len(f.items)/2 {
		n := copy(f.items, f.all())
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
	f.items = append(f.items, x)
}

// remove takes out what match is true for.
func (f *fifo[T]) remove(match func(T) bool) {
	f.items = f.items[:f.head+len(slices.DeleteFunc(f.all(), match))]
}

// pop takes the first; there must be one.
func (f *fifo[T]) pop() T {
	x := f.items[f.head]
	var zero T
	f.items[f.head] = zero
	f.head++
	if f.head == len(f.items) {
		if cap(f.items) > maxIdle {
			f.items = nil
		}
		f.items, f.head = f.items[:0], 0
	}
	return x
}
