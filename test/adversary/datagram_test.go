package adversary

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/transport"
	"github.com/sealcam/sealcam/transport/rtp"
)

// stunMagic is the magic cookie of RFC 8489 §5.
const stunMagic = 0x2112a442

// stun makes a STUN or TURN message: type, transaction and attributes, with a length that need not be true.
func stun(kind uint16, length int, attributes ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	body := bytes.Join(attributes, nil)
	if length < 0 {
		length = len(body)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(length))
	b = binary.BigEndian.AppendUint32(b, stunMagic)
	b = append(b, "transaction!"...)
	return append(b, body...)
}

// attribute is one of STUN's, with a length that need not be true (RFC 8489 §14).
func attribute(kind uint16, length int, value []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	if length < 0 {
		length = len(value)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(length))
	b = append(b, value...)
	return append(b, make([]byte, (4-len(value)%4)%4)...)
}

// record is a DTLS 1.2 record (RFC 6347 §4.1).
func dtlsRecord(kind byte, length int, fragment []byte) []byte {
	b := []byte{kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1}
	if length < 0 {
		length = len(fragment)
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(length)), fragment...)
}

// handshake is a fragment of a DTLS handshake message (RFC 6347 §4.2.2).
func handshake(kind byte, length, offset, here int, body []byte) []byte {
	b := []byte{kind, byte(length >> 16), byte(length >> 8), byte(length), 0, 0}
	b = append(b, byte(offset>>16), byte(offset>>8), byte(offset), byte(here>>16), byte(here>>8), byte(here))
	return append(b, body...)
}

// malformed is what an attacker sends to UDP sockets: STUN, TURN, DTLS, RTP and RTCP that break their formats, one way each.
var malformed = map[string][]byte{
	"nothing":                          {},
	"one byte":                         {0},
	"stun-header-cut":                  stun(1, -1)[:19],
	"stun-length-beyond-the-end":       stun(1, 0xfffc),
	"stun-length-odd":                  stun(1, 3, []byte{1, 2, 3}),
	"stun-attribute-beyond-the-end":    stun(1, -1, attribute(0x0006, 0xffff, []byte("user"))),
	"stun-attribute-empty":             stun(1, -1, attribute(0x0008, 0, nil)),
	"stun-integrity-of-4-bytes":        stun(1, -1, attribute(0x0006, -1, []byte("a:b")), attribute(0x0008, -1, []byte("sign"))),
	"stun-fingerprint-wrong":           stun(1, -1, attribute(0x8028, -1, []byte{1, 2, 3, 4})),
	"stun-unknown-comprehension":       stun(1, -1, attribute(0x7fff, -1, nil)),
	"stun-username-of-4000-bytes":      stun(1, -1, attribute(0x0006, -1, bytes.Repeat([]byte("u"), 4000))),
	"stun-500-attributes":              stun(1, -1, bytes.Repeat(attribute(0x8022, -1, []byte("soft")), 500)),
	"stun-error-response":              stun(0x0111, -1, attribute(0x0009, -1, []byte{0, 0, 4, 1})),
	"stun-error-code-cut":              stun(0x0111, -1, attribute(0x0009, -1, []byte{0})),
	"stun-success-unasked":             stun(0x0101, -1, attribute(0x0020, -1, []byte{0, 1, 2, 3, 4, 5, 6, 7})),
	"stun-address-of-an-odd-family":    stun(0x0101, -1, attribute(0x0020, -1, []byte{0, 9, 0, 0})),
	"turn-allocate-bare":               stun(0x0003, -1),
	"turn-allocate-for-tcp":            stun(0x0003, -1, attribute(0x0019, -1, []byte{6, 0, 0, 0})),
	"turn-allocate-nonce-of-nobody":    stun(0x0003, -1, attribute(0x0019, -1, []byte{17, 0, 0, 0}), attribute(0x0006, -1, []byte("9:9")), attribute(0x0014, -1, []byte("sealcam")), attribute(0x0015, -1, []byte("nonce")), attribute(0x0008, -1, make([]byte, 20))),
	"turn-refresh-of-nothing":          stun(0x0004, -1, attribute(0x000d, -1, []byte{0xff, 0xff, 0xff, 0xff})),
	"turn-permission-of-nothing":       stun(0x0008, -1, attribute(0x0012, -1, []byte{0, 1, 0, 0, 0, 0, 0, 0})),
	"turn-send-of-nothing":             stun(0x0016, -1, attribute(0x0013, -1, []byte("data"))),
	"turn-channel-bind-out-of-range":   stun(0x0009, -1, attribute(0x000c, -1, []byte{0xff, 0xff, 0, 0})),
	"turn-channel-data-cut":            {0x40, 0x00, 0x00},
	"turn-channel-data-of-nobody":      append([]byte{0x40, 0x00, 0xff, 0xff}, make([]byte, 8)...),
	"dtls-record-cut":                  dtlsRecord(22, -1, nil)[:7],
	"dtls-length-beyond-the-end":       dtlsRecord(22, 0xffff, []byte("short")),
	"dtls-hello-of-16-megabytes":       dtlsRecord(22, -1, handshake(1, 1<<24-1, 0, 4, []byte("part"))),
	"dtls-fragment-beyond-the-message": dtlsRecord(22, -1, handshake(1, 4, 1<<24-2, 4, []byte("part"))),
	"dtls-hello-empty":                 dtlsRecord(22, -1, handshake(1, 0, 0, 0, nil)),
	"dtls-hello-session-id-too-long":   dtlsRecord(22, -1, handshake(1, 40, 0, 40, append(append([]byte{0xfe, 0xfd}, make([]byte, 32)...), 255, 1, 2, 3, 4, 5))),
	"dtls-finished-first":              dtlsRecord(22, -1, handshake(20, 12, 0, 12, make([]byte, 12))),
	"dtls-alert-fatal":                 dtlsRecord(21, -1, []byte{2, 40}),
	"dtls-alert-close":                 dtlsRecord(21, -1, []byte{1, 0}),
	"dtls-application-data":            dtlsRecord(23, -1, make([]byte, 64)),
	"dtls-change-cipher-spec":          dtlsRecord(20, -1, []byte{1}),
	"dtls-unknown-type":                dtlsRecord(63, -1, []byte{1}),
	"rtp-cut":                          {0x80, 96},
	"rtp-csrc-beyond-the-end":          append([]byte{0x8f, 96}, make([]byte, 10)...),
	"rtp-extension-beyond-the-end":     append([]byte{0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde}, 0xff, 0xff),
	"rtcp-length-beyond-the-end":       {0x80, 200, 0xff, 0xff, 0, 0, 0, 1},
	"rtcp-nack-in-the-clear":           {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0xff},
	"largest":                          bytes.Repeat([]byte{0x16}, 9000),
}

