//go:build race

package h264

// underRace tells that the race detector makes the decoder ten times slower. The decoder starts no goroutines: build.sh runs the long
// comparisons without the detector.
const underRace = true
