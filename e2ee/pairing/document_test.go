//go:build !js

package pairing_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/internal/protocoldoc"
)

func TestDocumentedClaim(t *testing.T) {
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

func compare(t *testing.T, doc protocoldoc.Example, values map[string]string) {
	t.Helper()
	for key, got := range values {
		if want := doc.Text(key); got != want {
			t.Errorf("%s: got %s, documented %s", key, got, want)
		}
	}
}

func documentedAgent(t *testing.T, doc protocoldoc.Example) identity.AgentID {
	t.Helper()
	agent, err := identity.ParseAgentID(doc.Text("agent id"))
	if err != nil {
		t.Fatal(err)
	}
	return agent
}

func TestDocumentedInvite(t *testing.T) {
	doc := protocoldoc.Load(t, "invite")
	agent, secret := documentedAgent(t, doc), pairing.Secret(doc.Bytes("secret"))
	key, err := identity.DeviceFromSeed(doc.Bytes("invitation seed"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(secret.InviteSigner().Public(), key.Public().Bytes()) {
		t.Error("the seed is another")
	}
	token := pairing.InviteToken(secret.InviteKey(), agent)
	compare(t, doc, map[string]string{
		"link":           pairing.InviteLink{Server: "https://cam.example", Agent: agent, Secret: secret}.String(),
		"invitation key": hex.EncodeToString(secret.InviteKey().Bytes()),
		"knock token":    hex.EncodeToString(token[:]),
	})
}

func TestDocumentedRecovery(t *testing.T) {
	doc := protocoldoc.Load(t, "recovery")
	agent := documentedAgent(t, doc)
	root, err := identity.ParsePhrase(doc.Text("phrase"))
	if err != nil {
		t.Fatal(err)
	}
	token := pairing.RecoveryToken(root.Public(), agent)
	compare(t, doc, map[string]string{
		"root seed":   hex.EncodeToString(root.Seed()),
		"phrase":      root.Phrase(),
		"root key":    hex.EncodeToString(root.Public().Bytes()),
		"link":        pairing.RecoverLink{Server: "https://cam.example", Agent: agent}.String(),
		"knock token": hex.EncodeToString(token[:]),
	})
}

func TestDocumentedDisplay(t *testing.T) {
	doc := protocoldoc.Load(t, "display")
	code, err := pairing.ParseCode(doc.Text("code"))
	if err != nil {
		t.Fatal(err)
	}
	screen, err := identity.DevicePublicFromBytes(doc.Bytes("screen key"))
	if err != nil {
		t.Fatal(err)
	}
	id, token, pin := code.Key().Public().ID(), code.Token(), pairing.PinOf(screen)
	hash := identity.KnockHash(id, token)
	approver, display := pairing.Nonce(doc.Bytes("approver nonce")), pairing.Nonce(doc.Bytes("screen nonce"))
	commitment := approver.Commitment()
	compare(t, doc, map[string]string{
		"code":        code.String(),
		"code bytes":  hex.EncodeToString(code[:]),
		"login seed":  hex.EncodeToString(code.Key().Seed()),
		"login id":    id.String(),
		"knock token": hex.EncodeToString(token[:]),
		"knock hash":  hex.EncodeToString(hash[:]),
		"pin":         hex.EncodeToString(pin[:]),
		"link":        pairing.PairLink{Server: "https://cam.example", Code: code, Device: pin}.String(),
		"commitment":  hex.EncodeToString(commitment[:]),
		"digits":      pairing.Digits(doc.Bytes("exporter"), approver, display),
	})
}
