package shortcut

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Key is a key as the browser reports it.
type Key struct {
	Key, Code string // of the KeyboardEvent
	Shift     bool
	Held      bool // it was down before: KeyboardEvent.repeat
}

// Press is a key that the table knows.
type Press struct {
	Action Action
	Number int // for Camera, from 1
	DX, DY int // for arrow keys: -1, 0 or 1
}

// Find looks a key up. Keyboards without Latin letters and those whose digits need Shift are understood by where the key lies.
func Find(k Key) (Press, bool) {
	for _, name := range names(k) {
		for i := range Table {
			e := &Table[i]
			if !slices.Contains(e.Keys, name) || tellsShift(name) && e.Shift != k.Shift {
				continue
			}
			if k.Held && !e.Repeat {
				return Press{}, false
			}
			return press(e.Action, name), true
		}
	}
	return Press{}, false
}

// names returns what the key may be called in the table, the likeliest first.
func names(k Key) []string {
	name := k.Key
	if len(name) == 1 {
		name = strings.ToLower(name)
	}
	all := []string{name}
	if letter, ok := strings.CutPrefix(k.Code, "Key"); ok && len(letter) == 1 && utf8.RuneCountInString(k.Key) == 1 && k.Key[0] >= utf8.RuneSelf {
		all = append(all, strings.ToLower(letter))
	}
	if digit, ok := strings.CutPrefix(k.Code, "Digit"); ok && len(digit) == 1 && !k.Shift {
		all = append(all, digit)
	}
	return all
}

// tellsShift reports whether Shift is a choice with the key, and not a part of typing the character.
func tellsShift(name string) bool {
	return len(name) > 1 || name >= "a" && name <= "z"
}

func press(a Action, name string) Press {
	p := Press{Action: a}
	switch {
	case name == "ArrowLeft":
		p.DX = -1
	case name == "ArrowRight":
		p.DX = 1
	case name == "ArrowUp":
		p.DY = -1
	case name == "ArrowDown":
		p.DY = 1
	case len(name) == 1 && name[0] >= '0' && name[0] <= '9':
		p.Number = int(name[0] - '0')
	}
	return p
}
