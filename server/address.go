package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of the address book: how many addresses are remembered, and how long after their last connection.
const (
	maxAddresses  = 100_000
	addressMemory = 5 * time.Minute
)

// addressBook holds what each client address uses. Addresses stay in it, in memory, and are never logged.
type addressBook struct {
	limits Limits

	mu      sync.Mutex
	entries map[netip.Addr]*addressUse
}

type addressUse struct {
	open    int
	last    time.Time
	connect *rate.Limiter
	knock   *rate.Limiter
}

func newAddressBook(l Limits) *addressBook {
	return &addressBook{limits: l, entries: make(map[netip.Addr]*addressUse)}
}

type admission int

const (
	admitted admission = iota
	tooMany
	tooFast
)

// admit counts a new connection. Admitted ones are given back by leave.
func (b *addressBook) admit(a netip.Addr, now time.Time) admission {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[a]
	if e == nil {
		if len(b.entries) >= maxAddresses {
			b.sweep(now)
		}
		if len(b.entries) >= maxAddresses {
			return tooMany
		}
		e = &addressUse{
			connect: rate.NewLimiter(rate.Limit(b.limits.ConnectRate), b.limits.ConnectBurst),
			knock:   perMinute(b.limits.KnocksPerMinuteAddress),
		}
		b.entries[a] = e
	}
	e.last = now
	if !e.connect.AllowN(now, 1) {
		return tooFast
	}
	if e.open >= b.limits.ConnectionsPerAddress {
		return tooMany
	}
	e.open++
	return admitted
}

func (b *addressBook) leave(a netip.Addr, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[a]; e != nil {
		e.open--
		e.last = now
	}
}

// knock counts a knock of an admitted address.
func (b *addressBook) knock(a netip.Addr, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[a]
	return e != nil && e.knock.AllowN(now, 1)
}

// sweep forgets addresses that are gone long enough for their limiters to be full again.
func (b *addressBook) sweep(now time.Time) {
	for a, e := range b.entries {
		if e.open == 0 && now.Sub(e.last) > addressMemory {
			delete(b.entries, a)
		}
	}
}

func perMinute(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(n)/60, max(n/2, 1)) }

// clientAddress returns the address that limits count: of the TCP connection or, if that is a trusted proxy's, the last one in
// X-Forwarded-For that is not. IPv6 counts by its /64, which is what one household gets.
func clientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	a = a.Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(a, trusted); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		a = hop.Unmap().WithZone("")
	}
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.Addr()
	}
	return a
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
