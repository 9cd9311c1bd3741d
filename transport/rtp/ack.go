package rtp

import (
	"sync"
	"time"
)

const (
	ackEvery  = 30 * time.Millisecond  // at most, while frames arrive
	ackRepeat = 100 * time.Millisecond // when nothing came after an acknowledgement: it may have been lost
	ackTimes  = 3                      // how often a number is sent if nothing newer comes
)

// acker decides when which frame numbers are acknowledged. The first frame after a pause is acknowledged at once, so that the sender
// sees the path's own delay.
type acker struct {
	news chan struct{} // capacity 1

	mu      sync.Mutex
	highest [MaxSlots]uint32
	left    [MaxSlots]uint8 // times that highest has yet to be sent
}

func newAcker() *acker { return &acker{news: make(chan struct{}, 1)} }

// complete notes a frame. It never blocks.
func (a *acker) complete(slot int, number uint32) {
	a.mu.Lock()
	fresh := number > a.highest[slot]
	if fresh {
		a.highest[slot], a.left[slot] = number, ackTimes
	}
	a.mu.Unlock()
	if fresh {
		select {
		case a.news <- struct{}{}:
		default:
		}
	}
}

// again has a slot's number sent once more: the agent sends padding to find out whether anybody is there. It never blocks.
func (a *acker) again(slot int) {
	a.mu.Lock()
	a.left[slot] = max(a.left[slot], 1)
	a.mu.Unlock()
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// message appends what is to be sent now, and says whether the same will have to be repeated.
func (a *acker) message(b []byte) ([]byte, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	more := false
	for slot := range a.left {
		if a.left[slot] > 0 {
			a.left[slot]--
			b = appendAck(b, uint8(slot), a.highest[slot])
			more = more || a.left[slot] > 0
		}
	}
	return b, more
}

// run calls send for each message until stop is closed. News within ackEvery of the last message wait for its end, without a timer
// where more news arrive: a page in the background has slow timers.
func (a *acker) run(stop <-chan struct{}, send func([]byte)) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	timer.Stop()
	var last time.Time
	b := make([]byte, 0, MaxSlots*ackSize)
	for {
		select {
		case <-a.news:
			if wait := ackEvery - time.Since(last); !last.IsZero() && wait > 0 {
				timer.Reset(wait)
				continue
			}
		case <-timer.C:
		case <-stop:
			return
		}
		var more bool
		if b, more = a.message(b[:0]); len(b) > 0 {
			last = time.Now()
			send(b)
		}
		timer.Stop()
		if more {
			timer.Reset(ackRepeat)
		}
	}
}

// maxAckBacklog is how many bytes may wait in the channel: on a dead path acknowledgements are better skipped than queued.
const maxAckBacklog = 1024
