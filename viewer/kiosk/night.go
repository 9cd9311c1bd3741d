package kiosk

import (
	"fmt"
	"strconv"
	"strings"
)

// dayMinutes is how many minutes a day's clock shows.
const dayMinutes = 24 * 60

// Night is a part of each day, in minutes of the device's own clock since midnight. It may span midnight. From equal to To is no time at all.
type Night struct{ From, To int }

// parseNight reads "22-7", "22:30-6:15" or "off".
func parseNight(s string) (Night, bool) {
	if off(s) {
		return Night{}, true
	}
	a, b, ok := strings.Cut(s, "-")
	from, okFrom := parseClock(a)
	to, okTo := parseClock(b)
	if !ok || !okFrom || !okTo {
		return Night{}, false
	}
	return Night{from, to}, true
}

func parseClock(s string) (int, bool) {
	h, m, precise := strings.Cut(s, ":")
	if !precise {
		m = "0"
	}
	hours, errH := strconv.ParseUint(h, 10, 8)
	minutes, errM := strconv.ParseUint(m, 10, 8)
	if errH != nil || errM != nil || hours > 24 || minutes > 59 || hours == 24 && minutes > 0 {
		return 0, false
	}
	return int(hours*60+minutes) % dayMinutes, true
}

// Has reports whether a minute of the day, since midnight, belongs to the night.
func (n Night) Has(minute int) bool {
	if n.From <= n.To {
		return n.From <= minute && minute < n.To
	}
	return minute >= n.From || minute < n.To
}

// String writes the night as a link has it.
func (n Night) String() string {
	if n.From == n.To {
		return "off"
	}
	clock := func(m int) string {
		if m%60 == 0 {
			return strconv.Itoa(m / 60)
		}
		return fmt.Sprintf("%d:%02d", m/60, m%60)
	}
	return clock(n.From) + "-" + clock(n.To)
}

// Brightness returns how bright pictures are at a minute of the day, up to 1.
func (o Options) Brightness(minute int) float64 {
	if o.Night.Has(minute) {
		return float64(o.Dim) / 100
	}
	return 1
}
