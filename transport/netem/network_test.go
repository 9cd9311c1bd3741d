//go:build linux

package netem_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/transport/netem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// network makes one, or skips the test and says why.
func network(t *testing.T, p netem.Profile) *netem.Network {
	t.Helper()
	n, err := netem.New(p, 1)
	if errors.Is(err, netem.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// echo answers every datagram on a side, and returns its address.
func echo(t *testing.T, n *netem.Network, s netem.Side) netip.AddrPort {
	t.Helper()
	conn := socket(t, n, s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 2000)
		for {
			size, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(b[:size], from)
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return netip.AddrPortFrom(n.Address(s), conn.LocalAddr().(*net.UDPAddr).AddrPort().Port())
}

func socket(t *testing.T, n *netem.Network, s netem.Side) (conn *net.UDPConn) {
	t.Helper()
	if err := n.Do(s, func() (err error) {
		conn, err = net.ListenUDP("udp4", &net.UDPAddr{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// ask sends one datagram and waits for its answer; false when there was none in time.
func ask(t *testing.T, conn *net.UDPConn, to netip.AddrPort, within time.Duration) (took time.Duration, ok bool) {
	t.Helper()
	sent := time.Now()
	if _, err := conn.WriteToUDPAddrPort([]byte("?"), to); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(sent.Add(within)); err != nil {
		t.Fatal(err)
	}
	_, _, err := conn.ReadFromUDPAddrPort(make([]byte, 16))
	return time.Since(sent), err == nil
}

func TestDelayIsThatOfTheProfile(t *testing.T) {
	n := network(t, netem.Symmetric("", 60*time.Millisecond, 0))
	server, client := echo(t, n, netem.A), socket(t, n, netem.B)
	least := time.Hour
	for range 20 {
		if took, ok := ask(t, client, server, 5*time.Second); ok {
			least = min(least, took)
		}
	}
	// A busy machine makes it more, never less.
	if least < 60*time.Millisecond || least > 200*time.Millisecond {
		t.Errorf("there and back in %v", least)
	}
}

func TestLossIsCounted(t *testing.T) {
	p := netem.Profile{Up: netem.Path{Loss: 0.5}}
	n := network(t, p)
	server, client := echo(t, n, netem.A), socket(t, n, netem.B)
	for range 200 {
		if _, err := client.WriteToUDPAddrPort([]byte("?"), server); err != nil {
			t.Fatal(err)
		}
	}
	answers := 0
	for client.SetReadDeadline(time.Now().Add(500*time.Millisecond)) == nil {
		if _, _, err := client.ReadFromUDPAddrPort(make([]byte, 16)); err != nil {
			break
		}
		answers++
	}
	c := n.Count(netem.B)
	if c.Packets < 200 || c.Lost < 60 || c.Lost > 140 || answers < 60 || answers > 140 || c.Overflowed != 0 {
		t.Errorf("%d answers; %+v", answers, c)
	}
}

func TestBlackoutNoUDPAndChange(t *testing.T) {
	n := network(t, netem.Profile{})
	server, client := echo(t, n, netem.A), socket(t, n, netem.B)
	const patience = 300 * time.Millisecond
	works := func() bool {
		_, ok := ask(t, client, server, patience)
		return ok
	}
	if !works() {
		t.Fatal("a perfect network loses packets")
	}
	n.Set(netem.Profile{Blackouts: []netem.Blackout{{For: time.Hour}}})
	if !works() {
		t.Error("a blackout before Begin")
	}
	n.Begin()
	if works() {
		t.Error("packets pass in a blackout")
	}
	n.Set(netem.Profile{NoUDP: true})
	if works() {
		t.Error("UDP passes")
	}
	n.Set(netem.Profile{})
	if !works() {
		t.Error("the network does not come back")
	}
	if c := n.Count(netem.B); c.Dark == 0 || c.Barred == 0 {
		t.Errorf("%+v", c)
	}
}

func TestMoveGivesAnotherAddress(t *testing.T) {
	n := network(t, netem.Profile{})
	server := echo(t, n, netem.A)
	before := n.Address(netem.B)
	for range 3 {
		old := n.Address(netem.B)
		if err := n.Move(netem.B); err != nil {
			t.Fatal(err)
		}
		if n.Address(netem.B) == old || n.Address(netem.B) == n.Address(netem.A) {
			t.Errorf("from %v to %v", old, n.Address(netem.B))
		}
		if _, ok := ask(t, socket(t, n, netem.B), server, 5*time.Second); !ok {
			t.Error("nothing passes after the move")
		}
	}
	if n.Address(netem.B) == before {
		t.Error("the address came back")
	}
}

func TestTCPPassesLossAndProcessesStart(t *testing.T) {
	p := netem.Symmetric("", 10*time.Millisecond, 0.02)
	p.NoUDP = true
	n := network(t, p)
	var listener net.Listener
	if err := n.Do(netem.A, func() (err error) {
		listener, err = net.Listen("tcp4", ":0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	const size = 300_000
	sent := make(chan error, 1)
	go func() {
		c, err := listener.Accept()
		if err == nil {
			_, err = c.Write(make([]byte, size))
			c.Close()
		}
		sent <- err
	}()
	var client net.Conn
	if err := n.Do(netem.B, func() (err error) {
		address := netip.AddrPortFrom(n.Address(netem.A), listener.Addr().(*net.TCPAddr).AddrPort().Port())
		client, err = net.Dial("tcp4", address.String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if got, err := io.Copy(io.Discard, client); err != nil || got != size {
		t.Errorf("%d bytes, %v", got, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}

	// A process that is started on a side sees that side's address.
	starts := map[string]func(*exec.Cmd) error{
		"started": func(c *exec.Cmd) error { return n.Start(netem.B, c) },
		"entered": func(c *exec.Cmd) error { return errors.Join(n.Enter(netem.B, c), c.Start()) },
	}
	for name, start := range starts {
		show := exec.Command("ip", "-4", "addr", "show")
		var out strings.Builder
		show.Stdout = &out
		if err := start(show); err != nil {
			t.Fatal(err)
		}
		if err := show.Wait(); err != nil || !strings.Contains(out.String(), n.Address(netem.B).String()+"/") {
			t.Errorf("%s: %v: %s", name, err, out.String())
		}
	}
}
