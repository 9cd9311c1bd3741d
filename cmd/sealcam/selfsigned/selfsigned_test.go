package selfsigned

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var morning = time.Date(2026, time.November, 21, 9, 0, 0, 0, time.UTC)

func load(t *testing.T, dir string, hosts []string, now time.Time) tls.Certificate {
	t.Helper()
	c, err := Load(dir, hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoad(t *testing.T) {
	dir, hosts := filepath.Join(t.TempDir(), "state"), []string{"localhost", "192.168.1.5", "::1"}
	c := load(t, dir, hosts, morning)
	for _, h := range hosts {
		if err := c.Leaf.VerifyHostname(h); err != nil {
			t.Error(err)
		}
	}
	if c.Leaf.VerifyHostname("192.168.1.6") == nil {
		t.Error("it is good for a host that was not named")
	}
	if c.Leaf.IsCA {
		t.Error("it may certify others")
	}
	info, err := os.Stat(filepath.Join(dir, file))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	same := func(what string, hosts []string, now time.Time, want bool) {
		t.Helper()
		if got := Fingerprint(load(t, dir, hosts, now)) == Fingerprint(c); got != want {
			t.Errorf("%s: the same certificate %v, want %v", what, got, want)
		}
	}
	same("the next day", hosts, morning.Add(24*time.Hour), true)
	same("with fewer hosts", hosts[:1], morning, true)
	same("in another network", append([]string{"10.0.0.7"}, hosts...), morning, false)
	c = load(t, dir, hosts, morning)
	same("near its end", hosts, morning.Add(life-renewal), false)
	c = load(t, dir, hosts, morning)
	if err := os.WriteFile(filepath.Join(dir, file), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	same("when it was damaged", hosts, morning, false)
	if f := Fingerprint(c); len(f) != 95 || strings.Count(f, ":") != 31 {
		t.Errorf("fingerprint %q", f)
	}
}

// Without a folder it is kept nowhere, and a client that was given it speaks to it.
func TestServes(t *testing.T) {
	hosts := Hosts()
	c := load(t, "", hosts, time.Now())
	for _, h := range hosts {
		if err := c.Leaf.VerifyHostname(h); err != nil {
			t.Error(err)
		}
	}
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{c}})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	roots := x509.NewCertPool()
	roots.AddCert(c.Leaf)
	if err := tls.Client(near, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}).Handshake(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
