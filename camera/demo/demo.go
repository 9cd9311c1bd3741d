// Package demo holds the synthetic clip of `sealcam demo`, made by test/clips/make.sh.
package demo

import _ "embed" // the clip is part of the binary

// Main is the clip in 1280×720, Sub in 640×360: H.264, Annex B, looped.
var (
	//go:embed main.h264
	Main []byte
	//go:embed sub.h264
	Sub []byte
)

// Rate is the clip's pictures a second, in both sizes.
const Rate = 25
