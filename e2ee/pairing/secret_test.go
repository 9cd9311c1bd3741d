package pairing_test

import (
	"bytes"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
)

func TestInviteKey(t *testing.T) {
	secret := testLink(t).Secret
	other := secret
	other[15] ^= 1
	key := secret.InviteKey()
	if !bytes.Equal(secret.InviteSigner().Public(), key.Bytes()) {
		t.Error("signer and key differ")
	}
	sig, err := secret.InviteSigner().Sign([]byte("m"))
	if err != nil || !key.Verify([]byte("m"), sig) {
		t.Errorf("the key does not verify what its signer signs: %v", err)
	}
	if other.InviteKey().Equal(key) {
		t.Error("two secrets have one key")
	}
}

// Tokens of different purpose, agent and secret have nothing to do with each other.
func TestTokensDiffer(t *testing.T) {
	secret := testLink(t).Secret
	root, err := identity.RootPublicFromBytes(secret.InviteKey().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var code pairing.Code
	copy(code[:], secret[:])
	here, there := testAgent(t, 1).ID(), testAgent(t, 2).ID()
	seen := map[identity.Token]string{}
	for name, token := range map[string]identity.Token{
		"claim":             secret.Token(),
		"invite":            pairing.InviteToken(secret.InviteKey(), here),
		"invite elsewhere":  pairing.InviteToken(secret.InviteKey(), there),
		"another invite":    pairing.InviteToken(testDevice(t, 3), here),
		"recover":           pairing.RecoveryToken(root, here),
		"recover elsewhere": pairing.RecoveryToken(root, there),
		"code":              code.Token(),
		"another code":      pairing.Code{1}.Token(),
		"none":              {},
	} {
		if before, taken := seen[token]; taken {
			t.Errorf("%s and %s have one token", name, before)
		}
		seen[token] = name
	}
}
