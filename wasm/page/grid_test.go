//go:build js

package page

import (
	"testing"

	"github.com/sealcam/sealcam/viewer/layout"
)

func TestGather(t *testing.T) {
	// Two columns of 100 by 300 on a stage of 210 by 610, three tiles: wide, tall, and one alone in its row.
	got := gather([]layout.Rect{{X: 0, Y: 125, W: 100, H: 50}, {X: 110, Y: 100, W: 40, H: 100}, {X: 55, Y: 435, W: 100, H: 50}}, 210, 610, 10)
	want := []box{{0, 225, 100, 50}, {140, 200, 40, 100}, {55, 335, 100, 50}}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("tile %d: %v, want %v", i, got[i], want[i])
		}
	}
}
