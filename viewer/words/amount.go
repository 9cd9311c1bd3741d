package words

import (
	"strconv"
	"strings"
	"time"
)

// Number writes a number with so many digits after the decimal point, or comma.
func Number(n float64, digits int) string {
	s := strconv.FormatFloat(n, 'f', digits, 64)
	switch Language() {
	case "de", "fr":
		return strings.Replace(s, ".", ",", 1)
	}
	return s
}

// Duration says how long something lasts, roughly: "40 s", "12 min", "5 h", "3 days". Empty if d is negative.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < 2*time.Minute:
		return Sayf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return Sayf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return Sayf("%d h", int(d.Hours()))
	}
	return Sayf("%d days", int(d.Hours()/24))
}

// Ago says how long ago something was, as roughly as Duration.
func Ago(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < 2*time.Minute:
		return Sayf("%d s ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return Sayf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return Sayf("%d h ago", int(d.Hours()))
	}
	return Sayf("%d days ago", int(d.Hours()/24))
}

// List names things one after the other.
func List(things []string) string {
	separator := ", "
	switch Language() {
	case "zh-Hans", "zh-Hant":
		separator = "、"
	}
	return strings.Join(things, separator)
}

// Sentences puts sentences one after the other.
func Sentences(all ...string) string {
	separator := " "
	switch Language() {
	case "zh-Hans", "zh-Hant":
		separator = ""
	}
	return strings.Join(all, separator)
}
