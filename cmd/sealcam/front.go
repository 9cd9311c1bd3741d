package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"rsc.io/qr"

	"github.com/sealcam/sealcam/cmd/sealcam/selfsigned"
)

const (
	maxFrontConns  = 256
	frontHandshake = 10 * time.Second
)

// front speaks TLS to devices in the network for a server of this process that speaks plain HTTP on loopback, so that the page on this
// machine needs no certificate.
type front struct {
	listener net.Listener
	config   *tls.Config
	to       string // host:port of the server
	log      *slog.Logger
}

func openFront(address, to string, certificate tls.Certificate, log *slog.Logger) (*front, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the https page cannot listen on %s: %w; choose another with --port", address, err)
	}
	// Without ALPN it is HTTP/1.1, in which WebSockets are.
	return &front{listener: l, config: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, to: to, log: log}, nil
}

func (f *front) port() int { return f.listener.Addr().(*net.TCPAddr).Port }

// addresses are those at which the network's devices find it: at least one.
func (f *front) addresses() []string {
	addresses := lanAddresses("", fmt.Sprint(f.port()))
	for i, a := range addresses {
		addresses[i] = strings.Replace(a, "http://", "https://", 1)
	}
	return addresses
}

// introduce says how another device gets in.
func (f *front) introduce(w io.Writer) {
	addresses := f.addresses()
	fmt.Fprintf(w, "\nOn a phone or tablet in the same network open %s\n", strings.Join(addresses, " or "))
	fmt.Fprintln(w, "It warns of the certificate, which was made on this machine: choose Advanced, then Proceed (Chrome, Firefox), or Show Details, then visit this website (Safari).")
	fmt.Fprintf(w, "The certificate's SHA-256 is %s\n", selfsigned.Fingerprint(f.config.Certificates[0]))
	if code, err := qr.Encode(addresses[0], qr.L); err == nil {
		fmt.Fprintln(w)
		fmt.Fprintln(w, drawCode(code, isTerminal(w)))
	}
}

// runWith runs a front beside what it serves, until ctx or either ends.
func runWith(ctx context.Context, f *front, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- f.Run(ctx)
	}()
	err := run(ctx)
	cancel()
	return errors.Join(err, <-done)
}

// Run carries connections until ctx ends.
func (f *front) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { f.listener.Close() })
	defer stop()
	places := make(chan struct{}, maxFrontConns)
	for {
		c, err := f.listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the https page: %w", err)
		}
		select {
		case places <- struct{}{}:
		default:
			c.Close()
			continue
		}
		wg.Go(func() {
			defer func() { <-places }()
			if err := f.carry(ctx, c); err != nil {
				f.log.Debug("https connection ended", "error", err)
			}
		})
	}
}

// carry passes a connection's bytes between both ends until either closes.
func (f *front) carry(ctx context.Context, raw net.Conn) error {
	defer raw.Close()
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	outer := tls.Server(raw, f.config)
	within, cancel := context.WithTimeout(ctx, frontHandshake)
	err := outer.HandshakeContext(within)
	cancel()
	if err != nil {
		return err
	}
	var d net.Dialer
	inner, err := d.DialContext(ctx, "tcp", f.to)
	if err != nil {
		return err
	}
	defer inner.Close()
	var back sync.WaitGroup
	var backErr error
	back.Go(func() {
		_, backErr = io.Copy(outer, inner)
		raw.Close()
	})
	_, err = io.Copy(inner, outer)
	inner.Close()
	back.Wait()
	return errors.Join(err, backErr)
}
