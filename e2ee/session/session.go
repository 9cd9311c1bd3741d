package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// HandshakeTimeout bounds Client and Server where the context does not.
const HandshakeTimeout = 15 * time.Second

// ErrRefused is returned by Client when the agent knows no grant for this device.
var ErrRefused = errors.New("session: the agent does not admit this device")

// The verdict is the first message, from the agent: one byte.
const (
	verdictAdmitted = 0x01
	verdictRefused  = 0x02
)

// Client opens a session with the agent that has the given id, as the device whose key is self. It returns once the agent has
// admitted the device, or with an error that wraps ErrAgentKey, ErrRefused, ErrParameters, ctx's error, or that of conn. It owns
// conn from the call on: conn is closed by Close, or at once when an error is returned.
func Client(ctx context.Context, conn net.Conn, self identity.Signer, agent identity.AgentID) (*Conn, error) {
	config, err := clientConfig(self, protocol, isAgent(agent))
	if err != nil {
		conn.Close()
		return nil, err
	}
	c := newConn(conn, tls.Client, config)
	return c.establish(ctx, conn, func() error {
		key, err := peerKey(c.tls.ConnectionState(), protocol)
		if err != nil {
			return err
		}
		if c.agent, err = identity.AgentPublicFromBytes(key); err != nil {
			return ErrAgentKey
		}
		return c.awaitVerdict()
	})
}

// Server waits for a device on the other end of conn, as the agent whose key is self. admit is called once the device has proven
// its key; an error of it is told to the device as a bare refusal and returned, wrapped. Errors and conn are otherwise as with
// [Client].
func Server(ctx context.Context, conn net.Conn, self identity.AgentKey, admit func(identity.DevicePublic) error) (*Conn, error) {
	config, err := serverConfig(self.Signer(), protocol)
	if err != nil {
		conn.Close()
		return nil, err
	}
	c := newConn(conn, tls.Server, config)
	return c.establish(ctx, conn, func() error {
		key, err := peerKey(c.tls.ConnectionState(), protocol)
		if err != nil {
			return err
		}
		if c.device, err = identity.DevicePublicFromBytes(key); err != nil {
			return fmt.Errorf("%w: %w", ErrParameters, err)
		}
		if err := admit(c.device); err != nil {
			refusal := c.WriteMessage([]byte{verdictRefused})
			return errors.Join(fmt.Errorf("session: device %s not admitted: %w", c.device.ID().Fingerprint(), err), refusal)
		}
		return c.WriteMessage([]byte{verdictAdmitted})
	})
}

// establish runs the handshake and then the rest under ctx.
func (c *Conn) establish(ctx context.Context, conn net.Conn, rest func() error) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, HandshakeTimeout)
	defer cancel()
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		conn.Close() // the one thing that ends a blocked read of any net.Conn
	})
	err := c.tls.Handshake()
	if err == nil {
		err = rest()
	}
	if !stop() {
		<-closed
		return nil, fmt.Errorf("session: %w", context.Cause(ctx))
	}
	if err != nil {
		// Closing tells the other end in TLS's own words, and so waits until the verdict has gone out.
		c.Close()
		return nil, handshakeError(err)
	}
	return c, nil
}

// handshakeError gives what crypto/tls says a place in our own errors.
func handshakeError(err error) error {
	var alert *net.OpError // how crypto/tls reports an alert from the other end
	switch {
	case errors.Is(err, ErrParameters), errors.Is(err, ErrAgentKey), errors.Is(err, ErrDeviceKey), errors.Is(err, ErrRefused):
		return err
	case errors.As(err, &alert) && alert.Op == "remote error":
		return fmt.Errorf("%w: %w", ErrParameters, err)
	}
	return fmt.Errorf("session: handshake: %w", err)
}

func (c *Conn) awaitVerdict() error {
	verdict, err := c.ReadMessage()
	if err != nil {
		return err
	}
	switch {
	case len(verdict) == 1 && verdict[0] == verdictAdmitted:
		return nil
	case len(verdict) == 1 && verdict[0] == verdictRefused:
		return ErrRefused
	}
	return fmt.Errorf("%w: no verdict", ErrParameters)
}
