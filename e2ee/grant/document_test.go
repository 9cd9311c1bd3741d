//go:build !js

package grant_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/internal/protocoldoc"
)

// The log of the document: R names the phone, the phone invites, and a tablet comes by the invitation.
func TestDocumentedExample(t *testing.T) {
	doc := protocoldoc.Load(t, "grant")
	root, err := identity.RootFromSeed(doc.Bytes("root seed"))
	if err != nil {
		t.Fatal(err)
	}
	key := func(name string) identity.DeviceKey {
		k, err := identity.DeviceFromSeed(doc.Bytes(name))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	phone, invitation, tablet := key("phone seed"), key("invitation seed"), key("tablet seed")
	agent, err := identity.AgentFromSeed(doc.Bytes("agent seed"))
	if err != nil {
		t.Fatal(err)
	}
	id := agent.Public().ID()
	issued := time.Unix(1_700_000_000, 0)

	log := grant.NewLog(id)
	genesis, err := grant.Genesis(root, phone.Public(), "phone", issued)
	if err != nil || !bytes.Equal(genesis, doc.Bytes("entry 0")) {
		t.Errorf("entry 0: %x, %v", genesis, err)
	}
	next := func(name string, e grant.Entry, s identity.Signer) {
		t.Helper()
		if err := e.Sign(s, id); err != nil {
			t.Fatal(err)
		}
		b, err := e.MarshalBinary()
		if err != nil || !bytes.Equal(b, doc.Bytes(name)) {
			t.Errorf("%s: %x, %v", name, b, err)
		}
		if err := log.AppendBytes(doc.Bytes(name)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := log.AppendBytes(doc.Bytes("entry 0")); err != nil {
		t.Fatal(err)
	}
	invite := log.Next(grant.Invite, invitation.Public())
	invite.Issued, invite.RedeemBefore = issued.Add(time.Minute), issued.Add(24*time.Hour)
	invite.Terms = grant.Terms{
		Name: "Ann", Role: grant.Guest, Rights: grant.Live | grant.Talk, Cameras: []identity.CameraID{identity.CameraID(doc.Bytes("camera id"))},
		NotBefore: issued, Expires: issued.Add(7 * 24 * time.Hour),
	}
	next("entry 1, invite", invite, phone.Signer())
	open, _ := log.Invitation(invitation.Public())
	next("entry 2, redemption", log.Redeem(open, tablet.Public(), issued.Add(time.Hour)), invitation.Signer())
	revoke := log.Next(grant.Revoke, tablet.Public())
	revoke.Issued = issued.Add(2 * time.Hour)
	next("entry 3, revocation", revoke, root.Signer())

	head := log.Head()
	if !bytes.Equal(head[:], doc.Bytes("head")) {
		t.Errorf("head %x", head)
	}
	statement := grant.AckMessage(id, log.Home(), uint64(log.Len()), head)
	if !bytes.Equal(statement, doc.Bytes("ack statement")) {
		t.Errorf("ack statement %x", statement)
	}
	if !agent.Public().Verify(statement, doc.Bytes("ack signature")) {
		t.Error("the documented ack is not the agent's")
	}
}
