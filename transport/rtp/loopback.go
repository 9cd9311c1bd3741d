//go:build !js

package rtp

import (
	"net"
	"net/netip"
	"sync"

	"github.com/pion/transport/v2"
)

// maxHeard bounds the addresses that a loopback socket remembers.
const maxHeard = 256

// loopbackSocket is bound to 127.0.0.1 or ::1. To this machine's other addresses it sends only answers: Firefox hears what comes from
// loopback, but may not send there (media.peerconnection.ice.loopback). A pair of candidates that works in one direction would be taken for
// the best, and the connection would never stand.
type loopbackSocket struct {
	transport.UDPConn

	mu    sync.Mutex // guards heard
	heard map[netip.AddrPort]struct{}
}

func newLoopbackSocket(c transport.UDPConn) *loopbackSocket {
	return &loopbackSocket{UDPConn: c, heard: map[netip.AddrPort]struct{}{}}
}

// ReadFrom implements net.PacketConn.
func (s *loopbackSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.UDPConn.ReadFrom(b)
	if address, ok := elsewhere(from); ok {
		s.mu.Lock()
		if len(s.heard) >= maxHeard {
			clear(s.heard) // those that are there send again
		}
		s.heard[address] = struct{}{}
		s.mu.Unlock()
	}
	return n, from, err
}

// WriteTo implements net.PacketConn. What it keeps back is as lost on the way.
func (s *loopbackSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	if address, ok := elsewhere(to); ok {
		s.mu.Lock()
		_, heard := s.heard[address]
		s.mu.Unlock()
		if !heard {
			return len(b), nil
		}
	}
	return s.UDPConn.WriteTo(b, to)
}

// elsewhere returns an address that is not of the loopback network.
func elsewhere(a net.Addr) (netip.AddrPort, bool) {
	udp, ok := a.(*net.UDPAddr)
	if !ok || udp == nil {
		return netip.AddrPort{}, false
	}
	address := udp.AddrPort()
	address = netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
	return address, address.IsValid() && !address.Addr().IsLoopback()
}