// A seed file for every datagram, so that fuzzing begins where parsers break. SEALCAM_SEEDS=1 writes them.
func TestDatagramSeeds(t *testing.T) {
	for _, target := range []string{"FuzzServerDatagram", "FuzzAgentDatagram"} {
		folder := filepath.Join("testdata", "fuzz", target)
		for name, b := range malformed {
			path := filepath.Join(folder, strings.ReplaceAll(name, " ", "-"))
			want := "go test fuzz v1\n[]byte(" + strconv.Quote(string(b)) + ")\n"
			if os.Getenv("SEALCAM_SEEDS") != "" {
				if err := os.MkdirAll(folder, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != want {
				t.Errorf("%s is not as it should be (%v): write it with SEALCAM_SEEDS=1 go test -run TestDatagramSeeds", path, err)
			}
		}
	}
}

// udp is a socket of the attacker's towards one address.
func udp(t testing.TB, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// answersSTUN sends binding requests until one is answered.
func answersSTUN(t testing.TB, address string) {
	t.Helper()
	c := udp(t, address)
	answer := make([]byte, 1500)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if _, err := c.Write(stun(1, -1)); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(time.Second))
		n, err := c.Read(answer)
		if err == nil && n >= 20 && binary.BigEndian.Uint16(answer) == 0x0101 && string(answer[8:20]) == "transaction!" {
			return
		}
	}
	t.Fatal("the server's STUN does not answer any more")
}

// Malformed datagrams, and floods of them, neither end the server's STUN and TURN nor fill its memory.
func TestMalformedDatagramsAtTheServer(t *testing.T) {
	n := startServer(t, server.Config{UDP: "127.0.0.1:0", RelayPrivate: true})
	address := isLoopback(t, n.server.UDPAddr())
	answersSTUN(t, address)
	rose := peak()
	for name, b := range malformed {
		if _, err := udp(t, address).Write(b); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
	answersSTUN(t, address)
	c := udp(t, address)
	for range 500 {
		for _, b := range malformed {
			if len(b) < 2000 {
				c.Write(b) // a full socket drops it
			}
		}
	}
	answersSTUN(t, address)
	if got := n.server.Stats().Allocations; got != 0 {
		t.Errorf("%d allocations were made", got)
	}
	if mib := rose(); mib > 32 {
		t.Errorf("the memory rose by %d MiB", mib)
	}
}

func FuzzServerDatagram(f *testing.F) {
	n := startServer(f, server.Config{UDP: "127.0.0.1:0", RelayPrivate: true})
	address := isLoopback(f, n.server.UDPAddr())
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 65000 {
			return
		}
		if _, err := udp(t, address).Write(b); err != nil {
			t.Fatal(err)
		}
		answersSTUN(t, address)
		if got := n.server.Stats().Allocations; got != 0 {
			t.Fatalf("%d allocations were made", got)
		}
	})
}

