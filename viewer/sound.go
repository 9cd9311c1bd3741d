package viewer

import (
	"slices"

	"github.com/sealcam/sealcam/e2ee/seal"
)

// pictured parts what an agent lists of a camera into the streams of pictures and whether there is sound. A camera that lists no picture
// has its main stream all the same: it is asked for, and nothing comes.
func pictured(streams []seal.Stream) (pictures []seal.Stream, sound bool) {
	for _, s := range streams {
		if s != seal.Sound {
			pictures = append(pictures, s)
		}
	}
	if len(pictures) == 0 {
		pictures = []seal.Stream{seal.Main}
	}
	return pictures, slices.Contains(streams, seal.Sound)
}
