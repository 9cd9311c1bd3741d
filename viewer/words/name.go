package words

import "strings"

// Name makes a name that somebody gave fit to stand within a sentence: one that is written from right to left is isolated, so that it does
// not turn what stands around it (Unicode UAX #9, FSI and PDI).
func Name(name string) string {
	if !strings.ContainsFunc(name, fromRight) {
		return name
	}
	return "\u2068" + name + "\u2069"
}

// fromRight reports whether a letter belongs to a block of scripts that are written from right to left.
func fromRight(r rune) bool {
	return r >= 0x0590 && r <= 0x08ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfeff || r >= 0x10800 && r <= 0x10fff ||
		r >= 0x1e800 && r <= 0x1efff
}
