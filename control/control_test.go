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

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/seal"
)

var writeSeeds = flag.Bool("write-seeds", false, "write the messages of this test as fuzz seeds")

// one message of each kind, as small and as full as it may be
func examples() []Message {
	clock := Clock{Now: 1_790_000_000_000_000, WallOffset: -2_000_000, ZoneOffset: 3600, Zone: "CET"}
	cameras := []Camera{
		{Number: 0, ID: [16]byte{8}, Name: "Porch", Streams: []seal.Stream{seal.Main, seal.Sub}, State: CameraRunning, Sig: make([]byte, 64)},
		{Number: 1, ID: [16]byte{9}, Name: "Garage", Streams: []seal.Stream{seal.Main}, State: CameraFailed, Advice: "The camera refuses the password.", Sig: make([]byte, 64)},
	}
	return []Message{
		&Hello{Version: 1, DeviceName: "Kitchen tablet"},
		&Hello{Version: 1, DeviceName: "Phone 🦉", Claim: &Claim{Proof: [32]byte{1, 2}, Genesis: []byte{3, 4}}},
		&Refuse{Reason: RefusedClaimUsed},
		&Hello{Version: 1, DeviceName: "Ann", Invite: bytes.Repeat([]byte{7}, 32)},
		&Refuse{Reason: RefusedInvite},
		&Accept{
			Version: 1, AgentName: "Home", Home: [32]byte{5}, LogLength: 1, LogHead: [32]byte{6}, Knock: [16]byte{7}, Clock: clock,
			Cameras: cameras, Proof: [32]byte{10}, Ephemeral: true, Role: uint8(grant.Guest), Rights: uint16(grant.AllRights), Expires: maxTime,
		},
		&Accept{Version: 1, Role: uint8(grant.Owner), Rights: uint16(grant.Live)},
		&Accept{Version: 1, Recovery: true},
		&CameraStatus{Number: 3, State: CameraFailed, Advice: "The camera cannot be reached."},
		&Watch{Camera: 3, Stream: seal.Sub, Route: Relay},
		&Watch{Camera: 3, Stream: seal.Main, Route: Peer, Again: true},
		&Watch{Camera: 3, Route: Peer, Lower: StreamsOf(seal.Sub, seal.Still), Area: 1 << 31},
		&Unwatch{Camera: 3},
		&Layer{Camera: 3, Stream: seal.Sub, Keys: true, Path: true},
		&Epoch{Camera: 3, Number: 1 << 40, ID: [16]byte{1}, Key: [32]byte{2}, Topic: [16]byte{3}},
		&EpochAck{Camera: 3, Number: 1 << 40},
		&Ping{ID: 17},
		&Pong{ID: 17, Clock: clock},
		&PeerWanted{Attempt: 1},
		&Offer{Attempt: 1, SDP: "v=0\r\n"},
		&Answer{Attempt: 1, SDP: "v=0\r\n"},
		&Candidate{Attempt: 1, Candidate: `{"candidate":""}`},

		&Redeem{Home: [32]byte{1}, Seq: 7, Prev: [32]byte{2}, Entry: []byte{3}},
		&Redeem{Home: [32]byte{1}, Seq: 7, Prev: [32]byte{2}, Entry: []byte{3}, Renew: true},
		&Append{Entry: []byte{1}},
		&Append{Request: 1 << 31, Entry: bytes.Repeat([]byte{1}, 300)},
		&Appended{Length: 1},
		&Appended{Request: 9, Length: grant.MaxEntries, Head: [32]byte{1}, Sig: [64]byte{2}, Knock: [16]byte{3}},
		&NotAppended{Reason: AppendNotOwner},
		&NotAppended{Request: 9, Reason: AppendDisk, Length: grant.MaxEntries, Head: [32]byte{1}},
		&LogWanted{},
		&LogWanted{From: grant.MaxEntries},
		&LogPart{},
		&LogPart{From: 3, Length: 4, Head: [32]byte{1}, Sig: [64]byte{2}, Entries: bytes.Repeat([]byte{5}, 300)},
		&LogHead{Length: 1, Head: [32]byte{1}, Sig: [64]byte{2}},
		&Terms{Role: uint8(grant.Viewer), Rights: uint16(grant.Live)},
		&Terms{Role: uint8(grant.Display), Rights: uint16(grant.Live | grant.Move), Expires: 1_790_000_000, Cameras: cameras},
		&DevicesWanted{},
		&DevicesWanted{On: true},
		&Devices{},
		&Devices{Devices: []DeviceState{
			{Device: [32]byte{1}, LastSeen: 1_790_000_000, Connected: true, Watching: []uint8{0, 255}},
			{Device: [32]byte{2}},
		}},
		&JournalWanted{Limit: 1},
		&JournalWanted{Before: 1 << 40, Limit: MaxVisits},
		&Journal{End: true},
		&Journal{Before: 12, Visits: []Visit{
			{Number: 11, Device: [32]byte{1}, Camera: [16]byte{2}, Began: 1_790_000_000},
			{Number: 3, Device: [32]byte{1}, Camera: [16]byte{2}, Began: 1_780_000_000, Ended: 1_779_999_999},
		}},
		&PairCommit{Version: 1, Commitment: [32]byte{1}},
		&PairNonce{Nonce: [32]byte{1}, Name: "Kitchen 🦉"},
		&PairReveal{Nonce: [32]byte{1}},
		&PairConfirmed{},
		&PairApproved{Agent: [32]byte{1}, AgentName: "Home", Home: [32]byte{2}, Knock: [16]byte{3}, Ephemeral: true},
		&PairApproved{},
		&PairRefused{Reason: PairFailed},
		&PairCamera{Agent: [32]byte{1}, Claim: [16]byte{2}},
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
		// The seeds of FuzzDecode are these messages.
		name := fmt.Sprintf("testdata/fuzz/FuzzDecode/%02d-%s", i, strings.ToLower(reflect.TypeOf(m).Elem().Name()))
		seed := fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", b)
		if *writeSeeds {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, seed, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, seed) {
			t.Errorf("the seed is missing or another; run with -write-seeds (%v)", err)
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
	// recovery is an Accept with something between its clock and its mark.
	recovery := func(key string) string {
		zeros := func(n int) string { return strings.Repeat("00", n) }
		head := "a8"
		if key != "" {
			head = "a9"
		}
		return "03" + head + "0101" + "0260" + "035820" + zeros(32) + "0400" + "055820" + zeros(32) + "0650" + zeros(16) +
			"08a40100020003000460" + key + "0ff5"
	}
	if b, err := hex.DecodeString(recovery("")); err != nil {
		t.Fatal(err)
	} else if m, err := Decode(b); err != nil || !reflect.DeepEqual(m, &Accept{Version: 1, Recovery: true}) {
		t.Errorf("what the others differ from: %+v, %v", m, err)
	}
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
		{"empty where absent, in the middle", recovery("0c00")},
		{"empty where absent", "18a10180"},
		{"null where absent", "18a101f6"},
		{"body of nothing", "23f6"},
		{"list for a map", "2380"},
		{"short signature", "15a30101025820" + strings.Repeat("00", 32) + "034100"},
		{"long signature", "15a30101025820" + strings.Repeat("00", 32) + "035841" + strings.Repeat("00", 65)},
		{"signature as a list", "15a30101025820" + strings.Repeat("00", 32) + "0380"},
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
	token := [16]byte(secret[:16])
	slog.New(slog.NewTextHandler(&b, nil)).Info("epoch", "epoch", &Epoch{Number: 4, Key: secret, Topic: token},
		"accept", &Accept{Knock: token}, "appended", &Appended{Knock: token}, "approved", &PairApproved{Knock: token})
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
