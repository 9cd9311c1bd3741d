package layout

import "slices"

// mostRemembered bounds an Order: what was not seen for longest and stands last is forgotten first.
const mostRemembered = 512

// Order is the order in which somebody put the tiles. It also remembers the places of tiles that are not there just now, since homes are
// reached one after the other. The zero value leaves tiles as they come.
type Order[K comparable] struct{ keys []K }

// NewOrder takes a remembered order over; of keys that stand in it twice the first counts.
func NewOrder[K comparable](keys []K) Order[K] {
	seen := make(map[K]bool, len(keys))
	o := Order[K]{keys: make([]K, 0, min(len(keys), mostRemembered))}
	for _, k := range keys {
		if !seen[k] && len(o.keys) < mostRemembered {
			seen[k] = true
			o.keys = append(o.keys, k)
		}
	}
	return o
}

// Keys returns what is to be remembered. It must not be changed.
func (o *Order[K]) Keys() []K { return o.keys }

// Arrange returns the tiles in this order. Those that it does not know come last, as they stand in present.
func (o *Order[K]) Arrange(present []K) []K {
	place := make(map[K]int, len(o.keys))
	for i, k := range o.keys {
		place[k] = i
	}
	arranged := slices.Clone(present)
	slices.SortStableFunc(arranged, func(a, b K) int { return rank(place, a) - rank(place, b) })
	return arranged
}

func rank[K comparable](place map[K]int, k K) int {
	if i, known := place[k]; known {
		return i
	}
	return mostRemembered
}

// Move puts tile k of those present at place to, counted from 0 as arranged. The tiles between move up by one; absent ones keep their
// neighbours. It reports whether anything changed.
func (o *Order[K]) Move(present []K, k K, to int) bool {
	arranged := o.Arrange(present)
	from := slices.Index(arranged, k)
	to = min(max(to, 0), len(arranged)-1)
	if from < 0 || from == to {
		return false
	}
	// Unknown tiles get places at the end, where they stand.
	all := slices.Clone(o.keys)
	for _, p := range arranged {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	neighbour := arranged[to]
	all = slices.DeleteFunc(all, func(p K) bool { return p == k })
	at := slices.Index(all, neighbour)
	if to > from {
		at++
	}
	all = slices.Insert(all, at, k)
	// Too many: those that are absent go first, from the end.
	for i := len(all) - 1; i >= 0 && len(all) > mostRemembered; i-- {
		if !slices.Contains(arranged, all[i]) {
			all = slices.Delete(all, i, i+1)
		}
	}
	o.keys = all[:min(len(all), mostRemembered)]
	return true
}
