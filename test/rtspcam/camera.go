// Package rtspcam is an RTSP camera for tests: it plays clips in real time, says when it handed over which picture, and
// misbehaves on command. It stands on gortsplib's server (RFC 2326, RFC 6184, RFC 7798).
package rtspcam

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/auth"
)

// Auth is how clients must prove that they know the password.
type Auth uint8

// The ways of RFC 2617 §2 (Basic), §3 (Digest with MD5) and of RFC 7616 (Digest with SHA-256).
const (
	NoAuth Auth = iota
	Basic
	Digest
	DigestSHA256
)

// The paths of the streams.
const (
	MainPath = "/main"
	SubPath  = "/sub"
)

// Config says what the camera is. Only Main is required.
type Config struct {
	Main, Sub Clip
	// Offset is the number of the main clip's first picture, which the clip's barcode carries. Picture n of the sub-stream has
	// the number of picture 2n of the main stream where SubStep is 2.
	Offset  int
	SubStep int // 2 if zero

	Auth           Auth
	User, Password string

	// Address is where to listen. Empty: any port of 127.0.0.1.
	Address string
	// NoTCP refuses RTP inside the RTSP connection and NoUDP refuses RTP in UDP datagrams.
	NoTCP, NoUDP bool
	// BareSDP leaves the parameter sets out of the session description, as some cameras do.
	BareSDP bool

	Log *slog.Logger // nil: nothing is logged
}

// Camera is a running camera.
type Camera struct {
	config  Config
	address string // host:port, kept over restarts
	journal journal

	mu     sync.Mutex // guards what follows
	server *server    // nil while stopped
	closed bool
}

// ErrClosed is returned after Close.
var ErrClosed = errors.New("rtspcam: closed")

// Start starts a camera.
func Start(config Config) (*Camera, error) {
	if len(config.Main.Units) == 0 {
		return nil, errors.New("rtspcam: no main clip")
	}
	if config.NoTCP && config.NoUDP {
		return nil, errors.New("rtspcam: neither TCP nor UDP")
	}
	if (config.Auth == NoAuth) != (config.User == "") {
		return nil, errors.New("rtspcam: Auth and User go together")
	}
	if config.SubStep == 0 {
		config.SubStep = 2
	}
	if config.Address == "" {
		config.Address = "127.0.0.1:0"
	}
	if config.Log == nil {
		config.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	c := &Camera{config: config, address: config.Address}
	if err := c.Restart(); err != nil {
		return nil, err
	}
	return c, nil
}

// Stop ends all connections and refuses new ones, as a camera without power. The address stays the camera's.
func (c *Camera) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
}

func (c *Camera) stop() {
	if c.server != nil {
		c.server.close()
		c.server = nil
	}
}

// Restart starts the camera again at the same address. Its RTP time and sequence numbers start anew, its clips at their first
// picture. It stops a running camera first.
func (c *Camera) Restart() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.stop()
	s, err := newServer(c.config, c.address, &c.journal)
	if err != nil {
		return fmt.Errorf("rtspcam: %w", err)
	}
	c.server, c.address = s, s.listener.Addr().String()
	return nil
}

// Close stops the camera for good.
func (c *Camera) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
	c.closed = true
}

// Change makes a camera of other clips of it, as when somebody changes its codings in its menu: all connections end, and it starts again at
// the same address. Clips without units take the stream away, but for the main one.
func (c *Camera) Change(main, sub Clip) error {
	if len(main.Units) == 0 {
		return errors.New("rtspcam: no main clip")
	}
	c.mu.Lock()
	c.config.Main, c.config.Sub = main, sub
	c.mu.Unlock()
	return c.Restart()
}

// Turn goes on with another clip in the main stream, from its first picture on and without a word: connections stay, and only the stream's
// own parameter sets say that its size is another. The clip has the coding, the rate and the numbers of the one before. Restart begins with
// the old clip.
func (c *Camera) Turn(main Clip) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return errors.New("rtspcam: stopped")
	}
	return c.server.players[MainPath].turn(main)
}

// Inject makes the next pictures of both streams faulty. A later call replaces an earlier one; zero pictures end it. It does
// nothing while the camera is stopped.
func (c *Camera) Inject(f Fault, pictures int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return
	}
	for _, p := range c.server.players {
		p.inject(f, pictures)
	}
}

// Readers returns how many sessions play a stream now.
func (c *Camera) Readers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return 0
	}
	return c.server.readers()
}

// Address returns host and port.
func (c *Camera) Address() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.address
}

// MainURL and SubURL return the addresses of the streams, with user and password where the camera wants them.
func (c *Camera) MainURL() string { return c.url(MainPath) }

// SubURL is described at MainURL.
func (c *Camera) SubURL() string { return c.url(SubPath) }

func (c *Camera) url(path string) string {
	u := url.URL{Scheme: "rtsp", Host: c.Address(), Path: path}
	if c.config.User != "" {
		u.User = url.UserPassword(c.config.User, c.config.Password)
	}
	return u.String()
}

// SentAt returns when the picture with a barcode number was last handed over at or before the instant, whether anyone was
// playing or not. Both streams answer, the main stream first. It remembers the last two minutes.
func (c *Camera) SentAt(number int, before time.Time) (time.Time, bool) {
	return c.journal.find(number, before)
}

// verifyMethods translates Auth for gortsplib.
func (a Auth) verifyMethods() []auth.VerifyMethod {
	switch a {
	case Basic:
		return []auth.VerifyMethod{auth.VerifyMethodBasic}
	case Digest:
		return []auth.VerifyMethod{auth.VerifyMethodDigestMD5}
	case DigestSHA256:
		return []auth.VerifyMethod{auth.VerifyMethodDigestSHA256}
	}
	return nil
}

// udpPorts finds two free neighbouring ports, the first even, as gortsplib wants for RTP and RTCP.
func udpPorts(host string) (rtp, rtcp net.PacketConn, err error) {
	for range 100 {
		if rtp, err = net.ListenPacket("udp", net.JoinHostPort(host, "0")); err != nil {
			return nil, nil, err
		}
		port := rtp.LocalAddr().(*net.UDPAddr).Port
		if port%2 == 0 {
			if rtcp, err = net.ListenPacket("udp", net.JoinHostPort(host, fmt.Sprint(port+1))); err == nil {
				return rtp, rtcp, nil
			}
		}
		_ = rtp.Close()
	}
	return nil, nil, errors.New("no two free neighbouring UDP ports")
}
