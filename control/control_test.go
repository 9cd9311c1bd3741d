package control

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
)

var writeSeeds = flag.Bool("write-seeds", false, "write the messages of this test as fuzz seeds")

// one message of each kind, as small and as full as it may be
func examples() []Message {
	clock := Clock{Now: 1_790_000_000_000_000, WallOffset: -2_000_000, ZoneOffset: 3600, Zone: "CET"}
	return []Message{
		&Hello{Version: 1, DeviceName: "Kitchen tablet"},
		&Hello{Version: 1, DeviceName: "Phone 🦉", Claim: &Claim{Proof: [32]byte{1, 2}, Genesis: []byte{3, 4}}},
		&Refuse{Reason: RefusedClaimUsed},
		&Accept{
			Version: 1, AgentName: "Home", Home: [32]byte{5}, LogLength: 1, LogHead: [32]byte{6}, Knock: [16]byte{7}, Clock: clock,
			Cameras: []Camera{
				{Number: 0, ID: [16]byte{8}, Name: "Porch", Streams: []seal.Stream{seal.Main, seal.Sub}, State: CameraRunning, Sig: make([]byte, 64)},
				{Number: 1, ID: [16]byte{9}, Name: "Garage", Streams: []seal.Stream{seal.Main}, State: CameraFailed, Advice: "The camera refuses the password.", Sig: make([]byte, 64)},
			},
			Proof: [32]byte{10}, Ephemeral: true,
		},
		&Accept{Version: 1},
		&CameraStatus{Number: 3, State: CameraFailed, Advice: "The camera cannot be reached."},
		&Watch{Camera: 3, Stream: seal.Sub, Route: Relay},
		&Watch{Camera: 3, Stream: seal.Main, Route: Peer, Again: true},
		&Unwatch{Camera: 3},
		&Epoch{Camera: 3, Number: 1 << 40, ID: [16]byte{1}, Key: [32]byte{2}, Topic: [16]byte{3}},
		&EpochAck{Camera: 3, Number: 1 << 40},
		&Ping{ID: 17},
		&Pong{ID: 17, Clock: clock},
		&PeerWanted{Attempt: 1},
		&Offer{Attempt: 1, SDP: "v=0\r\n"},
		&Answer{Attempt: 1, SDP: "v=0\r\n"},
		&Candidate{Attempt: 1, Candidate: `{"candidate":""}`},
	}
}

func TestRoundTrip(t *testing.T) {
	kinds := map[Kind]bool{}
	for i, m := range examples() {
		b, err := Encode(m)
		if err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		got, err := Decode(b)
		if err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%T: got %+v, want %+v", m, got, m)
		}
		kinds[m.kind()] = true
		if *writeSeeds {
			name := fmt.Sprintf("testdata/fuzz/FuzzDecode/%02d-%s", i, strings.ToLower(reflect.TypeOf(m).Elem().Name()))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", b), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for k := range Kind(255) {
		if newMessage(k) != nil && !kinds[k] {
			t.Errorf("kind %d is not tested", k)
		}
	}
}

// Every message that a peer changes at one place, cuts or lengthens is either refused or exactly what Encode would write.
func TestDamagedMessages(t *testing.T) {
	for _, m := range examples() {
		b, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		try := func(what string, b []byte) {
			got, err := Decode(b)
			if err != nil {
				if !errors.Is(err, ErrMessage) {
					t.Errorf("%T %s: %v", m, what, err)
				}
				return
			}
			if again, err := Encode(got); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%T %s: accepted in a form that Encode does not write", m, what)
			}
		}
		for i := range b {
			for bit := range 8 {
				c := bytes.Clone(b)
				c[i] ^= 1 << bit
				try(fmt.Sprintf("with bit %d of byte %d flipped", bit, i), c)
			}
			if _, err := Decode(b[:i]); err == nil {
				t.Errorf("%T cut to %d bytes is accepted", m, i)
			}
		}
		if _, err := Decode(append(bytes.Clone(b), 0)); err == nil {
			t.Errorf("%T with a byte behind it is accepted", m)
		}
	}
}

