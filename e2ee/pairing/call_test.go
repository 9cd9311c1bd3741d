package pairing

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCallLink(t *testing.T) {
	secret, err := NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	link := CallLink{Server: "https://cams.example/", Secret: secret}
	text := link.String()
	before, fragment, _ := strings.Cut(text, "#")
	if before != "https://cams.example/" || !strings.HasPrefix(fragment, "camera=v1.") {
		t.Errorf("link %q", text)
	}
	got, err := ParseCall(" #" + fragment + "\n")
	if err != nil || got != secret {
		t.Errorf("parsed: %v", err)
	}
	for i := range fragment {
		if i < len("camera=v1.") {
			continue
		}
		changed := []byte(fragment)
		if changed[i] = 'A'; fragment[i] == 'A' {
			changed[i] = 'B'
		}
		if s, err := ParseCall(string(changed)); err == nil && s != secret {
			t.Errorf("character %d can be mistyped", i)
		}
	}
	for fragment, want := range map[string]error{
		"claim=" + strings.TrimPrefix(fragment, "camera="): ErrNoLink,
		"camera":       ErrNoLink,
		"camera=v2.xx": ErrLinkVersion,
		"camera=v1.":   ErrMistyped,
		fragment + "x": ErrMistyped,
	} {
		if _, err := ParseCall(fragment); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", fragment, err, want)
		}
	}
	if said := fmt.Sprintf("%v %+v", secret, link.LogValue()); strings.Contains(said, fragment[10:]) {
		t.Error("the secret is printed")
	}
}

// Each purpose has a key of its own, and another secret has others.
func TestCallKeys(t *testing.T) {
	a, b := Secret{1}.CallKeys(), Secret{2}.CallKeys()
	if again := (Secret{1}).CallKeys(); !again.Place.Public().Equal(a.Place.Public()) || again.Token != a.Token {
		t.Error("the same secret gives other keys")
	}
	seen := map[string]bool{}
	for _, k := range []CallKeys{a, b} {
		for _, public := range [][]byte{k.Place.Public().Bytes(), k.Owner.Public().Bytes(), k.Camera.Public().Bytes(), k.Token[:]} {
			if seen[string(public)] {
				t.Error("two keys are the same")
			}
			seen[string(public)] = true
		}
	}
}
