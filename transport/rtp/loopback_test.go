//go:build !js

package rtp

import (
	"net"
	"testing"

	"github.com/pion/transport/v2"
)

// fakeSocket hears from the addresses in from and notes to whom is sent.
type fakeSocket struct {
	transport.UDPConn
	from []net.Addr
	to   []string
}

func (f *fakeSocket) ReadFrom([]byte) (int, net.Addr, error) {
	if len(f.from) == 0 {
		return 0, nil, net.ErrClosed
	}
	from := f.from[0]
	f.from = f.from[1:]
	return 1, from, nil
}

func (f *fakeSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	f.to = append(f.to, to.String())
	return len(b), nil
}

func TestLoopbackSocketOnlyAnswers(t *testing.T) {
	here := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}
	browser := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 8}
	inner := &fakeSocket{from: []net.Addr{&net.UDPAddr{IP: net.IPv4(192, 0, 2, 9).To4(), Port: 8}}}
	s := newLoopbackSocket(inner)
	send := func(to net.Addr, want int) {
		t.Helper()
		before := len(inner.to)
		if n, err := s.WriteTo([]byte("ping"), to); n != 4 || err != nil {
			t.Fatalf("wrote %d bytes, %v", n, err)
		}
		if sent := len(inner.to) - before; sent != want {
			t.Errorf("%d packets to %v, want %d", sent, to, want)
		}
	}
	send(here, 1)
	send(browser, 0) // which has not sent anything here, and may not be able to
	b := make([]byte, 9)
	if _, _, err := s.ReadFrom(b); err != nil {
		t.Fatal(err)
	}
	send(browser, 1)
	send(&net.UDPAddr{IP: browser.IP, Port: 9}, 0)
	if _, _, err := s.ReadFrom(b); err == nil {
		t.Fatal("no error of a closed socket")
	}
	for port := range 2 * maxHeard {
		inner.from = append(inner.from, &net.UDPAddr{IP: browser.IP, Port: 1000 + port})
		if _, _, err := s.ReadFrom(b); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.heard) > maxHeard {
		t.Errorf("it remembers %d addresses", len(s.heard))
	}
}
