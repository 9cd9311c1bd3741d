package signal

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

func TestDomain(t *testing.T) {
	for host, want := range map[string]string{
		"Cameras.Example":     "cameras.example",
		"cameras.example:443": "cameras.example",
		"cameras.example:80":  "cameras.example",
		"localhost:8080":      "localhost:8080",
		"[::1]:443":           "[::1]",
		"[::1]:8080":          "[::1]:8080",
		"[::1]":               "[::1]",
		"127.0.0.1":           "127.0.0.1",
	} {
		if got := Domain(host); got != want {
			t.Errorf("Domain(%q) = %q, want %q", host, got, want)
		}
	}
}

func code(err error) Code {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return 0
}

func TestLogin(t *testing.T) {
	device, err := identity.DeviceFromSeed(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	nonce := [32]byte{1}
	make := func() *Login {
		l, err := newLogin("a.example", "https://a.example", nonce, RoleViewer, device.Signer(), now)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if err := make().Verify("a.example", "https://a.example", nonce, now); err != nil {
		t.Fatalf("a good login: %v", err)
	}
	for name, verify := range map[string]func(*Login) error{
		"another domain": func(l *Login) error { return l.Verify("b.example", "https://a.example", nonce, now) },
		"another origin": func(l *Login) error { return l.Verify("a.example", "https://b.example", nonce, now) },
		"another nonce":  func(l *Login) error { return l.Verify("a.example", "https://a.example", [32]byte{2}, now) },
		"domain and origin shifted": func(l *Login) error {
			return l.Verify("a.examplehttps:/", "/a.example", nonce, now)
		},
		"another role": func(l *Login) error {
			l.Role = RoleAgent
			return l.Verify("a.example", "https://a.example", nonce, now)
		},
		"another key": func(l *Login) error {
			l.Key[0] ^= 1
			return l.Verify("a.example", "https://a.example", nonce, now)
		},
		"another expiry": func(l *Login) error {
			l.Expiry++
			return l.Verify("a.example", "https://a.example", nonce, now)
		},
		"another signature": func(l *Login) error {
			l.Signature[63] ^= 1
			return l.Verify("a.example", "https://a.example", nonce, now)
		},
		"a key of small order": func(l *Login) error {
			l.Key, l.Signature = [32]byte{1}, [64]byte{1}
			return l.Verify("a.example", "https://a.example", nonce, now)
		},
	} {
		if err := verify(make()); code(err) != CodeBadLogin {
			t.Errorf("%s: %v", name, err)
		}
	}
	for off, want := range map[time.Duration]Code{
		0: 0, LoginLife + ClockSkew: 0, -ClockSkew: 0, LoginLife + ClockSkew + time.Second: CodeClock, -ClockSkew - time.Second: CodeClock,
	} {
		if err := make().Verify("a.example", "https://a.example", nonce, now.Add(off)); code(err) != want {
			t.Errorf("server's clock off by %v: %v", off, err)
		}
	}
}
