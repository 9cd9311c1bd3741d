//go:build !js

package seal_test

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"testing"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/sframe"
	"github.com/sealcam/sealcam/internal/protocoldoc"
)

func TestDocumentedExample(t *testing.T) {
	doc := protocoldoc.Load(t, "sealed frame")
	number := func(key string) uint64 {
		n, err := strconv.ParseUint(doc.Text(key), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	key, err := identity.AgentFromSeed(doc.Bytes("agent seed"))
	if err != nil {
		t.Fatal(err)
	}
	stream := seal.Stream(number("stream"))
	src := seal.Source{Agent: key.Public(), Camera: identity.CameraID(doc.Bytes("camera id"))}
	epoch := seal.Epoch{Number: number("epoch number"), ID: seal.EpochID(doc.Bytes("epoch id")), Key: [32]byte(doc.Bytes("epoch key"))}

	frame := seal.Frame{
		Key: true, GOP: 7, Captured: 1_700_000_000_000_000,
		Config: codec.Config{Codec: codec.H264, Width: 640, Height: 360, Profile: "avc1.42E01E"},
		Data:   []byte{0, 0, 0, 1, 0x65, 0x88, 0x84, 0},
	}
	var signed []byte
	sealer, err := seal.NewSealer(func(message []byte) ([]byte, error) {
		signed = bytes.Clone(message)
		return key.Signer().Sign(message)
	}, src, stream, epoch)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := sealer.Seal(nil, &frame)
	if err != nil {
		t.Fatal(err)
	}
	if want := doc.Bytes("sealed"); !bytes.Equal(sealed, want) {
		t.Errorf("sealed\n%x, documented\n%x", sealed, want)
	}
	if want := doc.Bytes("signed"); !bytes.Equal(signed, want) {
		t.Errorf("signed\n%x, documented\n%x", signed, want)
	}

	o := seal.NewOpener(src)
	if err := o.AddEpoch(epoch); err != nil {
		t.Fatal(err)
	}
	opened, err := o.Open(stream, doc.Bytes("sealed"))
	if err != nil {
		t.Fatalf("the documented frame: %v", seal.ReasonOf(err))
	}
	if config, ok := opened.Config(); !ok || config != frame.Config || !bytes.Equal(opened.Data(), frame.Data) || opened.GOP() != frame.GOP {
		t.Errorf("opened as %+v", opened)
	}

	// The steps between, by SFrame alone.
	h, n, err := sframe.ParseHeader(sealed)
	if err != nil || h.CTR != number("ctr") || hex.EncodeToString(sealed[:n]) != doc.Text("header") {
		t.Errorf("header %+v, %x, %v", h, sealed[:n], err)
	}
	k, err := sframe.NewKey(sframe.ChaCha20Poly1305, h.KID, doc.Bytes("base key"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := k.Open(nil, sealed[:len(sealed)-signatureSize], doc.Bytes("aad"))
	if err != nil || !bytes.Equal(plain, doc.Bytes("plaintext")) {
		t.Errorf("plaintext %x, %v", plain, err)
	}
}
