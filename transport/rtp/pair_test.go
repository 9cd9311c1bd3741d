//go:build !js

package rtp

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/rtp"
	"github.com/pion/transport/v2/vnet"
	"github.com/pion/webrtc/v3"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/internal/silence"
	"github.com/sealcam/sealcam/transport"
)

// pair is a Sender and a Receiver that are connected, and what arrived.
type pair struct {
	t        testing.TB
	sender   *Sender
	receiver *Receiver
	frames   chan received
}

type received struct {
	camera uint8
	sealed []byte
}

// connect joins a Sender and a Receiver as the sealed session would, candidates and all.
func connect(t testing.TB, sc SenderConfig, rc ReceiverConfig, agent, viewer func(*webrtc.SettingEngine)) *pair {
	t.Helper()
	p := &pair{t: t, frames: make(chan received, 4096)}
	up := make(chan struct{}, 2)
	watch := func(also func(State)) func(State) {
		return func(s State) {
			if s == StateConnected {
				up <- struct{}{}
			}
			if also != nil {
				also(s)
			}
		}
	}
	var err error
	sc.OnState, rc.OnState = watch(sc.OnState), watch(rc.OnState)
	sc.OnCandidate = func(c string) {
		if err := p.receiver.AddCandidate(c); err != nil {
			t.Errorf("receiver: candidate: %v", err)
		}
	}
	rc.OnCandidate = func(c string) {
		if err := p.sender.AddCandidate(c); err != nil {
			t.Errorf("sender: candidate: %v", err)
		}
	}
	rc.OnFrame = func(camera uint8, sealed []byte) { p.frames <- received{camera, sealed} }
	if p.receiver, err = newReceiver(rc, viewer); err != nil {
		t.Fatal(err)
	}
	if p.sender, err = newSender(sc, agent); err != nil {
		t.Fatal(err)
	}
	offer, err := p.sender.Offer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.receiver.Accept(offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.sender.Answer(answer); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case <-up:
		case <-time.After(20 * time.Second):
			t.Fatal("no connection within 20 s")
		}
	}
	return p
}

func (p *pair) close() {
	p.t.Helper()
	if err := p.sender.Close(); err != nil {
		p.t.Errorf("sender: close: %v", err)
	}
	if err := p.receiver.Close(); err != nil {
		p.t.Errorf("receiver: close: %v", err)
	}
}

// next returns the next frame.
func (p *pair) next() received {
	p.t.Helper()
	select {
	case f := <-p.frames:
		return f
	case <-time.After(10 * time.Second):
		p.t.Fatalf("no frame within 10 s; sender %+v, receiver %+v", p.sender.Stats(), p.receiver.Stats())
	}
	return received{}
}

// expect checks that exactly these bytes come next.
func (p *pair) expect(f transport.Frame) {
	p.t.Helper()
	if got := p.next(); got.camera != f.Camera || !bytes.Equal(got.sealed, f.Sealed) {
		p.t.Fatalf("got a frame of camera %d with %d bytes, want camera %d, %d bytes", got.camera, len(got.sealed), f.Camera, len(f.Sealed))
	}
}

// content returns reproducible bytes that look like ciphertext.
func content(seed uint64, size int) []byte {
	b := make([]byte, size)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	rand.NewChaCha8(key).Read(b) // never fails
	return b
}

func frameOf(camera uint8, n, size int) transport.Frame {
	return transport.Frame{
		Camera:   camera,
		Stream:   seal.Main,
		Key:      n%30 == 0,
		Captured: codec.Timestamp(1_700_000_000_000_000).Add(time.Duration(n) * time.Second / 30),
		Sealed:   content(uint64(n)<<3^uint64(camera), size),
	}
}

// network is a virtual one with two hosts. It runs inside a synctest bubble, so that blackouts take no time.
type network struct {
	router        *vnet.Router
	agent, viewer *vnet.Net
	drop          atomic.Pointer[func(toViewer bool, packet []byte) bool]
}

const agentIP, viewerIP = "10.0.0.1", "10.0.0.2"

func newNetwork(t testing.TB, delay time.Duration) *network {
	t.Helper()
	n := &network{}
	var err error
	n.router, err = vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", MinDelay: delay, LoggerFactory: silence.Factory{}})
	if err != nil {
		t.Fatal(err)
	}
	n.router.AddChunkFilter(func(c vnet.Chunk) bool {
		to, ok := c.DestinationAddr().(*net.UDPAddr)
		toViewer := ok && to.IP.String() == viewerIP
		f := n.drop.Load()
		return f == nil || !(*f)(toViewer, c.UserData())
	})
	for _, h := range []struct {
		ip string
		to **vnet.Net
	}{{agentIP, &n.agent}, {viewerIP, &n.viewer}} {
		host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{h.ip}})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.router.AddNet(host); err != nil {
			t.Fatal(err)
		}
		*h.to = host
	}
	if err := n.router.Start(); err != nil {
		t.Fatal(err)
	}
	return n
}

// lose sets which packets are lost; nil for none.
func (n *network) lose(f func(toViewer bool, packet []byte) bool) { n.drop.Store(&f) }

func (n *network) on(host *vnet.Net) func(*webrtc.SettingEngine) {
	return func(s *webrtc.SettingEngine) {
		s.SetNet(host)
		s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	}
}

// isRTP tells media from STUN, DTLS and RTCP (RFC 7983, RFC 5761).
func isRTP(b []byte) bool { return len(b) > 12 && b[0]>>6 == 2 && b[1]&0x7f == payloadType }

// overNetwork runs a test with a connected pair in a bubble.
func overNetwork(t *testing.T, slots int, delay time.Duration, test func(t *testing.T, n *network, p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, delay)
		p := connect(t, SenderConfig{Slots: slots}, ReceiverConfig{}, n.on(n.agent), n.on(n.viewer))
		test(t, n, p)
		p.close()
		if err := n.router.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func headerOf(seq uint16, marker bool) rtp.Header {
	return rtp.Header{Version: 2, SequenceNumber: seq, Marker: marker}
}
