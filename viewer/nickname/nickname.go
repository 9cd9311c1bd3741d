// Package nickname holds the names that somebody gave cameras on this device. They are this device's alone; the owner's names stay what
// they are.
//
// It imports viewer and the standard library.
package nickname

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealcam/sealcam/viewer"
)

// Bounds of what is kept: storage is small, and its content may be anybody's.
const (
	MaxName  = 64 // letters
	maxNames = 1024
	maxText  = 1 << 18 // bytes
)

// Book has the names. The zero value has none.
type Book struct{ names map[string]string }

// Parse reads what Text wrote. What is not of that form is left out.
func Parse(text string) *Book {
	b := &Book{names: map[string]string{}}
	if len(text) > maxText {
		return b
	}
	var names map[string]string
	if json.Unmarshal([]byte(text), &names) != nil {
		return b
	}
	for id, name := range names {
		if len(b.names) < maxNames && len(id) <= 256 && Tidy(name) == name && name != "" {
			b.names[id] = name
		}
	}
	return b
}

// Text writes the names for Parse.
func (b *Book) Text() string {
	text, err := json.Marshal(b.names)
	if err != nil {
		return "{}" // not of a map of strings
	}
	return string(text)
}

// Of returns the camera's name on this device; empty if it has none.
func (b *Book) Of(key viewer.TileKey) string { return b.names[id(key)] }

// Set gives a camera a name on this device, or takes it away if it is empty.
func (b *Book) Set(key viewer.TileKey, name string) {
	name = Tidy(name)
	switch {
	case name == "":
		delete(b.names, id(key))
	case len(b.names) < maxNames || b.names[id(key)] != "":
		if b.names == nil {
			b.names = map[string]string{}
		}
		b.names[id(key)] = name
	}
}

// id tells a camera of one agent from that of another which claims the same number.
func id(key viewer.TileKey) string { return key.Agent.String() + " " + key.Camera.String() }

// Tidy makes a name fit for one line: without control characters and outer spaces, and at most MaxName letters.
func Tidy(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	if runes := []rune(name); len(runes) > MaxName {
		name = strings.TrimSpace(string(runes[:MaxName]))
	}
	return name
}
