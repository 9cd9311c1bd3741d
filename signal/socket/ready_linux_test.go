//lint:file-ignore SA1019 The project was asked to use this library; its successor takes its place here and nowhere else.

package socket

import (
	"context"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestReady has a client that reads nothing, then everything. A server that asks first leaves no more than one message beyond the bound
// unsent, and goes on when there is room.
func TestReady(t *testing.T) {
	for name, tls := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			c, conn, client := pairOver(t, tls)
			const size = 10_000
			var asked, wrote counter
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for c.Ready() == nil {
					asked.add()
					if c.Write(context.Background(), make([]byte, size)) != nil {
						return
					}
					wrote.add()
				}
			}()
			wrote.settle(t)
			if asked.count() != wrote.count() {
				t.Errorf("the server waits in a write, after %d were ready and %d done", asked.count(), wrote.count())
			}
			if n := unsentBytes(t, conn); n < unsent/2 || n > unsent+2*size {
				t.Errorf("%d bytes wait unsent, of %d and one message", n, unsent)
			}
			before := wrote.count()
			ctx, cancel := context.WithTimeout(context.Background(), wait)
			defer cancel()
			for range before + 100 {
				if _, _, err := client.Read(ctx); err != nil {
					t.Fatalf("with %d of %d messages written: %v", wrote.count(), before+100, err)
				}
			}
			wrote.settle(t)
			c.CloseNow()
			select {
			case <-ended:
			case <-time.After(wait):
				t.Error("the server waits for a connection that is closed")
			}
		})
	}
}

func unsentBytes(t *testing.T, conn net.Conn) (n int) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD); err != nil {
			t.Error(err)
		}
	})
	return n
}
