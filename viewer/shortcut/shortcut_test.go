package shortcut_test

import (
	"testing"

	"github.com/sealcam/sealcam/viewer/shortcut"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		key  shortcut.Key
		want shortcut.Press
	}{
		"a letter":                      {shortcut.Key{Key: "s", Code: "KeyS"}, shortcut.Press{Action: shortcut.Snapshot}},
		"a letter with caps lock":       {shortcut.Key{Key: "S", Code: "KeyS"}, shortcut.Press{Action: shortcut.Snapshot}},
		"a letter of another layout":    {shortcut.Key{Key: "f", Code: "KeyU"}, shortcut.Press{Action: shortcut.Fullscreen}},
		"a key that lies where F does":  {shortcut.Key{Key: "u", Code: "KeyF"}, shortcut.Press{}},
		"a Cyrillic letter":             {shortcut.Key{Key: "ы", Code: "KeyS"}, shortcut.Press{Action: shortcut.Snapshot}},
		"a letter with Shift":           {shortcut.Key{Key: "S", Code: "KeyS", Shift: true}, shortcut.Press{}},
		"a question mark":               {shortcut.Key{Key: "?", Code: "Slash", Shift: true}, shortcut.Press{Action: shortcut.Help}},
		"a German question mark":        {shortcut.Key{Key: "?", Code: "Minus", Shift: true}, shortcut.Press{Action: shortcut.Help}},
		"a digit":                       {shortcut.Key{Key: "3", Code: "Digit3"}, shortcut.Press{Action: shortcut.Camera, Number: 3}},
		"a digit of the number pad":     {shortcut.Key{Key: "3", Code: "Numpad3"}, shortcut.Press{Action: shortcut.Camera, Number: 3}},
		"a French digit":                {shortcut.Key{Key: "é", Code: "Digit2"}, shortcut.Press{Action: shortcut.Camera, Number: 2}},
		"a French digit with Shift":     {shortcut.Key{Key: "2", Code: "Digit2", Shift: true}, shortcut.Press{Action: shortcut.Camera, Number: 2}},
		"a French minus":                {shortcut.Key{Key: "-", Code: "Digit6"}, shortcut.Press{Action: shortcut.ZoomOut}},
		"an exclamation mark":           {shortcut.Key{Key: "!", Code: "Digit1", Shift: true}, shortcut.Press{}},
		"an arrow":                      {shortcut.Key{Key: "ArrowUp", Code: "ArrowUp"}, shortcut.Press{Action: shortcut.Move, DY: -1}},
		"an arrow that is held":         {shortcut.Key{Key: "ArrowLeft", Code: "ArrowLeft", Held: true}, shortcut.Press{Action: shortcut.Move, DX: -1}},
		"a letter that is held":         {shortcut.Key{Key: "s", Code: "KeyS", Held: true}, shortcut.Press{}},
		"a remote control's way back":   {shortcut.Key{Key: "GoBack"}, shortcut.Press{Action: shortcut.Back}},
		"a plus by Shift":               {shortcut.Key{Key: "+", Code: "Equal", Shift: true}, shortcut.Press{Action: shortcut.ZoomIn}},
		"a key that means nothing":      {shortcut.Key{Key: "F7", Code: "F7"}, shortcut.Press{}},
		"nothing":                       {shortcut.Key{}, shortcut.Press{}},
		"a dead key":                    {shortcut.Key{Key: "Dead", Code: "KeyS"}, shortcut.Press{}},
		"an input method under way":     {shortcut.Key{Key: "Process", Code: "KeyS"}, shortcut.Press{}},
		"a letter of more than a rune":  {shortcut.Key{Key: "ыы", Code: "KeyS"}, shortcut.Press{}},
		"a code that claims to be more": {shortcut.Key{Key: "ы", Code: "KeySS"}, shortcut.Press{}},
	} {
		got, ok := shortcut.Find(c.key)
		if got != c.want || ok != (c.want.Action != "") {
			t.Errorf("%s: %+v, %v; want %+v", name, got, ok, c.want)
		}
	}
}

// Every key does one thing, and the help sheet can say what.
func TestTable(t *testing.T) {
	type key struct {
		name  string
		shift bool
	}
	taken := map[key]shortcut.Action{}
	for _, e := range shortcut.Table {
		if e.Action == "" || e.Text == "" || e.Shown == "" || len(e.Keys) == 0 {
			t.Errorf("%+v lacks something", e)
		}
		for _, name := range e.Keys {
			k := key{name, e.Shift}
			if other, ok := taken[k]; ok {
				t.Errorf("%s means %s and %s", name, other, e.Action)
			}
			taken[k] = e.Action
			if p, ok := shortcut.Find(shortcut.Key{Key: name, Shift: e.Shift}); !ok || p.Action != e.Action {
				t.Errorf("%s is found as %q, want %s", name, p.Action, e.Action)
			}
		}
	}
}
