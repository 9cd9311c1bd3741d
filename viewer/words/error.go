package words

import (
	"errors"
	"regexp"
	"unicode"
	"unicode/utf8"
)

// Error returns an error whose text is a sentence for people, in English and as Go's errors are written: "viewer: the agent was lost; try
// again". Explain says it in the language in use.
func Error(text string) error { return errors.New(text) }

// Explain says what an error says, as a whole sentence. Only errors made by Error, or known to the catalogues otherwise, are said in the
// language in use; err must hold nothing that is not to be shown.
func Explain(err error) string { return Say(Whole(err.Error())) }

// packageName begins errors that are sentences without capital and full stop.
var packageName = regexp.MustCompile(`^(?:[a-z0-9]+: )+`)

// Whole makes a sentence of an error's text: without the packages' names in front, with a capital and a full stop.
func Whole(text string) string {
	text = packageName.ReplaceAllString(text, "")
	first, n := utf8.DecodeRuneInString(text)
	if n == 0 {
		return ""
	}
	text = string(unicode.ToUpper(first)) + text[n:]
	switch last, _ := utf8.DecodeLastRuneInString(text); last {
	case '.', '!', '?', '…', '。', '！', '？':
		return text
	}
	return text + "."
}

// Continued makes a sentence go on after a colon, as the language in use writes it: in English and French without a capital. A first word
// that is all capitals, or one letter of them, stays.
func Continued(sentence string) string {
	if language := Language(); language != "en" && language != "fr" {
		return sentence
	}
	first, n := utf8.DecodeRuneInString(sentence)
	second, _ := utf8.DecodeRuneInString(sentence[n:])
	if !unicode.IsLower(second) && second != '’' {
		return sentence
	}
	return string(unicode.ToLower(first)) + sentence[n:]
}
