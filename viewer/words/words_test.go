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

func TestSayn(t *testing.T) {
	defer words.Use(words.Catalogue{})
	for language, want := range map[string][3]string{
		"": {"0 cameras", "1 camera", "2 cameras"}, "de": {"0 Kameras", "1 Kamera", "2 Kameras"},
		"fr": {"0 caméra", "1 caméra", "2 caméras"}, "zh-Hant": {"0 台攝影機", "1 台攝影機", "2 台攝影機"},
	} {
		one, other := map[string]string{"de": "%d Kamera", "fr": "%d caméra"}, map[string]string{"de": "%d Kameras", "fr": "%d caméras", "zh-Hant": "%d 台攝影機"}
		words.Use(words.Catalogue{Language: language, Sentences: map[string]string{"%d camera": one[language], "%d cameras": other[language]}})
		for n, s := range want {
			if got := words.Sayn(n, "%d camera", "%d cameras", n); got != s {
				t.Errorf("%q: %q, want %q", language, got, s)
			}
		}
	}
}
