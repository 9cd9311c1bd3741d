//go:build js

package devices

import (
	"fmt"
	"time"
)

// moment writes a time as people here read it. Without the year if it is this one, unless now is zero.
func moment(t, now time.Time) string {
	t = t.Local()
	if !now.IsZero() && t.Year() == now.Local().Year() {
		if y, m, d := t.Date(); sameDay(y, m, d, now.Local()) {
			return "today, " + t.Format("15:04")
		}
		return t.Format("2 January, 15:04")
	}
	return t.Format("2 January 2006, 15:04")
}

func sameDay(y int, m time.Month, d int, now time.Time) bool {
	ny, nm, nd := now.Date()
	return y == ny && m == nm && d == nd
}

// ago says how long before now t was.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

// span says how long something lasted.
func span(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
}
