//go:build js

package page

import (
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/locale"
)

// badge returns the short word in the tile's corner.
func badge(s viewer.State) string {
	switch s {
	case viewer.Live:
		return words.Say("LIVE")
	case viewer.Stale:
		return words.Say("STALE")
	case viewer.Blank:
		return words.Say("NO PICTURE")
	}
	return words.Say("WAITING")
}

// age returns how old a picture is, as a person reads it at a glance.
func age(d time.Duration) string {
	if d >= 0 && d < 10*time.Second {
		return words.Sayf("%s s", words.Number(d.Truncate(100*time.Millisecond).Seconds(), 1))
	}
	return words.Duration(d)
}

// ago returns how long ago a picture was, likewise.
func ago(d time.Duration) string {
	if d >= 0 && d < 10*time.Second {
		return words.Sayf("%s s ago", words.Number(d.Truncate(100*time.Millisecond).Seconds(), 1))
	}
	return words.Ago(d)
}

// clock returns the camera's wall-clock time with its zone; with the date when that is not today's there.
func clock(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	y, m, d := t.Date()
	if ny, nm, nd := now.In(t.Location()).Date(); y != ny || m != nm || d != nd {
		return locale.Date(t) + t.Format(" 15:04:05 MST")
	}
	return t.Format("15:04:05 MST")
}

// way says in a word how a picture comes.
func way(r control.Route) string {
	switch r {
	case control.Peer:
		return words.Say("direct")
	case control.Relay:
		return words.Say("relayed")
	}
	return ""
}

// journey says of a picture how it comes and who decodes it.
func journey(r control.Route, decoder string) string {
	how := words.Say("Sealed from the camera to this device; comes directly.")
	if r == control.Relay {
		how = words.Say("Sealed from the camera to this device; comes through the relay.")
	}
	switch decoder {
	case "":
		return how
	case "go":
		return words.Sentences(how, words.Say("Decoded by this page itself."))
	}
	return words.Sentences(how, words.Say("Decoded by the browser."))
}

// stills says that only single pictures come, and why.
func stills(because viewer.Reason) string {
	switch because {
	case viewer.ReasonSlow:
		return words.Say("Stills only: this device is too slow for the video.")
	case viewer.ReasonUnsupported:
		return words.Say("Stills only: this browser cannot play the video.")
	case viewer.ReasonPath:
		return words.Say("Stills only: the connection is slow.")
	}
	return words.Say("Stills only.")
}

// progress says what a tile waits for.
func progress(s string) string {
	if s == "" {
		return words.Say("Waiting")
	}
	return words.Say(s)
}

// spoken is what a screen reader says of a tile.
func spoken(t *viewer.Tile, reason string) string {
	switch t.State {
	case viewer.Live:
		if t.Stream == seal.Still {
			return words.Sayf("%s, live. %s", words.Name(t.Name), stills(t.Lowered))
		}
		return words.Sayf("%s, live", words.Name(t.Name))
	case viewer.Stale:
		return words.Sayf("%s, picture is old, not live. %s", words.Name(t.Name), reason)
	case viewer.Blank:
		return words.Sayf("%s, no picture. %s", words.Name(t.Name), reason)
	}
	return words.Sayf("%s, waiting for the picture", words.Name(t.Name))
}
