//go:build !linux && !js

package socket

import "syscall"

// tune does nothing: only Linux chooses the congestion control per socket.
func tune(syscall.RawConn) {}
