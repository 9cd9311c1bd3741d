//go:build !js

package grant_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/internal/protocoldoc"
)

func TestDocumentedExample(t *testing.T) {
	doc := protocoldoc.Load(t, "grant")
	root, err := identity.RootFromSeed(doc.Bytes("root seed"))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := identity.DevicePublicFromBytes(doc.Bytes("subject"))
	if err != nil {
		t.Fatal(err)
	}
	entry, err := grant.Genesis(root, subject, "phone")
	if err != nil || !bytes.Equal(entry, doc.Bytes("entry")) {
		t.Errorf("entry %x, %v", entry, err)
	}
	log := grant.NewLog()
	if err := log.AppendBytes(doc.Bytes("entry")); err != nil {
		t.Fatal(err)
	}
	if head := log.Head(); hex.EncodeToString(head[:]) != doc.Text("hash") {
		t.Errorf("hash %x", head)
	}
}
