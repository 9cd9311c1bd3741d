//go:build !js

package pairing_test

import (
	"encoding/hex"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/internal/protocoldoc"
)

func TestDocumentedExample(t *testing.T) {
	doc := protocoldoc.Load(t, "claim")
	device, err := identity.DevicePublicFromBytes(doc.Bytes("device key"))
	if err != nil {
		t.Fatal(err)
	}
	agent, err := identity.AgentPublicFromBytes(doc.Bytes("agent key"))
	if err != nil {
		t.Fatal(err)
	}
	link := pairing.Link{Server: "https://cam.example", Agent: agent.ID(), Secret: pairing.Secret(doc.Bytes("secret"))}
	viewerProof := pairing.ViewerProof(link.Secret, doc.Bytes("exporter"), device, agent)
	agentProof := pairing.AgentProof(link.Secret, doc.Bytes("exporter"), device, agent)
	for key, got := range map[string]string{
		"link":         link.String(),
		"viewer proof": hex.EncodeToString(viewerProof[:]),
		"agent proof":  hex.EncodeToString(agentProof[:]),
	} {
		if want := doc.Text(key); got != want {
			t.Errorf("%s: got %s, documented %s", key, got, want)
		}
	}
}
