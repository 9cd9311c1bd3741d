package identity_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
)

func seed(first byte) []byte {
	b := make([]byte, identity.SeedSize)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

func agentKey(t testing.TB, first byte) identity.AgentKey {
	t.Helper()
	k, err := identity.AgentFromSeed(seed(first))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTextFormRoundTrip(t *testing.T) {
	key := agentKey(t, 1).Public().Bytes()
	device, err := identity.DevicePublicFromBytes(key)
	if err != nil {
		t.Fatal(err)
	}
	root, err := identity.RootPublicFromBytes(key)
	if err != nil {
		t.Fatal(err)
	}
	type ids struct {
		Agent  identity.AgentID
		Device identity.DeviceID
		Home   identity.HomeID
		Camera identity.CameraID
	}
	in := ids{agentKey(t, 1).Public().ID(), device.ID(), root.ID(), identity.CameraID{1, 2, 3}}
	if in.Agent == identity.AgentID(in.Device) || in.Device == identity.DeviceID(in.Home) {
		t.Error("one key has the same id in two kinds")
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out ids
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if in != out {
		t.Errorf("got %v out of %s", out, text)
	}
	for _, s := range []string{in.Agent.String(), in.Device.String(), in.Home.String()} {
		if len(s) != identity.IDTextSize {
			t.Errorf("%s has %d characters", s, len(s))
		}
	}
}

func TestParseRefuses(t *testing.T) {
	id := agentKey(t, 1).Public().ID()
	good := id.String()
	device, _ := identity.DevicePublicFromBytes(agentKey(t, 1).Public().Bytes())
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":           {"", identity.ErrFormat},
		"prefix alone":    {"sca1", identity.ErrFormat},
		"device's id":     {device.ID().String(), identity.ErrFormat},
		"upper prefix":    {"SCA1" + good[4:], identity.ErrFormat},
		"later version":   {"sca2" + good[4:], identity.ErrFormat},
		"one short":       {good[:len(good)-1], identity.ErrFormat},
		"one long":        {good + "A", identity.ErrFormat},
		"space before":    {" " + good, identity.ErrFormat},
		"line break":      {good[:20] + "\n" + good[21:], identity.ErrFormat},
		"line break more": {good[:20] + "\r\n" + good[20:], identity.ErrFormat},
		"standard base64": {good[:20] + "+" + good[21:], identity.ErrFormat},
		"padding":         {good[:len(good)-1] + "=", identity.ErrFormat},
		"swapped":         {good[:10] + good[11:12] + good[10:11] + good[12:], identity.ErrChecksum},
	} {
		if got, err := identity.ParseAgentID(c.text); !errors.Is(err, c.want) || got != (identity.AgentID{}) {
			t.Errorf("%s: %q gave %v, %v; want %v", name, c.text, got, err, c.want)
		}
	}
	if _, err := identity.ParseDeviceID(good); !errors.Is(err, identity.ErrFormat) {
		t.Errorf("agent's id as a device's: %v", err)
	}
	if _, err := identity.ParseHomeID(good); !errors.Is(err, identity.ErrFormat) {
		t.Errorf("agent's id as a home's: %v", err)
	}
}

func TestMistypedCharacterIsFound(t *testing.T) {
	good := agentKey(t, 1).Public().ID().String()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := 4; i < len(good); i++ {
		for _, c := range []byte(alphabet) {
			if c == good[i] {
				continue
			}
			text := good[:i] + string(c) + good[i+1:]
			if _, err := identity.ParseAgentID(text); !errors.Is(err, identity.ErrChecksum) {
				t.Fatalf("character %d replaced by %q: %v", i, c, err)
			}
		}
	}
}

func TestCameraID(t *testing.T) {
	id, err := identity.NewCameraID(bytes.NewReader(slices.Repeat([]byte{0xab}, 16)))
	if err != nil || id.String() != strings.Repeat("ab", 16) {
		t.Fatalf("got %v, %v", id, err)
	}
	if back, err := identity.ParseCameraID(id.String()); err != nil || back != id {
		t.Errorf("got %v, %v", back, err)
	}
	for _, text := range []string{"", "ab", strings.Repeat("ab", 17), strings.Repeat("zz", 16)} {
		if got, err := identity.ParseCameraID(text); !errors.Is(err, identity.ErrFormat) || !got.IsZero() {
			t.Errorf("%q gave %v, %v", text, got, err)
		}
	}
	if _, err := identity.NewCameraID(bytes.NewReader(make([]byte, 15))); err == nil {
		t.Error("made out of too little randomness")
	}
	a, _ := identity.NewCameraID(nil)
	b, _ := identity.NewCameraID(nil)
	if a == b {
		t.Error("two random ids are equal")
	}
}

func TestKnockHashDependsOnAgent(t *testing.T) {
	token := identity.KnockToken(seed(0)[:16])
	a := identity.KnockHash(agentKey(t, 1).Public().ID(), token)
	b := identity.KnockHash(agentKey(t, 2).Public().ID(), token)
	if a == b {
		t.Error("a token is good at two agents")
	}
	if other := identity.KnockToken(seed(1)[:16]); other == token {
		t.Error("two secrets give one token")
	}
}
