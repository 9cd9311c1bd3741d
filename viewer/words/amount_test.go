package words_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sealcam/sealcam/viewer/words"
)

func TestNumber(t *testing.T) {
	defer words.Use(words.Catalogue{})
	for language, want := range map[string]string{"": "-1.50", "de": "-1,50", "fr": "-1,50", "zh-Hans": "-1.50"} {
		words.Use(words.Catalogue{Language: language})
		if got := words.Number(-1.5, 2); got != want {
			t.Errorf("%q: %q, want %q", language, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		-time.Second: {"", ""}, 0: {"0 s", "0 s ago"}, 119 * time.Second: {"119 s", "119 s ago"}, 2 * time.Minute: {"2 min", "2 min ago"},
		119 * time.Minute: {"119 min", "119 min ago"}, 2 * time.Hour: {"2 h", "2 h ago"}, 47 * time.Hour: {"47 h", "47 h ago"},
		49 * time.Hour: {"2 days", "2 days ago"},
	} {
		if got := [2]string{words.Duration(d), words.Ago(d)}; got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestList(t *testing.T) {
	defer words.Use(words.Catalogue{})
	things := []string{"Porch", "Yard"}
	if got := words.List(things); got != "Porch, Yard" {
		t.Error(got)
	}
	words.Use(words.Catalogue{Language: "zh-Hant"})
	if got := words.List(things); got != "Porch、Yard" {
		t.Error(got)
	}
}

func TestExplain(t *testing.T) {
	defer words.Use(words.Catalogue{})
	lost := words.Error("viewer: the agent was lost; try again")
	if got := words.Explain(lost); got != "The agent was lost; try again." {
		t.Error(got)
	}
	words.Use(words.Catalogue{Language: "de", Sentences: map[string]string{"The agent was lost; try again.": "Der Agent ist weg."}})
	if got := words.Explain(lost); got != "Der Agent ist weg." {
		t.Error(got)
	}
	if got := words.Explain(errors.New("other")); got != "Other." {
		t.Error(got)
	}
	if !errors.Is(fmt.Errorf("more: %w", lost), lost) {
		t.Error("the error is not itself")
	}
	for text, want := range map[string]string{"": "", "pkg: other: it is": "It is.", "Is it?": "Is it?", "好。": "好。", "The agent: is it on": "The agent: is it on."} {
		if got := words.Whole(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestContinued(t *testing.T) {
	defer words.Use(words.Catalogue{})
	for _, c := range []struct{ language, sentence, want string }{
		{"", "The agent", "the agent"},
		{"", "USB is off", "USB is off"},
		{"", "A camera", "A camera"},
		{"", "", ""},
		{"fr", "L’agent", "l’agent"},
		{"fr", "La caméra", "la caméra"},
		{"de", "Die Kamera", "Die Kamera"},
		{"zh-Hans", "摄像头", "摄像头"},
	} {
		words.Use(words.Catalogue{Language: c.language})
		if got := words.Continued(c.sentence); got != c.want {
			t.Errorf("%q: %q becomes %q, want %q", c.language, c.sentence, got, c.want)
		}
	}
}
