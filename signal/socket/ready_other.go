//go:build !linux && !js

package socket

import "net"

type ready struct{}

func newReady(net.Conn) *ready { return nil }

func (*ready) wait() error { return nil }
