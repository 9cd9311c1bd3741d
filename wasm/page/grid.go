//go:build js

package page

import (
	"math"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
)

// subWidth is the width in device pixels up to which the sub-stream has enough detail.
const subWidth = 640

// grid places the tiles with gaps between them, each in the shape of its picture: a wall of pictures without black bars. A tile
// without a picture keeps the shape that it had.
func (p *Page) grid(tiles []viewer.Tile, gap float64) []box {
	aspects := make([]float64, len(tiles))
	for i := range tiles {
		t := p.tiles[tiles[i].Key]
		t.noteShape(&tiles[i])
		aspects[i] = t.shape.Aspect()
	}
	cells := layout.Grid(len(tiles), p.window.width+gap, p.window.height+gap, aspects)
	for i, c := range cells {
		cells[i] = layout.Fit(layout.Rect{X: c.X, Y: c.Y, W: max(c.W-gap, 0), H: max(c.H-gap, 0)}, aspects[i])
	}
	return gather(cells, p.window.width, p.window.height, gap)
}

// noteShape remembers the shape of the tile's picture.
func (t *tile) noteShape(v *viewer.Tile) {
	if picture := v.Picture; picture != nil {
		t.shape.See(int(picture.Stream()), picture.Width(), picture.Height())
	}
}

// gather moves the tiles of a grid together, so that the room that their shapes leave lies around all of them and not between them.
func gather(cells []layout.Rect, width, height, gap float64) []box {
	var rows [][]int // tiles of one row have their middles on one line
	var middle, w, h float64
	for i, c := range cells {
		w, h = max(w, c.W), max(h, c.H)
		if m := c.Y + c.H/2; i == 0 || math.Abs(m-middle) > 1 {
			middle = m
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], i)
	}
	boxes := make([]box, len(cells))
	y := (height - float64(len(rows))*(h+gap) + gap) / 2
	for _, row := range rows {
		x := (width - float64(len(row))*(w+gap) + gap) / 2
		for _, i := range row {
			c := cells[i]
			boxes[i] = box{x + (w-c.W)/2, y + (h-c.H)/2, c.W, c.H}
			x += w + gap
		}
		y += h + gap
	}
	return boxes
}

// streamFor chooses by the width of the picture in its tile.
func streamFor(t Placed) seal.Stream {
	if t.Full || t.Box.Dx() > subWidth {
		return seal.Main
	}
	return seal.Sub
}
