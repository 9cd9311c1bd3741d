package identity

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tyler-smith/go-bip39"
)

// PhraseWords is how many words a recovery phrase has.
const PhraseWords = 24

// maxPhrase is far more than 24 words with generous white space need.
const maxPhrase = 4096

// What ParsePhrase refuses beside [PhraseWordError], each a sentence for the person with the paper.
var (
	ErrPhraseLength   = fmt.Errorf("identity: a recovery phrase has %d words; count them, and type them all, in their order", PhraseWords)
	ErrPhraseChecksum = errors.New("identity: these words do not belong together: one is another than on your paper, or two are in the wrong order")
)

// PhraseWordError names a word that no recovery phrase has.
type PhraseWordError struct {
	Number int    // of the word, from 1
	Word   string // as it was typed, in lower case
}

// Error leaves the word itself out, since errors come into logs and it is nearly a word of the phrase.
func (e *PhraseWordError) Error() string {
	return fmt.Sprintf("identity: word %d is not a word of any recovery phrase; check its spelling", e.Number)
}

// Phrase returns the key as 24 English words (BIP 39, of which the 32 bytes of the seed are the entropy), to be written on paper;
// empty for the zero value. Whoever knows the words has the home.
func (k RootKey) Phrase() string {
	if k.IsZero() {
		return ""
	}
	phrase, err := bip39.NewMnemonic(k.Seed())
	if err != nil {
		panic(err) // only for another length than SeedSize
	}
	return phrase
}

// ParsePhrase reads the words of Phrase, in any case, with any white space between and around them. It returns ErrPhraseLength,
// *PhraseWordError for the first word that is in no phrase, or ErrPhraseChecksum, which finds 255 of 256 other mistakes.
func ParsePhrase(text string) (RootKey, error) {
	if len(text) > maxPhrase {
		return RootKey{}, ErrPhraseLength
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) != PhraseWords {
		return RootKey{}, ErrPhraseLength
	}
	for i, word := range words {
		if _, ok := bip39.GetWordIndex(word); !ok {
			return RootKey{}, &PhraseWordError{i + 1, word}
		}
	}
	seed, err := bip39.EntropyFromMnemonic(strings.Join(words, " "))
	if err != nil {
		return RootKey{}, ErrPhraseChecksum
	}
	return RootFromSeed(seed)
}
