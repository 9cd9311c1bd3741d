package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// What New returns, wrapped: the whole text is a sentence for whoever starts the server.
var (
	ErrListen = errors.New("the server cannot listen")
	ErrTLS    = errors.New("the TLS certificate cannot be used")
	ErrHost   = errors.New("a host name is wrong")
	ErrNATS   = errors.New("the NATS server cannot be used")
	ErrUDP    = errors.New("STUN and TURN cannot start")
)

// advice says what to do about an address that cannot be listened on.
func advice(address string, err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Sprintf("address %s is in use: stop the program that uses it, or choose another port", address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Sprintf("address %s is not allowed for this user: choose a port above 1023", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("address %s is not one of this machine: choose another", address)
	}
	return fmt.Sprintf("address %q does not work: write it like :8080 or 127.0.0.1:8080", address)
}

func listenTCP(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: %s (%w)", ErrListen, advice(address, err), err)
	}
	return l, nil
}

func listenUDP(address string) (net.PacketConn, error) {
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, fmt.Errorf("%w: UDP %s (%w)", ErrUDP, advice(address, err), err)
	}
	return c, nil
}

// loadTLS returns nil without files.
func loadTLS(certFile, keyFile string) (*tls.Config, error) {
	if certFile == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return nil, fmt.Errorf("%w: the file %s cannot be read: check the path and who may read it (%w)", ErrTLS, path.Path, path.Err)
	case err != nil:
		return nil, fmt.Errorf("%w: %s and %s must be a PEM certificate chain and its key (%w)", ErrTLS, certFile, keyFile, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}
