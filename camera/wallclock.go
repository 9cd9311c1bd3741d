package camera

import (
	"log/slog"
	"sync"
	"time"
)

const (
	// clockSlack is by how much the wall clock may be set back without a word: time servers do that.
	clockSlack = 10 * time.Second
)

// earliest is a time before which no agent runs: a clock that shows an earlier one was never set.
var earliest = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// wallClock is the wall clock as far as it can be trusted: it never goes back. Whoever can set the machine's clock (a time server, a
// flat battery) must not bring back a guest whose time is over. A clock that shows less than the agent has already lived through, or
// less than any agent can, counts as unknown; then nothing is valid that expires. It is safe for concurrent use.
type wallClock struct {
	read func() time.Time
	path string // of the mark, for the sentence
	log  *slog.Logger

	mu     sync.Mutex
	latest time.Time // the latest time known
	last   time.Time // what was read last, with the reading of the clock that nobody sets
	known  bool
	said   bool // that it is unknown
}

func newWallClock(read func() time.Time, mark time.Time, path string, log *slog.Logger) *wallClock {
	return &wallClock{read: read, latest: mark, path: path, log: log}
}

// now returns the time, and whether it is known. If not, it is at least as late as that.
func (c *wallClock) now() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reading := c.read()
	// The clock may be set back a little, but not again and again: what the machine has counted since is added.
	if passed := reading.Sub(c.last); c.known && passed > 0 {
		c.latest = c.latest.Add(passed)
	}
	c.last = reading
	wall := reading.Round(0).UTC()
	c.known = !wall.Before(earliest) && !wall.Before(c.latest.Add(-clockSlack))
	if c.known && wall.After(c.latest) {
		c.latest = wall
	}
	if c.known == c.said {
		c.say()
	}
	return c.latest, c.known
}

// say tells the owner once that the clock is unknown, and that it is known again.
func (c *wallClock) say() {
	c.said = !c.known
	if c.known {
		c.log.Info("the clock is right again")
		return
	}
	attrs := []any{"earliest possible time", c.latest.Format(time.RFC3339)}
	if c.path != "" {
		attrs = append(attrs, "mark", c.path)
	}
	c.log.Warn("this machine's clock is not set, or was set back: guests and screens are kept out until it is right; "+
		"if it is right now and once ran ahead, stop the agent and remove the file with the mark", attrs...)
}

// mark returns what to keep on the disk; zero while the time is unknown.
func (c *wallClock) mark() time.Time {
	if t, known := c.now(); known {
		return t
	}
	return time.Time{}
}