// call is an agent's sender and a viewer's receiver on loopback, in the middle of a connection or before it.
type call struct {
	t        testing.TB
	sender   *rtp.Sender
	receiver *rtp.Receiver
	frames   chan []byte
	up       chan struct{}

	mu    sync.Mutex
	ports map[string]bool // of the agent
	more  chan struct{}   // holds a token when there is another port
}

func newCall(t testing.TB) *call {
	t.Helper()
	c := &call{t: t, frames: make(chan []byte, 256), up: make(chan struct{}, 16), ports: map[string]bool{}, more: make(chan struct{}, 1)}
	var early []string // candidates before the other end was made
	var err error
	c.sender, err = rtp.NewSender(rtp.SenderConfig{
		Slots: 1, Loopback: true,
		OnCandidate: func(text string) {
			c.note(text)
			c.mu.Lock()
			r := c.receiver
			if r == nil {
				early = append(early, text)
			}
			c.mu.Unlock()
			if r != nil {
				r.AddCandidate(text)
			}
		},
		OnState: func(s rtp.State) {
			if s == rtp.StateConnected {
				c.up <- struct{}{}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.sender.Close() })
	receiver, err := rtp.NewReceiver(rtp.ReceiverConfig{
		Loopback:    true,
		OnCandidate: func(text string) { c.sender.AddCandidate(text) },
		OnFrame: func(_ uint8, sealed []byte) {
			select {
			case c.frames <- sealed:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { receiver.Close() })
	c.mu.Lock()
	c.receiver = receiver
	for _, text := range early {
		receiver.AddCandidate(text)
	}
	c.mu.Unlock()
	return c
}

// note keeps the loopback ports among the agent's candidates: "candidate:foundation 1 udp priority address port typ host".
func (c *call) note(text string) {
	var init struct {
		Candidate string `json:"candidate"`
	}
	if json.Unmarshal([]byte(text), &init) != nil {
		return
	}
	fields := strings.Fields(init.Candidate)
	if len(fields) < 6 || fields[4] != "127.0.0.1" || !strings.EqualFold(fields[2], "udp") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ports[net.JoinHostPort(fields[4], fields[5])] = true
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// offer begins the connection and returns the agent's socket on loopback.
func (c *call) offer() (sdp, address string) {
	c.t.Helper()
	sdp, err := c.sender.Offer(within(c.t))
	if err != nil {
		c.t.Fatal(err)
	}
	select {
	case <-c.more:
	case <-time.After(patience):
		c.t.Fatal("the agent has no socket on loopback")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for address := range c.ports {
		return sdp, address
	}
	return "", ""
}

func (c *call) connect(sdp string) {
	c.t.Helper()
	answer, err := c.receiver.Accept(sdp)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.sender.Answer(answer); err != nil {
		c.t.Fatal(err)
	}
	select {
	case <-c.up:
	case <-time.After(patience):
		c.t.Fatal("no connection")
	}
}

// carries sends frames until one has come.
func (c *call) carries(t testing.TB, when string) {
	t.Helper()
	want := []byte("sealed " + when)
	deadline := time.After(patience)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		c.sender.Send(transport.Frame{Stream: seal.Main, Key: true, Sealed: want})
		select {
		case got := <-c.frames:
			if bytes.Equal(got, want) {
				return
			}
			if !bytes.HasPrefix(got, []byte("sealed ")) {
				t.Fatalf("%s: a frame that the agent did not send: %q", when, got)
			}
		case <-again.C:
		case <-deadline:
			t.Fatalf("%s: nothing comes through", when)
		}
	}
}

// Strangers' datagrams at the agent's ICE socket, before, during and after the handshake, neither end the connection nor get a frame in.
func TestMalformedDatagramsAtTheAgent(t *testing.T) {
	c := newCall(t)
	sdp, address := c.offer()
	stranger := udp(t, address)
	throw := func(times int) {
		for range times {
			for _, b := range malformed {
				stranger.Write(b) // a full socket drops it
			}
		}
	}
	throw(20)
	rose := peak()
	done := make(chan struct{})
	var throwing sync.WaitGroup
	throwing.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				throw(1)
			}
		}
	})
	c.connect(sdp)
	c.carries(t, "under fire")
	close(done)
	throwing.Wait()
	throw(50)
	c.carries(t, "afterwards")
	if mib := rose(); mib > 48 {
		t.Errorf("the memory rose by %d MiB", mib)
	}
}

func FuzzAgentDatagram(f *testing.F) {
	c := newCall(f)
	sdp, address := c.offer()
	c.connect(sdp)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 65000 {
			return
		}
		if _, err := udp(t, address).Write(b); err != nil {
			t.Fatal(err)
		}
		c.carries(t, "among strangers' datagrams")
	})
}
