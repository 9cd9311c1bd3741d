//go:build js

package devices

import (
	"time"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/locale"
)

// moment writes a time as people here read it. Without the year if it is this one, unless now is zero.
func moment(t, now time.Time) string { return locale.Moment(t.Local(), now) }

// ago says how long before now t was.
func ago(t, now time.Time) string {
	if d := now.Sub(t); d >= time.Minute {
		return words.Ago(d)
	}
	return words.Say("just now")
}
