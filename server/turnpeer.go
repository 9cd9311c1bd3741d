package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// notPublic lists what a relay on the public Internet must not reach for strangers: the server itself, its network, and what is no
// single host (IANA special-purpose address registries, RFC 6890). The addresses that embed an IPv4 address are there as well.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("fec0::/10"),
	netip.MustParsePrefix("ff00::/8"),
}

// permitPeer returns TURN's permission rule. With private, only what is no single host stays refused.
func permitPeer(private bool) func(net.Addr, net.IP) bool {
	return func(_ net.Addr, ip net.IP) bool {
		a, ok := netip.AddrFromSlice(ip)
		if !ok {
			return false
		}
		a = a.Unmap()
		if private {
			return !a.IsUnspecified() && !a.IsMulticast()
		}
		return !within(a, notPublic)
	}
}

func denyPeer(net.Addr, net.IP) bool { return false }

// relayAddresses opens the sockets of TURN allocations.
type relayAddresses struct {
	public netip.Addr
	local  net.IP
	ports  [2]uint16
	rate   int // bytes a second, each direction
}

// Validate implements turn.RelayAddressGenerator.
func (*relayAddresses) Validate() error { return nil }

const portTries = 32

// AllocatePacketConn implements turn.RelayAddressGenerator.
func (g *relayAddresses) AllocatePacketConn(network string, port int) (net.PacketConn, net.Addr, error) {
	var conn net.PacketConn
	var err error
	for range portTries {
		p := port
		if p == 0 && g.ports[1] != 0 {
			p = int(g.ports[0]) + rand.IntN(int(g.ports[1]-g.ports[0])+1)
		}
		conn, err = net.ListenPacket(network, net.JoinHostPort(g.host(), strconv.Itoa(p)))
		if err == nil || p == 0 || port != 0 {
			break
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("server: no port for a relay: %w", err)
	}
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		conn.Close()
		return nil, nil, errNoRelay
	}
	public := &net.UDPAddr{IP: g.public.AsSlice(), Port: local.Port}
	return newMetered(conn, g.rate), public, nil
}

func (g *relayAddresses) host() string {
	if g.local.IsUnspecified() {
		return ""
	}
	return g.local.String()
}

// AllocateConn implements turn.RelayAddressGenerator: TCP relays (RFC 6062) are not offered.
func (*relayAddresses) AllocateConn(string, int) (net.Conn, net.Addr, error) {
	return nil, nil, errNoRelay
}

// metered drops what goes beyond a rate, as a full link would.
type metered struct {
	net.PacketConn
	in, out *rate.Limiter
}

func newMetered(c net.PacketConn, perSecond int) *metered {
	limiter := func() *rate.Limiter { return rate.NewLimiter(rate.Limit(perSecond), max(perSecond, 1<<16)) }
	return &metered{c, limiter(), limiter()}
}

func (m *metered) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := m.PacketConn.ReadFrom(b)
		if err != nil || m.in.AllowN(time.Now(), n) {
			return n, from, err
		}
	}
}

func (m *metered) WriteTo(b []byte, to net.Addr) (int, error) {
	if !m.out.AllowN(time.Now(), len(b)) {
		return len(b), nil
	}
	return m.PacketConn.WriteTo(b, to)
}
