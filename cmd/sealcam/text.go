package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// plain makes a name that another device or a server chose fit for a terminal: without controls, which it would obey, and without the
// marks that turn the direction of what stands around it (Unicode UAX #9).
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name)
}

// period is a length of time as people write it: "90m", "12h", "7d", "4w" or "never".
type period time.Duration

// UnmarshalText reads a flag.
func (p *period) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if s == "never" {
		*p = 0
		return nil
	}
	unit := map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	var d time.Duration
	if n, ok := strings.CutSuffix(s, "d"); ok {
		d = days(n, unit["d"])
	} else if n, ok := strings.CutSuffix(s, "w"); ok {
		d = days(n, unit["w"])
	} else if parsed, err := time.ParseDuration(s); err == nil {
		d = parsed
	}
	if d <= 0 {
		return fmt.Errorf("%q is no time: write it like 90m, 12h, 7d or 4w, or never", s)
	}
	*p = period(d)
	return nil
}

// days returns n times the unit, or 0 for what is no number or too large.
func days(text string, unit time.Duration) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 10_000 {
		return 0
	}
	return time.Duration(n) * unit
}

// day writes a moment for a list: short, in local time, "never" for none.
func day(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.Local().Format("2006-01-02 15:04")
}

// lasted writes how long something took, in the one unit that matters.
func lasted(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
