package nickname_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/nickname"
)

func key(agent, camera byte) (k viewer.TileKey) {
	k.Agent[0], k.Camera[0] = agent, camera
	return k
}

func TestNamesAreKept(t *testing.T) {
	b := nickname.Parse("")
	b.Set(key(1, 1), "  門口 🐈\t<b> ")
	b.Set(key(1, 2), "Yard")
	b.Set(key(2, 1), "Other agent")
	b.Set(key(1, 2), "")
	again := nickname.Parse(b.Text())
	if got := again.Of(key(1, 1)); got != "門口 🐈 <b>" {
		t.Errorf("%q", got)
	}
	if got := again.Of(key(1, 2)); got != "" {
		t.Errorf("the name taken away is %q", got)
	}
	if got := again.Of(key(2, 1)); got != "Other agent" {
		t.Errorf("another agent's camera is %q", got)
	}
	var zero nickname.Book
	zero.Set(key(1, 1), "x")
	if zero.Of(key(1, 1)) != "x" {
		t.Error("the zero Book keeps nothing")
	}
}

func TestHostileStorage(t *testing.T) {
	id := key(1, 1).Agent.String() + " " + key(1, 1).Camera.String()
	for _, text := range []string{
		"null", "[]", "{", `{"x":1}`, `{"` + id + `":"a\u0000b"}`, `{"` + id + `":" spaces "}`, `{"` + id + `":"` + strings.Repeat("x", 65) + `"}`,
		`{"` + id + `":"\u202ex"}`, `{"` + id + `":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		if got := nickname.Parse(text).Of(key(1, 1)); got != "" {
			t.Errorf("%.60q gave %q", text, got)
		}
	}
	var many strings.Builder
	many.WriteString("{")
	for i := range 3000 {
		fmt.Fprintf(&many, `"%d":"x",`, i)
	}
	if n := strings.Count(nickname.Parse(many.String()+`"z":"x"}`).Text(), `"x"`); n != 1024 {
		t.Errorf("%d names are kept", n)
	}
}

func TestTidy(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "  ": "", "a\nb": "a b", "\u202eabc": "abc", strings.Repeat("é", 100): strings.Repeat("é", 64), "\xff": "",
	} {
		if got := nickname.Tidy(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}
