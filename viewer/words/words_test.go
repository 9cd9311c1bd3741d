package words_test

import (
	"testing"

	"github.com/sealcam/sealcam/viewer/words"
)

func TestSay(t *testing.T) {
	defer words.Use(words.Catalogue{})
	if got := words.Sayf("%d of %s", 3, "Porch"); got != "3 of Porch" || words.Language() != "en" {
		t.Errorf("without a catalogue: %q in %q", got, words.Language())
	}
	words.Use(words.Catalogue{Language: "de", Sentences: map[string]string{"Close": "Schließen", "%d of %s": "%[2]s: %[1]d", "empty": ""}})
	for english, want := range map[string]string{"Close": "Schließen", "Open": "Open", "empty": "empty", words.Later("Close"): "Schließen"} {
		if got := words.Say(english); got != want {
			t.Errorf("%q is said as %q, want %q", english, got, want)
		}
	}
	if got := words.Sayf("%d of %s", 3, "Porch"); got != "Porch: 3" || words.Language() != "de" {
		t.Errorf("%q in %q", got, words.Language())
	}
}
