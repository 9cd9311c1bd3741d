package h264

import "testing"

func TestColourIsBT709(t *testing.T) {
	for _, c := range []struct {
		matrix uint8
		height int
		want   bool
	}{{1, 360, true}, {2, 360, false}, {2, 720, true}, {6, 1080, false}, {5, 720, false}} {
		if got := (Colour{Matrix: c.matrix}).IsBT709(c.height); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
