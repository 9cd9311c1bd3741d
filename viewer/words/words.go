// Package words says the program's sentences in the language of the person who reads them.
//
// A sentence is named by its English text, as in gettext: code stays readable, and what no catalogue knows is said in English. It imports
// the standard library only and runs everywhere.
package words

import (
	"fmt"
	"sync/atomic"
)

// Catalogue holds a language's sentences.
type Catalogue struct {
	Language  string            // a BCP 47 tag, such as "de" or "zh-Hant"
	Sentences map[string]string // by their English text, with the same verbs of package fmt
}

var used atomic.Pointer[Catalogue]

// Use says everything in c's language from now on. The zero Catalogue means English.
func Use(c Catalogue) { used.Store(&c) }

// Language returns the tag of the language in use.
func Language() string {
	if c := used.Load(); c != nil && c.Language != "" {
		return c.Language
	}
	return "en"
}

// Say returns the sentence in the language in use, or as it is if the catalogue lacks it.
func Say(english string) string {
	if c := used.Load(); c != nil {
		if s := c.Sentences[english]; s != "" {
			return s
		}
	}
	return english
}

// Sayf is Say for a format of package fmt. A translation may take the arguments in another order, by their index: %[2]s.
func Sayf(english string, args ...any) string { return fmt.Sprintf(Say(english), args...) }

// Sayn is Sayf for a sentence with a count n: one is its English form for a single thing, other for any other number. Both have a
// translation; the language in use decides which of them n takes (Unicode CLDR, cardinal plurals).
func Sayn(n int, one, other string, args ...any) string {
	if single(n) {
		return Sayf(one, args...)
	}
	return Sayf(other, args...)
}

func single(n int) bool {
	switch Language() {
	case "fr":
		return n == 0 || n == 1
	case "zh-Hans", "zh-Hant":
		return false
	}
	return n == 1
}

// Later marks a sentence that Say is called with elsewhere, so that the catalogues' test finds it. It returns the sentence as it is.
func Later(english string) string { return english }
