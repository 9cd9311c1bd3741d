package control

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/internal/protocoldoc"
)

// The examples of docs/PROTOCOL.md are what the package writes and reads.
func TestDocumentedMessages(t *testing.T) {
	example, log, invite, display := protocoldoc.Load(t, "control"), protocoldoc.Load(t, "grant"), protocoldoc.Load(t, "invite"), protocoldoc.Load(t, "display")
	head, last, sig := [32]byte(log.Bytes("head")), log.Bytes("entry 3, revocation"), [64]byte(sequence(0x80, 64))
	phone, err := identity.DeviceFromSeed(log.Bytes("phone seed"))
	if err != nil {
		t.Fatal(err)
	}
	ids := protocoldoc.Load(t, "ids")
	agentID, err := identity.ParseAgentID(ids.Text("agent id"))
	if err != nil {
		t.Fatal(err)
	}
	homeID, err := identity.ParseHomeID(ids.Text("home id"))
	if err != nil {
		t.Fatal(err)
	}
	tablet := [32]byte(display.Bytes("screen key"))
	for name, m := range map[string]Message{
		"ping":              &Ping{ID: 17},
		"watch":             &Watch{Camera: 3, Stream: seal.Main, Route: Relay},
		"watch, with sound": &Watch{Camera: 3, Stream: seal.Main, Route: Relay, Sound: true},
		"watch, directly":   &Watch{Camera: 3, Stream: seal.Main, Route: Peer, Lower: StreamsOf(seal.Sub, seal.Still), Area: 921_600},
		"layer":             &Layer{Camera: 3, Stream: seal.Sub, Path: true},
		"pong":              &Pong{ID: 17, Clock: Clock{Now: 1_790_000_000_000_000, ZoneOffset: 3600, Zone: "CET"}},
		"epoch": &Epoch{
			Camera: 3, Number: 1_790_000_000, ID: [16]byte(sequence(0x10, 16)), Key: [32]byte(sequence(0x20, 32)), Topic: [16]byte(sequence(0x40, 16)),
		},
		"hello, invited": &Hello{Version: 1, DeviceName: "Ann", Invite: invite.Bytes("invitation key")},
		"refuse":         &Refuse{Reason: RefusedRevoked},
		"append":         &Append{Request: 1, Entry: log.Bytes("entry 2, redemption")},
		"appended":       &Appended{Request: 1, Length: 4, Head: head, Sig: sig, Knock: [16]byte(sequence(0x40, 16))},
		"not appended":   &NotAppended{Request: 7, Reason: AppendNotNext, Length: 4, Head: head},
		"log wanted":     &LogWanted{From: 3},
		"log part":       &LogPart{From: 3, Length: 4, Head: head, Sig: sig, Entries: append([]byte{0, 0, 0, byte(len(last))}, last...)},
		"log head":       &LogHead{Length: 4, Head: head, Sig: sig},
		"devices": &Devices{Devices: []DeviceState{
			{Device: [32]byte(phone.Public().Bytes()), LastSeen: 1_700_000_000, Connected: true, Watching: []uint8{0, 2}},
			{Device: tablet},
		}},
		"journal": &Journal{Before: 9, End: true, Visits: []Visit{
			{Number: 8, Device: tablet, Camera: [16]byte(log.Bytes("camera id")), Began: 1_700_000_000, Ended: 1_700_000_060},
		}},
		"pair commit":    &PairCommit{Version: 1, Commitment: [32]byte(display.Bytes("commitment"))},
		"pair nonce":     &PairNonce{Nonce: [32]byte(display.Bytes("screen nonce")), Name: "Kitchen"},
		"pair confirmed": &PairConfirmed{},
		"pair approved":  &PairApproved{Agent: agentID, AgentName: "Home", Home: homeID, Knock: [16]byte(sequence(0x40, 16))},
		"pair refused":   &PairRefused{Reason: PairDigits},
	} {
		want := example.Bytes(name)
		if got, err := Encode(m); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: the package writes %x (%v), the document says %x", name, got, err, want)
		}
		if got, err := Decode(want); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: read as %+v (%v)", name, got, err)
		}
	}
}

// sequence returns n bytes that count up.
func sequence(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}
