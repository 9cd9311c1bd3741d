//go:build !js

package identity_test

import (
	"encoding/hex"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/internal/protocoldoc"
)

func TestDocumentedExample(t *testing.T) {
	doc := protocoldoc.Load(t, "ids")
	agent, err := identity.AgentFromSeed(doc.Bytes("agent seed"))
	if err != nil {
		t.Fatal(err)
	}
	device, err := identity.DeviceFromSeed(doc.Bytes("device seed"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := identity.RootFromSeed(doc.Bytes("root seed"))
	if err != nil {
		t.Fatal(err)
	}
	camera, err := identity.ParseCameraID(doc.Text("camera id"))
	if err != nil {
		t.Fatal(err)
	}
	id := agent.Public().ID()
	token := identity.KnockToken(doc.Bytes("secret"))
	hash := identity.KnockHash(id, token)
	for key, got := range map[string]string{
		"agent key":         hex.EncodeToString(agent.Public().Bytes()),
		"agent id":          id.String(),
		"agent fingerprint": id.Fingerprint(),
		"device key":        hex.EncodeToString(device.Public().Bytes()),
		"device id":         device.Public().ID().String(),
		"root key":          hex.EncodeToString(root.Public().Bytes()),
		"home id":           root.Public().ID().String(),
		"knock token":       hex.EncodeToString(token[:]),
		"knock hash":        hex.EncodeToString(hash[:]),
	} {
		if want := doc.Text(key); got != want {
			t.Errorf("%s: got %s, documented %s", key, got, want)
		}
	}
	statement := identity.CameraStatement(id, camera)
	if !agent.Public().Verify(statement, doc.Bytes("camera statement signature")) {
		t.Error("the documented signature of the camera is not the agent's")
	}
}
