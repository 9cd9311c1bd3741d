// Package selfsigned makes the certificate with which the demo speaks https in a local network, where no authority certifies addresses.
// Browsers lend their camera, their keys and their video decoder to https pages only. A person accepts the certificate once on each device;
// whoever could put another in its place sees no pictures (they are sealed), but could serve another page. It imports the standard library
// only.
package selfsigned

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	life    = 90 * 24 * time.Hour
	renewal = 7 * 24 * time.Hour // before its end
	// early is for devices whose clock is behind.
	early = 24 * time.Hour

	file    = "tls.pem"
	maxFile = 64 << 10
)

// ErrFile says that what is in the file is no certificate with its key.
var ErrFile = errors.New("selfsigned: no certificate with its key")

// Load returns the certificate that is kept in a folder, or makes one: where there is none, where it ends soon, and where it lacks one of the
// hosts, names or IP addresses. An empty dir keeps nothing.
func Load(dir string, hosts []string, now time.Time) (tls.Certificate, error) {
	if dir == "" {
		c, _, err := generate(hosts, now)
		return c, err
	}
	path := filepath.Join(dir, file)
	kept, err := read(path)
	switch {
	case err == nil && good(kept.Leaf, hosts, now):
		return kept, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrFile):
		return tls.Certificate{}, err
	}
	c, text, err := generate(hosts, now)
	if err != nil {
		return tls.Certificate{}, err
	}
	return c, write(path, text)
}

// Fingerprint is the certificate's SHA-256 as browsers show it.
func Fingerprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// Hosts returns the names and addresses under which this machine may be reached from its own network.
func Hosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if name, err := os.Hostname(); err == nil && name != "localhost" {
		hosts = append(hosts, strings.ToLower(name))
		if !strings.Contains(name, ".") {
			hosts = append(hosts, strings.ToLower(name)+".local")
		}
	}
	if addresses, err := net.InterfaceAddrs(); err == nil {
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				hosts = append(hosts, n.IP.String())
			}
		}
	}
	return hosts
}

func good(c *x509.Certificate, hosts []string, now time.Time) bool {
	return !now.Before(c.NotBefore) && now.Before(c.NotAfter.Add(-renewal)) &&
		!slices.ContainsFunc(hosts, func(h string) bool { return c.VerifyHostname(h) != nil })
}

func generate(hosts []string, now time.Time) (c tls.Certificate, text []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return c, nil, err
	}
	template := x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Sealcam demo"},
		NotBefore: now.Add(-early), NotAfter: now.Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return c, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return c, nil, err
	}
	text = append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	c, err = parse(text)
	return c, text, err
}

func parse(text []byte) (tls.Certificate, error) {
	c, err := tls.X509KeyPair(text, text)
	if err != nil {
		return tls.Certificate{}, ErrFile
	}
	if c.Leaf == nil {
		if c.Leaf, err = x509.ParseCertificate(c.Certificate[0]); err != nil {
			return tls.Certificate{}, ErrFile
		}
	}
	return c, nil
}

func read(path string) (tls.Certificate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	if info.Size() > maxFile {
		return tls.Certificate{}, ErrFile
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	return parse(text)
}

// write replaces the file whole, for its owner's eyes only.
func write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), file+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
