package control

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/internal/protocoldoc"
)

// The examples of docs/PROTOCOL.md are what the package writes and reads.
func TestDocumentedMessages(t *testing.T) {
	example := protocoldoc.Load(t, "control")
	for name, m := range map[string]Message{
		"ping":  &Ping{ID: 17},
		"watch": &Watch{Camera: 3, Stream: seal.Main, Route: Relay},
		"pong":  &Pong{ID: 17, Clock: Clock{Now: 1_790_000_000_000_000, ZoneOffset: 3600, Zone: "CET"}},
		"epoch": &Epoch{
			Camera: 3, Number: 1_790_000_000, ID: [16]byte(sequence(0x10, 16)), Key: [32]byte(sequence(0x20, 32)), Topic: [16]byte(sequence(0x40, 16)),
		},
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
