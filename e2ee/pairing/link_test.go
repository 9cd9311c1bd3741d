package pairing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
)

func testAgent(t testing.TB, fill byte) identity.AgentPublic {
	t.Helper()
	k, err := identity.AgentFromSeed(bytes.Repeat([]byte{fill}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k.Public()
}

func testDevice(t testing.TB, fill byte) identity.DevicePublic {
	t.Helper()
	k, err := identity.DeviceFromSeed(bytes.Repeat([]byte{fill}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k.Public()
}

func testLink(t testing.TB) pairing.Link {
	t.Helper()
	return pairing.Link{Server: "https://cam.example", Agent: testAgent(t, 1).ID(), Secret: pairing.Secret(bytes.Repeat([]byte{0xa5}, 16))}
}

func TestLinkRoundTrip(t *testing.T) {
	link := testLink(t)
	_, fragment, _ := strings.Cut(link.String(), "#")
	for _, text := range []string{fragment, "#" + fragment, " #" + fragment + "\r\n"} {
		agent, secret, err := pairing.ParseFragment(text)
		if err != nil || agent != link.Agent || secret != link.Secret {
			t.Errorf("%q: %v", text, err)
		}
	}
	if !strings.HasPrefix(link.String(), "https://cam.example/#claim=v1.") {
		t.Error(link.String())
	}
	slash := link
	slash.Server += "/"
	if slash.String() != link.String() {
		t.Errorf("%s and %s", slash, link)
	}
}

// Mistyped is not the same as used or expired: the person reads another sentence.
func TestEveryMistypedCharacterIsFound(t *testing.T) {
	_, fragment, _ := strings.Cut(testLink(t).String(), "#")
	start := strings.Index(fragment, ".") + 1
	found := 0
	for i := start; i < len(fragment); i++ {
		for _, c := range []byte("AZaz09-_.") {
			if fragment[i] == c {
				continue
			}
			text := fragment[:i] + string(c) + fragment[i+1:]
			if _, _, err := pairing.ParseFragment(text); !errors.Is(err, pairing.ErrMistyped) {
				// Two bytes of check over the secret: one in 65,536 wrong ones passes, none of these does.
				t.Errorf("character %d replaced by %q: %v", i, c, err)
			}
			found++
		}
	}
	if found < 400 {
		t.Errorf("only %d tried", found)
	}
	for n := start; n < len(fragment); n++ {
		if _, _, err := pairing.ParseFragment(fragment[:n]); !errors.Is(err, pairing.ErrMistyped) {
			t.Errorf("cut to %d characters: %v", n, err)
		}
	}
}

func TestParseFragmentRefuses(t *testing.T) {
	_, fragment, _ := strings.Cut(testLink(t).String(), "#")
	otherAgent := testLink(t)
	otherAgent.Agent = testAgent(t, 2).ID()
	_, other, _ := strings.Cut(otherAgent.String(), "#")
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":               {"", pairing.ErrNoLink},
		"something else":      {"#section-2", pairing.ErrNoLink},
		"invite":              {"#invite=v1.x", pairing.ErrNoLink},
		"key alone":           {"claim=", pairing.ErrMistyped},
		"version alone":       {"claim=v1", pairing.ErrMistyped},
		"next version":        {strings.Replace(fragment, "v1.", "v2.", 1), pairing.ErrLinkVersion},
		"much later version":  {"claim=v12.whatever", pairing.ErrLinkVersion},
		"no version":          {strings.Replace(fragment, "v1.", "v.", 1), pairing.ErrMistyped},
		"version 0":           {strings.Replace(fragment, "v1.", "v0.", 1), pairing.ErrMistyped},
		"letter for digit":    {strings.Replace(fragment, "v1.", "vl.", 1), pairing.ErrMistyped},
		"another part":        {fragment + ".x", pairing.ErrMistyped},
		"one character more":  {fragment + "A", pairing.ErrMistyped},
		"line break inside":   {fragment[:len(fragment)-4] + "\n" + fragment[len(fragment)-4:], pairing.ErrMistyped},
		"another link's tail": {other[:len(other)-24] + strings.Repeat("A", 24), pairing.ErrMistyped},
		"tail at wrong agent": {other[:len(other)-24] + fragment[len(fragment)-24:], pairing.ErrMistyped},
	} {
		agent, secret, err := pairing.ParseFragment(c.text)
		if !errors.Is(err, c.want) || agent != (identity.AgentID{}) || secret != (pairing.Secret{}) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	link := testLink(t)
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", link.Secret)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "secret", link.Secret, "link", link)
	}
	if strings.Count(out.String(), "[redacted]") != 8 {
		t.Error(out.String())
	}
	_, fragment, _ := strings.Cut(link.String(), "#")
	for _, shape := range []string{fragment[len(fragment)-24:], "a5a5", "A5A5", "165"} {
		if strings.Contains(out.String(), shape) {
			t.Errorf("%q stands in\n%s", shape, &out)
		}
	}
	if text, err := json.Marshal(link.Agent); err != nil || !strings.Contains(out.String(), strings.Trim(string(text), `"`)) {
		t.Error("the log does not say which agent")
	}
}

func TestNewSecret(t *testing.T) {
	a, err := pairing.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := pairing.NewSecret(nil); err != nil || a == b {
		t.Errorf("two secrets are equal (%v)", err)
	}
	if _, err := pairing.NewSecret(bytes.NewReader(make([]byte, 15))); err == nil {
		t.Error("made out of too little randomness")
	}
}
