package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/cmd/sealcam/selfsigned"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
)

// A device in the network gets page and WebSocket of the server on loopback by https.
func TestFront(t *testing.T) {
	s, err := server.New(server.Config{Listen: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := selfsigned.Load("", []string{"localhost"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f, err := openFront("localhost:0", s.Addr().String(), cert, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- s.Run(ctx) }()
	go func() { done <- f.Run(ctx) }()
	defer func() {
		stop()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}()
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	address := fmt.Sprintf("https://localhost:%d", f.port())
	answer, err := (&http.Client{Transport: transport}).Get(address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("status %d, %v", answer.StatusCode, err)
	}
	// Who does not know the certificate gets nothing, and plain HTTP is no way in.
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := signal.Dial(t.Context(), signal.Options{URL: address, Role: signal.RoleViewer, Signer: key.Signer()}); err == nil {
		c.Close()
		t.Error("a stranger's certificate was taken")
	}
	c, err := net.Dial("tcp", f.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if b, _ := io.ReadAll(c); strings.Contains(string(b), "200 OK") {
		t.Errorf("plain HTTP gives %q", b)
	}
}
