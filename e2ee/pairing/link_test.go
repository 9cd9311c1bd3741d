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
	for name, c := range map[string]struct {
		text  string
		parse func(string) (identity.AgentID, pairing.Secret, error)
	}{
		"claim":  {link.String(), pairing.ParseFragment},
		"invite": {pairing.InviteLink(link).String(), pairing.ParseInvite},
		"recover": {pairing.RecoverLink{Server: link.Server, Agent: link.Agent}.String(), func(text string) (identity.AgentID, pairing.Secret, error) {
			agent, err := pairing.ParseRecover(text)
			return agent, link.Secret, err
		}},
	} {
		if !strings.HasPrefix(c.text, "https://cam.example/#"+name+"=v1.") {
			t.Error(c.text)
		}
		_, fragment, _ := strings.Cut(c.text, "#")
		for _, text := range []string{fragment, "#" + fragment, " #" + fragment + "\r\n"} {
			agent, secret, err := c.parse(text)
			if err != nil || agent != link.Agent || secret != link.Secret {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
	slash := link
	slash.Server += "/"
	if slash.String() != link.String() {
		t.Errorf("%s and %s", slash, link)
	}
}

// Whoever holds a link of one kind learns from the other parsers that it is none of theirs, whatever is wrong with it.
func TestKindsOfLinkAreTold(t *testing.T) {
	link := testLink(t)
	links := map[string]string{
		"claim":   link.String(),
		"invite":  pairing.InviteLink(link).String(),
		"recover": pairing.RecoverLink{Server: link.Server, Agent: link.Agent}.String(),
		"pair":    pairing.PairLink{Server: link.Server, Code: pairing.Code{1}, Device: pairing.Pin{2}}.String(),
	}
	parse := map[string]func(string) error{
		"claim":   func(text string) error { _, _, err := pairing.ParseFragment(text); return err },
		"invite":  func(text string) error { _, _, err := pairing.ParseInvite(text); return err },
		"recover": func(text string) error { _, err := pairing.ParseRecover(text); return err },
		"pair":    func(text string) error { _, _, err := pairing.ParsePair(text); return err },
	}
	for kind, text := range links {
		_, fragment, _ := strings.Cut(text, "#")
		for parser, f := range parse {
			for what, c := range map[string]struct {
				text string
				own  error
			}{
				"whole":         {fragment, nil},
				"cut":           {fragment[:len(fragment)-1], pairing.ErrMistyped},
				"longer":        {fragment + "A", pairing.ErrMistyped},
				"a part more":   {fragment + ".A", pairing.ErrMistyped},
				"later version": {strings.Replace(fragment, "=v1.", "=v2.", 1), pairing.ErrLinkVersion},
				"no version":    {strings.Replace(fragment, "=v1.", "=", 1), pairing.ErrMistyped},
				"key alone":     {kind + "=", pairing.ErrMistyped},
				"version alone": {kind + "=v1", pairing.ErrMistyped},
				"nothing in it": {kind + "=v1.", pairing.ErrMistyped},
			} {
				want := c.own
				if parser != kind {
					want = pairing.ErrNoLink
				}
				if err := f(c.text); !errors.Is(err, want) {
					t.Errorf("%s link, %s, read as %s: %v, want %v", kind, what, parser, err, want)
				}
			}
		}
	}
}

// Mistyped is not the same as used or expired: the person reads another sentence.
func TestEveryMistypedCharacterIsFound(t *testing.T) {
	link := testLink(t)
	t.Run("claim", func(t *testing.T) {
		mistype(t, link.String(), func(text string) error { _, _, err := pairing.ParseFragment(text); return err })
	})
	t.Run("invite", func(t *testing.T) {
		mistype(t, pairing.InviteLink(link).String(), func(text string) error { _, _, err := pairing.ParseInvite(text); return err })
	})
	t.Run("recover", func(t *testing.T) {
		text := pairing.RecoverLink{Server: link.Server, Agent: link.Agent}.String()
		mistype(t, text, func(text string) error { _, err := pairing.ParseRecover(text); return err })
	})
	t.Run("pair", func(t *testing.T) {
		text := pairing.PairLink{Server: link.Server, Code: pairing.Code{1, 2, 3, 4, 5}, Device: pairing.PinOf(testDevice(t, 2))}.String()
		mistype(t, text, func(text string) error { _, _, err := pairing.ParsePair(text); return err })
	})
}

func mistype(t *testing.T, link string, parse func(string) error) {
	_, fragment, _ := strings.Cut(link, "#")
	start := strings.Index(fragment, ".") + 1
	found := 0
	for i := start; i < len(fragment); i++ {
		for _, c := range []byte("AZaz09-_.") {
			if fragment[i] == c {
				continue
			}
			text := fragment[:i] + string(c) + fragment[i+1:]
			if err := parse(text); !errors.Is(err, pairing.ErrMistyped) {
				// Two bytes of check over the secret: one in 65,536 wrong ones passes, none of these does.
				t.Errorf("character %d replaced by %q: %v", i, c, err)
			}
			found++
		}
	}
	if found < 250 {
		t.Errorf("only %d tried", found)
	}
	for n := start; n < len(fragment); n++ {
		if err := parse(fragment[:n]); !errors.Is(err, pairing.ErrMistyped) {
			t.Errorf("cut to %d characters: %v", n, err)
		}
	}
}

func TestParseFragmentRefuses(t *testing.T) {
	_, fragment, _ := strings.Cut(testLink(t).String(), "#")
	otherAgent := testLink(t)
	otherAgent.Agent = testAgent(t, 2).ID()
	_, other, _ := strings.Cut(otherAgent.String(), "#")
	_, invite, _ := strings.Cut(pairing.InviteLink(testLink(t)).String(), "#")
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":               {"", pairing.ErrNoLink},
		"something else":      {"#section-2", pairing.ErrNoLink},
		"invite":              {"#" + invite, pairing.ErrNoLink},
		"invite called claim": {strings.Replace(invite, "invite=", "claim=", 1), pairing.ErrMistyped},
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
	code := pairing.Code{0xa5, 0xa5, 0xa5, 0xa5, 0xa5}
	pair := pairing.PairLink{Server: link.Server, Code: code}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", link.Secret)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "secret", link.Secret, "link", link, "invite", pairing.InviteLink(link), "code", code, "pair", pair)
	}
	if strings.Count(out.String(), "[redacted]") != 10 {
		t.Error(out.String())
	}
	_, fragment, _ := strings.Cut(link.String(), "#")
	for _, shape := range []string{fragment[len(fragment)-24:], "a5a5", "A5A5", "165 165", "165,165", code.String(), strings.ReplaceAll(code.String(), "-", "")} {
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
