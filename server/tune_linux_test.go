package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sealcam/sealcam/signal/socket"
)

// TestAcceptedSocketsAreTuned looks at what the server accepts, with TLS and without. Its listener starts from Reno, which accepted
// sockets inherit, so that the test can fail where BBR is the kernel's default.
func TestAcceptedSocketsAreTuned(t *testing.T) {
	allowed, err := os.ReadFile("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
	if err != nil || !slices.Contains(strings.Fields(string(allowed)), "bbr") {
		t.Skipf("this kernel offers no BBR: %s (%v)", allowed, err)
	}
	cert, key, roots := certificate(t)
	for name, c := range map[string]Config{"plain": {}, "TLS": {TLSCert: cert, TLSKey: key}} {
		t.Run(name, func(t *testing.T) {
			c.Listen = "127.0.0.1:0"
			s, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			listening(t, s).Control(func(fd uintptr) {
				if err := unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno"); err != nil {
					t.Error(err)
				}
			})
			accepted := make(chan net.Conn, 16)
			s.http.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
				accepted <- conn
				return ctx
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
			url := s.testURL()
			if c.TLSCert != "" {
				url = "https" + strings.TrimPrefix(url, "http")
			}
			response, err := client.Get(url + "/healthz")
			if err != nil {
				t.Fatal(err)
			}
			conn := <-accepted
			if over, ok := conn.(*tls.Conn); ok != (c.TLSCert != "") {
				t.Errorf("a %T was accepted", conn)
			} else if ok {
				conn = over.NetConn()
			}
			raw, err := conn.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			raw.Control(func(fd uintptr) {
				control, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
				if name := strings.TrimRight(control, "\x00"); err != nil || name != "bbr" {
					t.Errorf("congestion control %q, %v", name, err)
				}
				lowat, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT)
				if err != nil || lowat <= 0 || lowat > 128<<10 {
					t.Errorf("%d bytes may wait unsent, %v", lowat, err)
				}
			})
			response.Body.Close()
			client.CloseIdleConnections()
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// listening returns the socket that a server listens on.
func listening(t *testing.T, s *Server) syscall.RawConn {
	t.Helper()
	raw, err := s.listener.(socket.Listener).Listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
