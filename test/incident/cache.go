package main

import (
	"sync"
	"time"
)

// Homes are numbered 0 and 1.
const homes = 2

// Times of the bad network: while it lasts, viewers reconnect now and then, and the cache deals its places out anew.
const (
	wrongFor = 3 * time.Second
	rightFor = 2500 * time.Millisecond
)

// cache keeps the newest item of each home for viewers whose line is bad, and has the mistake of January 2020: a viewer's place in it is
// a number of its connection, not of its camera. When the network is bad and viewers reconnect, they get each other's numbers. It does
// not look at what it keeps: JPEGs in the clear or sealed frames.
type cache[T any] struct {
	network *network

	mu    sync.Mutex
	items [homes]T
	full  [homes]bool
}

// put keeps a home's newest item.
func (c *cache[T]) put(home int, item T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items[home], c.full[home] = item, true
}

// get returns what the cache takes for a home's newest item; not ok before there is any.
func (c *cache[T]) get(home int) (item T, ok bool) {
	place := home
	if c.network.mixesUp() {
		place = (home + 1) % homes
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.items[place], c.full[place]
}

// network is the weather between the viewers and the server.
type network struct {
	now func() time.Time

	mu  sync.Mutex
	bad bool
	at  time.Time // since when
}

func newNetwork() *network { return &network{now: time.Now} }

// set makes the network bad or good.
func (n *network) set(bad bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if bad != n.bad {
		n.bad, n.at = bad, n.now()
	}
}

func (n *network) isBad() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.bad
}

// mixesUp says whether viewers have each other's places now.
func (n *network) mixesUp() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.bad && n.now().Sub(n.at)%(wrongFor+rightFor) < wrongFor
}
