//go:build js

package page

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
)

// badge returns the short word in the tile's corner.
func badge(s viewer.State) string {
	switch s {
	case viewer.Live:
		return "LIVE"
	case viewer.Stale:
		return "STALE"
	case viewer.Blank:
		return "NO PICTURE"
	}
	return "WAITING"
}

// age returns how old a picture is, as a person reads it at a glance.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// clock returns the camera's wall-clock time with its zone; with the date when that is not today's there.
func clock(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	y, m, d := t.Date()
	if ny, nm, nd := now.In(t.Location()).Date(); y != ny || m != nm || d != nd {
		return t.Format("2 Jan 2006 15:04:05 MST")
	}
	return t.Format("15:04:05 MST")
}

// way says in a word how a picture comes.
func way(r control.Route) string {
	switch r {
	case control.Peer:
		return "direct"
	case control.Relay:
		return "relayed"
	}
	return ""
}

// decoded says who decodes a picture, as a part of a sentence.
func decoded(decoder string) string {
	switch decoder {
	case "":
		return ""
	case "go":
		return "; decoded by this page itself"
	}
	return "; decoded by the browser"
}

// stills says that only single pictures come, and why.
func stills(because viewer.Reason) string {
	switch because {
	case viewer.ReasonSlow:
		return "Stills only: this device is too slow for the video."
	case viewer.ReasonUnsupported:
		return "Stills only: this browser cannot play the video."
	case viewer.ReasonPath:
		return "Stills only: the connection is slow."
	}
	return "Stills only."
}

// progress says what a tile waits for, as a sentence.
func progress(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return "Waiting"
	}
	return string(unicode.ToUpper(first)) + s[n:]
}

// spoken is what a screen reader says of a tile.
func spoken(t *viewer.Tile, reason string) string {
	switch t.State {
	case viewer.Live:
		if t.Stream == seal.Still {
			return t.Name + ", live. " + stills(t.Lowered)
		}
		return t.Name + ", live"
	case viewer.Stale:
		return t.Name + ", picture is old, not live. " + reason
	case viewer.Blank:
		return t.Name + ", no picture. " + reason
	}
	return t.Name + ", waiting for the picture"
}
