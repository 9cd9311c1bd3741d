// Package soundline puts units of samples, which come by the clock of a camera and may be late, early, doubled or missing, onto the line
// of an audio output, which wants samples without a gap by a clock of its own. It resamples to the output's rate, lets the two clocks drift
// apart by stretching a little, and jumps, with a fade, where they are too far apart. It imports the standard library only, reads no clock
// and starts no goroutine.
package soundline
