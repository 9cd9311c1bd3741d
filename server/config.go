package server

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"github.com/sealcam/sealcam/signal"
)

// Config says what a server does. The zero value listens on a free port of every address, with an embedded NATS and no page.
type Config struct {
	// Listen is the TCP address of HTTP and WebSocket, "host:port".
	Listen string
	// TLSCert and TLSKey are PEM files. Without them the server speaks plain HTTP, for localhost or behind a proxy.
	TLSCert, TLSKey string
	// Hosts lists the names (host or host:port) under which the server answers; empty: any.
	Hosts []string
	// FrameAncestors lists the origins whose pages may embed the client in a frame, such as https://dashboard.example; empty: none.
	FrameAncestors []string
	// TrustedProxies lists from where X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Client holds the page's files as static/pack writes them; nil or empty: a page that says how to build them.
	Client fs.FS
	// NATSURL joins a cluster; empty: an embedded server, in this process only.
	NATSURL string
	// UDP is the address of STUN and TURN, "host:port"; empty: neither.
	UDP string
	// PublicIP is the address under which TURN's relayed ports are reached. Without it the one in UDP is taken, if it names one; else
	// there is STUN only.
	PublicIP netip.Addr
	// RelayPorts bounds the UDP ports of TURN's relays, first and last; zero: any free one.
	RelayPorts [2]uint16
	// RelayPrivate lets TURN relay to loopback, private and link-local addresses. Only for a demonstration on one machine: it opens the
	// server's own network to everybody who may knock.
	RelayPrivate bool
	// Limits holds what each client may use; zero fields take DefaultLimits.
	Limits Limits
	// KnockDelay is how long after a knock the answer "unavailable" comes, whatever the reason; zero: 1 s. An agent that does
	// not answer within it counts as unavailable.
	KnockDelay time.Duration
	// Log gets public ids and counts only; nil: none.
	Log *slog.Logger
}

// Limits bound what clients may use. An address is an IPv4 address or an IPv6 /64.
type Limits struct {
	LoginTime time.Duration // from connecting to the login

	Connections           int     // in total
	ConnectionsPerAddress int     // at a time
	ConnectRate           float64 // new connections a second from an address, after a burst
	ConnectBurst          int

	KnocksPerMinute        int // of a connection
	KnocksPerMinuteAddress int // of an address, all connections together

	PipesPerViewer, PipesPerAgent int
	TopicsPerAgent                int
	SubscriptionsPerViewer        int

	AgentBytes, ViewerBytes int // a second that a connection may send; more is read later, not refused

	TopicCache int // bytes of one topic's current group of pictures
	TotalCache int // bytes of all topics together

	ViewerQueue    int           // bytes of pictures that wait for a viewer; what is cached of a topic should fit
	TotalQueue     int           // bytes that wait for all viewers together; what waits for several counts once
	ViewerQueueAge time.Duration // how long a picture may wait

	Allocations        int // of TURN, in total
	AllocationsPerUser int // of one pair of credentials
	AllocationBytes    int // a second through one allocation, each direction
}

// DefaultLimits returns limits for a public server with 1 GiB of memory.
func DefaultLimits() Limits {
	return Limits{
		LoginTime:   10 * time.Second,
		Connections: 10_000, ConnectionsPerAddress: 64, ConnectRate: 4, ConnectBurst: 64,
		KnocksPerMinute: 60, KnocksPerMinuteAddress: 240,
		PipesPerViewer: 32, PipesPerAgent: 256,
		TopicsPerAgent: 256, SubscriptionsPerViewer: 128,
		AgentBytes: 16 << 20, ViewerBytes: 1 << 20,
		TopicCache: 6 << 20, TotalCache: 256 << 20,
		ViewerQueue: 8 << 20, TotalQueue: 128 << 20, ViewerQueueAge: time.Second,
		Allocations: 1000, AllocationsPerUser: 4, AllocationBytes: 4 << 20,
	}
}

func or[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// complete fills in what was left out and refuses what cannot be meant.
func (c *Config) complete() error {
	d, l := DefaultLimits(), &c.Limits
	or(&l.LoginTime, d.LoginTime)
	or(&l.Connections, d.Connections)
	or(&l.ConnectionsPerAddress, d.ConnectionsPerAddress)
	or(&l.ConnectRate, d.ConnectRate)
	or(&l.ConnectBurst, d.ConnectBurst)
	or(&l.KnocksPerMinute, d.KnocksPerMinute)
	or(&l.KnocksPerMinuteAddress, d.KnocksPerMinuteAddress)
	or(&l.PipesPerViewer, d.PipesPerViewer)
	or(&l.PipesPerAgent, d.PipesPerAgent)
	or(&l.TopicsPerAgent, d.TopicsPerAgent)
	or(&l.SubscriptionsPerViewer, d.SubscriptionsPerViewer)
	or(&l.AgentBytes, d.AgentBytes)
	or(&l.ViewerBytes, d.ViewerBytes)
	or(&l.TopicCache, d.TopicCache)
	or(&l.TotalCache, d.TotalCache)
	or(&l.ViewerQueue, d.ViewerQueue)
	or(&l.TotalQueue, d.TotalQueue)
	or(&l.ViewerQueueAge, d.ViewerQueueAge)
	or(&l.Allocations, d.Allocations)
	or(&l.AllocationsPerUser, d.AllocationsPerUser)
	or(&l.AllocationBytes, d.AllocationBytes)
	or(&c.KnockDelay, time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("%w: give both the certificate and the key file, or neither", ErrTLS)
	}
	if c.RelayPorts[0] > c.RelayPorts[1] {
		return fmt.Errorf("%w: the first relay port is greater than the last", ErrUDP)
	}
	hosts := make([]string, len(c.Hosts))
	for i, h := range c.Hosts {
		if hosts[i] = signal.Domain(h); !validHost(hosts[i]) {
			return fmt.Errorf("%w: %q is no host name; write it like cameras.example or cameras.example:8443", ErrHost, h)
		}
	}
	c.Hosts = hosts
	ancestors := make([]string, len(c.FrameAncestors))
	for i, origin := range c.FrameAncestors {
		var err error
		if ancestors[i], err = frameOrigin(origin); err != nil {
			return err
		}
	}
	c.FrameAncestors = ancestors
	return nil
}
