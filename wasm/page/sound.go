//go:build js

package page

import (
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
)

// soundSign is what a tile's data-sound says of its camera's sound: on, off, or empty if it has none.
func soundSign(s viewer.SoundState) string {
	switch s {
	case viewer.SoundNone:
		return ""
	case viewer.SoundOn:
		return "on"
	}
	return "off"
}

// spokenSound is what a tile's name says of it behind its state.
func spokenSound(s viewer.SoundState) string {
	switch s {
	case viewer.SoundNone:
		return ""
	case viewer.SoundOn:
		return ". " + words.Say("Its sound is on")
	case viewer.SoundUnsupported:
		return ". " + words.Say("Its sound cannot be played here")
	}
	return ". " + words.Say("It has sound, which is off")
}
