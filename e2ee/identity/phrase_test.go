package identity_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// The vectors for 32 bytes of entropy that BIP 39 refers to (github.com/trezor/python-mnemonic, vectors.json, english).
var phraseVectors = map[string]string{
	strings.Repeat("00", 32): strings.Repeat("abandon ", 23) + "art",
	strings.Repeat("7f", 32): strings.Repeat("legal winner thank year wave sausage worth useful ", 2) +
		"legal winner thank year wave sausage worth title",
	strings.Repeat("80", 32): strings.Repeat("letter advice cage absurd amount doctor acoustic avoid ", 2) +
		"letter advice cage absurd amount doctor acoustic bless",
	strings.Repeat("ff", 32): strings.Repeat("zoo ", 23) + "vote",
	"68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c": "hamster diagram private dutch cause delay private meat slide " +
		"toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
	"9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863": "panda eyebrow bullet gorilla call smoke muffin taste mesh " +
		"discover soft ostrich alcohol speed nation flash devote level hobby quick inner drive ghost inside",
	"066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad": "all hour make first leader extend hole alien behind guard " +
		"gospel lava path output census museum junior mass reopen famous sing advance salt reform",
	"f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f": "void come effort suffer camp survey warrior heavy shoot primary " +
		"clutch crush open amazing screen patrol group space point ten exist slush involve unfold",
}

func TestPhraseVectors(t *testing.T) {
	for entropy, phrase := range phraseVectors {
		seed, err := hex.DecodeString(entropy)
		if err != nil {
			t.Fatal(err)
		}
		root, err := identity.RootFromSeed(seed)
		if err != nil {
			t.Fatal(err)
		}
		if got := root.Phrase(); got != phrase {
			t.Errorf("%s gives %q", entropy, got)
		}
		for what, text := range map[string]string{
			"as written": phrase,
			"upper case": strings.ToUpper(phrase),
			"mixed case": strings.ToUpper(phrase[:1]) + phrase[1:],
			"in columns": " \n\t" + strings.ReplaceAll(phrase, " ", "\r\n  ") + "\u00a0\n",
		} {
			back, err := identity.ParsePhrase(text)
			if err != nil || !bytes.Equal(back.Seed(), seed) {
				t.Errorf("%s, %s: %v", entropy, what, err)
			}
		}
	}
}

func TestPhraseErrors(t *testing.T) {
	words := strings.Fields(phraseVectors["68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c"])
	with := func(change func([]string) []string) string {
		return strings.Join(change(append([]string(nil), words...)), " ")
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":        {"", identity.ErrPhraseLength},
		"white space":  {strings.Repeat(" ", 5000), identity.ErrPhraseLength},
		"one missing":  {with(func(w []string) []string { return w[1:] }), identity.ErrPhraseLength},
		"one too many": {with(func(w []string) []string { return append(w, "zoo") }), identity.ErrPhraseLength},
		"twelve": {
			strings.Repeat("abandon ", 11) + "about", // a good phrase of another length
			identity.ErrPhraseLength,
		},
		"joined":        {with(func(w []string) []string { return append(w[:22], w[22]+w[23]) }), identity.ErrPhraseLength},
		"two swapped":   {with(func(w []string) []string { w[3], w[4] = w[4], w[3]; return w }), identity.ErrPhraseChecksum},
		"another word":  {with(func(w []string) []string { w[9] = "zoo"; return w }), identity.ErrPhraseChecksum},
		"another last":  {with(func(w []string) []string { w[23] = "zoo"; return w }), identity.ErrPhraseChecksum},
		"another first": {with(func(w []string) []string { w[0] = "zoo"; return w }), identity.ErrPhraseChecksum},
	} {
		if k, err := identity.ParsePhrase(c.text); !errors.Is(err, c.want) || !k.IsZero() {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for number := 1; number <= identity.PhraseWords; number++ {
		for _, word := range []string{"Hamsterr", "ham", "hamster,", "hämster", "ｚｏｏ", "\x00", "\xff"} {
			text := with(func(w []string) []string { w[number-1] = word; return w })
			var wrong *identity.PhraseWordError
			if _, err := identity.ParsePhrase(text); !errors.As(err, &wrong) || wrong.Number != number {
				t.Errorf("word %d: %v", number, err)
			} else if strings.Contains(err.Error(), wrong.Word) && word != "ham" && word != "\x00" {
				t.Errorf("the error shows what was typed: %v", err)
			}
		}
	}
	// Of several wrong words the first is named, as it was typed but for its case.
	text := with(func(w []string) []string { w[4], w[6] = "Fisch", "Vogel"; return w })
	var wrong *identity.PhraseWordError
	if _, err := identity.ParsePhrase(text); !errors.As(err, &wrong) || *wrong != (identity.PhraseWordError{Number: 5, Word: "fisch"}) {
		t.Errorf("got %v", err)
	}
}

// A mistake in one word that gives another word of the list is found but for one time in 256, as BIP 39 has it.
func TestPhraseChecksumFindsMistakes(t *testing.T) {
	words := strings.Fields(phraseVectors["f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f"])
	list := map[string]bool{}
	for _, phrase := range phraseVectors {
		for _, w := range strings.Fields(phrase) {
			list[w] = true
		}
	}
	tried, missed := 0, 0
	for i, word := range words {
		for other := range list {
			if other == word {
				continue
			}
			words[i] = other
			if _, err := identity.ParsePhrase(strings.Join(words, " ")); err == nil {
				missed++
			}
			tried++
		}
		words[i] = word
	}
	if tried < 1000 || missed*100 > tried {
		t.Errorf("%d of %d wrong phrases pass", missed, tried)
	}
}

func TestPhraseOfNoKey(t *testing.T) {
	if phrase := (identity.RootKey{}).Phrase(); phrase != "" {
		t.Errorf("no key has the phrase %q", phrase)
	}
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := identity.ParsePhrase(root.Phrase())
	if err != nil || !back.Public().Equal(root.Public()) {
		t.Errorf("a new key does not come back: %v", err)
	}
}
