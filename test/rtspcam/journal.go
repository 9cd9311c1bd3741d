package rtspcam

import (
	"sync"
	"time"
)

// journalSize is enough for two minutes of both streams at 30 and 15 pictures a second.
const journalSize = 2 * 60 * (30 + 15)

// journal remembers when which picture was handed over.
type journal struct {
	mu      sync.Mutex // guards what follows
	entries [journalSize]entry
	next    int // where the next entry goes
}

type entry struct {
	at     time.Time // zero: unused
	number int
	main   bool
}

func (j *journal) add(e entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries[j.next] = e
	j.next = (j.next + 1) % journalSize
}

// find returns the latest time at or before the instant at which the number was handed over, in the main stream if it was.
func (j *journal) find(number int, before time.Time) (time.Time, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var best entry
	for _, e := range j.entries {
		if e.at.IsZero() || e.number != number || e.at.After(before) {
			continue
		}
		if best.at.IsZero() || e.main && !best.main || e.main == best.main && e.at.After(best.at) {
			best = e
		}
	}
	return best.at, !best.at.IsZero()
}