func TestRefusedForms(t *testing.T) {
	tests := []struct{ name, hex string }{
		{"empty", ""},
		{"unknown kind", "63a0"},
		{"no body", "0b"},
		{"unknown key", "0ba201111800"},
		{"doubled key", "0ba201110111"},
		{"key as text", "0ba161311811"},
		{"indefinite map", "0bbf0111ff"},
		{"number longer than needed", "0ba1011811"}, // 17 fits the head byte,
		{"array short of its length", "07a5010002010341000440" + "0540"},
		{"tag", "0bc1a10111"},
	}
	for _, test := range tests {
		b, err := hex.DecodeString(test.hex)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := Decode(b); err == nil {
			t.Errorf("%s: accepted as %+v", test.name, m)
		}
	}
}

func TestBounds(t *testing.T) {
	camera := Camera{Name: "a", Streams: []seal.Stream{seal.Main}, Sig: make([]byte, 64)}
	with := func(change func(*Camera)) *Accept {
		c := camera
		change(&c)
		return &Accept{Cameras: []Camera{c}}
	}
	tests := []struct {
		name string
		m    Message
	}{
		{"name", &Hello{DeviceName: strings.Repeat("a", MaxName+1)}},
		{"genesis", &Hello{Claim: &Claim{Genesis: make([]byte, MaxGrantEntry+1)}}},
		{"reason 0", &Refuse{}},
		{"reason", &Refuse{Reason: RefusedBusy + 1}},
		{"cameras", &Accept{Cameras: make([]Camera, MaxCameras+1)}},
		{"same number", &Accept{Cameras: []Camera{camera, camera}}},
		{"camera name", with(func(c *Camera) { c.Name = strings.Repeat("a", MaxName+1) })},
		{"camera advice", with(func(c *Camera) { c.Advice = strings.Repeat("a", MaxAdvice+1) })},
		{"no stream", with(func(c *Camera) { c.Streams = nil })},
		{"streams out of order", with(func(c *Camera) { c.Streams = []seal.Stream{seal.Sub, seal.Main} })},
		{"stream twice", with(func(c *Camera) { c.Streams = []seal.Stream{seal.Sub, seal.Sub} })},
		{"stream", with(func(c *Camera) { c.Streams = []seal.Stream{seal.MaxStream + 1} })},
		{"state", with(func(c *Camera) { c.State = CameraFailed + 1 })},
		{"signature", with(func(c *Camera) { c.Sig = c.Sig[:63] })},
		{"watch stream", &Watch{Stream: seal.MaxStream + 1, Route: Peer}},
		{"watch route", &Watch{}},
		{"clock", &Pong{Clock: Clock{Now: -1}}},
		{"zone", &Pong{Clock: Clock{ZoneOffset: 15 * 3600}}},
		{"zone name", &Pong{Clock: Clock{Zone: strings.Repeat("Z", 17)}}},
		{"offer", &Offer{SDP: strings.Repeat("a", MaxSDP+1)}},
		{"candidate", &Candidate{Candidate: strings.Repeat("a", MaxCandidate+1)}},
	}
	for _, test := range tests {
		if _, err := Encode(test.m); err == nil {
			t.Errorf("%s: written though out of bounds", test.name)
		}
		body, err := encoder.Marshal(test.m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(append([]byte{byte(test.m.kind())}, body...)); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: read though out of bounds (%v)", test.name, err)
		}
	}
}

func TestWallClock(t *testing.T) {
	c := Clock{Now: 1_790_000_000_000_000, WallOffset: 3_600_000_000, ZoneOffset: 2 * 3600, Zone: "CEST"}
	got := c.Wall(c.Now - 1_500_000).Format(time.RFC3339Nano + " MST")
	if want := "2026-09-21T17:13:18.5+02:00 CEST"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeysStayOutOfLogs(t *testing.T) {
	var b bytes.Buffer
	secret := [32]byte{0xde, 0xad, 0xbe, 0xef}
	slog.New(slog.NewTextHandler(&b, nil)).Info("epoch", "epoch", &Epoch{Number: 4, Key: secret, Topic: [16]byte(secret[:16])})
	if s := b.String(); !strings.Contains(s, "epoch.number=4") || strings.Contains(s, "222 173") || strings.Contains(s, "dead") {
		t.Errorf("logged as %s", s)
	}
}

func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		if again, err := Encode(m); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is not what Encode writes for it", b)
		}
	})
}
