package session

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// ErrDeviceKey is wrapped by PairClient's error when pin refuses the other device's key.
var ErrDeviceKey = errors.New("session: the other end is not the device that was asked for")

// PairClient opens a session between two devices, to let the other one in, as the device whose key is self. It is the same TLS under
// another ALPN name, so that neither kind of session passes for the other. pin is given the other device's key before that learns
// anything of this one; its error is returned, wrapped. nil accepts every key: then people must compare digits. PairClient returns once
// the other end is through as well. Errors and conn are otherwise as with [Client].
func PairClient(ctx context.Context, conn net.Conn, self identity.Signer, pin func(identity.DevicePublic) error) (*Conn, error) {
	var c *Conn
	config, err := clientConfig(self, pairProtocol, func(key ed25519.PublicKey) error {
		device, err := identity.DevicePublicFromBytes(key)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrParameters, err)
		}
		if pin != nil {
			if err := pin(device); err != nil {
				return fmt.Errorf("%w: %w", ErrDeviceKey, err)
			}
		}
		c.device = device
		return nil
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	c = newConn(conn, tls.Client, config)
	return c.establish(ctx, conn, c.awaitVerdict)
}

// PairServer is the other end of PairClient. Any device that proves its key gets in; whether it is the right one is for people to say,
// who compare digits. Errors and conn are as with [Server].
func PairServer(ctx context.Context, conn net.Conn, self identity.Signer) (*Conn, error) {
	config, err := serverConfig(self, pairProtocol)
	if err != nil {
		conn.Close()
		return nil, err
	}
	c := newConn(conn, tls.Server, config)
	return c.establish(ctx, conn, func() error {
		key, err := peerKey(c.tls.ConnectionState(), pairProtocol)
		if err != nil {
			return err
		}
		if c.device, err = identity.DevicePublicFromBytes(key); err != nil {
			return fmt.Errorf("%w: %w", ErrParameters, err)
		}
		return c.WriteMessage([]byte{verdictAdmitted})
	})
}
