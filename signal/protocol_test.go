//go:build !js

package signal

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// examples reads the block of docs/PROTOCOL.md that this package's part ends with.
func examples(t *testing.T) map[string]string {
	t.Helper()
	doc, err := os.ReadFile("../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "```example envelopes\n")
	block, _, end := strings.Cut(rest, "```")
	if !ok || !end {
		t.Fatal("docs/PROTOCOL.md holds no example of the envelopes")
	}
	values := make(map[string]string)
	for line := range strings.Lines(block) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if !ok {
			t.Fatalf("no name and value: %q", line)
		}
		values[name] = value
	}
	return values
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDocumentedEnvelopes(t *testing.T) {
	doc := examples(t)
	hash := [32]byte(unhex(t, "e1523bf573527959d40b637b76e4e37f90975319f141ab90b857fc6412105f09"))
	agentKey, err := identity.AgentPublicFromBytes(unhex(t, "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"))
	if err != nil {
		t.Fatal(err)
	}
	device, err := identity.DeviceFromSeed(unhex(t, doc["device seed"]))
	if err != nil {
		t.Fatal(err)
	}
	expiry := time.Unix(1_790_000_000, 0).UTC()
	nonce := [32]byte(unhex(t, doc["nonce"]))
	login, err := newLogin(doc["domain"], doc["origin"], nonce, RoleViewer, device.Signer(), expiry.Add(-LoginLife))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := LoginMessage(doc["domain"], doc["origin"], nonce, RoleViewer, login.Key, login.Expiry)
	if err != nil || !bytes.Equal(signed, unhex(t, doc["signed"])) {
		t.Errorf("a login signs %x, documented %s", signed, doc["signed"])
	}
	topic := Topic(unhex(t, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"))
	sealed := unhex(t, "5ea1ed")
	turn := TURN{Username: "1790000000:ab", Password: "cGFzc3dvcmQ=", Expires: expiry}
	want := map[string]Envelope{
		"challenge":   &Challenge{Nonce: nonce},
		"login":       login,
		"welcome":     &Welcome{ICE: []string{"stun:cameras.example:3478", "turn:cameras.example:3478?transport=udp"}},
		"ping":        &Ping{},
		"pong":        &Pong{},
		"bye":         &Bye{},
		"knocks":      &Knocks{Hashes: [][32]byte{hash}},
		"knock":       &Knock{Request: 7, Agent: agentKey.ID(), Token: [16]byte(unhex(t, "565013480281dc0513e4df6df10ff02a"))},
		"opened":      &Opened{Request: 7, Pipe: 1, TURN: turn},
		"incoming":    &Incoming{Pipe: 3, Hash: hash},
		"data":        &Data{Pipe: 1, Bytes: unhex(t, "160301")},
		"close":       &ClosePipe{Pipe: 1},
		"unavailable": &Unavailable{Request: 7},
		"credit":      &Credit{Pipe: 1, Bytes: 65536},
		"publish":     &Publish{Topic: topic, Sequence: 258, Key: true, Sealed: sealed},
		"subscribe":   &Subscribe{Topic: topic, Cached: true},
		"unsubscribe": &Unsubscribe{Topic: topic},
		"frame":       &RelayFrame{Topic: topic, Sequence: 258, Key: true, Cached: true, Sealed: sealed},
		"retire":      &Retire{Topic: topic},
		"error":       &Refusal{Code: CodeProtocol},
	}
	for name, e := range want {
		if got := hex.EncodeToString(e.Append(nil)); got != doc[name] {
			t.Errorf("%s is %s, documented %s", name, got, doc[name])
		}
	}
	inputs := []string{"nonce", "device seed", "domain", "origin", "signed"}
	if len(doc) != len(want)+len(inputs) {
		t.Errorf("%d documented values, %d checked", len(doc), len(want)+len(inputs))
	}
}
