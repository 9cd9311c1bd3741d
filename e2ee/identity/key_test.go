package identity_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
)

func TestSignAndVerify(t *testing.T) {
	key := agentKey(t, 1)
	message := []byte("a message")
	sig, err := key.Signer().Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	if !key.Public().Verify(message, sig) {
		t.Fatal("own signature refused")
	}
	for i := range len(sig) * 8 {
		bad := bytes.Clone(sig)
		bad[i/8] ^= 1 << (i % 8)
		if key.Public().Verify(message, bad) {
			t.Errorf("accepted with bit %d of the signature changed", i)
		}
	}
	for name, ok := range map[string]bool{
		"other message": key.Public().Verify([]byte("another"), sig),
		"other key":     agentKey(t, 2).Public().Verify(message, sig),
		"no signature":  key.Public().Verify(message, nil),
		"one byte less": key.Public().Verify(message, sig[:63]),
		"one byte more": key.Public().Verify(message, append(bytes.Clone(sig), 0)),
		"zero value":    identity.AgentPublic{}.Verify(message, sig),
	} {
		if ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSeedRoundTrip(t *testing.T) {
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := identity.DeviceFromSeed(key.Seed())
	if err != nil || !again.Public().Equal(key.Public()) {
		t.Errorf("another key out of the same seed (%v)", err)
	}
	other, err := identity.GenerateDevice(nil)
	if err != nil || other.Public().Equal(key.Public()) {
		t.Errorf("two keys are equal (%v)", err)
	}
	key.Seed()[0] ^= 1
	if !bytes.Equal(key.Seed(), again.Seed()) {
		t.Error("Seed gave away the key's own memory")
	}
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := identity.AgentFromSeed(make([]byte, n)); !errors.Is(err, identity.ErrKey) {
			t.Errorf("seed of %d bytes: %v", n, err)
		}
	}
	if _, err := identity.GenerateRoot(strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("too little randomness: %v", err)
	}
}

func TestZeroKeyDoesNothing(t *testing.T) {
	var key identity.AgentKey
	if !key.IsZero() || key.Seed() != nil || !key.Public().IsZero() || key.Signer().Public() != nil {
		t.Error("the zero key has contents")
	}
	if _, err := key.Signer().Sign([]byte("m")); !errors.Is(err, identity.ErrKey) {
		t.Errorf("the zero key signs: %v", err)
	}
	if _, err := identity.DevicePublicOf(key.Signer()); !errors.Is(err, identity.ErrKey) {
		t.Errorf("the zero key is a device: %v", err)
	}
}

// Private keys may reach a log or an error by way of a struct that holds one. Neither fmt nor slog nor JSON shows them.
func TestSecretsAreNotPrinted(t *testing.T) {
	secret := []byte("\xf1sixteen+sixteen bytes of seed\xf2\xf3")[:32]
	key, err := identity.AgentFromSeed(secret)
	if err != nil {
		t.Fatal(err)
	}
	token := identity.Token(secret[:16])
	type hidden struct{ key identity.AgentKey }
	values := map[string]any{
		"key": key, "pointer": &key, "signer": key.Signer(), "crypto signer": identity.CryptoSigner(key.Signer()),
		"exported field": struct{ Key identity.AgentKey }{key}, "unexported field": hidden{key}, "token": token,
	}
	var out strings.Builder
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b"} {
			fmt.Fprintf(&out, "%s "+verb+"\n", name, v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		if name != "token" {
			text, _ := json.Marshal(v)
			out.Write(text)
		}
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "key", key, "token", token)
	printed := out.String()
	part := secret[4:10]
	decimal := strings.Trim(fmt.Sprint(part), "[]")
	for _, shape := range []string{
		string(part), hex.EncodeToString(part), strings.ToUpper(hex.EncodeToString(part)), decimal, strings.ReplaceAll(decimal, " ", ","),
		strings.ReplaceAll(decimal, " ", ", "), base64.StdEncoding.EncodeToString(secret[3:9]), strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"),
		strings.Trim(fmt.Sprintf("%b", part), "[]"),
	} {
		if strings.Contains(printed, shape) {
			t.Errorf("the secret was printed as %q in\n%s", shape, printed)
		}
	}
	if strings.Count(printed, "[redacted]") < 20 {
		t.Errorf("something else than keys was printed:\n%s", printed)
	}
}

func TestCryptoSigner(t *testing.T) {
	key := agentKey(t, 1)
	s := identity.CryptoSigner(key.Signer())
	public, ok := s.Public().(ed25519.PublicKey)
	if !ok || !bytes.Equal(public, key.Public().Bytes()) {
		t.Fatalf("public key is %v", s.Public())
	}
	message := []byte("a message")
	sig, err := s.Sign(nil, message, crypto.Hash(0))
	if err != nil || !key.Public().Verify(message, sig) {
		t.Errorf("signature is wrong (%v)", err)
	}
	for name, opts := range map[string]crypto.SignerOpts{
		"hashed":       crypto.SHA512,
		"pre-hashed":   &ed25519.Options{Hash: crypto.SHA512},
		"with context": &ed25519.Options{Context: "c"},
	} {
		if _, err := s.Sign(nil, message, opts); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}
