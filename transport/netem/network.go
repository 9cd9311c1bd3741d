//go:build linux

package netem

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

const (
	device = "bad0"
	mtu    = 1500
	// inFlight bounds the packets on their way in one direction; at 1,500 bytes and 200 ms it is enough for 600 Mbit/s.
	inFlight = 10_000
)

// Side is one end of a network.
type Side int

// The ends. By convention A has the server and the agent, B the browser.
const (
	A Side = 0
	B Side = 1
)

// Network is two namespaces and the bad network between them.
type Network struct {
	profile atomic.Pointer[Profile]
	began   atomic.Pointer[time.Time]
	ends    [2]end
	stop    chan struct{}
	pumps   sync.WaitGroup
	count   [2]counters // of what came from A, and from B
}

type end struct {
	namespace *namespace
	tun       *os.File

	mu      sync.Mutex
	address netip.Addr
}

type counters struct {
	packets, bytes atomic.Int64
	fates          [barred + 1]atomic.Int64
	overflowed     atomic.Int64
}

// Count says what became of the packets from one side.
type Count struct {
	Packets, Bytes int64
	Lost           int64 // at random
	Crowded        int64 // the bottleneck's queue was full
	Dark           int64 // in a blackout
	Barred         int64 // UDP where there is none, and what is not IPv4
	Overflowed     int64 // more than the emulator holds: the measurement is worth nothing
}

// New makes a network with the given profile. The seed decides which packets are lost. Side A has the address 10.77.0.1, side B
// 10.77.0.2. The congestion control of both sides is cubic, whatever this machine's is, so that what a program sets for a socket
// shows. It returns an error that wraps ErrUnavailable where there can be no emulator. Close it.
func New(p Profile, seed uint64) (*Network, error) {
	n := &Network{stop: make(chan struct{})}
	n.profile.Store(&p)
	for side := range n.ends {
		e := &n.ends[side]
		e.address = netip.AddrFrom4([4]byte{10, 77, 0, byte(1 + side)})
		if err := e.open(); err != nil {
			return nil, errors.Join(err, n.closeEnds())
		}
	}
	for side := range n.ends {
		n.pump(Side(side), newLane(seed+uint64(side)))
	}
	return n, nil
}

func (e *end) open() (err error) {
	if e.namespace, err = newNamespace(); err != nil {
		return err
	}
	if e.tun, err = e.namespace.openTUN(device); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "addr", "add", e.address.String() + "/24", "dev", device},
		{"ip", "link", "set", device, "up", "mtu", fmt.Sprint(mtu), "txqueuelen", "2000"},
		// By the route, because the namespace's own setting may be read-only; what a socket sets once it is connected wins.
		{"ip", "route", "replace", "10.77.0.0/24", "dev", device, "congctl", "cubic"},
		{"ip", "route", "add", "default", "dev", device},
	} {
		if err := e.namespace.run(args...); err != nil {
			return err
		}
	}
	return nil
}

// Address returns a side's address.
func (n *Network) Address(s Side) netip.Addr {
	e := &n.ends[s]
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.address
}

// Do runs f on a side: sockets that it opens and processes that it starts stay there. f must not rely on goroutines that it starts.
func (n *Network) Do(s Side, f func() error) error { return n.ends[s].namespace.do(f) }

// Start starts a command on a side.
func (n *Network) Start(s Side, c *exec.Cmd) error { return n.Do(s, c.Start) }

// Enter changes a command that somebody else will start, so that it runs on a side: through nsenter of util-linux.
func (n *Network) Enter(s Side, c *exec.Cmd) error {
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		return fmt.Errorf("%w: install util-linux", ErrUnavailable)
	}
	namespace := fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), n.ends[s].namespace.file.Fd())
	c.Args = append([]string{nsenter, namespace, "--", c.Path}, c.Args[1:]...)
	c.Path = nsenter
	return nil
}

// Begin starts the clock by which blackouts are set.
func (n *Network) Begin() {
	now := time.Now()
	n.began.Store(&now)
}

// Set changes the profile for packets that are sent from now on.
func (n *Network) Set(p Profile) { n.profile.Store(&p) }

// Move gives a side another address, as a telephone has that leaves its Wi-Fi: connections by the old one are dead.
func (n *Network) Move(s Side) error {
	e := &n.ends[s]
	e.mu.Lock()
	defer e.mu.Unlock()
	next := e.address.As4()
	next[3] = 1 + (next[3]+1)%254 // A's stay odd and B's even, so that they never meet
	address := netip.AddrFrom4(next)
	for _, args := range [][]string{
		// The old one first: with the first address of a subnet the kernel takes away the others too.
		{"ip", "addr", "del", e.address.String() + "/24", "dev", device},
		{"ip", "addr", "add", address.String() + "/24", "dev", device},
		{"ip", "route", "replace", "10.77.0.0/24", "dev", device, "congctl", "cubic"},
		{"ip", "route", "replace", "default", "dev", device},
	} {
		if err := e.namespace.run(args...); err != nil {
			return err
		}
	}
	e.address = address
	return nil
}

// Count returns what became of the packets from a side so far.
func (n *Network) Count(from Side) Count {
	c := &n.count[from]
	return Count{
		Packets: c.packets.Load(), Bytes: c.bytes.Load(), Lost: c.fates[lost].Load(), Crowded: c.fates[crowded].Load(),
		Dark: c.fates[dark].Load(), Barred: c.fates[barred].Load(), Overflowed: c.overflowed.Load(),
	}
}

// Close ends the network. Processes that still run in it are cut off.
func (n *Network) Close() error {
	close(n.stop)
	err := n.closeEnds()
	n.pumps.Wait()
	return err
}

func (n *Network) closeEnds() error {
	var errs []error
	for i := range n.ends {
		if t := n.ends[i].tun; t != nil {
			errs = append(errs, t.Close())
		}
		if ns := n.ends[i].namespace; ns != nil {
			errs = append(errs, ns.close())
		}
	}
	return errors.Join(errs...)
}
