package socket

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// ready waits until a connection has little left to send. A write alone does not: the kernel looks at TCP_NOTSENT_LOWAT only when it
// begins another buffer, each of which takes 64 KiB (tcp_sendmsg_locked), a third of a second at 1.5 Mbit/s. poll(2) looks always, and
// when it says no it also has the kernel tell epoll, and so the runtime, of the change (tcp_poll).
type ready struct {
	conn syscall.RawConn
	ask  func(fd uintptr) bool
}

func newReady(conn net.Conn) *ready {
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok { // tls.Conn
		conn = over.NetConn()
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	r := &ready{conn: raw}
	var fds [1]unix.PollFd
	r.ask = func(fd uintptr) bool {
		fds[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT}
		n, err := unix.Poll(fds[:], 0)
		return err != nil || n > 0
	}
	return r
}

// wait returns an error when the connection is closed.
func (r *ready) wait() error {
	if r == nil {
		return nil
	}
	return r.conn.Write(r.ask)
}
