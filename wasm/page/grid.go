//go:build js

package page

import (
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
)

// subWidth is the width in device pixels up to which the sub-stream has enough detail.
const subWidth = 640

// grid places the tiles with gaps between them.
func grid(tiles []viewer.Tile, width, height, gap float64) []box {
	aspects := make([]float64, len(tiles))
	for i := range tiles {
		aspects[i] = aspect(&tiles[i])
	}
	boxes := make([]box, len(tiles))
	for i, r := range layout.Grid(len(tiles), width+gap, height+gap, aspects) {
		boxes[i] = box{r.X, r.Y, max(r.W-gap, 0), max(r.H-gap, 0)}
	}
	return boxes
}

func aspect(t *viewer.Tile) float64 {
	if p := t.Picture; p != nil {
		return float64(p.Width()) / float64(p.Height())
	}
	return layout.DefaultAspect
}

// streamFor chooses by the width of the picture in its tile.
func streamFor(t Placed) seal.Stream {
	width := min(float64(t.Box.Dx()), float64(t.Box.Dy())*aspect(t.Tile))
	if t.Full || width > subWidth {
		return seal.Main
	}
	return seal.Sub
}
