package socket

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTune looks at an accepted connection: BBR where the kernel lets everybody have it, and a short queue in any case.
func TestTune(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listener{tcp}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialled.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	for _, option := range []struct {
		name string
		conn net.Conn
		want bool
	}{{"accepted", accepted, true}, {"dialled without tuning", dialled, false}} {
		raw, err := option.conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		raw.Control(func(fd uintptr) {
			lowat, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT)
			if err != nil || (lowat == unsent) != option.want {
				t.Errorf("%s: %d bytes may wait unsent, %v", option.name, lowat, err)
			}
		})
	}
}

// TestTuneBBR starts from another congestion control, so that the kernel's default can be BBR and the test still fail.
func TestTuneBBR(t *testing.T) {
	allowed, err := os.ReadFile("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
	if err != nil {
		t.Skip("this kernel does not tell its congestion controls")
	}
	if !slices.Contains(strings.Fields(string(allowed)), "bbr") {
		t.Skipf("this kernel offers no BBR, only %s", allowed)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "socket")
	defer file.Close()
	if err := unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno"); err != nil {
		t.Fatal(err)
	}
	raw, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	tune(raw)
	control, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	if name := strings.TrimRight(control, "\x00"); err != nil || name != "bbr" {
		t.Errorf("congestion control %q, %v", name, err)
	}
}
