//go:build js

package capture

// Settings say what to take.
type Settings struct {
	Lens string `json:"lens"` // a device id, or "environment" or "user"; empty: the one at the back, if there are several
	Size int    `json:"size"` // height of the main picture in pixels, held wide: one of Sizes
	Turn int    `json:"turn"` // clockwise, in degrees: 0, 90, 180, 270
}

// Sizes are those to choose from, as heights of 16:9.
var Sizes = []int{1080, 720, 480}

// valid mends what is not one of the choices.
func (s Settings) valid() Settings {
	if s.Size != 1080 && s.Size != 480 {
		s.Size = DefaultSize
	}
	if s.Turn != 90 && s.Turn != 180 && s.Turn != 270 {
		s.Turn = 0
	}
	if len(s.Lens) > 256 {
		s.Lens = ""
	}
	return s
}

// DefaultSize is chosen where nothing else is.
const DefaultSize = 720

// subHeight is the height of the small picture.
const subHeight = 360

// frameRate is asked of the camera.
const frameRate = 30

// bitrate is about what H.264 and VP8 need for a picture of so many pixels at frameRate, in bits a second.
func bitrate(width, height int) int { return max(width*height*5/2, 150_000) }

// within returns the largest even size of the shape w×h whose shorter side is at most short, and not above w×h.
func within(w, h, short int) (int, int) {
	if m := min(w, h); m > short {
		w, h = (w*short+m/2)/m, (h*short+m/2)/m
	}
	return max(w&^1, 2), max(h&^1, 2)
}
