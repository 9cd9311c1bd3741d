package transport

import "time"

// Bitrate is a rate in bits per second.
type Bitrate int64

// The usual multiples.
const (
	Kbit Bitrate = 1000
	Mbit         = 1000 * Kbit
)

// RateOf returns the rate of so many bytes in a time; 0 for no time.
func RateOf(bytes int, in time.Duration) Bitrate {
	if in <= 0 {
		return 0
	}
	return Bitrate(float64(bytes) * 8 / in.Seconds())
}

// Takes returns how long so many bytes take at the rate; 0 where it is not known.
func (r Bitrate) Takes(bytes int) time.Duration {
	if r <= 0 {
		return 0
	}
	return time.Duration(float64(bytes) * 8 / float64(r) * float64(time.Second))
}
