//go:build !js

package rtp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"github.com/pion/transport/v2"
	"github.com/pion/transport/v2/stdnet"
)

// sockets is the network as pion sees it, with an end: pion's gathering of candidates waits for STUN and TURN servers, and its Close
// waits for the gathering, up to minutes when a server's address is dead. cancel ends those waits.
type sockets struct {
	transport.Net

	mu     sync.Mutex
	closed bool
	open   []func() error
}

func newSockets() (*sockets, error) {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("rtp: network interfaces: %w", err)
	}
	return &sockets{Net: n}, nil
}

// cancel closes what is open and refuses what would be opened later.
func (s *sockets) cancel() {
	s.mu.Lock()
	open := s.open
	s.open, s.closed = nil, true
	s.mu.Unlock()
	for _, closeOne := range open {
		_ = closeOne() // most are closed already
	}
}

// add notes how to end something. After cancel it ends it at once.
func (s *sockets) add(end func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = end()
		return net.ErrClosed
	}
	s.open = append(s.open, end)
	return nil
}

// context returns one that cancel ends.
func (s *sockets) context() (context.Context, context.CancelFunc, error) {
	ctx, end := context.WithCancel(context.Background())
	return ctx, end, s.add(func() error { end(); return nil })
}

// ListenPacket implements transport.Net.
func (s *sockets) ListenPacket(network, address string) (net.PacketConn, error) {
	c, err := s.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return c, s.add(c.Close)
}

// ListenUDP implements transport.Net.
func (s *sockets) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := s.Net.ListenUDP(network, local)
	if err != nil {
		return nil, err
	}
	if local != nil && local.IP.IsLoopback() {
		c = newLoopbackSocket(c)
	}
	return c, s.add(c.Close)
}

// DialUDP implements transport.Net.
func (s *sockets) DialUDP(network string, local, remote *net.UDPAddr) (transport.UDPConn, error) {
	c, err := s.Net.DialUDP(network, local, remote)
	if err != nil {
		return nil, err
	}
	return c, s.add(c.Close)
}

// DialTCP implements transport.Net.
func (s *sockets) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	ctx, end, err := s.context()
	if err != nil {
		return nil, err
	}
	defer end()
	dialer := net.Dialer{}
	if local != nil {
		dialer.LocalAddr = local
	}
	c, err := dialer.DialContext(ctx, network, remote.String())
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		_ = c.Close()
		return nil, net.UnknownNetworkError(network)
	}
	return tcp, s.add(tcp.Close)
}

// ResolveUDPAddr implements transport.Net.
func (s *sockets) ResolveUDPAddr(network, address string) (*net.UDPAddr, error) {
	a, err := s.resolve(network, address)
	if err != nil {
		return nil, err
	}
	return net.UDPAddrFromAddrPort(a), nil
}

// ResolveTCPAddr implements transport.Net.
func (s *sockets) ResolveTCPAddr(network, address string) (*net.TCPAddr, error) {
	a, err := s.resolve(network, address)
	if err != nil {
		return nil, err
	}
	return net.TCPAddrFromAddrPort(a), nil
}

// resolve looks up a host for a network such as "udp4" or "tcp".
func (s *sockets) resolve(network, address string) (netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("rtp: port of an ICE server: %w", err)
	}
	ctx, end, err := s.context()
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer end()
	family := "ip"
	if n := len(network); n > 3 { // "udp4", "tcp6"
		family += network[n-1:]
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, family, host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(found[0].Unmap(), uint16(port)), nil // at least one, or there is an error
}
